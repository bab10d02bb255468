//! Tickets that a device gave back.

use super::*;

#[test]
fn each_ticket_that_was_given_back_can_be_used_again() {
    let gone = TicketView {
        held: false,
        ..ticket(false)
    };
    let home = Home {
        waiting: vec![TicketView {
            code_shown: "7KQ2-M0X1-90AC".into(),
            ..gone.clone()
        }],
        ticket: Some(gone),
        ..home()
    };
    for language in Language::ALL {
        let words = language.words();
        let page = render(language, &home, None);
        assert_eq!(page.matches(words.use_here).count(), 2, "{page}");
        assert!(page.contains("value=\"7KQ2-M0X1-90AC\"") && !page.contains(words.next_ticket));
    }
}
