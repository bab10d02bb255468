//! The languages of the portal and how they write numbers: one table of words with the same keys, so that none can be missing. The
//! words themselves are in a file for each language; what goes wrong has its own words in `trouble`.

use std::time::Duration;

use crate::plan::{Hours, Terms};

use english::ENGLISH;
use swahili::SWAHILI;

mod english;
mod swahili;

/// Between a number and its unit, so that no line ends there.
const NBSP: char = '\u{a0}';

/// A language of the portal, and of all that people are written.
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

    /// Reads `en` or `sw`, as addresses and `Accept-Language` have them.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.get(..2)?.to_ascii_lowercase().as_str() {
            "en" => Some(Self::English),
            "sw" => Some(Self::Swahili),
            _ => None,
        }
    }

    /// The first language of `Accept-Language` that we speak, else English.
    #[must_use]
    pub fn accepted(header: &str) -> Self {
        let named = header
            .split(',')
            .find_map(|part| Self::parse(part.trim_start()));
        named.unwrap_or(Self::English)
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

    /// The words of the portal.
    #[must_use]
    pub const fn words(self) -> &'static Words {
        match self {
            Self::English => &ENGLISH,
            Self::Swahili => &SWAHILI,
        }
    }
}

/// Every word of the portal but its troubles: a word's name says what it is. A language without one of them does not compile.
pub struct Words {
    pub other_language: &'static str,
    pub other_tag: &'static str,
    pub wifi: &'static str,
    pub buy: &'static str,
    pub buy_more: &'static str,
    pub choose: &'static str,
    pub all_plans: &'static str,
    pub phone: &'static str,
    pub prompt_comes: &'static str,
    pub by_sms: &'static str,
    pub pay: &'static str,
    pub with_mpesa: &'static str,
    pub one_moment: &'static str,
    pub have_code: &'static str,
    pub code: &'static str,
    pub use_code: &'static str,
    pub use_here: &'static str,
    pub asking: &'static str,
    pub asking_more: &'static str,
    pub check_phone: &'static str,
    pub enter_pin: &'static str,
    pub phone_ending: &'static str,
    pub credit_used: &'static str,
    pub phone_asks: &'static str,
    pub updates_itself: &'static str,
    pub refresh: &'static str,
    pub not_charged: &'static str,
    pub paid_connecting: &'static str,
    pub connecting: &'static str,
    pub not_started: &'static str,
    pub late: &'static str,
    pub paid_waits: &'static str,
    pub waits: &'static str,
    pub router_waits: &'static str,
    pub reconnecting: &'static str,
    pub reconnecting_more: &'static str,
    pub router_gone: &'static str,
    pub online: &'static str,
    pub go_on: &'static str,
    pub leaving: &'static str,
    pub stay: &'static str,
    pub status: &'static str,
    pub see_status: &'static str,
    pub see_ticket: &'static str,
    pub time_left: &'static str,
    pub time_given: &'static str,
    pub data_left: &'static str,
    pub devices: &'static str,
    pub of: &'static str,
    pub your_ticket: &'static str,
    pub keep: &'static str,
    pub username: &'static str,
    pub password: &'static str,
    pub log_out: &'static str,
    pub log_out_more: &'static str,
    pub not_here: &'static str,
    pub not_here_more: &'static str,
    pub paused: &'static str,
    pub paused_more: &'static str,
    pub used_up: &'static str,
    pub used_up_more: &'static str,
    pub expired: &'static str,
    pub expired_more: &'static str,
    pub revoked: &'static str,
    pub revoked_more: &'static str,
    pub next_ticket: &'static str,
    pub now_costs: &'static str,
    pub try_again_in: &'static str,
    pub try_again: &'static str,
    pub help: &'static str,
    pub hand: &'static str,
    pub hand_go: &'static str,
    pub hand_menu: &'static str,
    pub hand_menu_till: &'static str,
    pub hand_paybill: &'static str,
    pub hand_till: &'static str,
    pub hand_account: &'static str,
    pub hand_amount: &'static str,
    pub hand_from: &'static str,
    pub hand_pin: &'static str,
    pub hand_waits: &'static str,
    pub no_cloud: &'static str,
    pub no_cloud_more: &'static str,
    pub no_prompts: &'static str,
    pub no_prompts_hand: &'static str,
    pub no_prompts_more: &'static str,
    pub claim: &'static str,
    pub claim_text: &'static str,
    pub claim_receipt: &'static str,
    pub claim_phone: &'static str,
    pub claim_go: &'static str,
    pub claim_found: &'static str,
    pub claim_waits: &'static str,
    pub claim_waits_more: &'static str,
    pub closed: &'static str,
    pub closed_more: &'static str,
    pub terms_of_use: &'static str,
    pub you_accept: &'static str,
    pub no_terms: &'static str,
    pub back: &'static str,
    pub try_free: &'static str,
    pub try_free_more: &'static str,
    pub try_daily: &'static str,
    pub try_every: &'static str,
    pub free_trial: &'static str,
    pub trial_over: &'static str,
    pub trial_over_more: &'static str,
    pub sold: &'static str,
    pub sold_later: &'static str,
    pub sold_later_more: &'static str,
    day: [&'static str; 2],
    hour: [&'static str; 2],
    minute: [&'static str; 2],
    second: [&'static str; 2],
    device: [&'static str; 2],
    online_within: &'static str,
    /// From Monday on, as short as calendars have them.
    days: [&'static str; 7],
    /// Whether the unit stands before the number, as in "dakika 2".
    unit_first: bool,
}

impl Words {
    /// A stretch of time in its two largest units.
    #[must_use]
    pub fn duration(&self, duration: Duration) -> String {
        let secs = duration.as_secs();
        let parts = [
            (secs / 86_400, self.day),
            (secs / 3_600 % 24, self.hour),
            (secs / 60 % 60, self.minute),
            (secs % 60, self.second),
        ];
        let first = parts.iter().position(|(count, _)| *count > 0).unwrap_or(3);
        let shown = parts[first..]
            .iter()
            .take(2)
            .filter(|(count, _)| *count > 0 || first == 3);
        let written = shown.map(|(count, unit)| self.count(*count, unit));
        written.collect::<Vec<_>>().join(" ")
    }

    fn count(&self, count: u64, [one, many]: &[&str; 2]) -> String {
        let unit = if count == 1 { one } else { many };
        if self.unit_first {
            format!("{unit}{NBSP}{count}")
        } else {
            format!("{count}{NBSP}{unit}")
        }
    }

    /// How many devices a ticket is for.
    #[must_use]
    pub fn for_devices(&self, devices: u16) -> String {
        self.count(devices.into(), &self.device)
    }

    /// When something is sold: `Sold 22:00–06:00, Mon–Fri`.
    #[must_use]
    pub fn hours(&self, hours: &Hours) -> String {
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        let mut parts = Vec::new();
        if !hours.is_whole_day() {
            parts.push(format!(
                "{}–{}",
                clock(hours.from_minute),
                clock(hours.until_minute)
            ));
        }
        if !hours.is_every_day() {
            parts.push(self.weekdays(hours));
        }
        format!("{} {}", self.sold, parts.join(", "))
    }

    /// Three days or more in a row are told by their ends.
    fn weekdays(&self, hours: &Hours) -> String {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for day in (0..self.days.len()).filter(|day| hours.is_on(*day)) {
            match runs.last_mut() {
                Some((_, last)) if *last + 1 == day => *last = day,
                _ => runs.push((day, day)),
            }
        }
        let mut parts = Vec::new();
        for (first, last) in runs {
            match last - first {
                0 => parts.push(self.days[first].to_owned()),
                1 => parts.extend([self.days[first].to_owned(), self.days[last].to_owned()]),
                _ => parts.push(format!("{}–{}", self.days[first], self.days[last])),
            }
        }
        parts.join(", ")
    }

    /// What terms give, in a few words.
    #[must_use]
    pub fn terms(&self, terms: &Terms) -> String {
        let mut parts = Vec::new();
        let time = |secs: u32| self.duration(Duration::from_secs(secs.into()));
        parts.extend(
            match (terms.duration_secs.map(time), terms.online_secs.map(time)) {
                (Some(within), Some(online)) => {
                    Some(format!("{online} {} {within}", self.online_within))
                }
                (duration, online) => duration.or(online),
            },
        );
        parts.extend(terms.data_bytes.map(data));
        parts.extend(
            terms
                .rate
                .map(|rate| format!("{}{NBSP}Mbit/s", millions(rate.down_bps))),
        );
        if terms.devices > 1 {
            parts.push(self.for_devices(terms.devices));
        }
        parts.join(&format!("{NBSP}· "))
    }
}

/// An amount of data, as in 1.5 GB.
#[must_use]
pub fn data(bytes: u64) -> String {
    if bytes >= 1_000_000_000 {
        format!("{}{NBSP}GB", tenths(bytes, 1_000_000_000))
    } else {
        format!("{}{NBSP}MB", tenths(bytes, 1_000_000))
    }
}

/// Bits a second in millions: 5, or 0.064; to the last one, as vouchers on paper have it.
fn millions(bits: u64) -> String {
    let text = format!("{}.{:06}", bits / 1_000_000, bits % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A number with one decimal at most, rounded down.
fn tenths(value: u64, unit: u64) -> String {
    let tenths = value / (unit / 10);
    if tenths.is_multiple_of(10) {
        (tenths / 10).to_string()
    } else {
        format!("{}.{}", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Rate;

    #[test]
    fn people_read_units() {
        let words = Language::English.words();
        assert_eq!(words.duration(Duration::from_secs(3600)), "1\u{a0}hour");
        assert_eq!(
            words.duration(Duration::from_secs(5400)),
            "1\u{a0}hour 30\u{a0}minutes"
        );
        assert_eq!(words.duration(Duration::from_secs(0)), "0\u{a0}seconds");
        assert_eq!(
            words.duration(Duration::from_secs(200_000)),
            "2\u{a0}days 7\u{a0}hours"
        );
        assert_eq!(
            Language::Swahili
                .words()
                .duration(Duration::from_secs(7200)),
            "saa\u{a0}2"
        );
        assert_eq!(data(1_500_000_000), "1.5\u{a0}GB");
        assert_eq!(data(10_000_000), "10\u{a0}MB");
        for (down_bps, told) in [
            (64_000, "0.064"),
            (250_000, "0.25"),
            (2_048_000, "2.048"),
            (5_000_000, "5"),
            (20_000_000, "20"),
        ] {
            let terms = Terms {
                duration_secs: None,
                online_secs: None,
                data_bytes: None,
                devices: 1,
                rate: Some(Rate {
                    down_bps,
                    up_bps: 64_000,
                    burst: None,
                }),
            };
            assert_eq!(words.terms(&terms), format!("{told}\u{a0}Mbit/s"));
        }
    }

    #[test]
    fn only_who_is_online_reads_that_they_are() {
        for language in [Language::English, Language::Swahili] {
            let words = language.words();
            for waiting in [words.enter_pin, words.not_started, words.updates_itself] {
                assert!(!waiting.contains(words.online), "{waiting}");
            }
        }
    }

    #[test]
    fn the_browser_may_choose() {
        assert_eq!(Language::accepted("sw-KE,en;q=0.5"), Language::Swahili);
        assert_eq!(Language::accepted("fr, sw;q=0.4"), Language::Swahili);
        assert_eq!(Language::accepted("fr, en"), Language::English);
        assert_eq!(Language::accepted(""), Language::English);
    }
}
