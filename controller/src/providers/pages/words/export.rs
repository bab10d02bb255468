//! Taking all data out.

words! {
    /// Taking all data out.
    ExportWords {
        title: "All your data" "Data yako yote",
        text:
            "You get one file with everything your business has here: sites, plans, vouchers, payments, sessions, staff and who did what. Spreadsheets open it."
            "Utapata faili moja lenye kila kitu cha biashara yako hapa: maeneo, vifurushi, vocha, malipo, vipindi, wafanyakazi na nani alifanya nini. Linafunguka kwenye spreadsheet.",
        careful:
            "It holds codes nobody has used yet and your customers' phone numbers. Keep it as you keep money."
            "Lina misimbo ambayo bado haijatumika na nambari za simu za wateja wako. Lihifadhi kama pesa.",
        make: "Make the link" "Tengeneza kiungo",
        ready: "Your data is ready" "Data yako iko tayari",
        ready_text: "The link is good once, for 15 minutes, in this browser." "Kiungo kinafaa mara moja, kwa dakika 15, kwenye kivinjari hiki.",
        download: "Download" "Pakua",
    }
}
