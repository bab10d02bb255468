//! The counter: selling vouchers for cash.

words! {
    /// The counter: selling vouchers for cash.
    CounterWords {
        title: "Counter" "Kaunta",
        hand_over: "Your cash today" "Pesa taslimu zako leo",
        hand_over_then: "Your cash of" "Pesa taslimu zako za",
        sold_count: "Vouchers you sold:" "Vocha ulizouza:",
        since_midnight: "Counted from midnight to midnight." "Huhesabiwa kuanzia usiku wa manane hadi usiku wa manane.",
        find_hint:
            "To see how it stands, whose phone uses it, or to connect it again."
            "Kuona hali yake, simu inayoitumia, au kuiunganisha tena.",
        sell: "Sell for cash" "Uza kwa pesa taslimu",
        sell_do: "Sell" "Uza",
        left: "Left:" "Zilizobaki:",
        no_stock:
            "No voucher waits to be sold from the screen. Those on paper are noted below."
            "Hakuna vocha inayosubiri kuuzwa kwenye skrini. Za karatasi huandikwa hapa chini.",
        newest_stock: "The newest vouchers" "Vocha mpya zaidi",
        make: "Make vouchers" "Tengeneza vocha",
        paper: "Sold on paper" "Iliyouzwa kwa karatasi",
        paper_label: "Code on the paper" "Msimbo ulio kwenye karatasi",
        paper_do: "Note the sale" "Andika mauzo",
        paper_hint:
            "For printed vouchers that you hand out, also when they are used already: the money is then counted as yours to hand over."
            "Kwa vocha za karatasi unazotoa, hata zikiwa zimeshatumika: pesa huhesabiwa kuwa zako za kukabidhi.",
        back_taken:
            "Given back for vouchers of earlier days, already taken off:"
            "Zilizorudishwa kwa vocha za siku za awali, tayari zimeondolewa:",
        by_person: "Cash of each" "Pesa taslimu za kila mmoja",
        list: "Sold on" "Zilizouzwa",
        backs: "Given back for earlier days" "Zilizorudishwa kwa siku za awali",
        nothing: "Nothing was sold for cash." "Hakuna kilichouzwa kwa pesa taslimu.",
        newest: "The newest 100 are shown. The sums hold all." "Zinaonyeshwa 100 mpya. Jumla ni za zote.",
        other_day: "Another day" "Siku nyingine",
        show: "Show" "Onyesha",
        day_before: "The day before" "Siku iliyotangulia",
        today: "Today" "Leo",
        tag_undone: "money back" "pesa zimerudishwa",
        tag_used: "used" "imetumika",
        tag_used_anyway: "used all the same" "imetumika hata hivyo",
        noted: "Noted. The money is counted as yours to hand over." "Imeandikwa. Pesa zinahesabiwa kuwa zako za kukabidhi.",
        undone:
            "Taken back. Give the money back; it is taken off the cash of today."
            "Imefutwa. Rudisha pesa; zinaondolewa kwenye pesa taslimu za leo.",
        no_paper:
            "This business printed no voucher of that code. Compare it with the paper, letter by letter."
            "Biashara hii haikuchapisha vocha ya msimbo huo. Ulinganishe na karatasi, herufi kwa herufi.",
        none_left:
            "The last of these was just sold. Choose others, or ask for more to be made."
            "Ya mwisho imeuzwa sasa hivi. Chagua nyingine, au omba nyingine zitengenezwe.",
        sold_before: "This voucher was sold before." "Vocha hii iliuzwa awali.",
        over:
            "This voucher was taken back, or its last day passed before anybody used it, so nothing was noted."
            "Vocha hii ilifutwa, au siku yake ya mwisho ilipita kabla ya yeyote kuitumia, kwa hiyo hakuna kilichoandikwa.",
        not_unused:
            "This voucher is used, over or taken back, so nothing was changed."
            "Vocha hii imetumika, imeisha au imefutwa, kwa hiyo hakuna kilichobadilika.",
        shut:
            "This business may not sell now: Mnara has not let it in yet, or has stopped it."
            "Biashara hii hairuhusiwi kuuza sasa: Mnara bado haijaikubali, au imeisimamisha.",
        not_yours: "Somebody else sold this voucher." "Mtu mwingine aliuza vocha hii.",
        sold_title: "Sold" "Imeuzwa",
        hand_it:
            "Read the code out, let it be scanned, or print it. It is also typed on the page that opens on the Wi-Fi."
            "Soma msimbo kwa sauti, acha uskaniwe, au uchapishe. Pia huandikwa kwenye ukurasa unaofunguka kwenye Wi-Fi.",
        picture: "The code as a picture to scan" "Msimbo kama picha ya kuskani",
        gives: "Gives" "Inatoa",
        cash: "Cash" "Pesa taslimu",
        when: "Sold" "Imeuzwa",
        print_58: "Print, 58 mm roll" "Chapisha, roli ya mm 58",
        print_80: "Print, 80 mm roll" "Chapisha, roli ya mm 80",
        next: "Sell another" "Uza nyingine",
        story: "Its whole story" "Historia yake yote",
        to_sale: "Back to the sale" "Rudi kwenye mauzo",
        undo: "The customer wants the money back" "Mteja anataka pesa zake",
        undo_sure:
            "The code stops working and the money is taken off the cash of today."
            "Msimbo utaacha kufanya kazi na pesa zitaondolewa kwenye pesa taslimu za leo.",
        undo_do: "Take it back" "Ifute",
        strike: "It was noted by mistake" "Iliandikwa kimakosa",
        strike_sure:
            "Somebody used this voucher before it was noted as sold. The money is taken off the cash of today, and the voucher goes on."
            "Mtu alitumia vocha hii kabla ya kuandikwa kuwa imeuzwa. Pesa zitaondolewa kwenye pesa taslimu za leo, na vocha itaendelea.",
        strike_do: "Take it off" "Iondoe",
        struck:
            "Taken off the cash of today. The voucher goes on."
            "Imeondolewa kwenye pesa taslimu za leo. Vocha inaendelea.",
    }
}
