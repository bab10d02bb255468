//! What a business's operator may do at M-PESA.

words! {
    /// What a business's operator may do at M-PESA.
    OperatorWords {
        title: "Your M-PESA operator" "Mhudumu wako wa M-PESA",
        text:
            "With an API operator of your paybill or till, M-PESA can be asked about a receipt, and can send a customer's money back from here. All of it is optional: without it everything else works."
            "Ukiwa na mhudumu wa API wa paybill au till yako, M-PESA inaweza kuulizwa kuhusu risiti, na inaweza kurudisha pesa za mteja kutoka hapa. Si lazima: bila yeye mengine yote yanafanya kazi.",
        no_account: "Set your M-PESA account first:" "Weka kwanza akaunti yako ya M-PESA:",
        kept: "The operator" "Mhudumu",
        initiator: "Operator's user name" "Jina la mhudumu",
        shortcode: "Of the number" "Wa nambari",
        since: "Kept since" "Amehifadhiwa tangu",
        other:
            "This operator is of another number than customers pay into now, so it is not used. Enter the operator of the number in use."
            "Mhudumu huyu ni wa nambari nyingine kuliko ile ambayo wateja hulipia sasa, kwa hiyo hatumiki. Weka mhudumu wa nambari inayotumika.",
        set: "Enter an operator" "Weka mhudumu",
        replace: "Enter another" "Weka mwingine",
        set_text:
            "Whoever manages your number on org.ke.m-pesa.com makes an operator there (by API, not for people) and gives it the role \"Transaction Status query ORG API\" to ask, \"Org Reversals Initiator\" to send back, or both. It is no log-in here."
            "Anayesimamia nambari yako kwenye org.ke.m-pesa.com hutengeneza mhudumu huko (wa API, si wa watu) na kumpa jukumu la \"Transaction Status query ORG API\" la kuuliza, la \"Org Reversals Initiator\" la kurudisha, au yote mawili. Si kuingia kwa hapa.",
        initiator_hint: "As it is called on the M-PESA organisation portal, for example apiop37." "Kama anavyoitwa kwenye tovuti ya M-PESA ya biashara, kwa mfano apiop37.",
        credential: "SecurityCredential" "SecurityCredential",
        credential_hint:
            "The Daraja portal makes it from the operator's password, for live use (production) and not for the sandbox: copy the long line and paste it here. Never enter the password itself. What you paste is sealed and never shown again."
            "Tovuti ya Daraja huitengeneza kutoka kwenye nenosiri la mhudumu, kwa matumizi halisi (production) na si ya sandbox: nakili mstari mrefu na uubandike hapa. Usiandike nenosiri lenyewe kamwe. Unachobandika hufungwa na hakionyeshwi tena.",
        keep: "Save the operator" "Hifadhi mhudumu",
        no_second:
            "This takes a second factor, and you have none. Set one up under My account first."
            "Hii inahitaji hatua ya pili, na huna. Iweke kwanza kwenye Akaunti yangu.",
        end: "Remove the operator" "Mwondoe mhudumu",
        end_text: "Nothing can then be asked or sent back from here. All owners are told." "Baada ya hapo hakuna kinachoweza kuulizwa wala kurudishwa kutoka hapa. Wamiliki wote wataambiwa.",
        done_set: "Kept, and all owners are told. Now try what it may do." "Amehifadhiwa, na wamiliki wote wameambiwa. Sasa jaribu anachoweza kufanya.",
        done_end: "Removed. All owners are told." "Ameondolewa. Wamiliki wote wameambiwa.",
        done_test: "M-PESA was asked. Look again in some seconds." "M-PESA imeulizwa. Angalia tena baada ya sekunde chache.",
        bad_initiator: "Give the operator's user name: letters, digits, dots and dashes, without spaces." "Andika jina la mhudumu: herufi, tarakimu, nukta na vistari, bila nafasi.",
        bad_credential:
            "That is no SecurityCredential. It is one long line of about 344 letters and digits, as the Daraja portal makes it from the password; copy all of it."
            "Hiyo si SecurityCredential. Ni mstari mmoja mrefu wa takriban herufi na tarakimu 344, kama tovuti ya Daraja inavyoutengeneza kutoka kwenye nenosiri; nakili wote.",
        status: "Asking about a receipt" "Kuuliza kuhusu risiti",
        status_text:
            "Takes the role \"Transaction Status query ORG API\". The test asks M-PESA about a receipt that you know; no money moves."
            "Inahitaji jukumu la \"Transaction Status query ORG API\". Jaribio linauliza M-PESA kuhusu risiti unayoijua; hakuna pesa zinazohama.",
        status_receipt: "Receipt (empty for your newest)" "Risiti (acha wazi kwa ya karibuni)",
        status_go: "Ask M-PESA" "Uliza M-PESA",
        reversal: "Sending money back" "Kurudisha pesa",
        reversal_text:
            "Takes the role \"Org Reversals Initiator\". The test sends the KSh 1 of your last test push back to the phone that paid it."
            "Inahitaji jukumu la \"Org Reversals Initiator\". Jaribio linarudisha KSh 1 ya jaribio lako la mwisho kwa simu iliyolipa.",
        reversal_go: "Send my KSh 1 back" "Rudisha KSh 1 yangu",
        reversal_none: "There is no KSh 1 that could go back. First send one to your own phone:" "Hakuna KSh 1 inayoweza kurudi. Kwanza itume kwa simu yako:",
        reversal_to: "Try it with one shilling" "Ijaribu kwa shilingi moja",
        proven: "Proven" "Imethibitishwa",
        not_proven: "Not proven: it is not used" "Haijathibitishwa: haitumiki",
        last: "The last tests" "Majaribio ya mwisho",
        look: "Look again" "Angalia tena",
        asked: "Asked" "Imeombwa",
        asked_text: "M-PESA took it and says in some seconds what came of it. Look again." "M-PESA imeipokea na itasema baada ya sekunde chache kilichotokea. Angalia tena.",
        unknown: "Not known" "Haijulikani",
        unknown_text:
            "M-PESA did not say whether it was done. It may have been: look at the M-PESA statement before you do anything else about it."
            "M-PESA haikusema kama imefanyika. Huenda imefanyika: angalia taarifa ya M-PESA kabla ya kufanya jambo jingine.",
        told: "M-PESA answered" "M-PESA imejibu",
        told_text: "M-PESA knows the receipt." "M-PESA inaijua risiti.",
        went_back: "Went back" "Imerudi",
        went_back_text: "M-PESA sent the money back to the phone that paid, and the books say so." "M-PESA imerudisha pesa kwa simu iliyolipa, na vitabu vinasema hivyo.",
        went_back_twice:
            "M-PESA sent the money back, but a refund was written down before. It may have gone back twice: look at the M-PESA statement."
            "M-PESA imerudisha pesa, lakini urudishaji ulikuwa umeandikwa awali. Huenda zimerudi mara mbili: angalia taarifa ya M-PESA.",
        refused: "Refused" "Imekataliwa",
        replaced: "Asked again" "Imeombwa tena",
        no_money: "Your M-PESA account holds too little for that. Leave money in it, then try again." "Akaunti yako ya M-PESA haina pesa za kutosha. Acha pesa humo, kisha ujaribu tena.",
        bad_state: "An account is in a state in which M-PESA moves nothing. Ask Safaricom's business support." "Akaunti iko katika hali ambayo M-PESA haihamishi kitu. Uliza msaada wa biashara wa Safaricom.",
        no_role: "The operator lacks the role. Have it given on the M-PESA organisation portal, then test again." "Mhudumu hana jukumu hilo. Apewe kwenye tovuti ya M-PESA ya biashara, kisha ujaribu tena.",
        bad_operator:
            "M-PESA does not take the operator's name and credential. Make the SecurityCredential again with the password of exactly this operator, and enter both once more."
            "M-PESA haikubali jina na kitambulisho cha mhudumu. Tengeneza SecurityCredential upya kwa nenosiri la mhudumu huyu hasa, kisha uweke vyote tena.",
        account_rule: "A rule of the account forbids it. Ask Safaricom's business support." "Kanuni ya akaunti inakataza. Uliza msaada wa biashara wa Safaricom.",
        not_assigned: "Your number was not given this product. Ask Safaricom's API support to add it." "Nambari yako haikupewa huduma hii. Omba msaada wa API wa Safaricom waiongeze.",
        locked:
            "The operator's credential is locked. Unlock it or set a new password on the M-PESA organisation portal, make a new SecurityCredential and enter it here."
            "Kitambulisho cha mhudumu kimefungwa. Kifungue au weka nenosiri jipya kwenye tovuti ya M-PESA ya biashara, tengeneza SecurityCredential mpya na uiweke hapa.",
        no_receipt: "M-PESA knows no such receipt of your number." "M-PESA haijui risiti kama hiyo ya nambari yako.",
        keys: "Safaricom does not accept your app's keys. Look at your M-PESA account." "Safaricom hawakubali funguo za app yako. Angalia akaunti yako ya M-PESA.",
        product: "Your Daraja app was not given this product. Add it to the app on the Daraja portal." "App yako ya Daraja haikupewa huduma hii. Iongeze kwenye app kwenye tovuti ya Daraja.",
        busy: "Safaricom did not take it: too much at once. Try again in a minute." "Safaricom hawakuipokea: maombi mengi. Jaribu tena baada ya dakika moja.",
        away: "Safaricom did not answer, and nothing was done. Try again in a minute." "Safaricom hawakujibu, na hakuna kilichofanyika. Jaribu tena baada ya dakika moja.",
        other_refusal: "Safaricom did not take it." "Safaricom hawakuipokea.",
        said: "M-PESA says:" "M-PESA inasema:",
        back: "Sent back by M-PESA" "Kurudishwa na M-PESA",
        send_back: "Send it back by M-PESA" "Irudishe kwa M-PESA",
        send_back_text:
            "M-PESA sends all of it back to the phone that paid, from your account. This cannot be taken back. A voucher that nobody has used is taken back, and so is that of money that came too late; another one goes on."
            "M-PESA inarudisha zote kwa simu iliyolipa, kutoka kwenye akaunti yako. Haiwezi kubatilishwa. Vocha ambayo haijatumika inafutwa, na ya pesa zilizochelewa pia; nyingine inaendelea.",
        send_back_go: "Yes, send back" "Ndiyo, rudisha",
        send_again_text:
            "Nothing was heard for half an hour. You can ask once more: M-PESA does not send the same payment back twice."
            "Hakuna kilichosikika kwa nusu saa. Unaweza kuomba tena: M-PESA hairudishi malipo yale yale mara mbili.",
        why: "Why" "Kwa nini",
        done_back: "M-PESA was asked to send it back. Look again in some seconds." "M-PESA imeombwa kuzirudisha. Angalia tena baada ya sekunde chache.",
        sure: "I looked at the M-PESA statement: it has not gone back" "Nimeangalia taarifa ya M-PESA: hazijarudi",
        going_back:
            "M-PESA may be sending this back just now. Wait for its word; or look at the M-PESA statement, and tick that you did."
            "Huenda M-PESA inazirudisha sasa hivi. Subiri jibu lake; au angalia taarifa ya M-PESA, kisha weka alama kwamba umefanya hivyo.",
        no_operator: "There is no operator of the number in use." "Hakuna mhudumu wa nambari inayotumika.",
        right_not_proven: "The operator has not proved that it may do this. An owner tries it under M-PESA, Your M-PESA operator." "Mhudumu hajathibitisha kwamba anaweza kufanya hivi. Mmiliki anajaribu chini ya M-PESA, Mhudumu wako wa M-PESA.",
        nothing_there: "There is no money with a known receipt." "Hakuna pesa zenye risiti inayojulikana.",
        over: "This is dealt with already, or some of it went back before." "Hili limeshashughulikiwa, au sehemu ilirudishwa awali.",
        other_account: "This came into another M-PESA account than the operator's. Send it back from there." "Hizi ziliingia kwenye akaunti nyingine ya M-PESA kuliko ya mhudumu. Zirudishe kutoka huko.",
        is_open: "It is being sent back already. Look again in some seconds." "Tayari zinarudishwa. Angalia tena baada ya sekunde chache.",
        bad_receipt: "Give the receipt as the customer's M-PESA message has it, such as NLJ7RT61SV." "Andika risiti kama ilivyo kwenye ujumbe wa M-PESA wa mteja, kama NLJ7RT61SV.",
        bad_reason: "Say why, in a few words." "Eleza kwa nini, kwa maneno machache.",
        claims: "Receipts nobody told us of" "Risiti ambazo hatujajulishwa",
        claims_text:
            "Customers say they paid with these, and M-PESA never told us. Ask M-PESA: if the money is yours, whoever paid gets what it buys, or it waits above."
            "Wateja wanasema walilipa kwa hizi, na M-PESA haikutujulisha. Uliza M-PESA: kama pesa ni zako, aliyelipa atapata zinachonunua, au zitasubiri hapo juu.",
        claims_none: "No customer named a receipt that is not here." "Hakuna mteja aliyetaja risiti ambayo haipo hapa.",
        claim_receipt: "A receipt from a customer's M-PESA message" "Risiti kutoka kwa ujumbe wa M-PESA wa mteja",
        claims_asked: "Asked of late" "Zilizoulizwa karibuni",
        found_payment: "The money came, and bought what it is for" "Pesa zilifika, na zimenunua zilichokusudia",
        found_queue: "The money came; it waits above" "Pesa zilifika; zinasubiri hapo juu",
        found_known: "It is in the books already, or in those of another business that is paid into the same number" "Tayari iko kwenye vitabu, au kwenye vya biashara nyingine inayolipwa kwenye nambari ile ile",
        found_other: "It was not paid to your number" "Haikulipwa kwa nambari yako",
        found_not_completed: "M-PESA has not completed it" "M-PESA haijaikamilisha",
        found_reversed: "M-PESA says that it was reversed: the money went back to whoever paid. The books do not say so yet." "M-PESA inasema muamala huu ulibatilishwa: pesa zimerudi kwa aliyelipa. Vitabu bado havisemi hivyo.",
        reversed_text: "With it a voucher that nobody has used is taken back, and so is that of money that came too late; another one goes on." "Pamoja nalo, vocha ambayo haijatumika inafutwa, na ya pesa zilizochelewa pia; nyingine inaendelea.",
        reversed_go: "Write it into the books" "Andika kwenye vitabu",
        default_why: "sent back" "zimerudishwa",
    }
}
