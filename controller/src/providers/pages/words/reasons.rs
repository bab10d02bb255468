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
        bad_shortcode:
            "Safaricom does not take the shortcode (BusinessShortCode). Give the paybill number; for a till, the store or head-office number you went live with."
            "Safaricom hawakubali shortcode (BusinessShortCode). Andika nambari ya paybill; kwa till, ile ya store au ya makao makuu uliyoidhinishwa nayo.",
        bad_receiver:
            "Safaricom does not take the number that is to be paid (PartyB). Check the till number on the sticker, or the paybill number."
            "Safaricom hawakubali nambari ya kulipwa (PartyB). Kagua nambari ya till kwenye kibandiko, au nambari ya paybill.",
        bad_amount:
            "Safaricom does not take the amount (Amount): whole shillings, from 1 up to the most M-PESA moves at once."
            "Safaricom hawakubali kiasi (Amount): ni shilingi kamili, kuanzia 1 hadi kikomo cha M-PESA kwa mara moja.",
        bad_phone:
            "Safaricom does not take the phone number (PhoneNumber). It must be a Kenyan mobile number with M-PESA."
            "Safaricom hawakubali nambari ya simu (PhoneNumber). Lazima iwe nambari ya simu ya Kenya yenye M-PESA.",
        bad_callback:
            "Safaricom does not take the address it is to answer to (CallBackURL). It belongs to this program, not to your keys: tell whoever runs it. It must be public, begin with https:// and be in small letters."
            "Safaricom hawakubali anwani ya kujibia (CallBackURL). Ni ya programu hii, si ya funguo zako: mwambie anayeiendesha. Lazima iwe ya umma, ianze na https:// na iwe kwa herufi ndogo.",
        bad_password:
            "Safaricom does not take the password, which is made of shortcode, passkey and time (Password, Timestamp). Copy the passkey again, whole. If it is right, the clock of this program is wrong: tell whoever runs it."
            "Safaricom hawakubali nenosiri linalotengenezwa kwa shortcode, passkey na saa (Password, Timestamp). Nakili passkey tena, yote. Ikiwa ni sahihi, saa ya programu hii si sahihi: mwambie anayeiendesha.",
        bad_kind:
            "Safaricom does not take this kind of payment for the number (TransactionType). Choose paybill or till as Safaricom gave it to you."
            "Safaricom hawakubali aina hii ya malipo kwa nambari hii (TransactionType). Chagua paybill au till kama ulivyopewa na Safaricom.",
        bad_reference:
            "Safaricom does not take the text that stands in the prompt (AccountReference). This program writes it: tell whoever runs it."
            "Safaricom hawakubali maandishi yaliyo kwenye ombi (AccountReference). Yanaandikwa na programu hii: mwambie anayeiendesha.",
        bad_request:
            "Safaricom did not understand the request. The fault is with this program or with Safaricom, not with your keys: tell whoever runs this program."
            "Safaricom hawakuelewa ombi. Kosa ni la programu hii au la Safaricom, si la funguo zako: mwambie anayeendesha programu hii.",
        refused:
            "Safaricom refused the request and named nothing we know. Their own words stand among the raw messages of the payment."
            "Safaricom walikataa ombi bila kutaja tunachokijua. Maneno yao yako kwenye ujumbe ghafi wa malipo haya.",
        away: "Safaricom could not be reached. Nobody was asked." "Safaricom hawakupatikana. Hakuna aliyeulizwa.",
        unknown: "Safaricom gave no answer, so the phone may have been asked. We go on asking." "Safaricom hawakujibu, kwa hiyo huenda simu iliulizwa. Tunaendelea kuuliza.",
        waits: "The phone is being asked." "Simu inaulizwa.",
        flag_amount: "Another amount came than was asked for." "Kiasi kilichofika si kilichoombwa.",
        flag_ids: "M-PESA told an outcome under other numbers than ours." "M-PESA ilieleza matokeo kwa nambari zisizo zetu.",
        flag_second: "A second receipt came for this payment: the customer may have paid twice." "Risiti ya pili ilifika kwa malipo haya: huenda mteja amelipa mara mbili.",
        flag_contrary: "M-PESA said that it was paid, and later that it was not. Look at your statement." "M-PESA ilisema imelipwa, kisha ikasema haikulipwa. Angalia taarifa yako.",
        flag_full: "Your M-PESA account is full: nobody can pay until you move money out of it." "Akaunti yako ya M-PESA imejaa: hakuna anayeweza kulipa mpaka utoe pesa ndani yake.",
        flag_quota: "Safaricom takes no more prompts from your Daraja app for now: its quota is spent. Ask Safaricom's API support for a higher one." "Safaricom haipokei tena maombi kutoka programu yako ya Daraja kwa sasa: kiasi chake kimeisha. Omba kiasi kikubwa zaidi kwa msaada wa API wa Safaricom.",
        flag_taken: "Another payment has the same receipt. Look at your statement." "Malipo mengine yana risiti hiyo hiyo. Angalia taarifa yako.",
        flag_code: "M-PESA answered with a code nobody has documented." "M-PESA ilijibu kwa msimbo usiojulikana.",
        flag_setup: "Your M-PESA account is set up wrongly: nobody can pay until that is put right." "Akaunti yako ya M-PESA imewekwa vibaya: hakuna anayeweza kulipa mpaka irekebishwe.",
        flag_credit: "It was paid after all, when its credit had been spent on something else. The money is under money to sort out." "Ililipwa baadaye, salio lake likiwa limetumika kwa kitu kingine. Pesa ziko kwenye pesa za kushughulikia.",
        flag_reversed: "M-PESA says that this payment was reversed: the money went back to whoever paid. The books do not say so yet." "M-PESA inasema malipo haya yalibatilishwa: pesa zimerudi kwa aliyelipa. Vitabu bado havisemi hivyo.",
        flag_other: "Look at the raw messages." "Angalia ujumbe ghafi.",
    }
}
