//! What went over the wire about one payment, for people to read: without passwords, and without the secrets in our addresses.

use serde::Serialize;
use serde_json::Value;

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
        let mut shown = serde_json::to_value(body).unwrap_or_default();
        if let Some(fields) = shown.as_object_mut() {
            fields.remove("Password");
            fields.remove("SecurityCredential");
            for name in ["CallBackURL", "ResultURL", "QueueTimeOutURL"] {
                if let Some(Value::String(address)) = fields.get_mut(name)
                    && let Some((rest, _)) = address.rsplit_once('/')
                {
                    *address = format!("{rest}/…");
                }
            }
        }
        Self {
            sent: Some(shown.to_string()),
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_nobody_may_read_is_not_kept() {
        let body = json!({
            "BusinessShortCode": "174379",
            "Password": "c2VjcmV0",
            "SecurityCredential": "c2VhbGVk",
            "CallBackURL": "https://billing.example.com/api/pay/prv_1/0123456789abcdef",
            "ResultURL": "https://billing.example.com/api/pay/prv_1/123456789abcdef0",
            "QueueTimeOutURL": "https://billing.example.com/api/pay/prv_1/23456789abcdef01",
        });
        let sent = Exchange::sending(&body).sent.unwrap();
        assert!(
            sent.contains("174379") && sent.contains("prv_1/…"),
            "{sent}"
        );
        for secret in ["c2VjcmV0", "c2VhbGVk", "3456789abcdef"] {
            assert!(!sent.contains(secret), "{sent}");
        }
    }
}
