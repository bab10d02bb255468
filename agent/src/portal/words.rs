//! The words of the portal, in English and Swahili: one table with the same keys, so that none can be missing. What goes wrong has its own
//! words in `trouble`.

use std::time::Duration;

use mnara_protocol::plan::Terms;

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

/// Every word of the portal but its troubles.
pub(super) struct Words {
    pub(super) other_language: &'static str,
    pub(super) other_tag: &'static str,
    pub(super) wifi: &'static str,
    pub(super) buy: &'static str,
    pub(super) choose: &'static str,
    pub(super) phone: &'static str,
    pub(super) pay: &'static str,
    pub(super) have_code: &'static str,
    pub(super) code: &'static str,
    pub(super) use_code: &'static str,
    pub(super) check_phone: &'static str,
    pub(super) enter_pin: &'static str,
    pub(super) asking: &'static str,
    pub(super) updates_itself: &'static str,
    pub(super) refresh: &'static str,
    pub(super) your_ticket: &'static str,
    pub(super) keep: &'static str,
    pub(super) username: &'static str,
    pub(super) password: &'static str,
    pub(super) online: &'static str,
    pub(super) go_on: &'static str,
    pub(super) connecting: &'static str,
    pub(super) connecting_more: &'static str,
    pub(super) router_waits: &'static str,
    pub(super) time_left: &'static str,
    pub(super) data_left: &'static str,
    pub(super) devices: &'static str,
    pub(super) log_out: &'static str,
    pub(super) logged_out: &'static str,
    pub(super) used_up: &'static str,
    pub(super) help: &'static str,
    pub(super) back: &'static str,
    pub(super) no_plans: &'static str,
    pub(super) waiting_ticket: &'static str,
    day: [&'static str; 2],
    hour: [&'static str; 2],
    minute: [&'static str; 2],
    second: [&'static str; 2],
    /// Whether the unit stands before the number, as in "saa 2".
    unit_first: bool,
}

static ENGLISH: Words = Words {
    other_language: "Kiswahili",
    other_tag: "sw",
    wifi: "Wi-Fi",
    buy: "Buy with M-PESA",
    choose: "Choose a plan and enter your M-PESA number. We send a prompt to that phone.",
    phone: "M-PESA phone number",
    pay: "Pay",
    have_code: "Have a voucher code?",
    code: "Voucher code",
    use_code: "Use code",
    check_phone: "Check your phone",
    enter_pin: "An M-PESA prompt is on its way. Enter your PIN there. You are online as soon as it is paid.",
    asking: "Asking M-PESA…",
    updates_itself: "This page updates itself.",
    refresh: "Update now",
    your_ticket: "Your voucher",
    keep: "Keep this code: with it you go on later, or on another phone.",
    username: "User name",
    password: "Password",
    online: "You are online",
    go_on: "Start browsing",
    connecting: "Connecting you…",
    connecting_more: "Your code was accepted. Your time has not started; it starts when you are online.",
    router_waits: "The hotspot's router is not answering. Your voucher is safe and your time has not started. You are connected as soon as it is back.",
    time_left: "Time left",
    data_left: "Data left",
    devices: "Devices",
    log_out: "Log out",
    logged_out: "You are logged out. Enter your code to go on.",
    used_up: "Your voucher is used up. Buy a new one or enter another code.",
    help: "Need help? Call",
    back: "Back to the start",
    no_plans: "M-PESA sales are closed here at the moment. A voucher code works.",
    waiting_ticket: "Next voucher, starts when this one ends",
    day: ["day", "days"],
    hour: ["hour", "hours"],
    minute: ["minute", "minutes"],
    second: ["second", "seconds"],
    unit_first: false,
};

static SWAHILI: Words = Words {
    other_language: "English",
    other_tag: "en",
    wifi: "Wi-Fi",
    buy: "Nunua kwa M-PESA",
    choose: "Chagua kifurushi na uweke nambari yako ya M-PESA. Tutatuma ombi kwa simu hiyo.",
    phone: "Nambari ya simu ya M-PESA",
    pay: "Lipa",
    have_code: "Una msimbo wa vocha?",
    code: "Msimbo wa vocha",
    use_code: "Tumia msimbo",
    check_phone: "Angalia simu yako",
    enter_pin: "Ombi la M-PESA linakuja. Weka PIN yako pale. Utaunganishwa mara tu utakapolipa.",
    asking: "Tunauliza M-PESA…",
    updates_itself: "Ukurasa huu unajisasisha wenyewe.",
    refresh: "Sasisha sasa",
    your_ticket: "Vocha yako",
    keep: "Hifadhi msimbo huu: utautumia kuendelea baadaye, au kwenye simu nyingine.",
    username: "Jina la mtumiaji",
    password: "Nenosiri",
    online: "Umeunganishwa (online)",
    go_on: "Anza kutumia intaneti",
    connecting: "Tunakuunganisha…",
    connecting_more: "Msimbo wako umekubaliwa. Muda wako haujaanza; utaanza ukiunganishwa.",
    router_waits: "Ruta ya hapa haijibu. Vocha yako iko salama na muda wako haujaanza. Utaunganishwa mara tu itakaporudi.",
    time_left: "Muda uliobaki",
    data_left: "Data iliyobaki",
    devices: "Vifaa",
    log_out: "Ondoka",
    logged_out: "Umeondoka. Weka msimbo wako ili kuendelea.",
    used_up: "Vocha yako imeisha. Nunua mpya au weka msimbo mwingine.",
    help: "Unahitaji msaada? Piga simu",
    back: "Rudi mwanzo",
    no_plans: "Mauzo ya M-PESA yamefungwa hapa kwa sasa. Msimbo wa vocha unafanya kazi.",
    waiting_ticket: "Vocha inayofuata, itaanza hii ikiisha",
    day: ["siku", "siku"],
    hour: ["saa", "saa"],
    minute: ["dakika", "dakika"],
    second: ["sekunde", "sekunde"],
    unit_first: true,
};

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
        let written = shown.map(|(count, [one, many])| {
            let unit = if *count == 1 { one } else { many };
            if self.unit_first {
                format!("{unit} {count}")
            } else {
                format!("{count} {unit}")
            }
        });
        written.collect::<Vec<_>>().join(" ")
    }

    /// What terms give, in a few words.
    pub(super) fn terms(&self, terms: &Terms) -> String {
        let mut parts = Vec::new();
        let times = [terms.duration_secs, terms.online_secs];
        parts.extend(
            times
                .into_iter()
                .flatten()
                .map(|secs| self.duration(Duration::from_secs(secs.into()))),
        );
        parts.extend(terms.data_bytes.map(data));
        parts.extend(
            terms
                .rate
                .map(|rate| format!("{} Mbit/s", tenths(rate.down_bps, 1_000_000))),
        );
        if terms.devices > 1 {
            parts.push(format!("{} {}", terms.devices, self.devices.to_lowercase()));
        }
        parts.join(" · ")
    }
}

/// An amount of data, as in 1.5 GB.
pub(super) fn data(bytes: u64) -> String {
    if bytes >= 1_000_000_000 {
        format!("{} GB", tenths(bytes, 1_000_000_000))
    } else {
        format!("{} MB", tenths(bytes, 1_000_000))
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
        assert_eq!(words.duration(Duration::from_secs(3600)), "1 hour");
        assert_eq!(
            words.duration(Duration::from_secs(5400)),
            "1 hour 30 minutes"
        );
        assert_eq!(words.duration(Duration::from_secs(0)), "0 seconds");
        assert_eq!(
            words.duration(Duration::from_secs(200_000)),
            "2 days 7 hours"
        );
        assert_eq!(
            Language::Swahili
                .words()
                .duration(Duration::from_secs(7200)),
            "saa 2"
        );
        assert_eq!(data(1_500_000_000), "1.5 GB");
        assert_eq!(data(10_000_000), "10 MB");
    }

    #[test]
    fn the_browser_may_choose() {
        assert_eq!(Language::accepted("sw-KE,en;q=0.5"), Language::Swahili);
        assert_eq!(Language::accepted("fr, sw;q=0.4"), Language::Swahili);
        assert_eq!(Language::accepted(""), Language::English);
    }
}
