//! How the router is set up, and what is wrong with that. Pure: reading it is `router`'s work. Whether the hotspot works at this moment is
//! the access loop's business; this is what makes it fail for people, or lets them around it.

use std::net::{IpAddr, SocketAddr};

use mnara_protocol::clock::Timestamp;

use super::{Finding, bad, doubtful, good};

/// The router's calendar may be off by so much before it is worth a word.
const CALENDAR_OFF_DAYS: i64 = 1;

/// What the router says of its set-up. What it does not tell, because its version has no such menu, is empty.
#[derive(Clone, Debug, Default)]
pub(super) struct Setup {
    pub(super) hotspots: Vec<Hotspot>,
    pub(super) profiles: Vec<Profile>,
    pub(super) garden: Vec<Accept>,
    /// Rules by which others than the agent's own machine pass the hotspot.
    pub(super) bypasses: usize,
    /// Whether its device mode lets a hotspot run.
    pub(super) allowed: Option<bool>,
    /// Interfaces with an IPv6 address beyond their link.
    pub(super) ipv6: Vec<String>,
    /// Whether the agent's user may change anything.
    pub(super) may_write: bool,
    /// The level of its licence.
    pub(super) level: String,
    /// Devices that are logged in.
    pub(super) online: usize,
    /// The day of its calendar, counted from 1970.
    pub(super) today: Option<i64>,
}

#[derive(Clone, Debug)]
pub(super) struct Hotspot {
    pub(super) name: String,
    pub(super) interface: String,
    pub(super) profile: String,
    /// The pool of a translation of addresses.
    pub(super) pool: Option<String>,
    pub(super) disabled: bool,
    pub(super) invalid: bool,
    /// Where the router says that it switched the hotspot off itself.
    pub(super) comment: String,
}

impl Hotspot {
    const fn runs(&self) -> bool {
        !self.disabled && !self.invalid
    }
}

#[derive(Clone, Debug)]
pub(super) struct Profile {
    pub(super) name: String,
    pub(super) login_by: Vec<String>,
}

/// A rule that lets phones through before they are logged in.
#[derive(Clone, Debug)]
pub(super) struct Accept {
    /// An address, a network or a range; empty means every address.
    pub(super) to: String,
    /// Its name or number; empty means every protocol.
    pub(super) protocol: String,
    /// Ports and ranges of ports; empty means every port.
    pub(super) ports: String,
    /// Whether it is for some phones only.
    pub(super) limited: bool,
}

/// Judges it. `portal` is the address phones reach the agent at.
pub(super) fn judge(setup: &Setup, portal: Option<SocketAddr>, now: Timestamp) -> Vec<Finding> {
    let mut findings = vec![rights(setup), hotspot(setup)];
    findings.extend(translation(setup));
    findings.extend(login_by(setup));
    findings.push(garden(setup, portal));
    findings.extend(bindings(setup));
    findings.extend(licence(setup));
    findings.extend(ipv6(setup));
    findings.extend(calendar(setup, now));
    findings
}

fn rights(setup: &Setup) -> Finding {
    const ABOUT: &str = "rights";
    if setup.may_write {
        good(ABOUT, "the agent's user may read and write")
    } else {
        rights_missing("write")
    }
}

/// A policy that the agent's user lacks.
pub(super) fn rights_missing(policy: &str) -> Finding {
    bad(
        "rights",
        format!("the agent's user on the router lacks the policy {policy}"),
        "on the router: /user/group/set [find name=mnara] policy=api,read,write,test,sensitive (or the name of the group its user is in)",
    )
}

fn hotspot(setup: &Setup) -> Finding {
    const ABOUT: &str = "hotspot";
    let forbidden = setup.allowed == Some(false)
        || setup
            .hotspots
            .iter()
            .any(|hotspot| hotspot.comment.contains("device-mode"));
    if forbidden {
        return bad(
            ABOUT,
            "the router's device mode does not let a hotspot run",
            "on the router: /system/device-mode/update mode=advanced container=yes, then switch its power off and on within five minutes",
        );
    }
    let running = setup.hotspots.iter().filter(|hotspot| hotspot.runs());
    match running.count() {
        0 if setup.hotspots.is_empty() => bad(
            ABOUT,
            "the router has none",
            "set one up (/ip/hotspot/setup) or run the install script of the site",
        ),
        0 => bad(
            ABOUT,
            "none runs: each is switched off, or its interface is gone",
            "on the router: /ip/hotspot/print shows which; /ip/hotspot/enable, or set interface= to one that is there",
        ),
        running => good(ABOUT, format!("{running} running")),
    }
}

fn translation(setup: &Setup) -> Option<Finding> {
    let hotspot = setup
        .hotspots
        .iter()
        .find(|hotspot| hotspot.runs() && hotspot.pool.is_some())?;
    Some(bad(
        "addresses",
        format!(
            "hotspot {} gives phones another address than their own, so one phone can be taken for another",
            hotspot.name
        ),
        "on the router: /ip/hotspot/set [find] address-pool=none",
    ))
}

fn login_by(setup: &Setup) -> Vec<Finding> {
    const ABOUT: &str = "log-in";
    let mut findings = Vec::new();
    for hotspot in setup.hotspots.iter().filter(|hotspot| hotspot.runs()) {
        let Some(profile) = setup
            .profiles
            .iter()
            .find(|profile| profile.name == hotspot.profile)
        else {
            continue;
        };
        let has = |method: &str| profile.login_by.iter().any(|one| one == method);
        if !has("http-pap") {
            findings.push(bad(
                ABOUT,
                format!(
                    "profile {} does not take a name and password from its page (http-pap), so nobody can log in there when the agent is away",
                    profile.name
                ),
                "on the router: /ip/hotspot/profile/set [find] login-by=http-pap,http-chap",
            ));
        }
        for (method, gives) in [
            ("trial", "gives everyone time for nothing"),
            ("mac", "lets devices in by their hardware address alone"),
        ] {
            if has(method) {
                findings.push(doubtful(
                    ABOUT,
                    format!("login-by={method} of profile {} {gives}", profile.name),
                    "on the router, unless you want that: /ip/hotspot/profile/set [find] login-by=http-pap,http-chap",
                ));
            }
        }
    }
    if findings.is_empty() && setup.hotspots.iter().any(Hotspot::runs) {
        findings.push(good(ABOUT, "the router's own page takes codes too"));
    }
    findings
}

fn garden(setup: &Setup, portal: Option<SocketAddr>) -> Finding {
    const ABOUT: &str = "walled garden";
    let Some(portal) = portal else {
        return doubtful(
            ABOUT,
            "where phones reach the portal is not known, so it was not checked",
            "start the agent and look again",
        );
    };
    let said = |answer: Option<bool>| {
        let mut rules = setup.garden.iter();
        rules.any(|rule| reaches(rule, portal) == answer)
    };
    if said(Some(true)) {
        return good(ABOUT, format!("phones reach the portal at {portal}"));
    }
    let next = format!(
        "on the router: /ip/hotspot/walled-garden/ip/add action=accept protocol=tcp dst-address={} dst-port={} comment=mnara:portal",
        portal.ip(),
        portal.port()
    );
    if said(None) {
        return doubtful(
            ABOUT,
            format!(
                "no rule lets every phone through to the portal at {portal}, but there are rules by name, by list or for some phones"
            ),
            &next,
        );
    }
    bad(
        ABOUT,
        format!("phones cannot reach the portal at {portal} before they are logged in"),
        &next,
    )
}

fn bindings(setup: &Setup) -> Option<Finding> {
    let rules = setup.bypasses;
    (rules > 0).then(|| {
        doubtful(
            "bindings",
            format!("rules that let devices online without a voucher: {rules}"),
            "on the router, unless you want that: /ip/hotspot/ip-binding/print, and remove those of devices that are to pay",
        )
    })
}

/// Whoever is one too many has paid and waits, and only the router knows why.
fn licence(setup: &Setup) -> Option<Finding> {
    const ABOUT: &str = "licence";
    let level = setup.level.as_str();
    let most = match level {
        "1" | "3" => 1,
        "4" => 200,
        "5" => 500,
        "free" => {
            return Some(doubtful(
                ABOUT,
                "the router's licence is the free one, with 1 Mbit/s at most",
                "buy a licence for the router: /system/license/renew",
            ));
        }
        _ => return None,
    };
    // No hotspot can live on one.
    (most == 1 || setup.online >= most).then(|| {
        bad(
            ABOUT,
            format!(
                "level {level} lets at most {most} be online at once, and {} are",
                setup.online
            ),
            "buy a higher level for the router (/system/license/print shows the present one), or take another router",
        )
    })
}

fn ipv6(setup: &Setup) -> Option<Finding> {
    let hotspot = setup
        .hotspots
        .iter()
        .find(|hotspot| hotspot.runs() && setup.ipv6.contains(&hotspot.interface))?;
    Some(bad(
        "IPv6",
        format!(
            "{} hands out IPv6, which no hotspot guards: phones are online there without paying",
            hotspot.interface
        ),
        "on the router: /ipv6/address/disable [find interface=…] for that interface, or drop forwarding from it in /ipv6/firewall/filter",
    ))
}

fn calendar(setup: &Setup, now: Timestamp) -> Option<Finding> {
    let off = setup.today? - now.as_secs().div_euclid(86_400);
    (off.abs() > CALENDAR_OFF_DAYS).then(|| {
        doubtful(
            "router's clock",
            format!("{} days off", off.abs()),
            "tickets do not depend on it, but its log and certificates do; on the router: /system/ntp/client/set enabled=yes servers=pool.ntp.org",
        )
    })
}

/// Whether a rule lets every phone through to the portal; `None` where the router alone knows.
fn reaches(rule: &Accept, portal: SocketAddr) -> Option<bool> {
    let tcp = matches!(rule.protocol.as_str(), "" | "tcp" | "6");
    if !tcp || !has_port(&rule.ports, portal.port()) {
        return Some(false);
    }
    let covered = covers(&rule.to, portal.ip());
    covered.filter(|covered| !(*covered && rule.limited))
}

fn has_port(ports: &str, port: u16) -> bool {
    let within = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        matches!(
            (first.parse::<u16>(), last.parse::<u16>()),
            (Ok(first), Ok(last)) if (first..=last).contains(&port)
        )
    };
    ports.is_empty() || ports.split(',').any(within)
}

/// Whether an address, network or range covers an address; `None` for what is none of these.
fn covers(range: &str, address: IpAddr) -> Option<bool> {
    if range.is_empty() {
        return Some(true);
    }
    let IpAddr::V4(address) = address else {
        return Some(false);
    };
    let number = |text: &str| text.parse::<std::net::Ipv4Addr>().ok().map(u32::from);
    let address = u32::from(address);
    if let Some((network, length)) = range.split_once('/') {
        let length: u32 = length.parse().ok().filter(|length| *length <= 32)?;
        let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
        return Some(number(network)? & mask == address & mask);
    }
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    Some((number(first)?..=number(last)?).contains(&address))
}

/// Counts the days from 1970 to a date as the router writes it: `2026-11-25`, before version 7.10 `nov/25/2026`.
pub(super) fn day(date: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let (year, month, day) = if let [month, day, year] = *date.split('/').collect::<Vec<_>>() {
        let month = MONTHS.iter().position(|name| *name == month)?;
        (year, i64::try_from(month).ok()? + 1, day)
    } else if let [year, month, day] = *date.split('-').collect::<Vec<_>>() {
        (year, month.parse().ok()?, day)
    } else {
        return None;
    };
    let (year, day): (i64, i64) = (year.parse().ok()?, day.parse().ok()?);
    // Years from March on, so that the odd day is the last.
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(
        365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year
            - 719_468,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    const NOW: Timestamp = Timestamp::from_secs(1_795_600_000);
    const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(172, 31, 255, 2));
    const PORTAL: SocketAddr = SocketAddr::new(ADDRESS, 8080);

    fn well() -> Setup {
        Setup {
            hotspots: vec![Hotspot {
                name: "hotspot1".to_owned(),
                interface: "bridge".to_owned(),
                profile: "hsprof1".to_owned(),
                pool: None,
                disabled: false,
                invalid: false,
                comment: String::new(),
            }],
            profiles: vec![Profile {
                name: "hsprof1".to_owned(),
                login_by: vec!["http-chap".to_owned(), "http-pap".to_owned()],
            }],
            garden: vec![Accept {
                to: "172.31.255.2".to_owned(),
                protocol: "tcp".to_owned(),
                ports: "8080".to_owned(),
                limited: false,
            }],
            bypasses: 0,
            allowed: Some(true),
            ipv6: Vec::new(),
            may_write: true,
            level: "4".to_owned(),
            online: 199,
            today: Some(NOW.as_secs() / 86_400),
        }
    }

    /// What one fault makes of a router that is well: the finding that is not good.
    fn ill(spoil: impl FnOnce(&mut Setup)) -> String {
        let mut setup = well();
        spoil(&mut setup);
        let mut ill = judge(&setup, Some(PORTAL), NOW)
            .into_iter()
            .filter(|finding| finding.verdict != Verdict::Good);
        let finding = ill.next().expect("the fault is not seen");
        assert_eq!(ill.next(), None, "one fault, one finding");
        assert!(
            finding.next.is_some_and(|next| next.contains("the router")),
            "{} does not say what to do",
            finding.about
        );
        format!("{} {:?}", finding.about, finding.verdict)
    }

    #[test]
    fn a_router_that_is_well_is_called_so() {
        let findings = judge(&well(), Some(PORTAL), NOW);
        assert!(
            findings
                .iter()
                .all(|finding| finding.verdict == Verdict::Good)
        );
    }

    #[test]
    fn every_fault_of_the_set_up_is_named_with_what_to_do() {
        assert_eq!(ill(|setup| setup.may_write = false), "rights Bad");
        assert_eq!(ill(|setup| setup.allowed = Some(false)), "hotspot Bad");
        let switched_off = |setup: &mut Setup| {
            setup.allowed = None;
            setup.hotspots[0].comment = "inactivated, not allowed by device-mode".to_owned();
        };
        assert_eq!(ill(switched_off), "hotspot Bad");
        let pool = |setup: &mut Setup| setup.hotspots[0].pool = Some("hs-pool".to_owned());
        assert_eq!(ill(pool), "addresses Bad");
        let chap = |setup: &mut Setup| setup.profiles[0].login_by = vec!["http-chap".to_owned()];
        assert_eq!(ill(chap), "log-in Bad");
        let trial = |setup: &mut Setup| setup.profiles[0].login_by.push("trial".to_owned());
        assert_eq!(ill(trial), "log-in Doubtful");
        assert_eq!(ill(|setup| setup.garden.clear()), "walled garden Bad");
        let named = |setup: &mut Setup| setup.garden[0].to = "shop.example".to_owned();
        assert_eq!(ill(named), "walled garden Doubtful");
        let some = |setup: &mut Setup| setup.garden[0].limited = true;
        assert_eq!(ill(some), "walled garden Doubtful");
        let dns = |setup: &mut Setup| {
            setup.garden[0] = Accept {
                to: String::new(),
                protocol: "udp".to_owned(),
                ports: "53".to_owned(),
                limited: false,
            };
        };
        assert_eq!(ill(dns), "walled garden Bad");
        let port = |setup: &mut Setup| setup.garden[0].ports = "80,8081-8089".to_owned();
        assert_eq!(ill(port), "walled garden Bad");
        assert_eq!(ill(|setup| setup.bypasses = 2), "bindings Doubtful");
        assert_eq!(ill(|setup| setup.online = 200), "licence Bad");
        let level = |level: &'static str, online| {
            ill(move |setup| (setup.level, setup.online) = (level.to_owned(), online))
        };
        assert_eq!(level("3", 0), "licence Bad");
        assert_eq!(level("5", 500), "licence Bad");
        assert_eq!(level("free", 0), "licence Doubtful");
        assert_eq!(
            ill(|setup| setup.ipv6.push("bridge".to_owned())),
            "IPv6 Bad"
        );
        assert_eq!(
            ill(|setup| setup.today = Some(3)),
            "router's clock Doubtful"
        );
    }

    #[test]
    fn ipv6_elsewhere_menus_a_version_lacks_and_licences_without_end_are_no_faults() {
        let mut setup = well();
        setup.ipv6.push("ether1".to_owned());
        (setup.allowed, setup.today) = (None, None);
        setup.online = 9_000;
        for level in ["", "6", "p1", "p-unlimited"] {
            setup.level = level.to_owned();
            let findings = judge(&setup, Some(PORTAL), NOW);
            assert!(
                findings
                    .iter()
                    .all(|finding| finding.verdict == Verdict::Good),
                "{level}"
            );
        }
    }

    #[test]
    fn rules_cover_addresses_networks_ranges_and_ports() {
        for (range, covered) in [
            ("172.31.255.2", Some(true)),
            ("172.31.255.3", Some(false)),
            ("172.31.255.0/24", Some(true)),
            ("172.31.254.0/24", Some(false)),
            ("0.0.0.0/0", Some(true)),
            ("172.31.255.1-172.31.255.9", Some(true)),
            ("", Some(true)),
            ("shop.example", None),
        ] {
            assert_eq!(covers(range, ADDRESS), covered, "{range}");
        }
        for (ports, held) in [
            ("", true),
            ("8080", true),
            ("80,8000-8080", true),
            ("80,8081-8089", false),
            ("http", false),
        ] {
            assert_eq!(has_port(ports, 8080), held, "{ports}");
        }
    }

    #[test]
    fn dates_are_days_since_1970_in_both_spellings() {
        for (date, days) in [
            ("1970-01-01", Some(0)),
            ("jan/02/1970", Some(1)),
            ("2000-03-01", Some(11_017)),
            ("2024-02-29", Some(19_782)),
            ("feb/29/2024", Some(19_782)),
            ("2026-11-25", Some(20_782)),
            ("soon", None),
        ] {
            assert_eq!(day(date), days, "{date}");
        }
    }
}
