//! Pages on which something is typed, where no script runs: they are not asked for again under the hands of who types.

use super::*;

#[test]
fn a_page_with_a_field_is_not_asked_for_again_every_few_seconds() {
    let since = Timestamp::from_secs(0);
    let connects = |router_away| Home {
        ticket: Some(TicketView {
            router_away,
            ..ticket(false)
        }),
        ..home()
    };
    let passing = [
        Home {
            device: Device::RouterAway,
            ..home()
        },
        paying(PurchaseState::Asking),
        paying(PurchaseState::CheckPhone { since }),
        paying(PurchaseState::LateUnknown),
        Home {
            claimed: true,
            ..home()
        },
        Home {
            named: true,
            ..home()
        },
        connects(false),
        connects(true),
    ];
    let places = [
        Place::Home,
        Place::Plans,
        Place::Wait,
        Place::Ticket,
        Place::Status,
    ];
    for (home, place) in passing
        .iter()
        .flat_map(|home| places.map(|place| (home, place)))
        .filter(|(home, place)| place.instead(home).is_none())
    {
        assert!(Situation::of(home).is_passing());
        let page = render_at(place, Language::Swahili, home, None, &Typed::default());
        let mut fields = page.split("<input ").skip(1);
        if fields.any(|field| !field.starts_with("type=\"hidden\"")) {
            assert!(!page.contains("content=\"4\""), "{place:?}: {page}");
            let onward = "content=\"60;url=/portal/wait?lang=sw\"";
            assert!(page.contains(onward), "{place:?}: {page}");
        }
        if place == Place::Wait {
            assert!(page.contains("content=\"4\""), "{page}");
        }
    }
}

#[test]
fn who_is_online_while_a_payment_is_unknown_is_told_of_its_end_without_script_too() {
    let home = Home {
        ticket: Some(ticket(true)),
        ..paying(PurchaseState::LateUnknown)
    };
    for place in [Place::Home, Place::Online] {
        let page = render_at(place, Language::English, &home, None, &Typed::default());
        assert!(page.contains("content=\"60;url=/portal/wait?lang=en\""));
    }
    let page = render_at(
        Place::Status,
        Language::English,
        &home,
        None,
        &Typed::default(),
    );
    assert!(!page.contains("http-equiv"), "{page}");
}

#[test]
fn who_waits_for_an_unknown_payment_is_led_to_the_start_to_buy_again() {
    let home = paying(PurchaseState::LateUnknown);
    for language in Language::ALL {
        let page = render_at(Place::Wait, language, &home, None, &Typed::default());
        assert!(page.contains(language.words().not_charged), "{page}");
        assert!(page.contains("/portal/claim") && !page.contains("<form"));
    }
}
