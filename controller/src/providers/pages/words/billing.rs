//! What is written about what a business pays the platform. A word in braces is a place: `{day}`.

words! {
    /// What is written about what a business pays the platform.
    BillingWords {
        soon: "{business}: Mnara is paid until {day}" "{business}: Mnara imelipwa hadi {day}",
        soon_text:
            "What you paid for Mnara ends on {day}. Pay before then and nothing stops; the time is added at the end, so paying early loses nothing. If your card is charged by itself, you need not do anything."
            "Ulichokilipia Mnara kitaisha {day}. Lipa kabla ya hapo na hakuna kitakachosimama; muda huongezwa mwishoni, kwa hiyo kulipa mapema hakupotezi kitu. Kama kadi yako hukatwa yenyewe, huhitaji kufanya chochote.",
        trial_soon:
            "{business}: your trial of Mnara ends on {day}"
            "{business}: jaribio lako la Mnara linaisha {day}",
        trial_soon_text:
            "Your free trial ends on {day}. Pay before then and nothing stops; the days you have left are not lost."
            "Jaribio lako la bure linaisha {day}. Lipa kabla ya hapo na hakuna kitakachosimama; siku zilizobaki hazipotei.",
        choose: "{business}: choose a plan for Mnara" "{business}: chagua kifurushi cha Mnara",
        choose_text:
            "{business} has not chosen a plan for Mnara yet. Choose one by {day}, or begin a trial where there is one, and nothing stops."
            "{business} bado haijachagua kifurushi cha Mnara. Chagua kabla ya {day}, au anza jaribio kama lipo, na hakuna kitakachosimama.",
        due: "{business}: your subscription has ended" "{business}: usajili wako umeisha",
        due_text:
            "What you paid for Mnara has ended. Everything goes on as it is until {day}; pay before then and nobody will notice."
            "Ulichokilipia Mnara kimeisha. Kila kitu kinaendelea kama kilivyo hadi {day}; lipa kabla ya hapo na hakuna atakayegundua.",
        trial_due:
            "{business}: your trial of Mnara has ended"
            "{business}: jaribio lako la Mnara limeisha",
        trial_due_text:
            "Your free trial has ended. Everything goes on until {day}; pay before then and nobody will notice."
            "Jaribio lako la bure limeisha. Kila kitu kinaendelea hadi {day}; lipa kabla ya hapo na hakuna atakayegundua.",
        grace: "{business}: sales stop on {day}" "{business}: mauzo yatasimama {day}",
        grace_text:
            "Your subscription has ended some days ago. Everything still goes on, until {day}. After that your sites sell nothing new until you pay; vouchers that were sold go on working."
            "Usajili wako uliisha siku chache zilizopita. Kila kitu bado kinaendelea, hadi {day}. Baada ya hapo maeneo yako hayatauza kipya hadi ulipe; vocha zilizouzwa zitaendelea kufanya kazi.",
        restricted: "{business}: new sales have stopped" "{business}: mauzo mapya yamesimama",
        restricted_text:
            "Your subscription has ended, so your sites sell nothing new now. Who is online stays so, and vouchers that were sold or printed go on working. Pay and everything opens again at once, by itself."
            "Usajili wako umeisha, kwa hiyo maeneo yako hayauzi kipya sasa. Walio mtandaoni wanaendelea, na vocha zilizouzwa au kuchapishwa zinaendelea kufanya kazi. Lipa na kila kitu kitafunguka mara moja, chenyewe.",
        restored: "{business}: everything is open again" "{business}: kila kitu kimefunguka tena",
        restored_text:
            "Thank you. Your sites sell again; those that are not connected just now hear of it when they are back. You need not do anything."
            "Asante. Maeneo yako yanauza tena; yaliyo nje ya mtandao sasa yatasikia yakirudi. Huhitaji kufanya chochote.",
        paid: "{business}: we received {amount}" "{business}: tumepokea {amount}",
        paid_text:
            "We received {amount} for the plan {plan}. Mnara is paid until {day}. The link opens the invoice as a PDF."
            "Tumepokea {amount} kwa kifurushi {plan}. Mnara imelipwa hadi {day}. Kiungo kinafungua ankara kama PDF.",
        back: "{business}: {amount} went back to you" "{business}: {amount} zimerudishwa kwako",
        back_text:
            "A payment of {amount} for Mnara went back to whoever paid it, so what it paid for counts no longer. Look at how you stand."
            "Malipo ya {amount} ya Mnara yamerudishwa kwa aliyelipa, kwa hiyo yalichokilipia hakihesabiki tena. Angalia hali yako.",
        to_pay: "See and pay" "Angalia na ulipe",
        to_home: "Open Mnara" "Fungua Mnara",
        to_invoice: "Open the invoice" "Fungua ankara",
        foot:
            "Mnara writes this to owners and managers of {business}, who may pay for it."
            "Mnara huwaandikia wamiliki na mameneja wa {business}, wanaoweza kuilipia.",
    }
}
