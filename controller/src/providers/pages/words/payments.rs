//! What customers paid: the list, one payment's story, and what people do about it.

words! {
    /// What customers paid.
    PaymentWords {
        title: "Payments" "Malipo",
        none: "No payment yet. The first one stands here as soon as a customer asks to pay." "Hakuna malipo bado. La kwanza litaonekana hapa mteja akiomba kulipa.",
        none_found: "No payment fits. Widen what you look for." "Hakuna malipo yanayolingana. Punguza vichujio.",
        in_queue:
            "This money came in and waits under money to sort out, or was dealt with there."
            "Pesa hizi ziliingia na zipo kwenye pesa za kushughulikia, zikisubiri au zikiwa zimeshughulikiwa.",
        all: "All payments" "Malipo yote",
        find: "Find payments" "Tafuta malipo",
        find_phone: "Find a phone" "Tafuta simu",
        phone: "Phone" "Simu",
        receipt: "M-PESA receipt" "Risiti ya M-PESA",
        state: "How it stands" "Hali",
        any: "Any" "Yoyote",
        site: "Site" "Eneo",
        plan: "Plan" "Kifurushi",
        from: "From day" "Kuanzia siku",
        to: "To day" "Hadi siku",
        paid: "Paid" "Imelipwa",
        failed: "Not paid" "Haijalipwa",
        waiting: "Waiting" "Inasubiri",
        look: "Look at this" "Angalia hii",
        looked: "Looked at:" "Imeangaliwa:",
        looked_text:
            "If what was to be done about it is done, or nothing has to be: nobody is called to this payment any more, unless something else comes of it."
            "Ikiwa kilichohitajika kimefanyika, au hakuna la kufanya: hakuna atakayeitwa tena kwa malipo haya, isipokuwa jambo lingine litokee.",
        looked_go: "I have looked at it" "Nimeiangalia",
        offline: "Paid, nobody online yet" "Imelipwa, bado hajaingia mtandaoni",
        test: "Test" "Jaribio",
        test_text: "One shilling from you to yourself, to try the account." "Shilingi moja kutoka kwako kwenda kwako, kujaribu akaunti.",
        older: "Older" "Za zamani",
        csv: "Download as a table (CSV)" "Pakua kama jedwali (CSV)",
        csv_hint:
            "The newest 10,000 of what you look for; choose days to get older ones."
            "10,000 za karibuni za unachotafuta; chagua siku ili upate za zamani.",
        shown: "Paid in what is shown here" "Zilizolipwa katika zinazoonekana hapa",
        customer_only: "Only payments of" "Malipo ya nambari hii tu:",
        story: "The story" "Yaliyotokea",
        asked: "The customer asked to pay" "Mteja aliomba kulipa",
        sent: "We asked M-PESA to ask the phone" "Tuliomba M-PESA iulize simu",
        taken: "M-PESA took it" "M-PESA ilikubali",
        called: "M-PESA told us how it ended" "M-PESA ilitueleza ilivyoisha",
        confirmed_money: "M-PESA told us that money came" "M-PESA ilitueleza kwamba pesa zimefika",
        queried: "We asked M-PESA how it stands" "Tuliuliza M-PESA hali",
        settled: "It counts as paid" "Imehesabiwa kuwa imelipwa",
        failed_at: "Not paid" "Haijalipwa",
        made: "The voucher was made" "Vocha ilitengenezwa",
        delivered: "The site has it" "Eneo linayo",
        written: "The router took it" "Ruta iliichukua",
        online: "The router shows the device online" "Ruta inaonyesha kifaa kikiwa mtandaoni",
        packet: "The first data passed" "Data ya kwanza ilipita",
        not_yet: "not yet" "bado",
        later: "later" "baadaye",
        at_once: "at once" "papo hapo",
        messages: "The raw messages" "Ujumbe ghafi",
        no_messages: "Nothing was said yet." "Hakuna kilichosemwa bado.",
        messages_text:
            "What we and M-PESA said to each other, as it went and came. Passwords and secret addresses are left out."
            "Tulichosemezana na M-PESA, kama kilivyotumwa na kufika. Manenosiri na anwani za siri zimeachwa.",
        from_address: "Posted from" "Ilitumwa kutoka",
        strange_address: "not one of Safaricom's own addresses" "si mojawapo ya anwani za Safaricom",
        m_push: "We asked for a prompt" "Tuliomba ombi la malipo",
        m_push_answer: "M-PESA answered" "M-PESA ilijibu",
        m_callback: "M-PESA told the outcome" "M-PESA ilieleza matokeo",
        m_query: "We asked how it stands" "Tuliuliza hali",
        m_query_answer: "M-PESA answered" "M-PESA ilijibu",
        m_confirmation: "M-PESA told that money came" "M-PESA ilieleza kwamba pesa zimefika",
        parts: "{credit} by credit, {paid} by M-PESA" "{credit} kwa salio, {paid} kwa M-PESA",
        credited: "Made over to the phone as credit" "Ilirudishwa kwa simu kama salio",
        amount: "Amount" "Kiasi",
        reference: "Shown on the phone as" "Kwenye simu inaonekana kama",
        device: "Device" "Kifaa",
        code: "Voucher code" "Msimbo wa vocha",
        code_text:
            "Open it to see it whole, and tell the customer, if the device is not online by itself."
            "Ufungue uuone wote, kisha mwambie mteja, kama kifaa hakiko mtandaoni chenyewe.",
        customer: "Customer" "Mteja",
        deeds: "What you can do" "Unachoweza kufanya",
        ask: "Ask M-PESA again" "Uliza M-PESA tena",
        ask_text:
            "M-PESA is asked how this payment stands. The customer's phone is not asked a second time."
            "M-PESA inaulizwa hali ya malipo haya. Simu ya mteja haiulizwi mara ya pili.",
        send: "Send the voucher again" "Tuma vocha tena",
        send_text:
            "The site is told once more to let the device that paid online, for a day. The code works on any device."
            "Eneo linaambiwa tena liruhusu kifaa kilicholipa, kwa siku moja. Msimbo unafanya kazi kwenye kifaa chochote.",
        refund: "Write down a refund" "Andika pesa zilizorudishwa",
        refund_text:
            "You pay back in M-PESA yourself; this only writes it down. No money moves from here. Once all of it has gone back, a voucher that nobody has used is taken back, and so is that of money that came too late; another one goes on."
            "Unarudisha mwenyewe kwenye M-PESA; hapa ni kuandika tu. Hakuna pesa zinazotoka hapa. Zikisharudishwa zote, vocha ambayo haijatumika inafutwa, na ya pesa zilizochelewa pia; nyingine inaendelea.",
        refund_amount: "How much, in shillings" "Kiasi gani, kwa shilingi",
        refund_receipt: "M-PESA receipt of the refund" "Risiti ya M-PESA ya kurudisha",
        refund_reason: "Why" "Kwa nini",
        refund_go: "Write it down" "Andika",
        refunds: "Paid back" "Zilizorudishwa",
        done_ask: "M-PESA is being asked. Look again in some seconds." "M-PESA inaulizwa. Angalia tena baada ya sekunde chache.",
        done_send: "The site is told again." "Eneo limeambiwa tena.",
        done_refund: "Written down." "Imeandikwa.",
        done_looked: "Noted: nobody is called to this payment any more." "Imeandikwa: hakuna atakayeitwa tena kwa malipo haya.",
        not_known: "M-PESA never named this prompt, so it cannot be asked about it." "M-PESA haikutaja ombi hili, kwa hiyo haiwezi kuulizwa kulihusu.",
        not_paid: "No money came in by this payment." "Hakuna pesa zilizofika kwa malipo haya.",
        no_device: "It is paid, but no device of it is known. Give the customer the voucher's code." "Imelipwa, lakini kifaa chake hakijulikani. Mpe mteja msimbo wa vocha.",
        used: "This voucher was used already, or is over." "Vocha hii imeshatumika, au imekwisha.",
        bad_amount: "Give an amount up to what was paid and not paid back yet." "Andika kiasi kisichozidi kilicholipwa na kisichorudishwa bado.",
        bad_receipt: "Give the M-PESA receipt of the refund, such as NLJ7RT61SV. It is another than the payment's." "Andika risiti ya M-PESA ya kurudisha, kama NLJ7RT61SV. Si ile ya malipo.",
        receipt_taken: "This receipt is written down already." "Risiti hii imeshaandikwa.",
        bad_reason: "Say why, in at most 200 letters." "Eleza kwa nini, kwa herufi zisizozidi 200.",
        bad_phone: "Give a Kenyan mobile number such as 0712 345 678." "Andika nambari ya simu ya Kenya kama 0712 345 678.",
        no_customer: "Nobody has asked to pay here with this number." "Hakuna aliyeomba kulipa hapa kwa nambari hii.",
    }
}
