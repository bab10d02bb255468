//! What each page says, in both languages.

use super::*;

mod given_back;
mod money;
mod typing;
mod waiting;

#[test]
fn every_trouble_says_what_happened_and_what_to_do_in_both_languages() {
    for trouble in troubles() {
        let [english, swahili] = Language::ALL.map(|language| {
            let (what, next) = trouble.words(language);
            assert!(what.len() > 8 && next.len() > 20, "{trouble:?}");
            let page = render(language, &home(), Some(trouble));
            assert!(page.contains("role=\"alert\"") && page.contains("0700 000 000"));
            what
        });
        assert_ne!(english, swahili, "{trouble:?} is not translated");
    }
}

#[test]
fn a_trouble_that_lasts_says_so_on_every_page() {
    for state in [
        PurchaseState::Failed(PayFailure::WrongPin),
        PurchaseState::LateUnknown,
        PurchaseState::PriceChanged,
        PurchaseState::NoCloud,
    ] {
        let failed = Home {
            purchase: Some(purchase(state)),
            ..home()
        };
        let trouble = Trouble::of_purchase(state).unwrap();
        for language in Language::ALL {
            let page = render(language, &failed, None);
            assert!(page.contains(trouble.words(language).0), "{page}");
            assert!(page.contains("name=\"code\""), "a dead end: {page}");
        }
    }
}

fn paying(state: PurchaseState) -> Home {
    Home {
        purchase: Some(purchase(state)),
        ..home()
    }
}

#[test]
fn each_state_has_its_page() {
    for language in Language::ALL {
        let words = language.words();
        let plans = render(language, &home(), None);
        assert!(
            plans.contains("KSh 1,250")
                && plans.contains(&format!("value=\"{}.7\"", PlanId::from_bytes([2; 16])))
                && plans.contains("name=\"code\"")
        );
        let since = Timestamp::from_secs(0);
        let page = render(language, &paying(PurchaseState::CheckPhone { since }), None);
        assert!(
            page.contains(words.check_phone)
                && page.contains("678")
                && page.contains("http-equiv=\"refresh\"")
                && page.contains("data-state=\"check_phone\"")
                && !page.contains("name=\"phone\"")
        );
        let connecting = Home {
            ticket: Some(ticket(false)),
            ..home()
        };
        let page = render(language, &connecting, None);
        assert!(page.contains(words.paid_connecting) && page.contains(words.not_started));
        assert!(page.contains("7KQ2-M0X1-90AB") && page.contains("7KQ2M0X190AB"));
        let waiting = Home {
            ticket: Some(TicketView {
                router_away: true,
                ..ticket(false)
            }),
            ..home()
        };
        let page = render(language, &waiting, None);
        assert!(page.contains(words.paid_waits) && page.contains("http-equiv=\"refresh\""));
        let online = Home {
            ticket: Some(ticket(true)),
            ..home()
        };
        let page = render(language, &online, None);
        assert!(
            page.contains("online")
                && page.contains("700\u{a0}MB")
                && page.contains("http://outside.example/")
                && page.contains(words.log_out)
                && !page.contains("http-equiv")
        );
        let away = Home {
            cloud: false,
            ..home()
        };
        let page = render(language, &away, None);
        assert!(
            page.contains("M-PESA")
                && page.contains("name=\"code\"")
                && !page.contains("name=\"phone\"")
        );
        let closed = Home {
            sales_open: false,
            ..home()
        };
        let page = render(language, &closed, None);
        assert!(page.contains(words.closed) && !page.contains("name=\"phone\""));
        for (status, said) in [
            (Status::Used, words.used_up),
            (Status::Expired, words.expired),
            (Status::Revoked, words.revoked),
        ] {
            let ended = Home {
                ticket: Some(TicketView {
                    status,
                    ..ticket(false)
                }),
                ..home()
            };
            let page = render(language, &ended, None);
            assert!(page.contains(said) && page.contains("name=\"code\""));
        }
        let elsewhere = Home {
            ticket: Some(TicketView {
                held: false,
                ..ticket(false)
            }),
            ..home()
        };
        let page = render(language, &elsewhere, None);
        assert!(page.contains(words.not_here) && page.contains(words.use_here));
        for device in [Device::NotInHotspot, Device::LetThrough] {
            let stranger = Home { device, ..home() };
            let page = render(language, &stranger, None);
            assert!(
                page.contains("role=\"alert\"") && !page.contains("name=\"code\""),
                "nothing is sold to a stranger, or to who needs nothing"
            );
        }
    }
}

#[test]
fn a_running_ticket_is_never_said_not_to_have_started() {
    let running = TicketView {
        step: Step::Confirmed,
        ends_at: Some(Timestamp::from_secs(9)),
        ..ticket(false)
    };
    for router_away in [false, true] {
        let home = Home {
            ticket: Some(TicketView {
                router_away,
                ..running.clone()
            }),
            ..home()
        };
        let page = render(Language::English, &home, None);
        assert!(!page.contains("has not started"), "{page}");
    }
}

#[test]
fn who_has_paid_sees_the_ticket_while_the_router_is_away() {
    let away = Home {
        device: Device::RouterAway,
        ..home()
    };
    let paid = Home {
        ticket: Some(TicketView {
            router_away: true,
            ..ticket(false)
        }),
        ..away.clone()
    };
    for language in Language::ALL {
        let words = language.words();
        for place in [Place::Home, Place::Wait, Place::Ticket, Place::Status] {
            assert_eq!(place.instead(&paid), None, "{place:?}");
            let page = render_at(place, language, &paid, None, &Typed::default());
            let shows = |what: &str| page.contains(what);
            assert!(shows(&words.terms(&HOUR)), "{place:?}: {page}");
            if place != Place::Status {
                assert!(shows("7KQ2-M0X1-90AB") && shows(words.username) && shows(words.password));
            }
            if place != Place::Ticket {
                assert!(shows(words.paid_waits) && shows(words.router_waits));
            }
            assert!(!page.contains("role=\"alert\"") && !page.contains("method=\"post\""));
        }
        // One who was online before, and one of whom nothing is known.
        let running = Home {
            ticket: Some(TicketView {
                router_away: true,
                ..ticket(true)
            }),
            ..away.clone()
        };
        let page = render(language, &running, None);
        assert!(page.contains(words.router_gone) && !page.contains(words.go_on));
        let page = render(language, &away, None);
        assert!(page.contains("role=\"alert\"") && !page.contains("7KQ2"));
        let asked = Home {
            purchase: Some(purchase(PurchaseState::LateUnknown)),
            ..away.clone()
        };
        let page = render(language, &asked, None);
        assert!(page.contains(Trouble::PayUnknown.words(language).0) && !page.contains("<form"));
    }
}

#[test]
fn nothing_is_sold_twice_while_a_payment_is_under_way() {
    for trouble in [
        None,
        Some(Trouble::Buy(BuyError::TooMany { retry_secs: 9 })),
    ] {
        let page = render(Language::English, &paying(PurchaseState::Asking), trouble);
        assert!(!page.contains("name=\"phone\""), "{page}");
    }
    let page = render(Language::English, &paying(PurchaseState::LateUnknown), None);
    let (before, after) = page.split_once("<details>").unwrap();
    assert!(before.contains("Do not pay again") && !before.contains("name=\"phone\""));
    assert!(after.contains("name=\"phone\""), "no dead end either");
}

#[test]
fn every_page_is_there_when_it_says_something() {
    let connecting = Home {
        ticket: Some(ticket(false)),
        ..home()
    };
    let online = Home {
        ticket: Some(ticket(true)),
        ..home()
    };
    let asking = paying(PurchaseState::Asking);
    let failed = paying(PurchaseState::Failed(PayFailure::NoMoney));
    let home = home();
    let expected = [
        (Place::Wait, &home, Some(Place::Home)),
        (Place::Wait, &asking, None),
        (Place::Wait, &failed, Some(Place::Home)),
        (Place::Wait, &connecting, None),
        (Place::Wait, &online, Some(Place::Online)),
        (Place::Online, &online, None),
        (Place::Online, &connecting, Some(Place::Wait)),
        (Place::Online, &home, Some(Place::Home)),
        (Place::Ticket, &online, None),
        (Place::Ticket, &home, Some(Place::Home)),
        (Place::Status, &online, None),
        (Place::Status, &home, Some(Place::Home)),
        (Place::Home, &online, None),
    ];
    for (place, home, instead) in expected {
        assert_eq!(
            place.instead(home),
            instead,
            "{place:?} of {:?}",
            Situation::of(home)
        );
        if instead.is_none() {
            for language in Language::ALL {
                let page = render_at(place, language, home, None, &Typed::default());
                let other = language.words().other_tag;
                assert!(page.contains(&format!("href=\"{}?lang={other}\"", place.path())));
            }
        }
    }
    let arrived = render_at(
        Place::Online,
        Language::English,
        &online,
        None,
        &Typed::default(),
    );
    assert!(arrived.contains("data-to=\"http://outside.example/\" hidden>"));
    let kept = render_at(
        Place::Ticket,
        Language::English,
        &online,
        None,
        &Typed::default(),
    );
    for said in [
        "7KQ2-M0X1-90AB",
        "User name",
        "Password",
        "1.5\u{a0}GB",
        "another phone",
    ] {
        assert!(kept.contains(said), "{said}");
    }
}

#[test]
fn what_was_typed_stays_and_cannot_become_markup() {
    let typed = Typed {
        code: "\"><script>x</script>".into(),
        phone: "07\"12".into(),
        plan: PlanId::from_bytes([2; 16]).to_string(),
        receipt: "\"><script>y</script>".into(),
        by_sms: true,
    };
    let trouble = Some(Trouble::Buy(BuyError::BadPhone));
    let page = render_at(Place::Home, Language::English, &home(), trouble, &typed);
    assert!(page.contains("value=\"07&quot;12\"") && page.contains("aria-invalid"));
    assert!(page.contains("value=\"&quot;&gt;&lt;script&gt;x"));
    assert!(page.contains("\" checked>") && page.contains(">Pay KSh 1,250<"));
    let trouble = Some(Trouble::Buy(BuyError::PriceChanged));
    let page = render_at(Place::Home, Language::English, &home(), trouble, &typed);
    assert!(
        page.contains("now costs KSh 1,250"),
        "the new price is not said: {page}"
    );
}

#[test]
fn after_a_failure_the_plan_is_still_chosen_and_the_field_in_question_comes_first() {
    let mut failed = paying(PurchaseState::Failed(PayFailure::WrongPin));
    failed.plans[0].name = "One hour".into();
    failed.purchase.as_mut().unwrap().plan_name = Some("One hour".into());
    let other = PlanView {
        id: PlanId::from_bytes([8; 16]),
        name: "Day".into(),
        ..failed.plans[0].clone()
    };
    failed.plans.insert(0, other);
    let page = render(Language::English, &failed, None);
    let chosen = format!(
        "value=\"{}.7\" data-price=\"KSh 1,250\" checked>",
        PlanId::from_bytes([2; 16])
    );
    assert!(
        page.contains(&chosen) && page.matches(" checked>").count() == 1,
        "{page}"
    );
    let trouble = Trouble::Redeem(RedeemError::Throttled { retry_secs: 9 });
    let page = render(Language::English, &home(), Some(trouble));
    let place = |what: &str| page.find(what).unwrap();
    assert!(place("name=\"code\"") < place("name=\"phone\"") && page.contains("9\u{a0}seconds"));
}

#[test]
fn many_plans_do_not_make_a_large_page() {
    let mut many = home();
    many.plans = (0..60)
        .map(|number| PlanView {
            id: PlanId::from_bytes([number; 16]),
            name: format!("Plan number {number} of a business with many plans"),
            ..many.plans[0].clone()
        })
        .collect();
    let page = render(Language::Swahili, &many, None);
    assert!(page.contains("/portal/plans?lang=sw") && page.contains("Plan number 19"));
    assert!(!page.contains("Plan number 20"));
    assert!(page.contains("href=\"#code\"") && page.contains("id=\"code\""));
    let all = View {
        language: Language::Swahili,
        place: Place::Plans,
        home: Some(&many),
        trouble: None,
        typed: &Typed::default(),
        seal: "s",
        outside: "http://outside.example/",
    }
    .render();
    assert!(all.contains("Plan number 59") && all.len() < 40_000);
}

#[test]
fn all_a_look_may_say_fits_on_the_pages() {
    let long = |letter: &str, length: usize| Spoken {
        english: letter.repeat(length),
        swahili: letter.repeat(length),
    };
    let mut full = home();
    full.look = Arc::new(Look {
        button: Some(0x12_34_56),
        welcome: long("&", 200),
        banner: long("<", 160),
        terms: long("ä", 4_000),
        logo: Some([5; 16]),
        ..full.look.as_ref().clone()
    });
    let one = PlanView {
        name: "A plan with as long a name as any plan on a portal may have".into(),
        hours: Some(Hours {
            days: 0b101_0101,
            from_minute: 1,
            until_minute: 2,
            ahead_minutes: 180,
        }),
        ..full.plans[0].clone()
    };
    full.plans = (0..60)
        .map(|number| PlanView {
            id: PlanId::from_bytes([number; 16]),
            colour: Some(u32::from(number) << 8),
            ..one.clone()
        })
        .collect();
    for language in Language::ALL {
        let page = render(language, &full, None);
        let words = language.words();
        assert!(page.contains("class=\"banner\">&lt;") && page.contains(words.you_accept));
        assert!(page.contains(&format!("/portal/logo?h={}", "05".repeat(16))));
        let terms = render_at(Place::Terms, language, &full, None, &Typed::default());
        assert!(terms.contains("ää") && !terms.contains("<form"));
    }
    // The page, its style sheet, its script and the largest logo.
    let page = render(Language::English, &home(), None).len();
    let sheet = style(None, None, None).len();
    assert!(page + sheet + SCRIPT.len() + 16 * 1024 < 40_000);
}

#[test]
fn a_plan_of_other_hours_says_which() {
    let mut shut = home();
    shut.plans[0].hours = Some(Hours {
        days: Hours::EVERY_DAY,
        from_minute: 1320,
        until_minute: 300,
        ahead_minutes: 180,
    });
    shut.plans[0].is_open = false;
    let typed = Typed {
        plan: shut.plans[0].id.to_string(),
        ..Typed::default()
    };
    for language in Language::ALL {
        let trouble = Trouble::Buy(BuyError::NotNow);
        let page = render_at(Place::Home, language, &shut, Some(trouble), &typed);
        let (alert, rest) = page.split_once("</section>").unwrap();
        assert!(alert.contains("22:00–05:00"), "{page}");
        assert!(rest.contains("disabled>") && rest.contains("name=\"code\""));
    }
}

#[test]
fn a_trial_is_offered_first_and_its_end_leads_to_the_plans() {
    for language in Language::ALL {
        let words = language.words();
        let offered = Home {
            trial: Some(Trial {
                terms: HOUR,
                every_days: 7,
            }),
            cloud: false,
            ..home()
        };
        let page = render(language, &offered, None);
        let press = page.find("action=\"/portal/try\"").unwrap();
        assert!(press < page.find("name=\"code\"").unwrap(), "{page}");
        assert!(page.contains(words.try_free) && page.contains("name=\"seal\""));
        let trying = Home {
            ticket: Some(TicketView {
                trial: true,
                bought: false,
                ..ticket(true)
            }),
            ..home()
        };
        let page = render(language, &trying, None);
        assert!(
            page.contains(words.online) && !page.contains("7KQ2"),
            "{page}"
        );
        let over = Home {
            ticket: Some(TicketView {
                trial: true,
                bought: false,
                status: Status::Used,
                ..ticket(false)
            }),
            ..home()
        };
        let page = render(language, &over, None);
        assert!(page.contains(words.trial_over) && page.contains("id=\"pay\""));
    }
}
