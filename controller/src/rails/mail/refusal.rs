//! What a mail server's refusal means: whether it is about whoever gets the letter, about us, or passes.
//!
//! Only what is wrong with the address or the letter itself gives a letter up. What is wrong with our log-in, our sender or our standing would
//! be refused for everybody, so such letters wait until somebody has put it right.

use std::fmt;

use thiserror::Error;

use super::NotSent;

/// How far the conversation was.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// The greeting, and TLS.
    Begin,
    /// The log-in.
    LogIn,
    /// `MAIL FROM`.
    Sender,
    /// `RCPT TO`, and `DATA`, where some say it late.
    Recipient,
    /// The letter itself.
    Letter,
}

/// What a server answered: its code (RFC 5321) and, where it gave one, the finer one (RFC 3463).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Said {
    code: u16,
    finer: Option<[u16; 3]>,
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        match self.finer {
            Some([class, subject, detail]) => write!(f, " {class}.{subject}.{detail}"),
            None => Ok(()),
        }
    }
}

/// What is wrong with how mail is set up.
#[derive(Clone, Copy, Debug, Error, Eq, PartialEq)]
pub enum Fault {
    /// There is no safe way to the server.
    #[error("the mail server has no TLS, or none to be trusted; look at SMTP_URL and SMTP_CA")]
    Tls,
    /// It has no way to log in.
    #[error("the mail server has no log-in that we know; look at SMTP_URL")]
    NoLogIn,
    /// It wants another log-in than ours.
    #[error("the mail server refuses our log-in ({0}); look at name and password in SMTP_URL")]
    LogIn(Said),
    /// It does not send for us.
    #[error("the mail server does not send for our address ({0}); look at MAIL_FROM")]
    Sender(Said),
    /// It takes nothing of us.
    #[error("the mail server takes nothing of us ({0}); ask whoever runs it")]
    Policy(Said),
}

/// What an answer at a step calls for.
pub(super) fn what(step: Step, code: u16, text: &str) -> NotSent {
    let said = Said {
        code,
        finer: finer(text),
    };
    let text = text.to_ascii_lowercase();
    let fault = NotSent::Fault(fault(step, said, &text));
    let passes = !(500..=599).contains(&code) || said.finer.is_some_and(|[class, ..]| class != 5);
    match (step, said.finer) {
        _ if passes => NotSent::NotNow(said),
        (Step::Begin | Step::LogIn, _) => fault,
        _ if matches!(code, 530 | 534 | 535 | 538) => fault,
        // The letter is too large, or of a kind that is not taken there.
        (_, Some([_, 6, _] | [_, 3, 4] | [_, 2, 3])) => NotSent::Refused(said),
        (Step::Sender, _) => fault,
        // Subjects of the recipient, whose details are not: a sender that is bad, and may not send as who he is; a day's letters sent.
        (_, Some([_, 1, 7 | 8 | 90] | [_, 2, 252])) => fault,
        (_, Some([_, 1, 0])) if text.contains("sender") => fault,
        // The last three: nobody of that name behind Exchange, no way to the domain, and no such domain.
        (_, Some([_, 1 | 2, _] | [_, 4, 1 | 4 | 310])) => NotSent::Refused(said),
        // Outlook says 5.5.0 of a mailbox that it does not have, so that is no finer than the code.
        (_, None | Some([_, 0, _] | [_, 5, 0])) => match code {
            _ if is_ours(&text) => fault,
            550..=553 | 556 => NotSent::Refused(said),
            554 if step == Step::Letter => NotSent::Refused(said),
            500..=504 | 555 => fault,
            _ => NotSent::NotNow(said),
        },
        (_, Some([_, 5 | 7, _])) => fault,
        (_, Some(_)) => NotSent::NotNow(said),
    }
}

/// Which of our things it is that a server does not take.
fn fault(step: Step, said: Said, text: &str) -> Fault {
    if text.contains("starttls") || said.code == 538 || matches!(said.finer, Some([_, 7, 10 | 11]))
    {
        return Fault::Tls;
    }
    let is_sender = match said.finer {
        // The last are of SPF and DKIM (RFC 7372), of a domain that takes no mail, and of who may send as whom at Exchange.
        Some([_, 1, 7 | 8] | [_, 2, 252] | [_, 7, 20..=24 | 26 | 27 | 60]) => true,
        Some([_, 1, _]) | None => step == Step::Sender || text.contains("sender"),
        Some(_) => text.contains("sender"),
    };
    let is_log_in = step == Step::LogIn
        || matches!(said.code, 530 | 534 | 535)
        || matches!(said.finer, Some([_, 7, 8 | 9 | 13 | 14]));
    if is_log_in || (!is_sender && text.contains("authenticat")) {
        Fault::LogIn(said)
    } else if is_sender {
        Fault::Sender(said)
    } else {
        Fault::Policy(said)
    }
}

/// Whether the words beside a code that stands alone are about us. One time too many costs another try, one too few a letter.
fn is_ours(text: &str) -> bool {
    [
        "sender",
        "mail from",
        "relay",
        "authenticat",
        "starttls",
        "spf",
        "dkim",
        "dmarc",
        "denied",
        "blocked",
        "blacklist",
        "blocklist",
        "not permitted",
        "prohibited",
        "not verified",
    ]
    .iter()
    .any(|word| text.contains(word))
}

/// The finer code in a text: its first word, or marked with a hash where it stands elsewhere.
fn finer(text: &str) -> Option<[u16; 3]> {
    let mut words = text.split_whitespace();
    let first = parsed(words.next()?);
    first.or_else(|| {
        words
            .filter(|word| word.starts_with('#') || word.starts_with("(#"))
            .find_map(parsed)
    })
}

fn parsed(word: &str) -> Option<[u16; 3]> {
    let bare = word
        .trim_start_matches(['(', '#'])
        .trim_end_matches([')', ':', ',', ';', '.']);
    let mut numbers = bare.split('.');
    let mut parts = [0; 3];
    for part in &mut parts {
        let digits = numbers.next()?;
        let is_number =
            (1..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        *part = digits.parse().ok().filter(|_| is_number)?;
    }
    (numbers.next().is_none() && matches!(parts[0], 2 | 4 | 5)).then_some(parts)
}

#[cfg(test)]
mod tests {
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
}
