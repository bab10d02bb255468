//! What went over the wire about one payment or order, for people to read. What nobody may read, each rail takes out.

use serde::Serialize;
use serde_json::{Map, Value};

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
    /// Notes a body that is about to be sent, without what is veiled in its fields.
    pub(super) fn sending(body: &impl Serialize, veil: fn(&mut Map<String, Value>)) -> Self {
        let mut shown = serde_json::to_value(body).unwrap_or_default();
        if let Some(fields) = shown.as_object_mut() {
            veil(fields);
        }
        Self {
            sent: Some(shown.to_string()),
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
    pub(super) fn heard(&mut self, status: u16, text: &str) {
        let text: String = text.chars().filter(|c| *c != '\0').take(LONGEST).collect();
        self.heard = Some(format!("HTTP {status}\n{text}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_is_kept_up_to_a_length_and_without_what_no_column_holds() {
        let mut exchange = Exchange::asking("/x");
        exchange.heard(500, &format!("a\0{}", "ü".repeat(LONGEST)));
        let heard = exchange.heard.unwrap();
        assert_eq!(heard.chars().count(), "HTTP 500\n".len() + LONGEST);
        assert!(heard.starts_with("HTTP 500\naü"), "{heard}");
    }
}
