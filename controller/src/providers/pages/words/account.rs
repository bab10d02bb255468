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
        wrong_password: "That is not your present password." "Nenosiri lako la sasa ni jingine.",
        contact: "What you log in with" "Unachoingia nacho",
        contact_text:
            "An e-mail address, a phone number, or one of each: both let you in. A new one takes the place of the one before."
            "Barua pepe, nambari ya simu, au moja ya kila aina: zote zinakuingiza. Mpya huchukua nafasi ya iliyokuwepo.",
        contact_button: "Log in with this" "Ingia kwa hii",
        contact_mailed:
            "A link is on its way to that address. Open it within a day in this browser, and you can log in with it."
            "Kiungo kiko njiani kwenda kwenye anwani hiyo. Kifungue ndani ya siku moja kwenye kivinjari hiki, kisha utaweza kuingia nayo.",
        contact_texted:
            "A link is on its way to that phone by SMS. Open it within a day where you are logged in, and you can log in with that number."
            "Kiungo kiko njiani kwa SMS kwenda kwenye simu hiyo. Kifungue ndani ya siku moja mahali ulipoingia, kisha utaweza kuingia kwa nambari hiyo.",
        contact_sms:
            "Mnara: to log in with this number open {link} Not you? Ignore."
            "Mnara: kuingia kwa nambari hii fungua {link} Si wewe? Puuza.",
        contact_phone: "This is my number" "Hii ni nambari yangu",
        contact_unproven:
            "not confirmed: name it below once more to get a link by SMS"
            "haijathibitishwa: iandike tena hapa chini upate kiungo kwa SMS",
        contact_unproven_mail:
            "not confirmed: name it below once more to get a link by e-mail"
            "haijathibitishwa: iandike tena hapa chini upate kiungo kwa barua pepe",
        contact_no_business:
            "A number is confirmed by an SMS of a business you work in, and you work in none. Take an e-mail address."
            "Nambari huthibitishwa kwa SMS ya biashara unayofanyia kazi, nawe huna. Tumia barua pepe.",
        contact_changed: "You can log in with that now." "Sasa unaweza kuingia kwa hiyo.",
        contact_taken:
            "Somebody else logs in with that. Choose another."
            "Mtu mwingine anaingia kwa hiyo. Chagua nyingine.",
        contact_enough:
            "A link was sent a few minutes ago, or enough were sent today. Open that one, or try again later."
            "Kiungo kimetumwa dakika chache zilizopita, au vya kutosha vimetumwa leo. Fungua hicho, au jaribu tena baadaye.",
        contact_over:
            "This link is over: it was used, or is older than a day. Ask for another below."
            "Kiungo hiki kimeisha: kimetumika, au kina zaidi ya siku moja. Omba kingine hapa chini.",
        contact_confirm: "You will log in with" "Utaingia kwa",
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
        here: "open now" "imefunguliwa sasa",
        look: "Look at it" "Iangalie",
        codes_left: "Codes on paper left:" "Misimbo ya karatasi iliyobaki:",
    }
}
