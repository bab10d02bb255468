//! Signing a business up.

words! {
    /// Signing up.
    SignUpWords {
        title: "Sign your business up" "Sajili biashara yako",
        text:
            "For hotspots on MikroTik. Customers pay by M-PESA straight into your own account."
            "Kwa hotspot za MikroTik. Wateja hulipa kwa M-PESA moja kwa moja kwenye akaunti yako mwenyewe.",
        button: "Sign up" "Sajili",
        have: "Signed up already?" "Umeshasajiliwa?",
        log_in: "Log in" "Ingia",
    }
}
