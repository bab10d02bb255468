//! What an agent found when it looked its site over, for who reads no English: agents tell it in English, with the thing they looked at and how
//! serious it is. By these two it is said here. Names, numbers and what to type only the agent knows, so its own words are shown beside.

use mnara_protocol::message::Verdict;
use mnara_protocol::portal::Language;

/// A finding in the reader's language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// What was found.
    pub says: &'static str,
    /// What to do about it.
    pub next: Option<&'static str>,
}

const fn well(says: &'static str) -> Told {
    Told { says, next: None }
}

const fn ill(says: &'static str, next: &'static str) -> Told {
    Told {
        says,
        next: Some(next),
    }
}

/// How a hotspot lets nobody in but by its pages.
const LOGIN_BY: &str = "Kwenye ruta: /ip/hotspot/profile/set [find] login-by=http-pap,http-chap";

impl Told {
    /// What an agent found, by its word for what it looked at and how serious it is; nothing where its own words are in this language, or where
    /// a later agent looked at something else.
    #[must_use]
    pub fn of(language: Language, about: &str, verdict: Verdict) -> Option<Self> {
        match language {
            Language::English => None,
            Language::Swahili => of_agent(about, verdict).or_else(|| of_router(about, verdict)),
        }
    }
}

/// The agent, its machine and its way to us.
fn of_agent(about: &str, verdict: Verdict) -> Option<Told> {
    let told = match (about, verdict) {
        ("enrolment", Verdict::Good) => well("Wakala amesajiliwa kwa eneo hili."),
        ("enrolment", Verdict::Bad) => ill(
            "Usajili wa wakala hausomeki.",
            "Tengeneza mstari mpya wa eneo hili na uutumie kwenye mashine ya wakala.",
        ),
        ("disk", Verdict::Good) => well("Nafasi kwenye diski inatosha."),
        ("disk", Verdict::Bad) => ill(
            "Diski imejaa, haiandikiki au haipatikani.",
            "Ongeza nafasi au badilisha diski: wakala hapokei misimbo asipoweza kuiandika.",
        ),
        ("agent", Verdict::Good) => well("Wakala anafanya kazi."),
        ("agent", Verdict::Doubtful) => ill("Wakala hakujibu ipasavyo.", "Washa wakala upya."),
        ("agent", Verdict::Bad) => ill(
            "Wakala hafanyi kazi.",
            "Mwashe wakala: mnara-agent run, au huduma yake.",
        ),
        ("link", Verdict::Good) => well("Wakala anaifikia Mnara."),
        ("link", Verdict::Doubtful) => ill(
            "Wakala haifikii Mnara kwa sasa; eneo linaendelea kufanya kazi.",
            "Angalia \u{201c}njia ya kufika Mnara\u{201d} hapa chini.",
        ),
        ("link", Verdict::Bad) => ill(
            "Mnara haimruhusu wakala huyu kuingia.",
            "Kama mashine ya wakala ilibadilishwa, isajili upya kwa mstari mpya.",
        ),
        ("store", Verdict::Good) => well("Hifadhi ya wakala iko sawa."),
        ("store", Verdict::Bad) => ill(
            "Hifadhi ya wakala haiandikiki au imeharibika, kwa hiyo hakuna msimbo mpya unaopokelewa.",
            "Ongeza nafasi au badilisha diski; walio mtandaoni wanaendelea.",
        ),
        ("facts", Verdict::Doubtful) => ill(
            "Yaliyotokea awali kwenye eneo hili bado hayajachukuliwa kutoka Mnara.",
            "Hakikisha wakala anaifikia Mnara angalau mara moja.",
        ),
        ("clock", Verdict::Good) => well("Saa imethibitishwa na Mnara."),
        ("clock", Verdict::Doubtful) => ill(
            "Saa ya mashine ya wakala haijathibitishwa, au si sahihi.",
            "Hakikisha wakala anaifikia Mnara, na washa NTP kwenye mashine yake.",
        ),
        ("controller", Verdict::Good) => well("Mnara inajibu, na ndiyo iliyosajiliwa."),
        ("controller", Verdict::Bad) => ill(
            "Wakala haifikii Mnara, au anayejibu si Mnara iliyosajiliwa.",
            "Angalia intaneti ya eneo, DNS na firewall; maneno ya wakala yanataja tatizo hasa. Eneo linaendelea kuuza kwa misimbo.",
        ),
        ("portal", Verdict::Good) => well("Ukurasa wa wateja unajibu."),
        ("portal", Verdict::Bad) => ill(
            "Ukurasa wa wateja haujibu.",
            "Washa wakala upya; ni lazima simu zifikie anwani yake kupitia walled garden ya ruta.",
        ),
        _ => return None,
    };
    Some(told)
}

/// The router and its hotspot.
fn of_router(about: &str, verdict: Verdict) -> Option<Told> {
    let told = match (about, verdict) {
        ("router", Verdict::Good) => well("Ruta inajibu."),
        ("router", Verdict::Bad) => ill(
            "Ruta haijibu, au haimruhusu wakala kufanya kazi yake.",
            "Angalia kama ruta imewashwa na kebo zake zimechomekwa, kisha huduma yake ya API na address= yake (/ip/service/print), na jina na nenosiri la wakala.",
        ),
        ("devices", Verdict::Good) => well("Kuna vifaa kwenye mtandao wa hotspot."),
        ("devices", Verdict::Doubtful) => ill(
            "Hakuna kifaa kwenye mtandao wa hotspot.",
            "Unganisha simu kwenye Wi-Fi, kisha kagua tena.",
        ),
        ("rights", Verdict::Good) => well("Mtumiaji wa wakala kwenye ruta ana ruhusa zote."),
        ("rights", Verdict::Bad) => ill(
            "Mtumiaji wa wakala kwenye ruta hana ruhusa zote anazohitaji.",
            "Kwenye ruta: /user/group/set [find name=mnara] policy=api,read,write,test,sensitive (au taja kundi la mtumiaji huyo)",
        ),
        ("hotspot", Verdict::Good) => well("Hotspot inafanya kazi."),
        ("hotspot", Verdict::Bad) => ill(
            "Hakuna hotspot inayofanya kazi kwenye ruta.",
            "Angalia /ip/hotspot/print kwenye ruta, na ufuate maneno ya wakala.",
        ),
        ("addresses", Verdict::Bad) => ill(
            "Hotspot huzipa simu anwani zisizo zao, kwa hiyo simu moja inaweza kudhaniwa kuwa nyingine.",
            "Kwenye ruta: /ip/hotspot/set [find] address-pool=none",
        ),
        ("log-in", Verdict::Good) => well("Ukurasa wa ruta yenyewe pia hupokea misimbo."),
        ("log-in", Verdict::Doubtful) => {
            ill("Hotspot huwaruhusu watu kuingia bila vocha.", LOGIN_BY)
        }
        ("log-in", Verdict::Bad) => ill(
            "Ukurasa wa ruta haupokei jina na nenosiri (http-pap), kwa hiyo wakala asipokuwepo hakuna anayeweza kuingia.",
            LOGIN_BY,
        ),
        ("walled garden", Verdict::Good) => {
            well("Simu zinafikia ukurasa wa wateja kabla ya kuingia.")
        }
        ("walled garden", Verdict::Doubtful) => ill(
            "Haijulikani kama simu zinafikia ukurasa wa wateja kabla ya kuingia.",
            "Hakikisha walled garden ya ruta inaruhusu anwani ya ukurasa huo.",
        ),
        ("walled garden", Verdict::Bad) => ill(
            "Simu haziwezi kufikia ukurasa wa wateja kabla ya kuingia.",
            "Ongeza kwenye ruta kanuni ya walled garden ambayo maneno ya wakala yanaitaja.",
        ),
        ("bindings", Verdict::Doubtful) => ill(
            "Ruta inaruhusu baadhi ya vifaa viwe mtandaoni bila vocha.",
            "Kwenye ruta, kama hutaki hivyo: /ip/hotspot/ip-binding/print, kisha ondoa vifaa vinavyopaswa kulipa.",
        ),
        ("licence", Verdict::Doubtful) => ill(
            "Leseni ya ruta ni ya bure, na kasi yake haizidi Mbit/s 1.",
            "Nunua leseni ya ruta: /system/license/renew",
        ),
        ("licence", Verdict::Bad) => ill(
            "Leseni ya ruta hairuhusu vifaa zaidi kuwa mtandaoni kwa wakati mmoja.",
            "Nunua leseni ya kiwango cha juu zaidi kwa ruta hiyo (/system/license/print huonyesha ya sasa), au tumia ruta nyingine.",
        ),
        ("IPv6", Verdict::Bad) => ill(
            "Mtandao wa hotspot hutoa IPv6, ambayo hotspot haiwezi kuilinda: simu ziko mtandaoni bila kulipa.",
            "Zima IPv6 kwenye mtandao huo wa ruta, au izuie kwenye /ipv6/firewall/filter.",
        ),
        ("router's clock", Verdict::Doubtful) => ill(
            "Tarehe ya ruta si sahihi.",
            "Vocha haziitegemei, lakini kumbukumbu na vyeti vyake huitegemea. Kwenye ruta: /system/ntp/client/set enabled=yes servers=pool.ntp.org",
        ),
        _ => return None,
    };
    Some(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_left_to_the_agents_own_words() {
        let of = |language, about| Told::of(language, about, Verdict::Bad);
        assert!(of(Language::Swahili, "router").is_some_and(|told| told.next.is_some()));
        assert_eq!(of(Language::English, "router"), None);
        assert_eq!(of(Language::Swahili, "something new"), None);
    }

    #[test]
    fn whatever_is_wrong_is_said_with_what_to_do() {
        for about in [
            "enrolment",
            "disk",
            "agent",
            "link",
            "store",
            "facts",
            "clock",
            "controller",
            "router",
            "devices",
            "rights",
            "hotspot",
            "addresses",
            "log-in",
            "walled garden",
            "bindings",
            "licence",
            "IPv6",
            "router's clock",
            "portal",
        ] {
            let wrong = [Verdict::Doubtful, Verdict::Bad];
            let told: Vec<_> = wrong
                .into_iter()
                .filter_map(|verdict| Told::of(Language::Swahili, about, verdict))
                .collect();
            assert!(!told.is_empty(), "{about} has no words");
            assert!(told.iter().all(|told| told.next.is_some()), "{about}");
            let good = Told::of(Language::Swahili, about, Verdict::Good);
            assert!(good.is_none_or(|told| told.next.is_none()), "{about}");
        }
    }
}
