//! Who the customers are: by their phones.

words! {
    /// Who the customers are.
    CustomerWords {
        title: "Customers" "Wateja",
        find: "Find a customer by phone" "Tafuta mteja kwa simu",
        find_go: "Find" "Tafuta",
        phone: "Phone number" "Nambari ya simu",
        none: "No customer yet. Whoever asks to pay stands here." "Hakuna mteja bado. Anayeomba kulipa ataonekana hapa.",
        none_blocked:
            "Nobody is blocked. Only blocked customers are shown here; the button below shows all."
            "Hakuna aliyezuiwa. Hapa wanaonyeshwa waliozuiwa pekee; kitufe kilicho hapa chini kinaonyesha wote.",
        all: "All customers" "Wateja wote",
        newest: "The newest customers" "Wateja wapya",
        blocked: "Blocked" "Amezuiwa",
        blocked_list: "Blocked customers" "Wateja waliozuiwa",
        since: "Since" "Tangu",
        unknown: "Nobody has asked to pay here with this number." "Hakuna aliyeomba kulipa hapa kwa nambari hii.",
        bad_phone: "Give a Kenyan mobile number such as 0712 345 678." "Andika nambari ya simu ya Kenya kama 0712 345 678.",
        vouchers: "Vouchers" "Vocha",
        no_vouchers: "No voucher yet." "Hakuna vocha bado.",
        payments: "Payments" "Malipo",
        no_payments: "No payment yet." "Hakuna malipo bado.",
        all_payments: "All payments of this customer" "Malipo yote ya mteja huyu",
        credit: "Credit" "Salio",
        credit_text: "It is spent when this phone pays the next time: the prompt asks for what is left of the price. Below is who gave it, and for which money." "Hutumika simu hii inapolipa tena: ombi la malipo hutaja kilichobaki cha bei. Hapa chini ni nani aliyelitoa, na kwa pesa zipi.",
        credit_held: "A prompt that is out holds" "Ombi lililopo kwenye simu limeshika",
        credit_program: "a program, by a key" "programu, kwa ufunguo",
        until: "until" "hadi",
        free: "Free" "Bure",
        block: "Block this number" "Zuia nambari hii",
        block_text: "It cannot pay at your sites any more. What was bought goes on." "Haitaweza kulipa kwenye maeneo yako. Kilichonunuliwa kinaendelea.",
        unblock: "Let this number pay again" "Ruhusu nambari hii ilipe tena",
        reason: "Why you give it" "Kwa nini unaitoa",
        block_reason: "Why you block it" "Kwa nini unaizuia",
        give: "Give a free voucher" "Toa vocha ya bure",
        give_text:
            "A real voucher that costs nothing, for somebody who had trouble. It counts in no report as money. You may give 5 a day."
            "Vocha halisi isiyolipiwa, kwa aliyepata shida. Haihesabiwi kama pesa kwenye ripoti. Unaweza kutoa 5 kwa siku.",
        plan: "Plan" "Kifurushi",
        no_plan: "There is no plan to give. Make one under Plans." "Hakuna kifurushi cha kutoa. Tengeneza kwenye Vifurushi.",
        site: "Where they are" "Walipo",
        any_site: "Any site (asked for when typed)" "Eneo lolote (huulizwa ikiandikwa)",
        give_go: "Make the voucher" "Tengeneza vocha",
        enough: "You have given 5 vouchers within a day, which is as many as one person may. Ask a colleague." "Umetoa vocha 5 ndani ya siku moja, ambazo ndizo nyingi zaidi kwa mtu mmoja. Muulize mwenzako.",
        bad_reason: "Say why you give it, in at most 200 letters." "Eleza kwa nini unaitoa, kwa herufi zisizozidi 200.",
        bad_block:
            "Say why you block this number, in at most 200 letters."
            "Eleza kwa nini unaizuia nambari hii, kwa herufi zisizozidi 200.",
        bad_choice: "Choose a plan and a site from the lists." "Chagua kifurushi na eneo kutoka kwenye orodha.",
        done_block: "This number cannot pay any more." "Nambari hii haiwezi kulipa tena.",
        done_unblock: "This number can pay again." "Nambari hii inaweza kulipa tena.",
        older: "Older customers" "Wateja wa zamani",
    }
}
