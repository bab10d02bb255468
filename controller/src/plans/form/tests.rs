//! The form of a plan, read and written.

use mnara_protocol::ids::PlanId;
use mnara_protocol::portal::Language;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::*;
use crate::plans::{DEAREST, LARGEST, LONGEST, SHORTEST};
use crate::providers::pages::words::Words;

fn filled() -> Filled {
    Filled {
        name: "1 hour".to_owned(),
        price: "1,000".to_owned(),
        time: "90".to_owned(),
        time_unit: "m".to_owned(),
        devices: "2".to_owned(),
        down: "2,5".to_owned(),
        on_sale: Some("on".to_owned()),
        ..Filled::default()
    }
}

#[test]
fn a_form_is_read_as_people_fill_it_in() {
    let draft = filled().draft().unwrap();
    assert_eq!(draft.price, Money::from_shillings(1000));
    assert_eq!(draft.terms.duration_secs, Some(5_400));
    let rate = draft.terms.rate.unwrap();
    assert_eq!((rate.down_bps, rate.up_bps), (2_500_000, 2_500_000));
    assert_eq!(
        gives(&draft.terms, Words::of(Language::English)),
        "90\u{a0}minutes · 2.5\u{a0}Mbit/s · 2\u{a0}devices"
    );
    assert_eq!(
        gives(&draft.terms, Words::of(Language::Swahili)),
        "dakika\u{a0}90 · 2.5\u{a0}Mbit/s · vifaa\u{a0}2"
    );
}

#[test]
fn what_is_wrong_is_said_and_nothing_else_is_lost() {
    let with = |change: fn(&mut Filled)| {
        let mut filled = filled();
        change(&mut filled);
        filled.draft().unwrap_err()
    };
    assert_eq!(with(|f| f.price = "ten".into()), BadPlan::Price);
    assert_eq!(with(|f| f.time = String::new()), BadPlan::Endless);
    assert_eq!(with(|f| f.time = "4294967295".into()), BadPlan::Time);
    assert_eq!(with(|f| f.data = "some".into()), BadPlan::Data);
    assert_eq!(with(|f| f.down = "fast".into()), BadPlan::Speed);
    assert_eq!(with(|f| f.devices = String::new()), BadPlan::Devices);
    assert_eq!(with(|f| f.sell_by = "x".into()), BadPlan::SellBy);
    assert_eq!(with(|f| f.from = "22:00".into()), BadPlan::Hours);
    assert_eq!(
        with(|f| {
            f.from = "22:00".into();
            f.until = "25:00".into();
        }),
        BadPlan::Hours
    );
    assert_eq!(with(|f| f.burst_down = "1".into()), BadPlan::Burst);
    assert_eq!(
        with(|f| {
            f.burst_down = "10".into();
            f.down = String::new();
        }),
        BadPlan::Burst
    );
    assert_eq!(
        with(|f| {
            f.coloured = Some("on".into());
            f.colour = "red".into();
        }),
        BadPlan::Colour
    );
}

#[test]
fn a_speed_is_sold_as_it_was_typed_or_not_at_all() {
    for (typed, bps) in [
        ("5", 5_000_000),
        ("0.25", 250_000),
        ("0,25", 250_000),
        ("0,512", 512_000),
        ("1.024", 1_024_000),
        (" 1000 ", 1_000_000_000),
        ("0.064", 64_000),
    ] {
        assert_eq!(speed(typed), Ok(Some(bps)), "{typed}");
    }
    for typed in [
        "5.2abc",
        "0.2500",
        "1,000",
        "1.2.3",
        ".5",
        "5.",
        "+5",
        "5.+1",
        "-1",
        "5 Mbit/s",
        "99999999999999999999",
    ] {
        assert_eq!(speed(typed), Err(BadPlan::Speed), "{typed}");
    }
    for bps in [8_000, 64_000, 512_000, 1_000_000, 2_048_000, 10_000_000] {
        assert_eq!(speed(&millions(bps)), Ok(Some(bps)), "{bps}");
    }
    // Programs may say it to the bit: the form says so too, and makes no other of it, nor takes it from whoever types it.
    assert_eq!(millions(512_123), "0.512123");
    assert_eq!(speed("0.512123"), Err(BadPlan::Speed));
}

#[test]
fn every_preset_is_a_plan_and_comes_back_from_the_form_as_it_was() {
    for language in Language::ALL {
        let w = &Words::of(language).plans;
        for name in ["hour", "day", "week", "data", "night"] {
            let draft = Filled::preset(name, w).draft().unwrap();
            let plan = draft.clone().plan(PlanId::from_bytes([1; 16]), 1);
            assert_eq!(Filled::of(&plan).draft().unwrap(), draft);
        }
    }
}

#[test]
fn hours_bursts_and_colours_come_back_from_the_form_as_they_were() {
    let filled = Filled {
        burst_down: "10".to_owned(),
        from: "22:00".to_owned(),
        until: "06:00:00".to_owned(),
        fri: Some("on".to_owned()),
        coloured: Some("on".to_owned()),
        colour: "#FFCC00".to_owned(),
        ..filled()
    };
    let draft = filled.draft().unwrap();
    let hours = draft.hours.unwrap();
    assert_eq!(
        (hours.days, hours.from_minute, hours.until_minute),
        (0b001_0000, 1320, 360)
    );
    let burst = draft.terms.rate.unwrap().burst.unwrap();
    assert_eq!((burst.down_bps, burst.up_bps), (10_000_000, 2_500_000));
    assert_eq!((burst.down_below_bps, burst.secs), (2_500_000, BURST_SECS));
    assert_eq!(draft.colour, Some(0xff_cc_00));
    let plan = draft.clone().plan(PlanId::from_bytes([1; 16]), 1);
    assert_eq!(Filled::of(&plan).draft().unwrap(), draft);
    let sundays = Filled {
        sun: Some("on".to_owned()),
        ..self::filled()
    };
    let hours = sundays.draft().unwrap().hours.unwrap();
    assert!(hours.is_whole_day() && hours.days == 0b100_0000);
}

/// A plan as it is stored.
fn stored(draft: &Draft) -> Plan {
    draft.clone().plan(PlanId::from_bytes([1; 16]), 7)
}

/// One of these.
fn one<T: Copy>(rng: &mut StdRng, of: &[T]) -> T {
    of[rng.random_range(0..of.len())]
}

/// A number that is round in one of the units.
fn round(rng: &mut StdRng, units: &[u64], (least, most): (u64, u64)) -> u64 {
    let unit = one(rng, units);
    rng.random_range(least.div_ceil(unit)..=most / unit) * unit
}

fn secs(rng: &mut StdRng, least: u32) -> Option<u32> {
    let within = (u64::from(least), u64::from(LONGEST));
    let secs = round(rng, &[1, 60, 3_600, 86_400], within);
    rng.random_bool(0.6).then(|| u32::try_from(secs).unwrap())
}

fn rate(rng: &mut StdRng) -> Rate {
    let units = [1, 1_000, 1_000_000];
    let [down_bps, up_bps] = [0; 2].map(|_| round(rng, &units, (8_000, 10_000_000_000)));
    let most_down = round(rng, &units, (down_bps + 1, LARGEST));
    let most_up = round(rng, &units, (up_bps, LARGEST));
    let burst = Burst {
        down_bps: most_down,
        up_bps: most_up,
        down_below_bps: rng.random_range(8_000..=most_down),
        up_below_bps: rng.random_range(8_000..=most_up),
        secs: rng.random_range(1..=300),
    };
    Rate {
        down_bps,
        up_bps,
        burst: rng.random_bool(0.5).then_some(burst),
    }
}

fn hours(rng: &mut StdRng) -> Hours {
    let any = rng.random_range(0..1_440);
    let from_minute = one(rng, &[0, 480, any]);
    let any = rng.random_range(0..1_440);
    let some_days = rng.random_range(1..=Hours::EVERY_DAY);
    Hours {
        days: one(rng, &[Hours::EVERY_DAY, some_days]),
        from_minute,
        until_minute: one(rng, &[0, from_minute, any]),
        ahead_minutes: nairobi::AHEAD_MINUTES,
    }
}

/// A plan as a program may make it.
fn drawn(rng: &mut StdRng) -> Draft {
    let (rate, hours) = (rate(rng), hours(rng));
    let bytes = round(rng, &[1, 1_000, 1_000_000], (1_000_000, LARGEST));
    let dearest = i32::try_from(DEAREST).unwrap();
    let colour = rng.random_range(0..=0xff_ff_ff);
    let duration_secs = secs(rng, SHORTEST);
    Draft {
        name: one(rng, &["1 hour", " 1 hour ", "Siku \"nzima\"", "<b>"]).to_owned(),
        price: Money::from_shillings(rng.random_range(1..=dearest)),
        terms: Terms {
            duration_secs,
            online_secs: secs(rng, SHORTEST),
            data_bytes: (duration_secs.is_none() || rng.random_bool(0.5)).then_some(bytes),
            devices: rng.random_range(1..=100),
            rate: rng.random_bool(0.8).then_some(rate),
        },
        sell_by_secs: secs(rng, 3_600),
        on_sale: rng.random_bool(0.5),
        position: rng.random_range(0..=u16::MAX),
        hours: rng.random_bool(0.6).then_some(hours),
        colour: rng.random_bool(0.5).then_some(colour),
    }
}

#[test]
fn a_plan_that_is_opened_and_saved_stays_what_it_was() {
    for seed in 0..2_000 {
        let draft = drawn(&mut StdRng::seed_from_u64(seed));
        assert_eq!(draft.check(), Ok(()), "seed {seed}: {draft:?}");
        let plan = stored(&draft);
        let form = Filled::of(&plan);
        assert_eq!(form.over(&plan).as_ref(), Ok(&draft), "seed {seed}");
        let form = Filled {
            name: "Another".to_owned(),
            ..form
        };
        let named = Draft {
            name: "Another".to_owned(),
            ..draft
        };
        assert_eq!(form.over(&plan), Ok(named), "seed {seed}");
    }
}

#[test]
fn a_form_shows_what_a_program_said_as_it_is() {
    let draft = Draft {
        sell_by_secs: Some(36 * 3_600),
        hours: Some(Hours {
            days: 0b001_0000,
            from_minute: 480,
            until_minute: 480,
            ahead_minutes: nairobi::AHEAD_MINUTES,
        }),
        terms: Terms {
            duration_secs: Some(90),
            online_secs: Some(5_400),
            data_bytes: Some(1_073_741_824),
            devices: 1,
            rate: Some(Rate {
                down_bps: 1_048_576,
                up_bps: 512_123,
                burst: None,
            }),
        },
        ..filled().draft().unwrap()
    };
    let plan = stored(&draft);
    let form = Filled::of(&plan);
    for (shown, is) in [
        (&form.sell_by, "36"),
        (&form.sell_by_unit, "h"),
        (&form.time, "90"),
        (&form.time_unit, "s"),
        (&form.online, "90"),
        (&form.online_unit, "m"),
        (&form.data, "1073.741824"),
        (&form.down, "1.048576"),
        (&form.up, "0.512123"),
        (&form.from, "08:00"),
        (&form.until, "08:00"),
    ] {
        assert_eq!(shown, is);
    }
    // What is touched is read as ever, and only that.
    let touched = |change: fn(&mut Filled)| {
        let mut form = Filled::of(&plan);
        change(&mut form);
        form.over(&plan)
    };
    let faster = touched(|form| form.up = "2".to_owned()).unwrap();
    let rate = faster.terms.rate.unwrap();
    assert_eq!((rate.down_bps, rate.up_bps), (1_048_576, 2_000_000));
    let saturdays = touched(|form| form.sat = Some("on".to_owned())).unwrap();
    let hours = saturdays.hours.unwrap();
    assert_eq!((hours.days, hours.from_minute), (0b011_0000, 480));
    let bad = touched(|form| form.up = "0.512124".to_owned());
    assert_eq!(bad, Err(BadPlan::Speed));
    let bad = touched(|form| form.data = "1073.7".to_owned());
    assert_eq!(bad, Err(BadPlan::Data));
    let bad = touched(|form| form.until = String::new());
    assert_eq!(bad, Err(BadPlan::Hours));
    // Days are what a form without the unit means.
    let days = touched(|form| {
        form.sell_by = "30".to_owned();
        form.sell_by_unit = String::new();
    });
    assert_eq!(days.unwrap().sell_by_secs, Some(30 * 86_400));
}

#[test]
fn long_downloads_keep_to_the_plain_speed_in_both_languages() {
    let text = |language| Words::of(language).plans.burst_text;
    assert!(text(Language::English).contains("keep to the speed above"));
    assert!(text(Language::Swahili).contains("kasi ya kawaida"));
}
