//! Where customers' money goes.

words! {
    /// Where customers' money goes.
    MpesaWords {
        title: "M-PESA" "M-PESA",
        text:
            "Customers pay straight into your own paybill or till. You need an app of your own at daraja.safaricom.co.ke that has gone live."
            "Wateja hulipa moja kwa moja kwenye paybill au till yako mwenyewe. Unahitaji app yako kwenye daraja.safaricom.co.ke iliyoidhinishwa kwa malipo halisi.",
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
        number: "Number" "Nambari",
        done_set:
            "The keys are good and kept. Now send one shilling to your own phone: only that proves that money arrives."
            "Funguo ni sahihi na zimehifadhiwa. Sasa tuma shilingi moja kwa simu yako: hiyo tu ndiyo inathibitisha kwamba pesa zinafika.",
        test: "Try it with one shilling" "Ijaribu kwa shilingi moja",
        test_text:
            "We ask your own phone for KSh 1, into this account. It is no sale and stands in the list of payments as a test."
            "Tunaomba KSh 1 kwenye simu yako, iingie kwenye akaunti hii. Si mauzo, na inaonekana kwenye orodha ya malipo kama jaribio.",
        phone: "Your own M-PESA phone" "Simu yako ya M-PESA",
        bad_phone: "Give a Kenyan mobile number such as 0712 345 678." "Andika nambari ya simu ya Kenya kama 0712 345 678.",
        test_skip:
            "You can go on without it: plans and sites can be made, and customers can pay. Until KSh 1 or a customer's money has arrived, nobody knows that it does, so your home page keeps asking."
            "Unaweza kuendelea bila hili: vifurushi na maeneo vinaweza kutengenezwa, na wateja wanaweza kulipa. Hadi KSh 1 au pesa za mteja zifike, hakuna ajuaye kama zinafika, hivyo ukurasa wako wa nyumbani utaendelea kukuuliza.",
        test_skip_go: "Skip for now" "Ruka kwa sasa",
        test_go: "Ask my phone for KSh 1" "Omba KSh 1 kwenye simu yangu",
        phone_busy:
            "That phone has an M-PESA prompt open. Finish or cancel it, wait a minute, then try again."
            "Simu hiyo ina ombi la M-PESA lililo wazi. Limalize au ulighairi, subiri dakika moja, kisha ujaribu tena.",
        tests: "The last tests" "Majaribio ya mwisho",
        test_good: "KSh 1 arrived. This account works." "KSh 1 imefika. Akaunti hii inafanya kazi.",
        test_waits: "Enter your PIN on the phone, then look again." "Weka PIN kwenye simu, kisha angalia tena.",
        test_unknown:
            "Safaricom has not said whether it asked the phone. Look again in a minute."
            "Safaricom hawajasema kama wameomba kwenye simu. Angalia tena baada ya dakika moja.",
        test_story: "What happened, with Safaricom's own words" "Yaliyotokea, pamoja na maneno ya Safaricom wenyewe",
        look: "Look again" "Angalia tena",
        change: "Change the account" "Badilisha akaunti",
        change_text:
            "This sends your customers' money elsewhere, so it takes your password, your second factor, and one shilling that arrives in the new account. All owners are told."
            "Hii inapeleka pesa za wateja wako kwingine, kwa hiyo inahitaji nenosiri lako, hatua ya pili, na shilingi moja inayofika kwenye akaunti mpya. Wamiliki wote wataambiwa.",
        change_go: "Check the keys and ask my phone for KSh 1" "Kagua funguo na uombe KSh 1 kwenye simu yangu",
        no_second:
            "Changing the account takes a second factor, and you have none. Set one up under My account first."
            "Kubadilisha akaunti kunahitaji hatua ya pili, na huna. Iweke kwanza kwenye Akaunti yangu.",
        new_second:
            "Your second factor was set up less than a day ago, as a thief would do. Try again when it is a day old."
            "Hatua yako ya pili iliwekwa chini ya siku moja iliyopita, kama mwizi angefanya. Jaribu tena ikitimiza siku moja.",
        new_owner:
            "You have been an owner of this business for less than a day, as a thief would be. Try again when it is a day."
            "Umekuwa mmiliki wa biashara hii kwa chini ya siku moja, kama mwizi angekuwa. Jaribu tena ikitimia siku moja.",
        set_up_second: "Set up a second factor" "Weka hatua ya pili",
        waiting: "The new account waits for its shilling" "Akaunti mpya inasubiri shilingi yake",
        waiting_text: "Customers pay into it once the shilling has arrived, before" "Wateja watalipa humo shilingi ikifika, kabla ya",
        again: "Ask the phone once more" "Omba tena kwenye simu",
        cancel: "Leave it as it is" "Acha ilivyo",
        too_late:
            "The shilling did not arrive in time. Nothing was changed; begin again."
            "Shilingi haikufika kwa wakati. Hakuna kilichobadilishwa; anza tena.",
        over: "That is over. Look at how it stands now." "Hilo limekwisha. Angalia hali ilivyo sasa.",
        moved: "Money goes elsewhere than before" "Pesa zinaenda kwingine kuliko awali",
        moved_by: "Changed by" "Imebadilishwa na",
        by_command: "us, on the command line" "sisi, kwa mstari wa amri",
        by_other: "somebody who is not here any more" "mtu ambaye hayupo tena",
        moved_from: "From" "Kutoka",
        moved_to: "To" "Kwenda",
        moved_text:
            "Was this not you or somebody you trust? Go back: customers pay into the account before again at once. Then have whoever it was change their password."
            "Je, si wewe wala mtu unayemwamini? Rudisha: wateja watalipa tena kwenye akaunti ya awali mara moja. Kisha mtu huyo abadilishe nenosiri lake.",
        back: "Go back to the account before" "Rudi kwenye akaunti ya awali",
        done_back: "Customers pay into the account before again." "Wateja wanalipa tena kwenye akaunti ya awali.",
        where_title: "Where each number is found" "Kila nambari inapatikana wapi",
        where_till_alt:
            "A sticker at a shop: under Lipa na M-PESA, Buy Goods, stands the till number. The store number is not on it."
            "Kibandiko cha dukani: chini ya Lipa na M-PESA, Buy Goods, kuna nambari ya till. Nambari ya store haipo hapo.",
        where_till: "On the sticker: the till number" "Kwenye kibandiko: nambari ya till",
        where_store_alt:
            "The e-mail of go-live: it names the short code you went live with. For a till this is the store number, which is another number than the till number."
            "Barua pepe ya go-live: inataja short code uliyoidhinishwa nayo. Kwa till hiyo ndiyo nambari ya store, ambayo si nambari ya till.",
        where_store: "For a till, in the e-mail of go-live: the store number" "Kwa till, kwenye barua pepe ya go-live: nambari ya store",
        where_paybill_alt:
            "A poster: Pay Bill, business number, and below it the account number, which is not needed here."
            "Bango: Pay Bill, nambari ya biashara, na chini yake nambari ya akaunti, ambayo haihitajiki hapa.",
        where_paybill: "On the poster: the business number" "Kwenye bango: nambari ya biashara",
        where_portal_alt:
            "The Daraja portal: under My apps, in your app, stand the consumer key and the consumer secret."
            "Tovuti ya Daraja: chini ya My apps, ndani ya app yako, kuna consumer key na consumer secret.",
        where_portal: "On the Daraja portal: key and secret" "Kwenye tovuti ya Daraja: key na secret",
        where_passkey_alt:
            "The e-mail of go-live: below the short code stands the passkey, a long row of letters and digits. Copy all of it, with nothing before or after."
            "Barua pepe ya go-live: chini ya short code kuna passkey, mfululizo mrefu wa herufi na tarakimu. Nakili yote, bila kitu mbele wala nyuma.",
        where_passkey: "In the e-mail of go-live: the passkey" "Kwenye barua pepe ya go-live: passkey",
        kind: "What is it?" "Ni nini?",
        key: "Consumer key" "Consumer key",
        key_hint: "From your app on the Daraja portal, under Keys." "Kutoka kwenye app yako ya Daraja, chini ya Keys.",
        secret: "Consumer secret" "Consumer secret",
        passkey: "Passkey" "Passkey",
        passkey_hint:
            "Safaricom e-mailed it after go-live, for exactly this number."
            "Safaricom walikutumia kwa barua pepe baada ya kuidhinishwa, kwa nambari hii hasa.",
        password_text: "Your own password here, once more" "Nenosiri lako la hapa, kwa mara nyingine",
        digits_text: "The six digits of your authenticator, if you have set one up" "Tarakimu sita za programu yako ya uthibitishaji, kama umeiweka",
        keep: "Check the keys and keep" "Kagua funguo na uhifadhi",
        wrong_proof: "Your password or the six digits are wrong." "Nenosiri lako au tarakimu sita si hizo.",
        bad_shortcode:
            "Give the number as 5 to 7 digits: the paybill number, or the store number of a till."
            "Andika nambari ya tarakimu 5 hadi 7: ya paybill, au ya store ya till.",
        bad_till: "Give the till number as 5 to 8 digits." "Andika nambari ya till ya tarakimu 5 hadi 8.",
        till_not_chosen:
            "You typed a till number, and Paybill is chosen. Choose Till, or empty the till number."
            "Umeandika nambari ya till, lakini umechagua Paybill. Chagua Till, au acha nambari ya till wazi.",
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
