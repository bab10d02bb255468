//! Kinds of property values: what is accepted and the form it is kept and shown in. Which property has which is in the tables.
use std::net::Ipv4Addr;

use super::super::value;

/// What a property holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Text,
    Bool,
    /// A duration.
    Time,
    /// A duration that can be `none`, never `0`.
    TimeOrNone,
    /// A count that can be `unlimited`.
    Unlimited,
    Number(u64, u64),
    Size,
    Ip,
    /// An address, prefix or range.
    Range,
    /// Several of those, separated by commas.
    Ranges,
    Mac,
    Rate,
    /// Upload and download of a queue, kept as plain numbers.
    RatePair,
    OneOf(&'static [&'static str]),
    SetOf(&'static [&'static str]),
    /// The name of an item elsewhere, or a word that stands for none or all.
    Ref(&'static str, &'static str),
    /// Kept by the router and never set.
    ReadOnly,
}

/// Why a value was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadValue {
    /// `input does not match any value of X`.
    NoMatch,
    /// `invalid value for argument X`.
    Invalid,
    /// `unknown parameter X`.
    NotSettable,
}

impl Kind {
    /// Returns the value in the form the router shows; `exists` answers for names in other menus.
    pub(crate) fn accept(
        self,
        raw: &[u8],
        exists: impl Fn(&str, &str) -> bool,
    ) -> Result<Vec<u8>, BadValue> {
        if let Self::Text = self {
            return Ok(raw.to_vec());
        }
        let text = std::str::from_utf8(raw).map_err(|_| BadValue::Invalid)?;
        let kept = match self {
            Self::Text => unreachable!("answered above"),
            Self::ReadOnly => return Err(BadValue::NotSettable),
            Self::Bool => match text {
                "yes" | "true" => Some("true".to_owned()),
                "no" | "false" => Some("false".to_owned()),
                _ => None,
            },
            Self::Time => value::parse_duration(text).map(value::duration),
            Self::TimeOrNone if text == "none" => Some("none".to_owned()),
            Self::TimeOrNone => value::parse_duration(text)
                .filter(|span| *span > 0)
                .map(value::duration),
            Self::Unlimited if text == "unlimited" => Some("unlimited".to_owned()),
            Self::Unlimited => text
                .parse::<u32>()
                .ok()
                .filter(|n| *n > 0)
                .map(|n| n.to_string()),
            Self::Number(low, high) => text
                .parse::<u64>()
                .ok()
                .filter(|n| (low..=high).contains(n))
                .map(|n| n.to_string()),
            Self::Size => value::parse_size(text).map(|size| size.to_string()),
            Self::Ip => text
                .parse::<Ipv4Addr>()
                .ok()
                .map(|address| address.to_string()),
            Self::Range => value::is_range(text).then(|| text.to_owned()),
            Self::Ranges => {
                (text.is_empty() || text.split(',').all(value::is_range)).then(|| text.to_owned())
            }
            Self::Mac => value::parse_mac(text),
            Self::Rate if text.is_empty() => Some(String::new()),
            Self::Rate => value::parse_rate_limit(text).map(|_| text.to_owned()),
            Self::RatePair => value::parse_pair(text).map(|(rx, tx)| format!("{rx}/{tx}")),
            Self::OneOf(words) => {
                return words
                    .contains(&text)
                    .then(|| text.as_bytes().to_vec())
                    .ok_or(BadValue::NoMatch);
            }
            Self::SetOf(words) => {
                let good = text.is_empty()
                    || text
                        .split(',')
                        .all(|part| words.contains(&part.trim_start_matches('!')));
                return good
                    .then(|| text.as_bytes().to_vec())
                    .ok_or(BadValue::NoMatch);
            }
            Self::Ref(menu, none) => {
                let good = text == none || exists(menu, text);
                return good
                    .then(|| text.as_bytes().to_vec())
                    .ok_or(BadValue::NoMatch);
            }
        };
        kept.map(String::into_bytes).ok_or(BadValue::Invalid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(kind: Kind, raw: &str) -> Result<String, BadValue> {
        kind.accept(raw.as_bytes(), |_, name| name == "here")
            .map(|kept| String::from_utf8(kept).unwrap())
    }

    #[test]
    fn values_are_kept_in_the_routers_form() {
        assert_eq!(accept(Kind::Bool, "yes").unwrap(), "true");
        assert_eq!(accept(Kind::Time, "3600").unwrap(), "1h");
        assert_eq!(accept(Kind::TimeOrNone, "0"), Err(BadValue::Invalid));
        assert_eq!(
            accept(Kind::Mac, "aa:bb:cc:dd:ee:ff").unwrap(),
            "AA:BB:CC:DD:EE:FF"
        );
        assert_eq!(accept(Kind::Size, "1k").unwrap(), "1024");
        assert_eq!(accept(Kind::Ref("/m", "all"), "all").unwrap(), "all");
        assert_eq!(
            accept(Kind::Ref("/m", "all"), "gone"),
            Err(BadValue::NoMatch)
        );
        assert_eq!(accept(Kind::Unlimited, "0"), Err(BadValue::Invalid));
    }
}
