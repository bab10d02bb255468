//! Logging in, by password.

words! {
    /// Logging in.
    LogInWords {
        title: "Log in" "Ingia",
        button: "Log in" "Ingia",
        wrong:
            "This e-mail or number and this password do not belong together."
            "Barua pepe au nambari hii na nenosiri hili haviendani.",
        no_place:
            "You have no place in any business here. Ask whoever runs it to invite you."
            "Huna nafasi katika biashara yoyote hapa. Mwombe anayeiendesha akualike.",
        too_many:
            "If that was not you, somebody tries your account: set a new password below. The browser in which you set it is let in at once."
            "Kama si wewe, mtu anajaribu akaunti yako: weka nenosiri jipya hapa chini. Kivinjari utakachoweka kitaruhusiwa mara moja.",
        new_here: "New here?" "Mgeni hapa?",
        sign_up: "Sign your business up" "Sajili biashara yako",
    }
}
