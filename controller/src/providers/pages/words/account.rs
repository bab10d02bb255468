//! One's own account.

words! {
    /// One's own account.
    AccountWords {
        title: "My account" "Akaunti yangu",
        browsers: "Where you are logged in" "Mahali ulipoingia",
        browsers_text:
            "Log out what you do not know, and change your password then."
            "Toa usichokijua, kisha badilisha nenosiri lako.",
        unknown: "Unknown browser" "Kivinjari kisichojulikana",
        this: "this one" "hiki",
        since: "Since" "Tangu",
        seen: "Last used" "Kilitumika mwisho",
        out: "Log out" "Toa",
        browser_out: "That browser is logged out." "Kivinjari hicho kimetolewa.",
        password: "Change the password" "Badilisha nenosiri",
        old: "Present password" "Nenosiri la sasa",
        new: "New password" "Nenosiri jipya",
        change: "Change" "Badilisha",
        password_changed:
            "The password is changed. Your other browsers were logged out."
            "Nenosiri limebadilishwa. Vivinjari vyako vingine vimetolewa.",
        wrong_password: "Your present password is another one." "Nenosiri lako la sasa ni jingine.",
        second: "Second factor" "Hatua ya pili ya uthibitishaji",
        second_off:
            "Off. With it nobody gets in with your password alone."
            "Imezimwa. Ikiwashwa hakuna anayeweza kuingia kwa nenosiri lako peke yake.",
        second_on:
            "On. To switch it off, type the six digits of now."
            "Imewashwa. Kuizima, andika tarakimu sita za sasa.",
        second_set_up: "Set it up" "Iweke",
        second_end: "Switch off" "Zima",
        second_gone: "The second factor is off." "Hatua ya pili imezimwa.",
        businesses: "Your businesses" "Biashara zako",
        here: "you look at this one" "unaiangalia hii",
        look: "Look at it" "Iangalie",
        codes_left: "Codes on paper left:" "Misimbo ya karatasi iliyobaki:",
    }
}
