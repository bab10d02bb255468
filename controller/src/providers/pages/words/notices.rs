//! Who is told what.

use crate::providers::notices::Topic;

words! {
    /// Who is told what.
    NoticeWords {
        title: "Notices" "Taarifa",
        text:
            "Who is told what, by mail, by SMS or both. What concerns security goes to all owners, always: a change of where money goes, a second factor that is switched off, a new owner."
            "Nani aambiwe nini, kwa barua pepe, SMS au zote mbili. Mambo ya usalama huenda kwa wamiliki wote daima: mabadiliko ya pesa zinakoenda, hatua ya pili kuzimwa, mmiliki mpya.",
        site: "Site away or back" "Eneo kutopatikana au kurudi",
        site_text:
            "When a site is away for ten minutes, or its router does not answer for so long, and when it is back."
            "Eneo lisipopatikana kwa dakika kumi, au ruta yake isipojibu kwa muda huo, na ikirudi hali ya kawaida.",
        money: "Money to look at" "Pesa za kuangaliwa",
        money_text: "A payment that did not go as it should." "Malipo ambayo hayakwenda inavyopaswa.",
        summary: "The day" "Siku",
        summary_text: "At eight in the evening: what was paid, what runs." "Saa mbili usiku: kilicholipwa, kinachotumika.",
        month: "The month, as files" "Mwezi, kama faili",
        month_text:
            "On the first days of a month: last month's revenue as a PDF and a table (CSV), by mail."
            "Siku za kwanza za mwezi: mapato ya mwezi uliopita kama PDF na jedwali (CSV), kwa barua pepe.",
        billing: "What the business pays for Mnara" "Malipo ya biashara kwa Mnara",
        billing_text:
            "Before and after what was paid for ends, and when money came: always by mail, or by SMS to whoever has no mail; by SMS too for whoever wants it."
            "Kabla na baada ya muda uliolipiwa kuisha, na pesa zikifika: daima kwa barua pepe (au kwa SMS, kama huna barua pepe), na pia kwa SMS kwa anayetaka.",
        by_mail: "by mail" "kwa barua pepe",
        always: "always" "daima",
        by_sms: "by SMS" "kwa SMS",
        phone: "Phone for SMS" "Simu ya SMS",
        phone_hint: "Like 0712 345 678. Each SMS is paid for." "Kama 0712 345 678. Kila SMS hulipiwa.",
        bad_phone:
            "A phone number is none: write it like 0712 345 678. Nothing was saved."
            "Nambari moja ya simu si sahihi: iandike kama 0712 345 678. Hakuna kilichohifadhiwa.",
        no_phone:
            "Give the phone of everybody who is to be told by SMS. Nothing was saved."
            "Andika simu ya kila atakayeambiwa kwa SMS. Hakuna kilichohifadhiwa.",
        to_messages: "What SMS cost, and when they are quiet" "Gharama ya SMS, na saa za utulivu",
        save: "Save" "Hifadhi",
        saved: "Saved." "Imehifadhiwa.",
        no_address:
            "has no e-mail address, or one that somebody else has confirmed, so no mail reaches them"
            "hana anwani ya barua pepe, au mtu mwingine ameithibitisha anwani hiyo, kwa hiyo barua pepe haimfikii",
        owners_only: "only an owner can change that" "mmiliki pekee ndiye anayeweza kubadilisha hilo",
        only_sms:
            "Mail is not set up on this Mnara, so only SMS leave: what is ticked by mail reaches nobody, and of security an owner who logs in with a mail address hears nothing. Ask whoever runs it to name a mail server (SMTP_URL)."
            "Barua pepe haijawekwa kwenye Mnara hii, kwa hiyo ni SMS tu zinazotumwa: kilichochaguliwa kwa barua pepe hakimfikii mtu, na mmiliki anayeingia kwa barua pepe hasikii mambo ya usalama. Mwombe anayeiendesha aweke seva ya barua pepe (SMTP_URL).",
        no_mail:
            "Mail is not set up on this Mnara, so nobody is told of anything yet. Ask whoever runs it to name a mail server (SMTP_URL)."
            "Barua pepe haijawekwa kwenye Mnara hii, kwa hiyo hakuna anayeambiwa chochote bado. Mwombe anayeiendesha aweke seva ya barua pepe (SMTP_URL).",
    }
}

impl NoticeWords {
    /// What a topic is called.
    #[must_use]
    pub const fn name(&self, topic: &Topic) -> &'static str {
        match topic {
            Topic::Site => self.site,
            Topic::Money => self.money,
            Topic::Summary => self.summary,
            Topic::Month => self.month,
            Topic::Billing => self.billing,
        }
    }

    /// What a topic is about.
    #[must_use]
    pub const fn about(&self, topic: &Topic) -> &'static str {
        match topic {
            Topic::Site => self.site_text,
            Topic::Money => self.money_text,
            Topic::Summary => self.summary_text,
            Topic::Month => self.month_text,
            Topic::Billing => self.billing_text,
        }
    }
}
