//! What people are asked about themselves, and how their answers can be wrong.

use std::time::Duration;

use crate::providers::people::BadPerson;

words! {
    /// What people are asked about themselves, and how their answers can be wrong.
    PeopleWords {
        who: "E-mail or phone number" "Barua pepe au nambari ya simu",
        who_hint: "Such as owner@example.com, or 0712\u{a0}345\u{a0}678." "Kama mmiliki@example.com, au 0712\u{a0}345\u{a0}678.",
        password: "Password" "Nenosiri",
        password_hint:
            "At least 10 letters. A few words are easy to remember and hard to guess."
            "Angalau herufi 10. Maneno machache ni rahisi kukumbuka na magumu kukisia.",
        name: "Your name" "Jina lako",
        business: "Name of the business" "Jina la biashara",
        business_hint: "Customers see it on their page." "Wateja wataliona kwenye ukurasa wao.",
        bad_contact:
            "Give an e-mail address such as owner@example.com, or a mobile number such as 0712 345 678."
            "Andika barua pepe kama mmiliki@example.com, au nambari ya simu kama 0712 345 678.",
        bad_name: "Give a name of 1 to 80 letters." "Andika jina la herufi 1 hadi 80.",
        bad_business: "Give the business a name of 1 to 80 letters." "Ipe biashara jina la herufi 1 hadi 80.",
        password_length: "Choose a password of 10 to 200 letters." "Chagua nenosiri la herufi 10 hadi 200.",
        password_common:
            "This password is among the first that are tried. Choose another."
            "Nenosiri hili ni kati ya yale yanayojaribiwa kwanza. Chagua jingine.",
        taken:
            "Somebody logs in with that e-mail or number already. Log in with it, or give another."
            "Kuna mtu anayeingia kwa barua pepe au nambari hiyo tayari. Ingia nayo, au andika nyingine.",
        wait: "Too many tries. Try again in" "Majaribio ni mengi mno. Jaribu tena baada ya",
        minutes: "{n} minutes" "dakika {n}",
        one_second: "1 second" "sekunde 1",
        seconds: "{n} seconds" "sekunde {n}",
    }
}

impl PeopleWords {
    /// How long to wait, in words.
    #[must_use]
    pub fn wait(&self, wait: Duration) -> String {
        let secs = wait.as_secs().max(1);
        let (words, count) = match secs {
            1 => (self.one_second, secs),
            2..=90 => (self.seconds, secs),
            _ => (self.minutes, secs.div_ceil(60)),
        };
        format!("{} {}", self.wait, words.replace("{n}", &count.to_string()))
    }

    /// What is wrong with what somebody said of themselves.
    #[must_use]
    pub const fn bad(&self, error: BadPerson) -> &'static str {
        match error {
            BadPerson::Name => self.bad_name,
            BadPerson::Contact => self.bad_contact,
            BadPerson::PasswordLength => self.password_length,
            BadPerson::PasswordCommon => self.password_common,
        }
    }
}
