//! Passkeys: keys in a phone, a computer or a stick that log somebody in.

words! {
    /// Passkeys.
    PasskeyWords {
        title: "Passkeys" "Funguo za kuingia",
        text:
            "A passkey in your phone or computer logs you in by your finger, your face or its PIN. It counts as password and second factor at once, and cannot be given away to a false page. It can be your second factor too when you change where your customers' money goes."
            "Ufunguo wa kuingia ulio kwenye simu au kompyuta yako hukuingiza kwa kidole, uso au PIN. Unatosha kama nenosiri na hatua ya pili pamoja, na hauwezi kuibwa na ukurasa wa uongo. Unaweza pia kuwa hatua yako ya pili unapobadilisha mahali pesa za wateja wako zinapoenda.",
        alone:
            "A passkey does not shut the way in by password: it is not asked for after the password, since whoever lost it would be shut out. So your password alone still lets somebody in, until you set up the second factor of six digits as well."
            "Ufunguo wa kuingia haufungi njia ya nenosiri: hauombwi baada ya nenosiri, kwani aliyeupoteza angefungiwa nje. Kwa hiyo nenosiri lako peke yake bado linatosha kumwingiza mtu, hadi uweke pia hatua ya pili ya tarakimu sita.",
        none: "You have none yet." "Bado huna.",
        add: "Add a passkey" "Ongeza ufunguo",
        name: "What to call it" "Jina lake",
        name_hint: "Such as: my phone." "Kama: simu yangu.",
        since: "Since" "Tangu",
        used: "last used" "ulitumika mwisho",
        never: "not used yet" "haujatumika bado",
        remove: "Remove" "Ondoa",
        removed: "The passkey is gone. Remove it from your device too." "Ufunguo umeondolewa. Uondoe kwenye kifaa chako pia.",
        added: "The passkey is yours. You can log in with it." "Ufunguo ni wako. Unaweza kuingia nao.",
        making: "Make the passkey" "Tengeneza ufunguo",
        making_text:
            "Your browser asks now where to keep it, and for your finger, your face or a PIN."
            "Kivinjari chako sasa kitauliza kiuhifadhi wapi, na kidole, uso au PIN yako.",
        make: "Make it" "Utengeneze",
        use_one: "Log in with a passkey" "Ingia kwa ufunguo",
        using: "Log in with a passkey" "Ingia kwa ufunguo",
        using_text:
            "Your browser asks which passkey, and for your finger, your face or a PIN."
            "Kivinjari chako kitauliza ufunguo gani, na kidole, uso au PIN yako.",
        use_button: "Use a passkey" "Tumia ufunguo",
        by_password: "Log in with a password instead" "Ingia kwa nenosiri badala yake",
        needs_script:
            "Passkeys need script in the browser. Log in with your password instead."
            "Funguo za kuingia zinahitaji script kwenye kivinjari. Ingia kwa nenosiri badala yake.",
        make_needs_script:
            "Passkeys need script in the browser, which is off here. Switch it on and come back."
            "Funguo za kuingia zinahitaji script kwenye kivinjari, ambayo hapa imezimwa. Iwashe kisha urudi.",
        prove_text:
            "Prove that it is you with the passkey by which you log in here, which is none of M-PESA's. Your browser asks for it, and for your finger, your face or a PIN; then the form is sent."
            "Thibitisha kwamba ni wewe kwa ufunguo unaoingia nao hapa. Kivinjari chako kitauliza ufunguo huo, na kidole, uso au PIN yako; kisha fomu itatumwa.",
        no_script:
            "Passkeys need script in the browser, and here it is off. Type the six digits."
            "Funguo za kuingia zinahitaji script kwenye kivinjari, na hapa imezimwa. Andika tarakimu sita.",
        no_script_alone:
            "Your second factor is a passkey, and passkeys need script in the browser, which is off here. Switch script on, or set up six digits; where money has come in before, they count once they are a day old."
            "Hatua yako ya pili ni ufunguo wa kuingia, na funguo zinahitaji script kwenye kivinjari, ambayo hapa imezimwa. Washa script, au weka tarakimu sita; kama pesa ziliwahi kuingia, tarakimu hizo zitakubaliwa zikitimiza siku moja.",
        set_up_digits: "Set up six digits" "Weka tarakimu sita",
        not_proved:
            "Your passkey was not taken: it took too long, or it is not one of yours here. Try again."
            "Ufunguo wako haukukubaliwa: ulichelewa, au si wako hapa. Jaribu tena.",
        new_passkey:
            "That passkey was added less than a day ago, as a thief would do. Use the six digits or an older passkey, or try again when it is a day old."
            "Ufunguo huo uliongezwa chini ya siku moja iliyopita, kama mwizi angefanya. Tumia tarakimu sita au ufunguo wa zamani zaidi, au jaribu tena ukitimiza siku moja.",
        no_answer:
            "Your second factor is a passkey, and it was not used. Press \"Use a passkey\"; it needs script in the browser."
            "Hatua yako ya pili ni ufunguo wa kuingia, nao haukutumika. Bonyeza \"Tumia ufunguo\"; inahitaji script kwenye kivinjari.",
        not_here:
            "Passkeys work only at an https address, or on localhost. This Mnara is reached by another kind of address, so they are off."
            "Funguo za kuingia hufanya kazi kwenye anwani ya https tu, au localhost. Mnara hii inafikiwa kwa aina nyingine ya anwani, kwa hiyo zimezimwa.",
        no_browser:
            "This browser, or this address, knows no passkeys."
            "Kivinjari hiki, au anwani hii, haijui funguo za kuingia.",
        nothing:
            "The browser gave no passkey: it was cancelled, took too long, or there is none for this address. Try again."
            "Kivinjari hakikutoa ufunguo: ulighairi, ulichelewa, au hakuna wa anwani hii. Jaribu tena.",
        refused:
            "That passkey was not taken: it belongs to nobody here, or the page was open for too long. Try again."
            "Ufunguo huo haukukubaliwa: si wa mtu yeyote hapa, au ukurasa ulikaa wazi muda mrefu. Jaribu tena.",
        not_kept:
            "The passkey was not kept: the page was open for too long, or the device did not ask who you are. Try again."
            "Ufunguo haukuhifadhiwa: ukurasa ulikaa wazi muda mrefu, au kifaa hakikuuliza wewe ni nani. Jaribu tena.",
        bad_name: "Give it a name of 1 to 40 letters." "Upe jina la herufi 1 hadi 40.",
        enough: "You have ten passkeys already. Remove one first." "Una funguo kumi tayari. Ondoa mmoja kwanza.",
    }
}
