//! The second factor.

words! {
    /// The second factor.
    SecondWords {
        title: "The six digits" "Tarakimu sita",
        text:
            "Open the authenticator on your phone and type the six digits it shows for Mnara."
            "Fungua programu ya uthibitishaji kwenye simu yako na uandike tarakimu sita inazoonyesha kwa Mnara.",
        digits: "Six digits" "Tarakimu sita",
        paper:
            "Phone gone? Type one of your codes from paper instead."
            "Huna simu? Andika moja ya misimbo yako ya kwenye karatasi.",
        button: "Go on" "Endelea",
        wrong:
            "These are not the digits of now. Wait for the next ones, and see that your phone's clock is right."
            "Hizi si tarakimu za sasa. Subiri zinazofuata, na uhakikishe saa ya simu yako iko sawa.",
        missed_title: "Log in with your passkey" "Ingia kwa ufunguo wako wa kifaa",
        missed_text:
            "You have a passkey, and it counts as your second factor. Log out, and log in with it: then the platform's pages open. If it is lost, the command \"admin end-second\" takes it away."
            "Una ufunguo wa kifaa, nao unahesabiwa kama hatua yako ya pili. Toka, kisha ingia kwa ufunguo huo: kurasa za jukwaa zitafunguka. Ikiwa umepotea, amri \"admin end-second\" huuondoa.",
        missed_button: "Log out" "Toka",
        set_up_title: "Set up the second factor" "Weka hatua ya pili ya uthibitishaji",
        set_up_must:
            "You work for the platform. Its pages open once this is set up, and until then only your own account does."
            "Unafanyia kazi jukwaa. Kurasa zake zitafunguka ukishaweka hatua hii; kwa sasa akaunti yako pekee inafunguka.",
        set_up_scan:
            "Scan this with an authenticator on your phone, such as Google Authenticator or Aegis."
            "Changanua hii kwa programu ya uthibitishaji kwenye simu yako, kama Google Authenticator au Aegis.",
        set_up_type: "Or type this into it:" "Au andika hii ndani yake:",
        set_up_digits: "Then type the six digits it shows" "Kisha andika tarakimu sita inazoonyesha",
        set_up_button: "Switch on" "Washa",
        picture: "QR code for the authenticator" "Msimbo wa QR wa programu ya uthibitishaji",
        codes_title: "Write these down" "Andika hizi mahali salama",
        codes_text:
            "Each gets you in once if your phone is gone. They are shown only now. Your other browsers were logged out."
            "Kila moja inakuingiza mara moja ukiwa huna simu. Zinaonyeshwa sasa tu. Vivinjari vyako vingine vimetolewa.",
        codes_done: "I have written them down" "Nimeziandika",
        open_here: "Open it on this phone" "Fungua kwenye simu hii",
    }
}
