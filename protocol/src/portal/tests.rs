//! The parts of the portal that both programs draw.

use super::*;
use crate::clock::Timestamp;
use crate::ids::PlanId;

fn plan(hours: Option<Hours>) -> Plan {
    Plan {
        id: PlanId::from_bytes([1; 16]),
        revision: 1,
        name: "<b>Night</b>".to_owned(),
        price: Money::from_shillings(20),
        terms: Terms {
            duration_secs: Some(28_800),
            online_secs: None,
            data_bytes: None,
            devices: 1,
            rate: None,
        },
        sell_by_secs: None,
        on_sale: true,
        position: 0,
        hours,
        colour: Some(0x12_34_56),
    }
}

const NIGHT: Hours = Hours {
    days: 0b001_1111,
    from_minute: 22 * 60,
    until_minute: 6 * 60,
    ahead_minutes: 180,
};

fn drawn(language: Language, look: &Look, plans: &[PlanView]) -> String {
    let mut page = Html::default();
    begin(&mut page, language);
    let top = Top {
        language,
        look: Some(look),
        plans,
        news: None,
        base: "/portal/",
        here: "/portal/",
        scanned: None,
        logo: "/portal/logo?h=1",
    };
    top.title(&mut page);
    top.header(&mut page);
    welcome(&mut page, language, look);
    let shelf = Counter {
        by_hand: None,
        no_prompts: false,
        sms: None,
        language,
        look,
        plans,
        chosen: None,
        is_whole: false,
        phone: "",
        is_phone_wrong: false,
        seal: "s",
        base: "/portal/",
    };
    counter(&mut page, &shelf);
    page.finish()
}

#[test]
fn a_plan_outside_its_hours_is_shown_with_them_and_cannot_be_chosen() {
    let plan = plan(Some(NIGHT));
    // A Thursday in Nairobi, at three in the morning and at noon.
    let [night, noon] = [Timestamp::from_secs(0), Timestamp::from_secs(9 * 3_600)];
    for language in Language::ALL {
        let words = language.words();
        let open = drawn(language, &Look::unknown(), &[PlanView::of(&plan, night)]);
        assert!(open.contains("checked>") && open.contains("name=\"phone\""));
        let shut = drawn(language, &Look::unknown(), &[PlanView::of(&plan, noon)]);
        assert!(shut.contains("disabled>") && !shut.contains("name=\"phone\""));
        assert!(shut.contains(words.sold_later) && shut.contains("22:00–06:00"));
        assert!(shut.contains("class=\"plan p123456\"") && shut.contains("&amp;p=123456&amp;v="));
        assert!(!shut.contains("<b>Night"));
    }
}

#[test]
fn hours_are_told_as_people_say_them() {
    let english = Language::English.words();
    let with = |days, from_minute, until_minute| {
        english.hours(&Hours {
            days,
            from_minute,
            until_minute,
            ahead_minutes: 180,
        })
    };
    assert_eq!(english.hours(&NIGHT), "Sold 22:00–06:00, Mon–Fri");
    assert_eq!(with(0b110_0001, 0, 0), "Sold Mon, Sat, Sun");
    assert_eq!(with(0b111_1111, 365, 540), "Sold 06:05–09:00");
    let swahili = Language::Swahili.words();
    assert_eq!(swahili.hours(&NIGHT), "Huuzwa 22:00–06:00, Jtt–Iju");
}

#[test]
fn what_a_business_says_is_text_and_falls_back_to_the_other_language() {
    let mut look = Look::unknown();
    look.take_look(Some(LookRow {
        button: Some(0xff_12_34_56),
        welcome: Some(Spoken {
            english: "<script>x</script>".to_owned(),
            swahili: String::new(),
        }),
        banner: Some(Spoken {
            english: "Half price".to_owned(),
            swahili: "Nusu bei".to_owned(),
        }),
        terms: Some(Spoken {
            english: "One\n\nTwo <i>".to_owned(),
            swahili: String::new(),
        }),
        logo: Some([1; 16]),
    }));
    let plans = [PlanView::of(&plan(None), Timestamp::from_secs(0))];
    for language in Language::ALL {
        let page = drawn(language, &look, &plans);
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script"));
        assert!(page.contains("src=\"/portal/logo?h=1\"") && page.contains("&amp;b=123456"));
        assert!(page.contains("/portal/terms?lang="), "{page}");
        let mut terms = Html::default();
        terms_page(&mut terms, language, &look, "/portal/");
        assert!(terms.finish().contains("<p>One</p><p>Two &lt;i&gt;</p>"));
    }
    assert!(drawn(Language::Swahili, &look, &plans).contains("Nusu bei"));
    look.take_look(None);
    let plain = drawn(Language::English, &look, &plans);
    assert!(!plain.contains("class=\"banner\"") && !plain.contains("/portal/terms"));
}

#[test]
fn what_is_given_away_takes_one_press_and_says_how_often() {
    let trial = |every_days| Trial {
        terms: Terms {
            duration_secs: Some(900),
            online_secs: None,
            data_bytes: Some(50_000_000),
            devices: 1,
            rate: None,
        },
        every_days,
    };
    let drawn = |language, every_days| {
        let mut page = Html::default();
        trial_form(&mut page, language, "/portal/", "s", &trial(every_days));
        page.finish().replace('\u{a0}', " ")
    };
    let english = drawn(Language::English, 7);
    assert!(english.contains("<form method=\"post\" action=\"/portal/try\">"));
    assert!(english.contains(">Try free for 15 minutes</button>"));
    assert!(
        english.contains("15 minutes · 50 MB. ")
            && english.contains("For each phone once in 7 days.")
    );
    let swahili = drawn(Language::Swahili, 1);
    assert!(swahili.contains(">Jaribu bure kwa dakika 15</button>"));
    assert!(swahili.contains("Mara moja kwa siku kwa kila simu."));
}
