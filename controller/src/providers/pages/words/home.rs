//! How the business is today.

words! {
    /// How the business is today.
    HomeWords {
        title: "Today" "Leo",
        today: "Paid by M-PESA today" "Zilizolipwa kwa M-PESA leo",
        last_week: "By this time last week:" "Kufikia saa hii wiki iliyopita:",
        no_sales: "No sale yet today." "Bado hakuna mauzo leo.",
        running: "Vouchers running now" "Vocha zinazoendelea sasa",
        running_none: "No voucher is running now." "Hakuna vocha inayoendelea sasa.",
        sites: "Sites" "Maeneo",
        no_sites:
            "No site yet. A site is one place with one hotspot."
            "Bado hakuna eneo. Eneo ni mahali pamoja penye hotspot moja.",
        never: "never heard from" "halijasikika kamwe",
        seen: "last heard from" "lilisikika mwisho",
        here: "up" "liko hewani",
        away: "away" "haliko hewani",
    }
}
