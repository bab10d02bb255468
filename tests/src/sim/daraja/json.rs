//! JSON written in a given order and with given digits, because the documented bodies are compared byte by byte
//! (`1.00` stays `1.00`). Reading is left to `serde_json`.

use std::fmt;

/// One JSON value to be written.
#[derive(Clone, Debug)]
pub(super) enum Json {
    Null,
    /// Digits exactly as they are to appear.
    Digits(String),
    Text(String),
    Array(Vec<Self>),
    Object(Vec<(&'static str, Self)>),
}

pub(super) fn text(value: impl Into<String>) -> Json {
    Json::Text(value.into())
}

pub(super) fn digits(value: impl fmt::Display) -> Json {
    Json::Digits(value.to_string())
}

pub(super) fn object<const N: usize>(members: [(&'static str, Json); N]) -> Json {
    Json::Object(Vec::from(members))
}

impl fmt::Display for Json {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => out.write_str("null"),
            Self::Digits(digits) => out.write_str(digits),
            Self::Text(text) => quoted(out, text),
            Self::Array(items) => {
                out.write_str("[")?;
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.write_str(",")?;
                    }
                    item.fmt(out)?;
                }
                out.write_str("]")
            }
            Self::Object(members) => {
                out.write_str("{")?;
                for (at, (name, value)) in members.iter().enumerate() {
                    if at > 0 {
                        out.write_str(",")?;
                    }
                    quoted(out, name)?;
                    out.write_str(":")?;
                    value.fmt(out)?;
                }
                out.write_str("}")
            }
        }
    }
}

fn quoted(out: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    write!(out, "{}", serde_json::Value::from(text))
}
