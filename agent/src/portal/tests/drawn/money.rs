//! Pages about money: by hand, by receipt, with credit, by SMS, and when no prompts arrive.

use super::*;

#[test]
fn who_pays_by_hand_reads_what_to_type_and_how_to_go_on() {
    let told = |kind, account: Option<&str>| Home {
        by_hand: Some(kind),
        hand: Some(HandView {
            plan_name: "<b>Hour</b>".into(),
            price: Money::from_shillings(1250),
            place: ByHandAnswer {
                kind,
                number: "174379".into(),
                account: account.map(Into::into),
            },
            phone_tail: Some("678".into()),
        }),
        ..home()
    };
    for language in Language::ALL {
        let words = language.words();
        let home = told(ByHand::Paybill, Some("D4820175"));
        let page = render_at(Place::Wait, language, &home, None, &Typed::default());
        for said in [
            words.hand_menu,
            "174379",
            "D4820175",
            "KSh 1,250",
            words.claim,
        ] {
            assert!(page.contains(said), "{said}: {page}");
        }
        assert!(page.contains("data-state=\"by_hand\"") && page.contains("http-equiv=\"refresh\""));
        let home = told(ByHand::Till, None);
        let page = render_at(Place::Wait, language, &home, None, &Typed::default());
        assert!(page.contains(words.hand_menu_till) && page.contains("678"));
        assert!(!page.contains(words.hand_account), "{page}");
        // Whoever comes back may still choose otherwise.
        let page = render(language, &home, None);
        assert!(page.contains("name=\"code\"") && page.contains("name=\"plan\""));
    }
}

#[test]
fn while_no_prompts_arrive_the_page_says_what_works() {
    for language in Language::ALL {
        let words = language.words();
        let mut away = Home {
            no_prompts: true,
            ..home()
        };
        let page = render(language, &away, None);
        assert!(page.contains(words.no_prompts) && page.contains(words.no_prompts_more));
        assert!(!page.contains("formaction"), "nobody would hear of it");
        for (kind, skips) in [(ByHand::Paybill, true), (ByHand::Till, false)] {
            away.by_hand = Some(kind);
            let page = render(language, &away, None);
            assert!(page.contains(words.no_prompts_hand), "{page}");
            assert!(page.contains("formaction=\"/portal/hand\""), "{page}");
            assert_eq!(page.contains("formnovalidate"), skips);
        }
    }
}

#[test]
fn a_receipt_is_typed_on_a_page_of_its_own_and_what_was_typed_stays() {
    let typed = Typed {
        receipt: "tkl\"51".into(),
        phone: "0712".into(),
        ..Typed::default()
    };
    for language in Language::ALL {
        let words = language.words();
        let page = render_at(Place::Claim, language, &home(), None, &Typed::default());
        assert!(page.contains(words.claim_text) && page.contains("action=\"/portal/claim\""));
        let trouble = Some(Trouble::Claim(ClaimError::BadReceipt));
        let page = render_at(Place::Home, language, &home(), trouble, &typed);
        assert!(page.contains("tkl&quot;51") && page.contains("aria-invalid=\"true\""));
        let found = Home {
            claimed: true,
            ..home()
        };
        let page = render_at(Place::Wait, language, &found, None, &Typed::default());
        assert!(page.contains(words.claim_found), "{page}");
    }
}

#[test]
fn who_has_paid_finds_the_form_for_a_receipt_wherever_the_cloud_can_be_asked() {
    let shut = Home {
        sales_open: false,
        ..home()
    };
    let bare = Home {
        plans: Vec::new(),
        ..home()
    };
    let unknown = Home {
        purchase: Some(purchase(PurchaseState::LateUnknown)),
        ..home()
    };
    for language in Language::ALL {
        let words = language.words();
        for home in [&home(), &shut, &bare, &unknown] {
            let page = render(language, home, None);
            let (before_folds, _) = page.split_once("<details").unwrap_or((page.as_str(), ""));
            assert!(before_folds.contains(words.claim), "{page}");
            assert_eq!(page.matches("href=\"/portal/claim?").count(), 1, "{page}");
        }
        let away = Home {
            cloud: false,
            ..home()
        };
        assert!(!render(language, &away, None).contains("/portal/claim"));
    }
}

#[test]
fn a_payment_that_is_not_seen_yet_is_waited_for_by_the_page_that_says_so_and_by_the_start() {
    let refused = |why| Some(Trouble::Claim(ClaimError::Refused(why)));
    let typed = Typed {
        receipt: "TKL51ZDR4F".into(),
        ..Typed::default()
    };
    let free = home();
    let named = Home {
        named: true,
        ..home()
    };
    for language in Language::ALL {
        let words = language.words();
        for (home, state) in [(&free, "free"), (&named, "by_hand")] {
            let unknown = refused(NotClaimed::Unknown);
            let page = render_at(Place::Home, language, home, unknown, &typed);
            let looks = format!("data-state=\"{state}\" data-every=\"3\"");
            let onward = format!("content=\"60;url=/portal/wait?lang={}\"", language.tag());
            for part in [&looks, &onward, &typed.receipt] {
                assert!(page.contains(part), "{part}: {page}");
            }
        }
        let spent = refused(NotClaimed::Spent);
        let page = render_at(Place::Home, language, &named, spent, &typed);
        assert!(
            !page.contains("data-every") && !page.contains("http-equiv"),
            "{page}"
        );
        let page = render(language, &named, None);
        let place = |what: &str| page.find(what).expect(what);
        assert!(place(words.claim_waits_more) < place("name=\"plan\""));
        assert!(page.contains(&format!("<title>{}", words.claim_waits)));
        let page = render_at(Place::Wait, language, &named, None, &Typed::default());
        assert!(page.contains(words.claim_waits_more) && page.contains("data-every=\"3\""));
        assert!(page.contains("/portal/claim") && !page.contains("name=\"plan\""));
    }
}

#[test]
fn the_code_by_sms_is_asked_for_by_a_tick_where_it_can_be() {
    const TICK: &str = "type=\"checkbox\" name=\"sms\" value=\"1\"";
    for language in Language::ALL {
        let words = language.words();
        assert!(!render(language, &home(), None).contains(TICK));
        let offered = Home {
            sms: true,
            ..home()
        };
        let page = render(language, &offered, None);
        assert!(
            page.contains(&format!("{TICK}> {}", words.by_sms)),
            "{page}"
        );
        // What was ticked stays so when something else is asked for again.
        let typed = Typed {
            by_sms: true,
            ..Typed::default()
        };
        let trouble = Some(Trouble::Buy(BuyError::BadPhone));
        let page = render_at(Place::Home, language, &offered, trouble, &typed);
        assert!(page.contains(&format!("{TICK} checked>")), "{page}");
    }
}

#[test]
fn a_phone_with_credit_reads_what_it_is_asked_for() {
    let mut paying = purchase(PurchaseState::CheckPhone {
        since: Timestamp::from_secs(0),
    });
    paying.price = Some(Money::from_shillings(20));
    paying.credit = Some(Money::from_shillings(15));
    for language in Language::ALL {
        let words = language.words();
        let home = Home {
            purchase: Some(paying.clone()),
            ..home()
        };
        let page = render(language, &home, None);
        let says = format!(
            "{} {}. {} {}.",
            words.credit_used,
            Money::from_shillings(15),
            words.phone_asks,
            Money::from_shillings(5)
        );
        assert!(page.contains(&says), "{page}");
    }
}

#[test]
fn who_has_a_ticket_and_buys_more_is_told_what_became_of_the_payment() {
    let held = |online, state| Home {
        ticket: Some(ticket(online)),
        purchase: Some(purchase(state)),
        ..home()
    };
    let failed = PurchaseState::Failed(PayFailure::WrongPin);
    for language in Language::ALL {
        let words = language.words();
        for (place, online) in [
            (Place::Home, true),
            (Place::Plans, true),
            (Place::Online, true),
            (Place::Home, false),
            (Place::Wait, false),
        ] {
            for state in [failed, PurchaseState::LateUnknown] {
                let home = held(online, state);
                assert_eq!(place.instead(&home), None);
                let page = render_at(place, language, &home, None, &Typed::default());
                let (what, next) = Trouble::of_purchase(state).unwrap().words(language);
                assert!(page.contains(what) && page.contains(next), "{page}");
                assert!(page.contains("7KQ2-M0X1-90AB"), "{page}");
                assert!(!page.contains("id=\"leaving\""), "it leaves unread: {page}");
                let is_unknown = state == PurchaseState::LateUnknown;
                assert_eq!(page.contains("data-unknown"), is_unknown);
                let offered = page.split_once(words.not_charged);
                match offered {
                    Some((before, _)) => assert!(is_unknown && !before.contains("name=\"phone\"")),
                    None => assert!(!is_unknown || !page.contains("name=\"phone\"")),
                }
            }
        }
        let page = render_at(
            Place::Online,
            language,
            &Home {
                ticket: Some(ticket(true)),
                ..home()
            },
            None,
            &Typed::default(),
        );
        assert!(!page.contains("role=\"alert\"") && page.contains("id=\"leaving\""));
    }
}

#[test]
fn with_the_cloud_away_nobody_who_has_paid_reads_that_nothing_was_charged() {
    let away = Home {
        cloud: false,
        ..home()
    };
    let by_hand = Home {
        hand: Some(HandView {
            plan_name: "Hour".into(),
            price: Money::from_shillings(50),
            place: ByHandAnswer {
                kind: ByHand::Paybill,
                number: "174379".into(),
                account: Some("D4820175".into()),
            },
            phone_tail: None,
        }),
        ..away.clone()
    };
    let named = Home {
        named: true,
        ..away.clone()
    };
    let claimed = Home {
        claimed: true,
        ..away.clone()
    };
    let unknown = Home {
        purchase: Some(purchase(PurchaseState::LateUnknown)),
        ..away.clone()
    };
    for language in Language::ALL {
        let words = language.words();
        for home in [&by_hand, &named, &claimed, &unknown] {
            for place in [Place::Home, Place::Plans, Place::Wait, Place::Claim] {
                assert_eq!(place.instead(home), None);
                let page = render_at(place, language, home, None, &Typed::default());
                for false_now in [
                    "Nothing was charged",
                    "Hujatozwa",
                    words.hand_waits,
                    words.claim_waits_more,
                ] {
                    assert!(!page.contains(false_now), "{place:?}: {page}");
                }
                // Who waits for an unknown payment reads only that it is waited for.
                let told = match (place, &home.purchase) {
                    (Place::Claim, _) | (Place::Wait, Some(_)) => 0,
                    _ => 1,
                };
                assert_eq!(page.matches(words.no_cloud).count(), told, "{place:?}");
                assert_eq!(page.matches(words.no_cloud_more).count(), told, "{page}");
            }
            let page = render_at(Place::Claim, language, home, None, &Typed::default());
            let (what, next) = Trouble::Claim(ClaimError::NoCloud).words(language);
            assert!(page.contains(what) && page.contains(next), "{page}");
        }
        // Who has just pressed reads what became of that, and reads it once.
        let refused = Trouble::Buy(BuyError::NoCloud);
        let failed = Home {
            purchase: Some(purchase(PurchaseState::NoCloud)),
            ..away.clone()
        };
        for (home, trouble) in [
            (&away, Some(refused)),
            (&by_hand, Some(refused)),
            (&failed, None),
        ] {
            let page = render(language, home, trouble);
            assert!(page.contains(refused.words(language).1), "{page}");
            assert!(!page.contains(words.no_cloud_more), "{page}");
        }
    }
}

#[test]
fn with_the_cloud_away_there_is_a_button_that_looks_again() {
    let away = Home {
        cloud: false,
        ..home()
    };
    let failed = Home {
        purchase: Some(purchase(PurchaseState::NoCloud)),
        ..away.clone()
    };
    let refused = Some(Trouble::Buy(BuyError::NoCloud));
    for language in Language::ALL {
        let words = language.words();
        let again = format!(
            "<a class=\"button quiet\" href=\"/portal/?lang={}\">{}</a>",
            language.tag(),
            words.try_again
        );
        for (home, trouble) in [(&away, None), (&away, refused), (&failed, None)] {
            let page = render(language, home, trouble);
            assert_eq!(page.matches(&again).count(), 1, "{page}");
        }
    }
}
