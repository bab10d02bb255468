//! What goes wrong.

words! {
    /// What goes wrong.
    TroubleWords {
        nothing: "There is nothing here" "Hakuna kitu hapa",
        nothing_text:
            "The address may be mistyped, or what was here is gone."
            "Huenda anwani imekosewa, au kilichokuwa hapa kimeondolewa.",
        not_yours: "This is not for you" "Ukurasa huu si wako",
        not_yours_text:
            "Your role in this business does not open this page. An owner can change that under Staff."
            "Wadhifa wako katika biashara hii haufungui ukurasa huu. Mmiliki anaweza kubadilisha hilo kwenye Wafanyakazi.",
        unread: "We could not read that" "Hatukuweza kusoma hilo",
        unread_text:
            "Something of the form did not arrive. Go back, fill it in and send it again."
            "Sehemu ya fomu haikufika. Rudi, ijaze na uitume tena.",
        only_looking: "You only look at this business" "Unaitazama tu biashara hii",
        only_looking_text:
            "Nothing was changed, and no file is taken out. Stop looking first, with the button above."
            "Hakuna kilichobadilishwa, wala faili lililotolewa. Acha kutazama kwanza, kwa kitufe kilicho juu.",
        restricted: "This business has to renew Mnara first" "Biashara hii inahitaji kulipia Mnara kwanza",
        restricted_text:
            "Nothing was lost: who is online stays so, and vouchers that were sold go on working. Ask an owner or manager to pay; everything opens again at once."
            "Hakuna kilichopotea: walio mtandaoni wanaendelea, na vocha zilizouzwa zinaendelea kufanya kazi. Mwombe mmiliki au meneja alipe; kila kitu kitafunguka mara moja.",
        look_up:
            "Selling is closed until Mnara is paid. A voucher that was sold goes on, and can be looked up by its code:"
            "Mauzo yamefungwa hadi Mnara ilipiwe. Vocha iliyouzwa inaendelea, na unaweza kuitafuta kwa msimbo wake:",
        not_in_plan: "The plan of this business does not have this" "Kifurushi cha biashara hii hakina hiki",
        not_in_plan_text:
            "An owner or manager can choose another plan under Subscription."
            "Mmiliki au meneja anaweza kuchagua kifurushi kingine kwenye Usajili.",
        away: "We cannot answer right now" "Hatuwezi kujibu sasa hivi",
        away_text:
            "Nothing was lost. Try again in a moment. Your sites go on working meanwhile."
            "Hakuna kilichopotea. Jaribu tena baada ya muda mfupi. Maeneo yako yanaendelea kufanya kazi.",
        inside: "Something went wrong on our side" "Kuna hitilafu upande wetu",
        inside_text:
            "It was noted and nothing was half done. Try again in a moment."
            "Imeandikwa, na hakuna kilichofanyika nusu. Jaribu tena baada ya muda mfupi.",
        back: "To the start" "Rudi mwanzo",
    }
}
