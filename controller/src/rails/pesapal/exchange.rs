//! What went over the wire about one order, for people to read: without whose telephone and mailbox it was.

use serde::Serialize;
use serde_json::{Map, Value};

use super::wire::Reply;

/// The longest text kept of one direction.
const LONGEST: usize = 12_000;

/// One call and its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// What was sent; nothing if the call was not made.
    pub sent: Option<String>,
    /// What came back, after a line with the status; nothing if nothing did.
    pub heard: Option<String>,
}

impl Exchange {
    /// Notes a body that is about to be sent.
    pub(super) fn sending(body: &impl Serialize) -> Self {
        let mut shown: Map<String, Value> = serde_json::to_value(body)
            .ok()
            .and_then(|value| serde_json::from_value(value).ok())
            .unwrap_or_default();
        if let Some(address) = shown.get_mut("billing_address") {
            *address = Value::from("…");
        }
        Self {
            sent: Some(Value::Object(shown).to_string()),
            heard: None,
        }
    }

    /// Notes a question that has no body.
    pub(super) fn asking(path: &str) -> Self {
        Self {
            sent: Some(format!("GET {path}")),
            heard: None,
        }
    }

    /// Notes what came back.
    pub(super) fn heard(&mut self, reply: &Reply) {
        let text: String = reply.text.chars().filter(|c| *c != '\0').collect();
        let cut = text
            .char_indices()
            .nth(LONGEST)
            .map_or(text.as_str(), |(at, _)| &text[..at]);
        self.heard = Some(format!("HTTP {}\n{cut}", reply.status));
    }
}
