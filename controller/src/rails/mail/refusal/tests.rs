//! What a mail server answers and what is made of it.

use proptest::prelude::*;

use super::*;

/// What came of an answer, as a word.
fn word(step: Step, code: u16, text: &str) -> &'static str {
    match what(step, code, text) {
        NotSent::Refused(_) => "final",
        NotSent::NotNow(_) => "not now",
        NotSent::Fault(Fault::Tls) => "tls",
        NotSent::Fault(Fault::LogIn(_)) => "log-in",
        NotSent::Fault(Fault::Sender(_)) => "sender",
        NotSent::Fault(Fault::Policy(_)) => "policy",
        other => panic!("{other:?}"),
    }
}

#[test]
fn whoever_gets_the_letter_is_refused_for_good() {
    for (code, text) in [
        (
            550,
            "5.1.1 <x@example.com>: Recipient address rejected: User unknown",
        ),
        (550, "5.1.2 Bad destination system"),
        (501, "5.1.3 Bad recipient address syntax"),
        (551, "5.1.6 The mailbox has moved"),
        (556, "5.1.10 Recipient address has null MX"),
        (550, "5.2.1 The account is disabled"),
        (552, "5.2.2 The mailbox is full"),
        (550, "5.4.1 Recipient address rejected: Access denied."),
        (550, "5.4.4 Host not found"),
        (550, "5.5.0 Requested action not taken: mailbox unavailable"),
        (550, "5.0.0 User unknown"),
        (550, "#5.1.0 Address rejected."),
        (550, "sorry, no mailbox here by that name. (#5.1.1)"),
        (550, "No such user here"),
        (553, "Mailbox name is not allowed"),
        (556, "Domain takes no mail"),
    ] {
        assert_eq!(word(Step::Recipient, code, text), "final", "{code} {text}");
    }
    for (code, text) in [
        (552, "5.3.4 Message size exceeds fixed limit"),
        (554, "5.6.0 Bad MIME"),
        (554, "Transaction failed"),
        (550, "5.1.1 no such mailbox"),
        (550, "no such mailbox"),
    ] {
        assert_eq!(word(Step::Letter, code, text), "final", "{code} {text}");
    }
}

#[test]
fn what_is_ours_to_put_right_gives_no_letter_up() {
    use Step::{Begin, Letter, LogIn, Recipient, Sender};
    for (step, code, text, expected) in [
        (Begin, 554, "5.7.1 No SMTP service for you", "policy"),
        (Begin, 554, "", "policy"),
        (
            LogIn,
            535,
            "5.7.8 Authentication credentials invalid",
            "log-in",
        ),
        (LogIn, 535, "Incorrect authentication data", "log-in"),
        (LogIn, 538, "5.7.11 Encryption required", "tls"),
        (LogIn, 504, "5.5.4 Unrecognised mechanism", "log-in"),
        (Sender, 530, "5.7.0 Authentication required", "log-in"),
        (
            Sender,
            530,
            "5.7.0 Must issue a STARTTLS command first",
            "tls",
        ),
        (
            Sender,
            553,
            "5.1.8 Sender's domain does not exist",
            "sender",
        ),
        (
            Sender,
            553,
            "5.7.1 <x@example.com>: Sender address rejected: not owned by user",
            "sender",
        ),
        (Sender, 550, "5.1.1 No such sender", "sender"),
        (Sender, 550, "We do not send for you", "sender"),
        (Sender, 554, "5.7.1 Client host blocked", "policy"),
        // With Postfix, what is wrong with a sender is said when the recipient is named.
        (
            Recipient,
            553,
            "5.7.1 <x@example.com>: Sender address rejected: not owned by user",
            "sender",
        ),
        (
            Recipient,
            550,
            "5.1.8 <x@example.com>: Sender address rejected: Domain not found",
            "sender",
        ),
        (Recipient, 550, "5.1.0 Sender denied", "sender"),
        (
            Recipient,
            553,
            "sender is local, authentication required",
            "sender",
        ),
        (Recipient, 550, "Sender verify failed", "sender"),
        (Recipient, 530, "5.5.1 Log in first", "log-in"),
        (Recipient, 550, "authentication required", "log-in"),
        (
            Recipient,
            554,
            "5.7.1 <y@example.com>: Relay access denied",
            "policy",
        ),
        (Recipient, 550, "relay not permitted", "policy"),
        (
            Recipient,
            553,
            "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
            "policy",
        ),
        (
            Recipient,
            550,
            "5.1.90 You have reached your daily limit",
            "policy",
        ),
        (Recipient, 555, "5.5.4 Unsupported option", "policy"),
        (Letter, 550, "5.7.26 This mail is unauthenticated", "sender"),
        (Letter, 550, "5.2.252 SendAsDenied", "sender"),
        (Letter, 554, "5.7.1 Rejected", "policy"),
        (
            Letter,
            554,
            "Message rejected: Email address is not verified.",
            "policy",
        ),
    ] {
        assert_eq!(word(step, code, text), expected, "{step:?} {code} {text}");
    }
}

#[test]
fn what_passes_is_tried_again() {
    use Step::{Begin, Letter, LogIn, Recipient, Sender};
    for (step, code, text) in [
        (Begin, 421, "4.3.2 Going down"),
        (Begin, 454, "4.7.0 TLS not available"),
        (LogIn, 454, "4.7.0 Temporary authentication failure"),
        (Sender, 451, "4.7.1 Sender address rejected for now"),
        (Recipient, 450, "4.2.0 Greylisted"),
        (Recipient, 550, "4.2.1 said with two tongues"),
        (Recipient, 550, "5.4.5 Daily sending limit exceeded"),
        (Recipient, 554, "Transaction failed"),
        (Letter, 452, "4.3.1 Out of room"),
        (Letter, 550, "5.3.0 Something is wrong here"),
    ] {
        assert_eq!(word(step, code, text), "not now", "{step:?} {code} {text}");
    }
}

#[test]
fn a_finer_code_is_one_only_where_it_stands_as_one() {
    for (text, expected) in [
        ("5.1.1 User unknown", Some([5, 1, 1])),
        ("5.7.509: Access denied", Some([5, 7, 509])),
        ("#5.1.0 Address rejected", Some([5, 1, 0])),
        ("no mailbox by that name (#5.1.1)", Some([5, 1, 1])),
        ("our version 5.1.1 knows no such user", None),
        ("5.1.1.2 is blocked", None),
        ("<5.1.1@example.com> unknown", None),
        ("5.1 x", None),
        ("5.1.+1 x", None),
        ("5.1.1000 x", None),
        ("3.1.1 x", None),
        ("", None),
    ] {
        assert_eq!(finer(text), expected, "{text}");
    }
    let said = |text| what(Step::Recipient, 550, text).to_string();
    assert!(
        said("5.1.1 x").contains("(550 5.1.1)"),
        "{}",
        said("5.1.1 x")
    );
    assert!(said("x").contains("(550)"));
}

proptest! {
    #[test]
    fn no_answer_panics_and_no_code_below_500_is_final(code in 0_u16..1_000, text in ".{0,60}") {
        for step in [Step::Begin, Step::LogIn, Step::Sender, Step::Recipient, Step::Letter] {
            let came = what(step, code, &text);
            prop_assert!(code >= 500 || matches!(came, NotSent::NotNow(_)));
        }
    }
}
