//! SMS: what is sent, when, and what it costs.

use crate::providers::sms::{Codes, State};

words! {
    /// SMS: what is sent, when, and what it costs.
    MessageWords {
        title: "Messages" "Ujumbe",
        text:
            "SMS to your customers and your people. Who of your people is told what is chosen under Notices."
            "SMS kwa wateja wako na watu wako. Nani kati ya watu wako aambiwe nini huchaguliwa kwenye Taarifa.",
        to_notices: "Who is told what" "Nani aambiwe nini",
        not_set_up:
            "SMS is not set up on this Mnara, so none leave. Ask whoever runs it to name an account at Africa's Talking (AFRICASTALKING_USERNAME)."
            "SMS haijawekwa kwenye Mnara hii, kwa hiyo hakuna inayotumwa. Mwombe anayeiendesha aweke akaunti ya Africa's Talking (AFRICASTALKING_USERNAME).",
        month: "This month" "Mwezi huu",
        months: "Month" "Mwezi",
        show_month: "Show" "Onyesha",
        none_month: "No SMS was sent in this month." "Hakuna SMS iliyotumwa mwezi huu.",
        total: "Cost" "Gharama",
        kind: "What" "Nini",
        sent: "Sent" "Zilizotumwa",
        delivered: "On the phone" "Zilizofika",
        failed: "Not sent or not arrived" "Hazikutumwa au hazikufika",
        parts: "Charged as" "Zimelipiwa kama",
        cost: "Cost" "Gharama",
        parts_text:
            "A text of more than 160 letters is charged as several messages."
            "Maandishi yenye zaidi ya herufi 160 hulipiwa kama ujumbe kadhaa.",
        code: "Codes to buyers" "Misimbo kwa wanunuzi",
        receipt: "Receipts to buyers" "Risiti kwa wanunuzi",
        security: "Security, to owners" "Usalama, kwa wamiliki",
        billing: "What the business pays us" "Malipo ya biashara kwetu",
        standing: "How the business stands, to owners" "Hali ya biashara, kwa wamiliki",
        settings: "What is sent" "Kinachotumwa",
        codes: "The code of a voucher, to the phone that paid" "Msimbo wa vocha, kwa simu iliyolipa",
        codes_never: "to nobody" "asitumiwe yeyote",
        codes_asked: "to buyers who ask for it on the customers' page" "kwa wanunuzi wanaoomba kwenye ukurasa wa wateja",
        codes_always: "to every buyer" "kwa kila mnunuzi",
        receipts: "A receipt to every buyer" "Risiti kwa kila mnunuzi",
        receipts_text:
            "M-PESA sends buyers its own receipt already. Where a code is sent too, both are one text."
            "M-PESA tayari huwatumia wanunuzi risiti yake. Msimbo ukitumwa pia, vyote huwa ujumbe mmoja.",
        language: "Language of SMS to customers" "Lugha ya SMS kwa wateja",
        looks: "What a buyer gets" "Anachopata mnunuzi",
        nothing: "Nothing, as it is set now." "Hakuna, kwa mpangilio wa sasa.",
        letters: "{n} letters" "herufi {n}",
        one_message: "charged as one message" "hulipiwa kama ujumbe mmoja",
        many_messages: "{n} messages charged" "ujumbe {n} hulipiwa",
        quiet: "Quiet hours" "Saa za utulivu",
        quiet_on: "Keep hours quiet" "Weka saa za utulivu",
        quiet_from: "From" "Kuanzia",
        quiet_until: "Until" "Hadi",
        quiet_text:
            "Nairobi time. Codes and what concerns security go at any hour; everything else waits until the end, and what is too old by then is not sent."
            "Saa za Nairobi. Misimbo na mambo ya usalama hutumwa saa yoyote; mengine yote husubiri hadi mwisho, na yaliyochelewa mno hayatumwi.",
        caps: "At most" "Kiwango cha juu",
        most_a_day: "SMS a day in all" "SMS kwa siku, zote",
        most_a_phone: "SMS a day to one phone" "SMS kwa siku kwa simu moja",
        caps_text:
            "Counted from midnight in Nairobi. What is above is not sent, and is shown below. What tells owners of security, of how their business stands or of what they pay us always goes."
            "Huhesabiwa kuanzia saa sita usiku Nairobi. Zinazozidi hazitumwi, na huonyeshwa hapa chini. Zinazowaambia wamiliki kuhusu usalama, hali ya biashara yao au malipo yao kwetu hutumwa daima.",
        save: "Save" "Hifadhi",
        saved: "Saved." "Imehifadhiwa.",
        bad_hours:
            "Give the quiet hours as two different times, such as 21:00 and 07:00."
            "Andika saa za utulivu kama nyakati mbili tofauti, kama 21:00 na 07:00.",
        bad_caps:
            "Give the caps as numbers: 0 to 100,000 a day in all, 1 to 100 to one phone."
            "Andika viwango kama nambari: 0 hadi 100,000 kwa siku zote, 1 hadi 100 kwa simu moja.",
        bad_codes: "Choose who gets the code." "Chagua nani apate msimbo.",
        latest: "The latest" "Za hivi karibuni",
        none: "No SMS yet. Choose above what is sent, or under Notices who hears by SMS."
            "Bado hakuna SMS. Chagua hapo juu kinachotumwa, au kwenye Taarifa nani aambiwe kwa SMS.",
        older: "Older" "Za awali",
        again: "Send again" "Tuma tena",
        again_text:
            "No answer came, so it may have arrived. Sending it again may send it, and charge it, twice."
            "Hakuna jibu lililokuja, kwa hiyo huenda ilifika. Kuituma tena kunaweza kuituma, na kuilipisha, mara mbili.",
        sent_again: "It is sent again." "Inatumwa tena.",
        not_again: "That one is over." "Hiyo imekwisha.",
        the_payment: "The payment" "Malipo",
        waiting: "waits" "inasubiri",
        sending: "is being sent" "inatumwa",
        unknown: "no answer" "hakuna jibu",
        was_sent: "sent" "imetumwa",
        was_delivered: "on the phone" "imefika",
        was_failed: "did not arrive" "haikufika",
        dropped: "not sent" "haikutumwa",
        stop: "Phones that want none" "Simu zisizotaka",
        stop_text:
            "Somebody who wants no SMS from you: none goes to that phone, but for what tells an owner of security, of how their business stands or of what they pay us. Phones that told their network are added by themselves; the network refuses even those, until whoever has the phone takes that back there."
            "Mtu asiyetaka SMS kutoka kwako: hakuna inayoenda kwa simu hiyo, isipokuwa zinazomwambia mmiliki kuhusu usalama, hali ya biashara yake au malipo yake kwetu. Simu zilizoambia mtandao wao huongezwa zenyewe; mtandao hukataa hata hizo, hadi mwenye simu abadilishe huko.",
        stop_phone: "Phone" "Simu",
        stop_add: "Send no SMS there" "Usiitumie SMS",
        stopped: "No SMS goes there any more." "Hakuna SMS inayoenda huko tena.",
        stop_end: "Send again" "Ruhusu tena",
        started: "SMS may go there again." "SMS zinaweza kwenda huko tena.",
        by_network:
            "told the network, which refuses until its owner takes that back there; then type its number below and let SMS go here again"
            "iliambia mtandao, ambao utakataa hadi mwenye simu abadilishe huko; kisha andika nambari yake hapa chini na uruhusu SMS tena",
        bad_phone: "That is no Kenyan mobile number: write it like 0712 345 678." "Hiyo si nambari ya simu ya Kenya: iandike kama 0712 345 678.",
        why_number: "The number is none." "Nambari si sahihi.",
        why_unsupported: "No SMS reaches such a number." "SMS haifiki kwa nambari ya aina hiyo.",
        why_opted_out: "The phone's owner wants no SMS." "Mwenye simu hataki SMS.",
        why_route: "Nobody knows the way to that phone." "Hakuna njia ya kufikia simu hiyo.",
        why_rejected: "The network refused it." "Mtandao umeikataa.",
        why_absent: "The phone is off, or no longer in use." "Simu imezimwa, au haitumiki tena.",
        why_held: "Africa's Talking holds it back as suspicious." "Africa's Talking imeizuia kwa shaka.",
        why_balance: "The SMS account has no money left. It goes when that is put right; tell whoever runs Mnara."
            "Akaunti ya SMS haina pesa. Itatumwa hilo likirekebishwa; mwambie anayeendesha Mnara.",
        why_sender: "The sender's name is not registered. Tell whoever runs Mnara." "Jina la mtumaji halijasajiliwa. Mwambie anayeendesha Mnara.",
        why_keys: "The SMS account's key is wrong. Tell whoever runs Mnara." "Ufunguo wa akaunti ya SMS si sahihi. Mwambie anayeendesha Mnara.",
        why_gateway: "Something broke on the way." "Kuna hitilafu njiani.",
        why_busy: "Too many at once; it goes in a moment." "Nyingi kwa pamoja; itatumwa baada ya muda mfupi.",
        why_away: "Africa's Talking does not answer; it is tried again." "Africa's Talking haijibu; inajaribiwa tena.",
        why_late: "It came too late to be of use." "Ilichelewa mno.",
        why_cap_day: "The day's number of SMS was reached." "Idadi ya SMS ya siku ilifikiwa.",
        why_cap_phone: "That phone's number of SMS for the day was reached." "Idadi ya SMS ya siku kwa simu hiyo ilifikiwa.",
        why_sealed: "What it said could not be read any more." "Maandishi yake hayakuweza kusomeka tena.",
        why_other: "It was not said why." "Sababu haikusemwa.",
    }
}

impl MessageWords {
    /// Where a text is.
    #[must_use]
    pub const fn state(&self, state: State) -> &'static str {
        match state {
            State::Waiting => self.waiting,
            State::Sending => self.sending,
            State::Unknown => self.unknown,
            State::Sent => self.was_sent,
            State::Delivered => self.was_delivered,
            State::Failed => self.was_failed,
            State::Dropped => self.dropped,
        }
    }

    /// How long a text is, and what it is charged as.
    #[must_use]
    pub fn size(&self, letters: usize, parts: usize) -> String {
        let letters = self.letters.replace("{n}", &letters.to_string());
        let parts = match parts {
            1 => self.one_message.to_owned(),
            _ => self.many_messages.replace("{n}", &parts.to_string()),
        };
        format!("{letters}, {parts}")
    }

    /// Who gets the code.
    #[must_use]
    pub const fn codes(&self, codes: Codes) -> &'static str {
        match codes {
            Codes::Never => self.codes_never,
            Codes::Asked => self.codes_asked,
            Codes::Always => self.codes_always,
        }
    }

    /// Why a text waits, failed or was not sent, from the word in its row.
    #[must_use]
    pub fn why(&self, word: &str) -> &'static str {
        match word {
            "number" => self.why_number,
            "unsupported" => self.why_unsupported,
            "opted-out" => self.why_opted_out,
            "route" => self.why_route,
            "rejected" => self.why_rejected,
            "absent" => self.why_absent,
            "held" => self.why_held,
            "balance" => self.why_balance,
            "sender" => self.why_sender,
            "keys" => self.why_keys,
            "gateway" => self.why_gateway,
            "busy" => self.why_busy,
            "away" => self.why_away,
            "late" => self.why_late,
            "cap-day" => self.why_cap_day,
            "cap-phone" => self.why_cap_phone,
            "sealed" => self.why_sealed,
            _ => self.why_other,
        }
    }
}
