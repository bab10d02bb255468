//! Where customers' money goes.

words! {
    /// Where customers' money goes.
    MpesaWords {
        title: "M-PESA" "M-PESA",
        text:
            "Customers pay straight into your own paybill or till. You need an app of your own at developer.safaricom.co.ke that has gone live."
            "Wateja hulipa moja kwa moja kwenye paybill au till yako mwenyewe. Unahitaji app yako kwenye developer.safaricom.co.ke iliyoidhinishwa kwa malipo halisi.",
        set: "Customers pay into" "Wateja hulipa kwenye",
        paybill: "Paybill" "Paybill",
        paybill_number: "Paybill number" "Nambari ya paybill",
        paybill_text:
            "Customers would type a business number and an account."
            "Wateja wangeandika nambari ya biashara na ya akaunti.",
        till: "Till" "Till",
        till_text: "Customers would buy goods at a till number." "Wateja wangenunua bidhaa kwa nambari ya till.",
        till_number: "Till number" "Nambari ya till",
        store_number: "Paybill number, or the store number of a till" "Nambari ya paybill, au nambari ya store ya till",
        store_hint:
            "For a till: the store or head-office number you went live with, which is another number than the till's."
            "Kwa till: nambari ya store au ya makao makuu uliyoidhinishwa nayo, ambayo si nambari ya till.",
        change_text:
            "It is not changed on this page: somebody with a stolen log-in could send your money elsewhere. Write to us to change it."
            "Haibadilishwi kwenye ukurasa huu: mtu aliyeiba akaunti yako angeweza kupeleka pesa zako kwingine. Tuandikie ili kuibadilisha.",
        kind: "What is it?" "Ni nini?",
        key: "Consumer key" "Consumer key",
        key_hint: "From your app on the Daraja portal, under Keys." "Kutoka kwenye app yako ya Daraja, chini ya Keys.",
        secret: "Consumer secret" "Consumer secret",
        passkey: "Passkey" "Passkey",
        passkey_hint:
            "Safaricom e-mailed it after go-live, for exactly this number."
            "Safaricom walikutumia kwa barua pepe baada ya kuidhinishwa, kwa nambari hii hasa.",
        password_text: "Your own password here, once more" "Nenosiri lako la hapa, kwa mara nyingine",
        digits_text: "The six digits, if you have a second factor" "Tarakimu sita, kama una hatua ya pili",
        keep: "Check the keys and keep" "Kagua funguo na uhifadhi",
        wrong_proof: "Your password or the six digits are others." "Nenosiri lako au tarakimu sita si hizo.",
        bad_shortcode:
            "Give the number as 5 to 7 digits: the paybill number, or the store number of a till."
            "Andika nambari ya tarakimu 5 hadi 7: ya paybill, au ya store ya till.",
        bad_till: "Give the till number as 5 to 8 digits." "Andika nambari ya till ya tarakimu 5 hadi 8.",
        bad_key: "Give consumer key, consumer secret and passkey." "Andika consumer key, consumer secret na passkey.",
        wrong_keys:
            "Safaricom does not accept the consumer key and secret. Copy both again from your app on the Daraja portal."
            "Safaricom hawakubali consumer key na secret. Nakili zote mbili tena kutoka kwenye app yako ya Daraja.",
        product_missing:
            "Your Daraja app was not given M-PESA Express. Add that product to the app, or use the keys of the app that went live."
            "App yako ya Daraja haikupewa M-PESA Express. Iongeze, au tumia funguo za app iliyoidhinishwa.",
        wrong_passkey: "The passkey does not belong to this number." "Passkey si ya nambari hii.",
        wrong_kind:
            "M-PESA refuses this kind of payment for the number. Check paybill or till."
            "M-PESA inakataa aina hii ya malipo kwa nambari hii. Kagua kama ni paybill au till.",
        rail_away:
            "Safaricom does not answer right now. Nothing was kept. Try again in a few minutes."
            "Safaricom hawajibu sasa hivi. Hakuna kilichohifadhiwa. Jaribu tena baada ya dakika chache.",
    }
}
