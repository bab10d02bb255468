//! The languages of the portal and how they write numbers: one table of words with the same keys, so that none can be missing. The
//! words themselves are in a file for each language; what goes wrong has its own words in `trouble`.

use std::time::Duration;

use mnara_protocol::plan::Terms;

use english::ENGLISH;
use swahili::SWAHILI;

mod english;
mod swahili;

/// Between a number and its unit, so that no line ends there.
const NBSP: char = '\u{a0}';

/// A language of the portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// English.
    English,
    /// Kiswahili.
    Swahili,
}

impl Language {
    /// Both.
    #[cfg(test)]
    pub(super) const ALL: [Self; 2] = [Self::English, Self::Swahili];

    /// Reads `en` or `sw`, as addresses and `Accept-Language` have them.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text.get(..2)?.to_ascii_lowercase().as_str() {
            "en" => Some(Self::English),
            "sw" => Some(Self::Swahili),
            _ => None,
        }
    }

    /// The first language of `Accept-Language` that the portal speaks, else English.
    pub(super) fn accepted(header: &str) -> Self {
        let named = header
            .split(',')
            .find_map(|part| Self::parse(part.trim_start()));
        named.unwrap_or(Self::English)
    }

    /// The tag in addresses and in the page.
    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Swahili => "sw",
        }
    }

    /// The words.
    pub(super) const fn words(self) -> &'static Words {
        match self {
            Self::English => &ENGLISH,
            Self::Swahili => &SWAHILI,
        }
    }
}

/// Every word of the portal but its troubles. A language without one of them does not compile.
pub(super) struct Words {
    pub(super) other_language: &'static str,
    pub(super) other_tag: &'static str,
    pub(super) wifi: &'static str,
    pub(super) buy: &'static str,
    pub(super) buy_more: &'static str,
    pub(super) choose: &'static str,
    pub(super) all_plans: &'static str,
    pub(super) phone: &'static str,
    pub(super) prompt_comes: &'static str,
    pub(super) pay: &'static str,
    pub(super) with_mpesa: &'static str,
    pub(super) one_moment: &'static str,
    pub(super) have_code: &'static str,
    pub(super) code: &'static str,
    pub(super) use_code: &'static str,
    pub(super) use_here: &'static str,
    pub(super) asking: &'static str,
    pub(super) asking_more: &'static str,
    pub(super) check_phone: &'static str,
    pub(super) enter_pin: &'static str,
    pub(super) phone_ending: &'static str,
    pub(super) updates_itself: &'static str,
    pub(super) refresh: &'static str,
    pub(super) not_charged: &'static str,
    pub(super) paid_connecting: &'static str,
    pub(super) connecting: &'static str,
    pub(super) not_started: &'static str,
    pub(super) paid_waits: &'static str,
    pub(super) waits: &'static str,
    pub(super) router_waits: &'static str,
    pub(super) reconnecting: &'static str,
    pub(super) reconnecting_more: &'static str,
    pub(super) router_gone: &'static str,
    pub(super) online: &'static str,
    pub(super) go_on: &'static str,
    pub(super) leaving: &'static str,
    pub(super) stay: &'static str,
    pub(super) status: &'static str,
    pub(super) see_status: &'static str,
    pub(super) see_ticket: &'static str,
    pub(super) time_left: &'static str,
    pub(super) time_given: &'static str,
    pub(super) data_left: &'static str,
    pub(super) devices: &'static str,
    pub(super) of: &'static str,
    pub(super) your_ticket: &'static str,
    pub(super) keep: &'static str,
    pub(super) username: &'static str,
    pub(super) password: &'static str,
    pub(super) log_out: &'static str,
    pub(super) log_out_more: &'static str,
    pub(super) not_here: &'static str,
    pub(super) not_here_more: &'static str,
    pub(super) used_up: &'static str,
    pub(super) used_up_more: &'static str,
    pub(super) expired: &'static str,
    pub(super) expired_more: &'static str,
    pub(super) revoked: &'static str,
    pub(super) revoked_more: &'static str,
    pub(super) next_ticket: &'static str,
    pub(super) now_costs: &'static str,
    pub(super) try_again_in: &'static str,
    pub(super) try_again: &'static str,
    pub(super) help: &'static str,
    pub(super) closed: &'static str,
    pub(super) closed_more: &'static str,
    day: [&'static str; 2],
    hour: [&'static str; 2],
    minute: [&'static str; 2],
    second: [&'static str; 2],
    device: [&'static str; 2],
    online_within: &'static str,
    /// Whether the unit stands before the number, as in "dakika 2".
    unit_first: bool,
}

impl Words {
    /// A stretch of time in its two largest units.
    pub(super) fn duration(&self, duration: Duration) -> String {
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
    pub(super) fn for_devices(&self, devices: u16) -> String {
        self.count(devices.into(), &self.device)
    }

    /// What terms give, in a few words.
    pub(super) fn terms(&self, terms: &Terms) -> String {
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
                .map(|rate| format!("{}{NBSP}Mbit/s", tenths(rate.down_bps, 1_000_000))),
        );
        if terms.devices > 1 {
            parts.push(self.for_devices(terms.devices));
        }
        parts.join(&format!("{NBSP}· "))
    }
}

/// An amount of data, as in 1.5 GB.
pub(super) fn data(bytes: u64) -> String {
    if bytes >= 1_000_000_000 {
        format!("{}{NBSP}GB", tenths(bytes, 1_000_000_000))
    } else {
        format!("{}{NBSP}MB", tenths(bytes, 1_000_000))
    }
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
            "masaa\u{a0}2"
        );
        assert_eq!(data(1_500_000_000), "1.5\u{a0}GB");
        assert_eq!(data(10_000_000), "10\u{a0}MB");
    }

    #[test]
    fn the_browser_may_choose() {
        assert_eq!(Language::accepted("sw-KE,en;q=0.5"), Language::Swahili);
        assert_eq!(Language::accepted("fr, sw;q=0.4"), Language::Swahili);
        assert_eq!(Language::accepted(""), Language::English);
    }
}
