//! News sent to programs of a business. Kinds of news are named by their slice's own words, since this lies below it.

words! {
    /// News sent to programs.
    WebhookWords {
        title: "News to your programs" "Habari kwa programu zako",
        text:
            "When something happens, we send a signed message to an address of yours. A message that does not arrive is sent again for a day."
            "Jambo likitokea, tunatuma ujumbe uliosainiwa kwa anwani yako. Ujumbe usiofika unatumwa tena kwa siku nzima.",
        none: "No address is told anything yet." "Bado hakuna anwani inayopokea habari.",
        add: "Add an address" "Ongeza anwani",
        url: "Address" "Anwani",
        url_hint: "It begins with https:// and is on the public internet." "Inaanza na https:// na iko kwenye intaneti ya umma.",
        told: "It is told when" "Inaambiwa wakati",
        add_button: "Add" "Ongeza",
        open: "What it was sent" "Ilichotumiwa",
        secret: "The secret" "Siri",
        secret_text:
            "Your program checks with it that a message is ours. It is shown only now. How is written in the page about the API."
            "Programu yako inaitumia kuhakikisha ujumbe ni wetu. Inaonyeshwa sasa tu. Maelezo yako kwenye ukurasa wa API.",
        on: "On" "Imewashwa",
        off: "Off" "Imezimwa",
        failing: "Nothing has arrived since" "Hakuna kilichofika tangu",
        given_up:
            "We switched it off since nothing arrived for days. Mend your program and switch it on. Off since"
            "Tumeizima kwa sababu hakuna kilichofika kwa siku kadhaa. Rekebisha programu yako kisha uiwashe. Imezimwa tangu",
        test: "Send a test" "Tuma jaribio",
        tested: "A test is on its way. Load this page again in a moment." "Jaribio limetumwa. Fungua ukurasa huu tena baada ya muda mfupi.",
        switch_on: "Switch on" "Washa",
        switch_off: "Switch off" "Zima",
        switched_on: "It is told again what happens from now on." "Itaambiwa tena yatakayotokea kuanzia sasa.",
        switched_off: "It is told nothing any more." "Haiambiwi chochote tena.",
        new_secret: "New secret" "Siri mpya",
        remove: "Remove" "Ondoa",
        removed: "The address is removed." "Anwani imeondolewa.",
        messages: "Messages" "Ujumbe",
        messages_none: "Nothing was sent yet. Send a test to see that it works." "Bado hakuna kilichotumwa. Tuma jaribio uone kama inafanya kazi.",
        arrived: "Arrived" "Umefika",
        waits: "Tried again" "Utajaribiwa tena",
        gave_up: "Given up" "Umeachwa",
        tries: "tries" "majaribio",
        answered: "Answer" "Jibu",
        again: "Send again" "Tuma tena",
        sent_again: "It is on its way once more." "Unatumwa tena.",
        older: "Older" "Za zamani",
        no_address: "Give a whole address, such as https://example.com/mnara" "Andika anwani kamili, kama https://example.com/mnara",
        not_encrypted: "The address must begin with https://" "Anwani lazima ianze na https://",
        has_password: "Leave name and password out of the address. Messages are signed instead." "Usiweke jina wala nenosiri kwenye anwani. Ujumbe husainiwa badala yake.",
        private: "This address leads into a private network, where we do not go. Use a public one." "Anwani hii inaelekea mtandao wa ndani, ambako hatuendi. Tumia ya umma.",
        nothing: "Tick at least one thing it is told." "Chagua angalau jambo moja la kuambiwa.",
        too_many: "You have 20 addresses. Remove one first." "Una anwani 20. Ondoa moja kwanza.",
        payment_succeeded: "a customer has paid" "mteja amelipa",
        payment_failed: "a payment has failed" "malipo yameshindikana",
        ticket_redeemed: "a voucher is used for the first time" "vocha inatumika mara ya kwanza",
        ticket_ended: "a voucher has run out" "vocha imeisha",
        site_up: "a site is up again" "eneo limerudi hewani",
        site_down: "a site is away" "eneo halipatikani",
        timeout: "It did not answer in time." "Haikujibu kwa wakati.",
        no_connection: "Nobody is at that address." "Hakuna anayepatikana kwenye anwani hiyo.",
        private_now: "The name leads into a private network now." "Jina sasa linaelekea mtandao wa ndani.",
        no_answer: "There was no answer that could be read." "Hakukuwa na jibu linalosomeka.",
    }
}

impl WebhookWords {
    /// Why there was no answer.
    #[must_use]
    pub fn why(&self, word: &str) -> &'static str {
        match word {
            "" => "",
            "timeout" => self.timeout,
            "no-connection" => self.no_connection,
            "private-address" => self.private_now,
            _ => self.no_answer,
        }
    }
}
