//! What stands on an invoice.

words! {
    /// What stands on an invoice.
    InvoiceWords {
        title: "Invoice" "Ankara",
        date: "Date" "Tarehe",
        billed: "For" "Kwa",
        what: "What was paid for" "Kilicholipiwa",
        plan: "Plan" "Kifurushi",
        upgrade: "change of plan" "mabadiliko ya kifurushi",
        from: "From" "Kuanzia",
        until: "Until" "Hadi",
        amount: "Amount" "Kiasi",
        total: "Total" "Jumla",
        paid: "Paid in full" "Imelipwa yote",
        receipt: "Receipt" "Risiti",
        back: "Paid back" "Imerudishwa",
        back_text:
            "The money went back to whoever paid it, and what it paid for counts no longer."
            "Pesa zimerudishwa kwa aliyelipa, na zilichokilipia hakihesabiki tena.",
    }
}
