//! What stands around every page.

words! {
    /// What stands around every page.
    FrameWords {
        skip: "To the content" "Nenda kwenye maudhui",
        places: "Places" "Sehemu",
        home: "Home" "Mwanzo",
        plans: "Plans" "Vifurushi",
        vouchers: "Vouchers" "Vocha",
        sites: "Sites" "Maeneo",
        money: "Payments" "Malipo",
        counter: "Counter" "Kaunta",
        customers: "Customers" "Wateja",
        reports: "Reports" "Ripoti",
        books: "Books" "Hesabu",
        mpesa: "M-PESA" "M-PESA",
        name: "Name of the business" "Jina la biashara",
        portal: "Customers' page" "Ukurasa wa wateja",
        moved: "Customers' money goes to another M-PESA account since" "Pesa za wateja zinaenda kwenye akaunti nyingine ya M-PESA tangu",
        moved_link: "Was this not you? Look and go back." "Si wewe? Angalia na urudishe.",
        staff: "Staff" "Wafanyakazi",
        programs: "Programs and data" "Programu na data",
        messages: "Messages" "Ujumbe",
        notices: "Notices" "Taarifa",
        subscription: "Subscription" "Usajili",
        audit: "Who did what" "Nani alifanya nini",
        platform: "Platform" "Jukwaa",
        providers: "Businesses" "Biashara",
        subscriptions: "Subscriptions" "Usajili wa malipo",
        short_subscriptions: "Billing" "Bili",
        payments: "All payments" "Malipo yote",
        agents: "All sites" "Maeneo yote",
        work: "Work" "Kazi",
        platform_audit: "Platform's audit" "Kumbukumbu za jukwaa",
        settings: "Platform's settings" "Mipangilio ya jukwaa",
        more: "Menu" "Menyu",
        about:
            "Wi-Fi hotspots that are paid by M-PESA and by voucher."
            "Hotspot za Wi-Fi zinazolipiwa kwa M-PESA na kwa vocha.",
        day: "Day by day" "Kazi za kila siku",
        set_up: "Settings" "Mipangilio",
        view: "You look at this business as its owner sees it:" "Unaiona biashara hii kama mmiliki wake anavyoiona:",
        view_text:
            "Nothing can be changed, and the business sees in its audit that you looked. It ends by itself at"
            "Huwezi kubadilisha chochote, na biashara itaona kwenye kumbukumbu zake kwamba uliitazama. Itaisha yenyewe",
        view_end: "Stop looking" "Acha kutazama",
        bill_choose: "Choose a plan for Mnara by" "Chagua kifurushi cha Mnara kabla ya",
        bill_soon: "Your time on Mnara ends on" "Muda wako wa Mnara utaisha",
        bill_grace: "Your subscription has ended. Everything goes on until" "Usajili wako umekwisha. Kila kitu kinaendelea hadi",
        bill_restricted:
            "Your subscription has ended: nothing new is sold, and what was sold goes on. Pay and everything opens again at once."
            "Usajili wako umekwisha: hakuna kipya kinachouzwa, na kilichouzwa kinaendelea. Lipa na kila kitu kitafunguka mara moja.",
        bill_link: "Pay for Mnara" "Lipia Mnara",
        account: "My account" "Akaunti yangu",
        log_out: "Log out" "Toka",
        pending:
            "We are looking at your sign-up. You can set everything up meanwhile; sales open when we have said yes."
            "Tunaikagua biashara yako. Unaweza kuandaa kila kitu kwa sasa; mauzo yatafunguliwa tukiikubali.",
        suspended:
            "This business is stopped. Its sites sell nothing now; vouchers that were sold go on working."
            "Biashara hii imesimamishwa. Maeneo yake hayauzi sasa; vocha zilizouzwa zinaendelea kufanya kazi.",
        reach: "Reach us at" "Wasiliana nasi kupitia",
    }
}
