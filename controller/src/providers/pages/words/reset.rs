//! The way back in for somebody who lost their password.

words! {
    /// The way back in for somebody who lost their password.
    ResetWords {
        forgot: "Forgot your password?" "Umesahau nenosiri?",
        title: "A new password" "Nenosiri jipya",
        text:
            "Tell us what you log in with. If somebody here logs in with it, a link goes there."
            "Tuambie unachotumia kuingia. Ikiwa kuna mtu anayeingia hapa kwa hicho, kiungo kitatumwa huko.",
        ask: "Send the link" "Tuma kiungo",
        asked: "Look into your mail" "Angalia barua pepe yako",
        asked_text:
            "If somebody logs in here with that address, a link is on its way to it. It works once, within an hour. Look into the spam too."
            "Ikiwa kuna mtu anayeingia hapa kwa anwani hiyo, kiungo kiko njiani. Kinafanya kazi mara moja, ndani ya saa moja. Angalia pia kwenye spam.",
        asked_by_phone: "Look at your phone" "Angalia simu yako",
        asked_by_phone_text:
            "If somebody logs in here with that number, a link is on its way: to their e-mail address if they have one here, else by SMS to that phone. It works once, within an hour. If none comes, ask with the e-mail address."
            "Ikiwa kuna mtu anayeingia hapa kwa nambari hiyo, kiungo kiko njiani: kwa barua pepe yake kama anayo hapa, la sivyo kwa SMS kwenye simu hiyo. Kinafanya kazi mara moja, ndani ya saa moja. Kisipofika, omba kwa barua pepe.",
        sms:
            "Mnara: choose a new password within an hour: {link} Not you? Ignore this."
            "Mnara: chagua nenosiri jipya ndani ya saa moja: {link} Si wewe? Puuza.",
        by_phone: "No SMS leaves here" "Hakuna SMS inayotoka hapa",
        by_staff:
            "You get the link from an owner or manager of the business: they make one on the page Staff. The only owner asks whoever runs this Mnara."
            "Utapata kiungo kutoka kwa mmiliki au meneja wa biashara: hukitengeneza kwenye ukurasa wa Wafanyakazi. Mmiliki wa pekee amwombe anayeendesha Mnara hii.",
        no_mail: "No mail leaves here" "Hakuna barua pepe inayotoka hapa",
        no_mail_text:
            "Neither mail nor SMS is set up on this Mnara. An owner or manager of the business can make you a link on the page Staff, and whoever runs this Mnara can make one for anybody:"
            "Barua pepe wala SMS hazijawekwa kwenye Mnara hii. Mmiliki au meneja wa biashara anaweza kukutengenezea kiungo kwenye ukurasa wa Wafanyakazi, na anayeendesha Mnara hii anaweza kumtengenezea yeyote:",
        choose: "Choose a new password" "Chagua nenosiri jipya",
        whose: "For" "Kwa",
        choose_text:
            "You are logged out everywhere else then. If you have a second factor, you are asked for it when you log in."
            "Kisha utatolewa kwingine kote. Kama una hatua ya pili, utaombwa unapoingia.",
        button: "Set the password" "Weka nenosiri",
        done: "The password is set. Log in with it." "Nenosiri limewekwa. Ingia nalo.",
        over: "This link is over" "Kiungo hiki kimeisha",
        over_text:
            "It was used, or is older than an hour. Ask for another."
            "Kimetumika, au kina zaidi ya saa moja. Omba kingine.",
        again: "Ask for another link" "Omba kiungo kingine",
        back: "Back to the log-in" "Rudi kwenye ukurasa wa kuingia",
        for_them: "A link for a new password" "Kiungo cha nenosiri jipya",
        for_them_text:
            "For somebody who lost their password. Whoever opens the link can choose a new one for them, so prove first that it is you."
            "Kwa mtu aliyepoteza nenosiri. Atakayefungua kiungo anaweza kumchagulia jipya, kwa hiyo kwanza thibitisha kuwa ni wewe.",
        make: "Make the link" "Tengeneza kiungo",
        made: "Give them this link" "Mpe kiungo hiki",
        made_text:
            "It works once, within an hour, and is shown only now. Hand it to them yourself: whoever opens it first sets the password."
            "Kinafanya kazi mara moja, ndani ya saa moja, na kinaonekana sasa tu. Mpe mwenyewe: atakayekifungua kwanza ndiye ataweka nenosiri.",
        mailed: "The link is on its way to their mail." "Kiungo kiko njiani kwenda kwenye barua pepe yake.",
        elsewhere:
            "You cannot make a link for this person. They can ask for one themselves, or whoever runs this Mnara makes one."
            "Huwezi kumtengenezea mtu huyu kiungo. Anaweza kuomba mwenyewe, au anayeendesha Mnara hii amtengenezee.",
        your_password: "Your own password" "Nenosiri lako mwenyewe",
        your_digits: "The six digits of your authenticator, if you have set one up" "Tarakimu sita za programu yako ya uthibitishaji, kama umeiweka",
    }
}
