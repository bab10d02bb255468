//! Payments by hand.

words! {
    /// Payments by hand.
    HandWords {
        title: "Payments by hand" "Malipo bila ombi",
        text:
            "Customers can pay from their phone's own M-PESA menu, for example while prompts do not arrive. They are let online when M-PESA tells us of the money."
            "Wateja wanaweza kulipa kupitia menyu ya M-PESA ya simu zao, kwa mfano maombi yasipofika. Wanaunganishwa M-PESA ikitujulisha kuhusu pesa.",
        how: "How customers pay" "Jinsi wateja wanavyolipa",
        how_paybill:
            "The customers' page shows each device a code that begins with D. It is typed as the account number."
            "Ukurasa wa wateja huonyesha kila kifaa msimbo unaoanza na D. Huandikwa kama nambari ya akaunti.",
        how_till:
            "A till asks for no account, so the customers' page asks for the number that pays. Where two customers could be meant, they type their receipt on that page."
            "Till haiulizi akaunti, kwa hiyo ukurasa wa wateja huuliza nambari inayolipa. Ikiwa wateja wawili wanaweza kuwa ndio, wataandika risiti yao kwenye ukurasa huo.",
        rule:
            "An amount buys the plan of that price: of several the one the device chose last, else the first on your list. Any other amount waits under Money to sort out."
            "Kiasi hununua kifurushi cha bei hiyo: kati ya kadhaa kile kifaa kilichochagua mwisho, la sivyo cha kwanza kwenye orodha yako. Kiasi kingine husubiri kwenye Pesa za kushughulikia.",
        told: "Does M-PESA tell us?" "Je, M-PESA hutujulisha?",
        never: "Not yet: it has not been asked to." "Bado: haijaombwa.",
        works: "It does" "Ndiyo",
        works_text: "A payment to this number was told of, so customers are offered to pay by hand." "Malipo kwa nambari hii yamejulishwa, kwa hiyo wateja wanaweza kulipa wenyewe.",
        registered: "Registered" "Imesajiliwa",
        registered_text: "M-PESA has our addresses. Pay a small amount by hand once to see that it works." "M-PESA ina anwani zetu. Lipa kiasi kidogo mwenyewe mara moja uone kama inafanya kazi.",
        before: "Addresses were registered before" "Anwani zilisajiliwa awali",
        before_text:
            "M-PESA keeps the first addresses of a number. If they are ours, pay a small amount by hand: this page then says that it works. If they are another system's, two operators of your business delete them on the Daraja portal (or ask apisupport@safaricom.co.ke); then press the button again."
            "M-PESA huweka anwani za kwanza za nambari. Kama ni zetu, lipa kiasi kidogo mwenyewe: ukurasa huu utasema inafanya kazi. Kama ni za mfumo mwingine, wahudumu wawili wa biashara yako wazifute kwenye tovuti ya Daraja (au uliza apisupport@safaricom.co.ke); kisha bonyeza kitufe tena.",
        away: "No answer" "Hakuna jibu",
        away_text: "Safaricom did not answer. Press the button again in a few minutes; twice does no harm." "Safaricom hawakujibu. Bonyeza kitufe tena baada ya dakika chache; mara mbili haina madhara.",
        old: "Registered on the older platform" "Imesajiliwa kwenye mfumo wa zamani",
        old_text: "Daraja cannot change that. Ask apisupport@safaricom.co.ke to remove the addresses there, then press the button again." "Daraja haiwezi kubadilisha hilo. Waombe apisupport@safaricom.co.ke waziondoe anwani huko, kisha bonyeza kitufe tena.",
        refused: "Refused" "Imekataliwa",
        refused_text: "Safaricom did not take it. Put right what it says, then press the button again." "Safaricom hawakuikubali. Rekebisha wanachosema, kisha bonyeza kitufe tena.",
        said: "Safaricom says:" "Safaricom wanasema:",
        version: "How is the payer's number hidden?" "Nambari ya mlipaji inafichwaje?",
        v2: "Its middle (version 2)" "Katikati yake (toleo la 2)",
        v2_text: "The usual one." "La kawaida.",
        v1: "By a hash (version 1)" "Kwa hash (toleo la 1)",
        v1_text: "Says for sure whether a number has paid, which helps at a till. Not every app has it." "Husema kwa uhakika kama nambari imelipa, jambo linalosaidia kwenye till. Si kila app inalo.",
        silence: "If M-PESA asks us before a payment and we do not answer" "M-PESA ikituuliza kabla ya malipo na tusipojibu",
        completed: "The payment goes through" "Malipo yanaendelea",
        completed_text: "Better: what it was for is sorted out afterwards." "Bora: madhumuni yake yatajulikana baadaye.",
        cancelled: "The payment is sent back" "Malipo yanarudishwa",
        cancelled_text: "While we cannot be reached nobody can pay you by hand." "Tusipopatikana hakuna anayeweza kukulipa mwenyewe.",
        go: "Register with M-PESA" "Sajili kwa M-PESA",
        done_asked: "M-PESA was asked. How it stands is below." "M-PESA imeombwa. Hali iko hapa chini.",
        no_prompts: "M-PESA takes no prompts since" "M-PESA haipokei maombi tangu",
        limits: "How much you take" "Kiasi unachopokea",
        limits_text:
            "For prompts and for payments by hand, in whole shillings. Outside these limits no phone is asked and nobody is told where to pay, and a payment to a device's code is sent back if M-PESA asks us before it. Money that comes all the same counts. What you leave empty is M-PESA's own limit."
            "Kwa maombi na kwa malipo bila ombi, kwa shilingi kamili. Nje ya vikomo hivi hakuna simu inayoombwa wala mteja anayeambiwa pa kulipa, na malipo kwa msimbo wa kifaa hurudishwa M-PESA ikituuliza kabla yake. Pesa zikifika hata hivyo, zinahesabiwa. Unachoacha wazi ni kikomo cha M-PESA yenyewe.",
        least: "The least at once, in shillings" "Kiwango cha chini kwa mara moja, kwa shilingi",
        most: "The most at once, in shillings" "Kiwango cha juu kwa mara moja, kwa shilingi",
        most_a_day:
            "The most from one phone on one day, in shillings"
            "Kiwango cha juu kwa simu moja kwa siku, kwa shilingi",
        told_least: "The least at once" "Kiwango cha chini kwa mara moja",
        told_most: "The most at once" "Kiwango cha juu kwa mara moja",
        told_most_a_day: "The most from one phone on one day" "Kiwango cha juu kwa simu moja kwa siku",
        keep: "Save" "Hifadhi",
        bad_limits: "Give whole shillings within M-PESA's own limits, which stand in the empty fields, the least no more than the most." "Andika shilingi kamili ndani ya vikomo vya M-PESA, vinavyoonekana katika nafasi tupu, cha chini kisizidi cha juu.",
        done_limits: "Kept. It holds from the next payment on." "Imehifadhiwa. Inaanza na malipo yanayofuata.",
        no_account: "Set your M-PESA account first:" "Weka kwanza akaunti yako ya M-PESA:",
    }
}
