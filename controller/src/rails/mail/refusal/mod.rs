//! What a mail server's refusal means: whether it is about whoever gets the letter, about us, or passes.
//!
//! Only what is wrong with the address or the letter itself gives a letter up. What is wrong with our log-in, our sender or our standing would
//! be refused for everybody, so such letters wait until somebody has put it right.

use std::fmt;

use thiserror::Error;

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

/// Why a letter was not taken.
#[derive(Clone, Copy, Debug, Error, Eq, PartialEq)]
pub enum NotSent {
    /// No server is named.
    #[error("mail is not set up: give SMTP_URL and MAIL_FROM")]
    NotSetUp,
    /// This address never takes it: trying again is of no use.
    #[error("the mail server refuses the address or the letter for good ({0})")]
    Refused(Said),
    /// The address cannot be one.
    #[error("the address is none that mail can be sent to")]
    NoAddress,
    /// No letter leaves before somebody puts it right.
    #[error("mail does not leave: {0}")]
    Fault(Fault),
    /// It may work later.
    #[error("the mail server did not take the letter for now ({0})")]
    NotNow(Said),
    /// It was not reached, or broke off; whether it took the letter is not known.
    #[error("the mail server was not reached, or broke off")]
    Away,
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
mod tests;
