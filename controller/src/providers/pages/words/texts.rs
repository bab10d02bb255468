//! What is written in SMS to customers: short, in the GSM alphabet, each one message.

words! {
    /// What is written in SMS to customers.
    TextWords {
        with_credit: "{paid} and {credit} credit" "{paid} na salio {credit}",
        code:
            "{business}: your code is {code} for {plan}. Type it on the Wi-Fi page if you are not online."
            "{business}: msimbo wako ni {code} wa {plan}. Uandike kwenye ukurasa wa Wi-Fi kama hauko mtandaoni.",
        receipt:
            "{business}: we received {amount} for {plan}, M-PESA {receipt}. Thank you."
            "{business}: tumepokea {amount} ya {plan}, M-PESA {receipt}. Asante.",
        receipt_unknown:
            "{business}: we received {amount} for {plan}. Thank you."
            "{business}: tumepokea {amount} ya {plan}. Asante.",
        both:
            "{business}: we received {amount} for {plan}, M-PESA {receipt}. Your code is {code}."
            "{business}: tumepokea {amount} ya {plan}, M-PESA {receipt}. Msimbo wako ni {code}.",
        both_unknown:
            "{business}: we received {amount} for {plan}. Your code is {code}."
            "{business}: tumepokea {amount} ya {plan}. Msimbo wako ni {code}.",
    }
}
