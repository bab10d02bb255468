//! The languages of the pages: one table of words with the same keys, so that none can be missing. The words themselves are in a file for each
//! language.

use std::time::Duration;

use english::ENGLISH;
use swahili::SWAHILI;

use crate::providers::people::BadPerson;
use crate::providers::staff::roles::Role;

mod english;
mod swahili;

/// A language of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Kiswahili.
    Swahili,
}

impl Language {
    /// Both.
    pub const ALL: [Self; 2] = [Self::English, Self::Swahili];

    /// Reads `en` or `sw`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.get(..2)?.to_ascii_lowercase().as_str() {
            "en" => Some(Self::English),
            "sw" => Some(Self::Swahili),
            _ => None,
        }
    }

    /// The first language of `Accept-Language` that the pages speak, else English.
    #[must_use]
    pub fn accepted(header: &str) -> Self {
        header
            .split(',')
            .find_map(|part| Self::parse(part.trim_start()))
            .unwrap_or(Self::English)
    }

    /// The tag in addresses and in the page.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Swahili => "sw",
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::English => Self::Swahili,
            Self::Swahili => Self::English,
        }
    }

    /// What it calls itself.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Swahili => "Kiswahili",
        }
    }

    /// The words.
    #[must_use]
    pub const fn words(self) -> &'static Words {
        match self {
            Self::English => &ENGLISH,
            Self::Swahili => &SWAHILI,
        }
    }
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($word:ident),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        #[expect(missing_docs, reason = "a word's name says what it is")]
        pub struct $name {
            $(pub $word: &'static str,)*
        }
    )*};
}

words! {
    /// What stands around every page.
    FrameWords {
        skip, home, plans, sites, mpesa, staff, providers, account, log_out, pending, suspended,
    }
    /// What goes wrong.
    TroubleWords {
        nothing, nothing_text, not_yours, not_yours_text, away, away_text, inside, inside_text, back,
    }
    /// What people are asked about themselves, and how their answers can be wrong.
    PeopleWords {
        who, who_hint, password, password_hint, name, business, business_hint,
        bad_contact, bad_name, bad_business, password_length, password_common, taken, wait, minutes, seconds,
    }
    /// Logging in.
    LogInWords {
        title, button, wrong, no_place, new_here, sign_up,
    }
    /// Signing up.
    SignUpWords {
        title, text, button, have, log_in,
    }
    /// The second factor.
    SecondWords {
        title, text, digits, paper, button, wrong, set_up_title, set_up_scan, set_up_type, set_up_digits, set_up_button, picture,
        codes_title, codes_text, codes_done, open_here,
    }
    /// One's own account.
    AccountWords {
        title, browsers, browsers_text, this, since, seen, out, browser_out,
        password, old, new, change, password_changed, wrong_password,
        second, second_off, second_on, second_set_up, second_end, second_gone, codes_left,
    }
    /// Who works here.
    StaffWords {
        title, you, since, role, set, end, asked, asked_none, until, take_back, their_name, ask, ask_text, ask_button, link, link_text,
        changed, ended, taken_back, last_owner, no_invitation, join_title, join_as, join_button,
        owner, owner_text, manager, manager_text, cashier, cashier_text, technician, technician_text, reader, reader_text,
    }
    /// How the business is today.
    HomeWords {
        title, today, last_week, no_sales, running, running_none, sites, no_sites, never, seen, here, away,
    }
    /// What is for sale.
    PlanWords {
        title, none, new, change, hidden, kept, hour, day, week, gigabyte, blank, begin,
        name, price, time, online, online_hint, unit, minutes, hours, days, minute_one, hour_one, day_one, data, devices, down, up, speed_hint, sell_by,
        sell_by_hint, position, on_sale, keep, of_online, of_devices,
        bad_name, bad_price, endless, bad_time, bad_data, bad_devices, bad_speed, bad_sell_by, too_many, sold_keep,
    }
    /// Where the hotspots are.
    SiteWords {
        title, none, new, name, name_hint, make, bad_name, up, away, never, seen, show, agent, no_agent, claim, claim_text, claim_again, line, line_text,
        no_address, hear,
    }
    /// Where customers' money goes.
    MpesaWords {
        title, text, set, paybill, paybill_number, paybill_text, till, till_text, till_number, store_number, store_hint, change_text, kind, key, key_hint, secret,
        passkey, passkey_hint, password_text, digits_text, keep, wrong_proof, bad_shortcode, bad_till, bad_key, wrong_keys, product_missing,
        wrong_passkey, wrong_kind, rail_away,
    }
    /// The first steps of a business.
    StepWords {
        title, mpesa, plan, site, agent, go, done,
    }
    /// The platform's own staff.
    AdminWords {
        title, none, since, sites, pending, active, suspended, approve, suspend, reinstate, moved, more, rule, by_hand, at_once, a_day, keep, kept,
    }
}

/// All words of one language.
#[derive(Debug)]
pub struct Words {
    /// What stands around every page.
    pub frame: FrameWords,
    /// What goes wrong.
    pub trouble: TroubleWords,
    /// What people are asked about themselves.
    pub people: PeopleWords,
    /// Logging in.
    pub log_in: LogInWords,
    /// Signing up.
    pub sign_up: SignUpWords,
    /// The second factor.
    pub second: SecondWords,
    /// One's own account.
    pub account: AccountWords,
    /// Who works here.
    pub staff: StaffWords,
    /// How the business is today.
    pub home: HomeWords,
    /// What is for sale.
    pub plans: PlanWords,
    /// Where the hotspots are.
    pub sites: SiteWords,
    /// Where customers' money goes.
    pub mpesa: MpesaWords,
    /// The first steps of a business.
    pub steps: StepWords,
    /// The platform's own staff.
    pub admin: AdminWords,
}

impl PeopleWords {
    /// How long to wait, in words.
    #[must_use]
    pub fn wait(&self, wait: Duration) -> String {
        let secs = wait.as_secs().max(1);
        match secs {
            1..=90 => format!("{} {secs} {}", self.wait, self.seconds),
            _ => format!("{} {} {}", self.wait, secs.div_ceil(60), self.minutes),
        }
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

impl PlanWords {
    /// A stretch of time, in the largest unit that fits: `90 minutes`, `2 hours`, `1 day`.
    #[must_use]
    pub fn stretch(&self, secs: u32) -> String {
        let (length, one, many) = [
            (86_400, self.day_one, self.days),
            (3_600, self.hour_one, self.hours),
            (60, self.minute_one, self.minutes),
        ]
        .into_iter()
        .find(|(length, _, _)| secs.is_multiple_of(*length))
        .unwrap_or((60, self.minute_one, self.minutes));
        match secs / length {
            1 => one.to_owned(),
            count => format!("{count}\u{a0}{many}"),
        }
    }
}

impl StaffWords {
    /// What a role is called.
    #[must_use]
    pub const fn name(&self, role: &Role) -> &'static str {
        match role {
            Role::Owner => self.owner,
            Role::Manager => self.manager,
            Role::Cashier => self.cashier,
            Role::Technician => self.technician,
            Role::Reader => self.reader,
        }
    }

    /// What a role does.
    #[must_use]
    pub const fn text(&self, role: &Role) -> &'static str {
        match role {
            Role::Owner => self.owner_text,
            Role::Manager => self.manager_text,
            Role::Cashier => self.cashier_text,
            Role::Technician => self.technician_text,
            Role::Reader => self.reader_text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_read_from_what_browsers_send() {
        assert_eq!(
            Language::accepted("sw-KE,sw;q=0.9,en;q=0.8"),
            Language::Swahili
        );
        assert_eq!(Language::accepted("fr, en"), Language::English);
        assert_eq!(Language::accepted(""), Language::English);
    }

    #[test]
    fn a_wait_is_told_in_words() {
        let words = Language::English.words();
        assert_eq!(
            words.people.wait(Duration::from_millis(10)),
            "Too many tries. Try again in 1 seconds"
        );
        assert_eq!(
            words.people.wait(Duration::from_secs(600)),
            "Too many tries. Try again in 10 minutes"
        );
    }
}
