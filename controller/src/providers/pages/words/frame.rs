//! What stands around every page.

words! {
    /// What stands around every page.
    FrameWords {
        skip: "To the content" "Nenda kwenye maudhui",
        home: "Home" "Mwanzo",
        plans: "Plans" "Mipango",
        sites: "Sites" "Maeneo",
        mpesa: "M-PESA" "M-PESA",
        staff: "Staff" "Wafanyakazi",
        programs: "Programs and data" "Programu na data",
        providers: "Businesses" "Biashara",
        account: "My account" "Akaunti yangu",
        log_out: "Log out" "Toka",
        pending:
            "We are looking at your sign-up. You can set everything up meanwhile; sales open when we have said yes."
            "Tunaangalia usajili wako. Unaweza kuandaa kila kitu kwa sasa; mauzo yatafunguliwa tukikubali.",
        suspended:
            "This business is stopped. Its sites sell nothing now; vouchers that were sold go on working. Write to us to sort it out."
            "Biashara hii imesimamishwa. Maeneo yake hayauzi sasa; vocha zilizouzwa zinaendelea kufanya kazi. Tuandikie tusuluhishe.",
    }
}
