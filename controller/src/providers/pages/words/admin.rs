//! The platform's own staff: businesses and the rule for new ones.

words! {
    /// The platform's own staff: businesses and the rule for new ones.
    AdminWords {
        title: "Businesses" "Biashara",
        none: "No business yet. Whoever signs up shows here." "Bado hakuna biashara. Atakayejisajili ataonekana hapa.",
        none_found: "No business fits." "Hakuna biashara inayolingana.",
        since: "Since" "Tangu",
        sites: "Sites" "Maeneo",
        no_sites: "It has no site yet." "Bado haina eneo.",
        up: "up" "hewani",
        does_well: "nothing amiss" "haina tatizo",
        does_badly: "needs somebody" "inahitaji mtu",
        heard: "Last heard of" "Ilisikika mwisho",
        unheard: "never" "bado",
        deaf: "Addresses that take no news" "Anwani zisizopokea habari",
        books: "Books" "Hesabu",
        unbalanced: "do not balance" "hazilingani",
        search: "Name" "Jina",
        state: "How it stands" "Hali",
        any_state: "Any" "Yoyote",
        find: "Find" "Tafuta",
        all: "Show all" "Onyesha yote",
        pending: "waits for us" "inatusubiri",
        active: "in business" "inafanya kazi",
        suspended: "stopped" "imesimamishwa",
        approve: "Let in" "Ruhusu",
        suspend: "Stop" "Simamisha",
        suspend_sure:
            "Its sites sell nothing from this moment on. What was sold goes on working, and you can let it go on at any time."
            "Maeneo yake hayatauza chochote kuanzia sasa. Zilizouzwa zitaendelea kufanya kazi, na unaweza kuiruhusu wakati wowote.",
        suspend_do: "Stop this business" "Simamisha biashara hii",
        retire_sure:
            "No business can choose it any more. Those that are on it keep it, and you can offer it again."
            "Hakuna biashara itakayoweza kukichagua tena. Zilizo nacho zitabaki nacho, na unaweza kukitoa tena.",
        retire_do: "Take this plan off sale" "Ondoa kifurushi hiki",
        reinstate: "Let go on" "Ruhusu iendelee",
        view: "Look as its owner" "Tazama kama mmiliki",
        open: "Open" "Fungua",
        moved:
            "Done. Its sites hear of it at once, or when they are back."
            "Imefanyika. Maeneo yake yatasikia mara moja, au yakirudi hewani.",
        more: "More" "Zaidi",
        revenue: "Its customers paid in 30 days" "Wateja wake walilipa ndani ya siku 30",
        growth: "against the 30 days before" "dhidi ya siku 30 za kabla",
        last_sale: "Last sale" "Mauzo ya mwisho",
        never: "none yet" "bado",
        plan: "Pays us" "Inatulipa",
        no_plan: "no plan yet" "bado hakuna kifurushi",
        until: "until" "hadi",
        owner: "Owner" "Mmiliki",
        contact: "Reached at" "Hupatikana kwa",
        shortcode: "M-PESA number" "Nambari ya M-PESA",
        not_set: "not set" "haijawekwa",
        staff: "People" "Watu",
        plans: "Plans on sale" "Vifurushi vinavyouzwa",
        deeds: "Last done there" "Yaliyofanyika mwisho",
        view_text:
            "You see its pages for half an hour and can change nothing. That you looked stands in its audit, where its owner reads it."
            "Utaona kurasa zake kwa nusu saa bila kubadilisha chochote. Kutazama kwako kutaandikwa kwenye kumbukumbu zake, ambapo mmiliki atasoma.",
        rule: "Who signs up" "Anayejisajili",
        by_hand: "Waits for one of us" "Anamsubiri mmoja wetu",
        at_once: "Is in business at once" "Anaanza biashara mara moja",
        a_day: "Businesses let in a day, at most" "Biashara zisizozidi kwa siku",
        bad_a_day: "Type how many a day, as a whole number." "Andika idadi kwa siku, kwa nambari kamili.",
        keep: "Save" "Hifadhi",
        kept: "The rule is set." "Kanuni imewekwa.",
    }
}
