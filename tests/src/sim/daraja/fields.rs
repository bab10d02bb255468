//! Reads the fields of a request body, as text or as whole numbers, and knows the rules several products share: amounts,
//! phone numbers, callback addresses.

use serde_json::{Map, Value};
use url::Url;

use super::{config::Knobs, script::Refusal};

/// Words Safaricom refuses in a callback address, in any case.
const BANNED: [&str; 10] = [
    "mpesa",
    "m-pesa",
    "safaricom",
    "exe",
    "cmd",
    "sql",
    "query",
    "ngrok",
    "mockbin",
    "requestbin",
];

pub(super) struct Fields(Map<String, Value>);

impl Fields {
    pub(super) fn parse(body: &str) -> Result<Self, Refusal> {
        match serde_json::from_str(body) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            _ => Err(Refusal::InvalidPayload),
        }
    }

    /// Reads a field that must be there; numbers are taken as their digits.
    pub(super) fn text(&self, name: &'static str) -> Result<String, Refusal> {
        match self.0.get(name) {
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(text.clone()),
            Some(Value::Number(number)) => Ok(number.to_string()),
            _ => Err(invalid(name)),
        }
    }

    /// Reads a field that may be missing or empty.
    pub(super) fn optional(&self, name: &'static str) -> Result<String, Refusal> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(String::new()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(Value::Number(number)) => Ok(number.to_string()),
            Some(_) => Err(invalid(name)),
        }
    }

    /// Reads whole shillings within the limits.
    pub(super) fn amount(&self, name: &'static str, max: i64) -> Result<i64, Refusal> {
        let text = match self.0.get(name) {
            // Many languages write a whole number they hold as a float so.
            Some(Value::Number(number)) => number.to_string().trim_end_matches(".0").to_owned(),
            _ => self.text(name)?,
        };
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(invalid(name));
        }
        match text.parse::<i64>() {
            Ok(amount) if (1..=max).contains(&amount) => Ok(amount),
            _ => Err(invalid(name)),
        }
    }

    /// Reads `2547XXXXXXXX` or `2541XXXXXXXX`.
    pub(super) fn msisdn(&self, name: &'static str) -> Result<String, Refusal> {
        let text = self.text(name)?;
        if is_msisdn(&text) {
            Ok(text)
        } else {
            Err(invalid(name))
        }
    }

    /// Reads an address that the service would be willing to call.
    pub(super) fn callback_url(
        &self,
        name: &'static str,
        knobs: &Knobs,
    ) -> Result<String, Refusal> {
        let text = self.text(name)?;
        if is_callable(&text, knobs) {
            Ok(text)
        } else {
            Err(invalid(name))
        }
    }
}

pub(super) fn invalid(field: &str) -> Refusal {
    Refusal::InvalidField(field.to_owned())
}

pub(super) fn is_msisdn(text: &str) -> bool {
    text.len() == 12
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text.starts_with("2547") || text.starts_with("2541"))
}

fn is_callable(text: &str, knobs: &Knobs) -> bool {
    let Ok(url) = Url::parse(text) else {
        return false;
    };
    let scheme_fits = match url.scheme() {
        "https" => true,
        "http" => !knobs.https_only,
        _ => false,
    };
    // The parser lowers the host, so its case is looked at in the text.
    let host = text
        .split_once("://")
        .and_then(|(_, rest)| rest.split(['/', '?', '#']).next())
        .unwrap_or_default();
    let lower = text.to_ascii_lowercase();
    if knobs.banned_words && BANNED.iter().any(|word| lower.contains(word)) {
        return false;
    }
    scheme_fits && !host.is_empty() && !host.bytes().any(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_safaricom_refuses_are_refused() {
        let knobs = Knobs::default();
        for refused in [
            "http://pay.example/mpesa/callback",
            "https://pay.example/M-Pesa",
            "https://pay.example/Executive",
            "https://pay.example/x?q=SQL",
            "https://a.ngrok.io/x",
            "https://Pay.example/x",
            "ftp://pay.example/x",
            "pay.example/x",
            "",
        ] {
            assert!(!is_callable(refused, &knobs), "{refused}");
        }
        assert!(is_callable(
            "https://pay.example/Callback/0123456789abcdef",
            &knobs
        ));
        assert!(is_callable("http://127.0.0.1:8080/callback", &knobs));
        let strict = Knobs {
            https_only: true,
            ..knobs
        };
        assert!(!is_callable("http://127.0.0.1:8080/callback", &strict));
    }

    #[test]
    fn amounts_are_whole_and_within_limits() {
        let fields = |amount: &str| Fields::parse(&format!("{{\"Amount\":{amount}}}")).unwrap();
        for refused in [
            "0", "-1", "1.5", "\"1.00\"", "250001", "\"\"", "null", "true", "\"1e3\"",
        ] {
            assert!(
                fields(refused).amount("Amount", 250_000).is_err(),
                "{refused}"
            );
        }
        assert_eq!(fields("\"250000\"").amount("Amount", 250_000), Ok(250_000));
        assert_eq!(fields("1").amount("Amount", 250_000), Ok(1));
        assert_eq!(fields("10.0").amount("Amount", 250_000), Ok(10));
    }
}
