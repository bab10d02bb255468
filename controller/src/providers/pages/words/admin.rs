//! The platform's own staff.

words! {
    /// The platform's own staff.
    AdminWords {
        title: "Businesses" "Biashara",
        none: "No business yet." "Bado hakuna biashara.",
        since: "Since" "Tangu",
        sites: "Sites" "Maeneo",
        pending: "waits for us" "inatusubiri",
        active: "in business" "inafanya kazi",
        suspended: "stopped" "imesimamishwa",
        approve: "Let in" "Ruhusu",
        suspend: "Stop" "Simamisha",
        reinstate: "Let go on" "Ruhusu iendelee",
        moved:
            "Done. Its sites hear of it at once, or when they are back."
            "Imefanyika. Maeneo yake yatasikia mara moja, au yakirudi hewani.",
        more: "More" "Zaidi",
        rule: "Who signs up" "Anayejisajili",
        by_hand: "waits for one of us" "anamsubiri mmoja wetu",
        at_once: "is in business at once" "anaanza biashara mara moja",
        a_day: "at most so many a day" "si zaidi ya idadi hii kwa siku",
        keep: "Set" "Weka",
        kept: "The rule is set." "Kanuni imewekwa.",
    }
}
