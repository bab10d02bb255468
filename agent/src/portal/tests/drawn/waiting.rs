//! Tickets whose device is not online, and how a page speaks of what changes on it.

use super::*;
use crate::portal::state::state_json;

#[test]
fn who_waits_longer_than_usual_reads_what_to_do_and_whom_to_call() {
    let waits = |late| Home {
        ticket: Some(TicketView {
            late,
            ..ticket(false)
        }),
        ..home()
    };
    for language in Language::ALL {
        let words = language.words();
        for late in [false, true] {
            let home = waits(late);
            for place in [Place::Home, Place::Wait] {
                let page = render_at(place, language, &home, None, &Typed::default());
                assert!(page.contains(words.paid_connecting), "{page}");
                assert_eq!(page.contains(words.late), late, "{page}");
                assert_eq!(page.contains("tel:0700000000"), late, "{page}");
                assert_eq!(page.contains("data-late=\"1\""), late, "{page}");
            }
            // A page from before looks again and is drawn anew.
            let state = state_json(&home, language).unwrap();
            assert!(state.contains(&format!("\"late\":{late}")), "{state}");
        }
    }
    assert!(SCRIPT.contains("is.late !== body.hasAttribute('data-late')"));
}

#[test]
fn what_the_script_counts_down_is_not_read_out_each_time() {
    let online = Home {
        ticket: Some(ticket(true)),
        ..home()
    };
    for place in [Place::Home, Place::Online, Place::Status] {
        let page = render_at(place, Language::English, &online, None, &Typed::default());
        let (_, left) = page
            .split_once("<dl class=\"left\" aria-live=\"off\">")
            .unwrap();
        let (left, after) = left.split_once("</dl>").unwrap();
        for place in ["id=\"time\"", "id=\"data\""] {
            assert!(left.contains(place) && !after.contains(place), "{page}");
        }
    }
}

#[test]
fn a_page_says_of_a_ticket_that_may_run_only_that_it_is_safe() {
    let stranger = Home {
        device: Device::RouterAway,
        ..home()
    };
    for (language, [safe, started]) in Language::ALL
        .into_iter()
        .zip([["it is safe", "not started"], ["uko salama", "haujaanza"]])
    {
        let page = render(language, &stranger, None);
        assert!(page.contains(safe) && !page.contains(started), "{page}");
    }
}

#[test]
fn a_paused_ticket_is_not_said_to_have_left_its_device() {
    let paused = Home {
        ticket: Some(TicketView {
            held: false,
            paused: true,
            ..ticket(false)
        }),
        ..home()
    };
    for language in Language::ALL {
        let words = language.words();
        for place in [Place::Home, Place::Status] {
            let page = render_at(place, language, &paused, None, &Typed::default());
            for said in [words.paused, words.paused_more, words.time_left] {
                assert!(page.contains(said), "{said}: {page}");
            }
            assert!(page.contains(words.use_here), "a dead end: {page}");
            assert!(!page.contains(words.not_here) && !page.contains(words.not_here_more));
        }
    }
}
