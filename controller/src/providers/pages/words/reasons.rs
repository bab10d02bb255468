//! Why a payment did not come, in plain words for those who sell: each of M-PESA's codes, each refusal of a prompt, each thing to look at.

words! {
    /// Why a payment did not come.
    ReasonWords {
        no_money: "Not enough money in the customer's M-PESA." "Salio la M-PESA la mteja halitoshi.",
        below: "The amount is below M-PESA's minimum." "Kiasi kiko chini ya kiwango cha M-PESA.",
        above: "The amount is above what M-PESA takes at once." "Kiasi kinazidi kinachokubaliwa na M-PESA kwa mara moja.",
        day: "The customer has reached M-PESA's limit for the day." "Mteja amefikia kikomo cha M-PESA cha siku.",
        limit: "A limit of the customer's M-PESA was reached." "Kikomo cha M-PESA cha mteja kimefikiwa.",
        full: "Your M-PESA account is full. Move money out of it." "Akaunti yako ya M-PESA imejaa. Toa pesa.",
        too_soon: "The same amount was paid less than two minutes before." "Kiasi hicho hicho kililipwa chini ya dakika mbili zilizopita.",
        busy: "M-PESA was busy. Trying again helps." "M-PESA ilikuwa na shughuli nyingi. Kujaribu tena kunasaidia.",
        prompt_open: "Another M-PESA prompt was open on the phone." "Ombi lingine la M-PESA lilikuwa wazi kwenye simu.",
        expired: "The prompt ran out before a PIN was entered." "Muda wa ombi uliisha kabla ya PIN kuwekwa.",
        not_shown: "M-PESA could not show the prompt." "M-PESA haikuweza kuonyesha ombi.",
        cancelled: "Cancelled on the phone." "Imeghairiwa kwenye simu.",
        no_answer: "No answer from the phone: off, out of reach, or nobody looked." "Simu haikujibu: imezimwa, haina mtandao, au hakuna aliyeitazama.",
        wrong_pin: "Wrong PIN." "PIN si sahihi.",
        locked: "The customer's M-PESA PIN is locked. They call 100 or 200." "PIN ya M-PESA ya mteja imefungwa. Apige 100 au 200.",
        not_now: "The plan is not sold at this hour." "Kifurushi hakiuzwi saa hii.",
        blocked: "You have blocked this number." "Umezuia nambari hii.",
        setup:
            "Your M-PESA account is set up wrongly: paybill and till are mixed up, or the till is not under the store number."
            "Akaunti yako ya M-PESA imewekwa vibaya: paybill na till zimechanganywa, au till haiko chini ya nambari ya store.",
        other: "M-PESA did not take the payment." "M-PESA haikukubali malipo.",
        unknown_code:
            "M-PESA answered with a code nobody has documented. We go on asking."
            "M-PESA ilijibu kwa msimbo usiojulikana. Tunaendelea kuuliza.",
        order: "M-PESA does not take this amount." "M-PESA haikubali kiasi hiki.",
        quota: "Your Daraja app has used up its quota. Ask Safaricom for more." "App yako ya Daraja imemaliza kiwango chake. Omba Safaricom waongeze.",
        wrong_keys:
            "Safaricom does not accept the consumer key and secret. Copy both again from your app on the Daraja portal."
            "Safaricom hawakubali consumer key na secret. Nakili zote mbili tena kutoka kwenye app yako ya Daraja.",
        product:
            "Your Daraja app was not given M-PESA Express. Add that product to the app, or use the keys of the app that went live."
            "App yako ya Daraja haikupewa M-PESA Express. Iongeze, au tumia funguo za app iliyoidhinishwa.",
        no_shortcode:
            "M-PESA does not know the shortcode. For a till, give the store or head-office number you went live with."
            "M-PESA haiijui nambari hiyo. Kwa till, andika nambari ya store au ya makao makuu uliyoidhinishwa nayo.",
        wrong_passkey:
            "The passkey does not belong to the shortcode. Use the one Safaricom e-mailed after go-live for exactly this number."
            "Passkey si ya nambari hiyo. Tumia ile Safaricom walituma baada ya kuidhinishwa kwa nambari hii hasa.",
        refused: "Safaricom refused the request; the raw messages say which field." "Safaricom walikataa ombi; ujumbe ghafi unasema ni sehemu gani.",
        away: "Safaricom could not be reached. Nobody was asked." "Safaricom hawakupatikana. Hakuna aliyeulizwa.",
        unknown: "Safaricom gave no answer, so the phone may have been asked. We go on asking." "Safaricom hawakujibu, kwa hiyo huenda simu iliulizwa. Tunaendelea kuuliza.",
        waits: "The phone is being asked." "Simu inaulizwa.",
        flag_amount: "Another amount came than was asked for." "Kiasi kilichofika si kilichoombwa.",
        flag_ids: "M-PESA told an outcome under other numbers than ours." "M-PESA ilieleza matokeo kwa nambari zisizo zetu.",
        flag_second: "A second receipt came for this payment: the customer may have paid twice." "Risiti ya pili ilifika kwa malipo haya: huenda mteja amelipa mara mbili.",
        flag_contrary: "M-PESA said that it was paid, and later that it was not. Look at your statement." "M-PESA ilisema imelipwa, kisha ikasema haikulipwa. Angalia taarifa yako.",
        flag_quota: "Safaricom takes no more prompts from your Daraja app for now: its quota is spent. Ask Safaricom's API support for a higher one." "Safaricom haipokei tena maombi kutoka programu yako ya Daraja kwa sasa: kiasi chake kimeisha. Omba kiasi kikubwa zaidi kwa msaada wa API wa Safaricom.",
        flag_taken: "Another payment has the same receipt. Look at your statement." "Malipo mengine yana risiti hiyo hiyo. Angalia taarifa yako.",
        flag_code: "M-PESA answered with a code nobody has documented." "M-PESA ilijibu kwa msimbo usiojulikana.",
        flag_setup: "Your M-PESA account is set up wrongly: nobody can pay until that is put right." "Akaunti yako ya M-PESA imewekwa vibaya: hakuna anayeweza kulipa mpaka irekebishwe.",
        flag_credit: "It was paid after all, when its credit had been spent on something else. The money is under money to sort out." "Ililipwa baadaye, salio lake likiwa limetumika kwa kitu kingine. Pesa ziko kwenye pesa za kushughulikia.",
        flag_reversed: "M-PESA says that this payment was reversed: the money went back to whoever paid. The books do not say so yet." "M-PESA inasema malipo haya yalibatilishwa: pesa zimerudi kwa aliyelipa. Vitabu bado havisemi hivyo.",
        flag_other: "Look at the raw messages." "Angalia ujumbe ghafi.",
    }
}
