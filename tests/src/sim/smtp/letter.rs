//! A letter that was taken, read as a mailbox would.

use mail_parser::MessageParser;
use serde::Serialize;

/// One letter.
#[derive(Clone, Debug, Serialize)]
pub struct Letter {
    /// Its number, from one.
    pub number: u64,
    /// The sender of the envelope.
    pub from: String,
    /// Whom the envelope is for.
    pub to: Vec<String>,
    /// The subject.
    pub subject: String,
    /// The date it carries.
    pub date: String,
    /// What makes it the same letter when it comes twice.
    pub message_id: String,
    /// The plain part.
    pub text: String,
    /// The part with looks.
    pub html: String,
    /// The bytes as they came, dots taken off.
    #[serde(skip)]
    pub raw: Vec<u8>,
}

impl Letter {
    pub(super) fn read(number: u64, from: &str, to: &[String], raw: Vec<u8>) -> Self {
        let read = MessageParser::default().parse(&raw);
        let of = |part: Option<&str>| part.unwrap_or_default().to_owned();
        let message = read.as_ref();
        Self {
            number,
            from: from.to_owned(),
            to: to.to_vec(),
            subject: of(message.and_then(|message| message.subject())),
            date: message
                .and_then(|message| message.date())
                .map(|date| date.to_rfc822())
                .unwrap_or_default(),
            message_id: of(message.and_then(|message| message.message_id())),
            text: message
                .and_then(|message| message.body_text(0))
                .map(|text| text.replace("\r\n", "\n"))
                .unwrap_or_default(),
            html: message
                .and_then(|message| message.body_html(0))
                .map(|text| text.into_owned())
                .unwrap_or_default(),
            raw,
        }
    }

    /// Whether it is for this address.
    #[must_use]
    pub fn is_to(&self, address: &str) -> bool {
        self.to.iter().any(|to| to.eq_ignore_ascii_case(address))
    }

    /// The addresses in its plain part.
    #[must_use]
    pub fn links(&self) -> Vec<&str> {
        let words = self.text.split_whitespace();
        words
            .filter(|word| word.starts_with("http://") || word.starts_with("https://"))
            .collect()
    }
}
