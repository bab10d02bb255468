//! What people look for among payments, as the address says it. A phone number never stands there; a customer's number here does.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::PaymentId;
use serde::Deserialize;

use super::super::store::list::{Line, Offline, Sort, Wanted};
use crate::nairobi::Day;
use crate::web::page::before;

/// The fields, as they were typed. What makes no sense is not looked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// How it stands.
    pub state: String,
    /// The site's id.
    pub site: String,
    /// The plan's id.
    pub plan: String,
    /// The customer's id.
    pub customer: String,
    /// The receipt.
    pub receipt: String,
    /// The first day.
    pub from: String,
    /// The last day.
    pub to: String,
    /// Where the page before ended.
    pub before: String,
    /// What was done just before.
    pub done: String,
}

fn day(text: &str) -> Option<Day> {
    Day::read(text.trim())
}

impl Asked {
    /// What is looked for.
    #[must_use]
    pub fn wanted(&self, now: Timestamp) -> Wanted {
        let receipt: String = self
            .receipt
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(20)
            .collect();
        Wanted {
            status: match self.state.as_str() {
                "paid" => Some("success"),
                "failed" => Some("failed"),
                "waiting" => Some("pending"),
                _ => None,
            },
            is_flagged: (self.state == "look").then_some(true),
            offline: (self.state == "offline").then(|| Offline::at(now)),
            sort: if self.state == "test" {
                Sort::Tests
            } else {
                Sort::Both
            },
            site: self.site.parse().ok(),
            plan: self.plan.parse().ok(),
            customer: self.customer.parse().ok(),
            phone: None,
            receipt: (!receipt.is_empty()).then(|| receipt.to_ascii_uppercase()),
            from: day(&self.from).map(Day::begin),
            until: day(&self.to).map(|day| day.plus(1).begin()),
        }
    }

    /// Where the page before ended.
    #[must_use]
    pub fn cursor(&self) -> Option<(Timestamp, PaymentId)> {
        before(&self.before)
    }

    /// Whether anything is looked for.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.pairs().next().is_none()
    }

    fn pairs(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("state", &self.state),
            ("site", &self.site),
            ("plan", &self.plan),
            ("customer", &self.customer),
            ("receipt", &self.receipt),
            ("from", &self.from),
            ("to", &self.to),
        ]
        .into_iter()
        .map(|(name, value)| (name, value.trim()))
        .filter(|(_, value)| !value.is_empty())
    }

    /// The address of a page that looks for the same.
    #[must_use]
    pub fn path(&self, page: &str, after: Option<&Line>) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.pairs());
        if let Some(line) = after {
            query.append_pair("before", &format!("{}.{}", line.at.as_millis(), line.id));
        }
        let query = query.finish();
        if query.is_empty() {
            page.to_owned()
        } else {
            format!("{page}?{query}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_nairobis_and_the_last_one_is_whole() {
        let asked = Asked {
            from: "2027-01-15".to_owned(),
            to: "2027-01-15".to_owned(),
            ..Asked::default()
        };
        let wanted = asked.wanted(Timestamp::from_secs(1_800_000_000));
        let began = Timestamp::from_secs(1_800_000_000 - 11 * 3600);
        assert_eq!(wanted.from, Some(began));
        assert_eq!(wanted.until, Some(began.plus_secs(86_400)));
    }

    #[test]
    fn nonsense_is_not_looked_for() {
        let asked = Asked {
            state: "<b>".to_owned(),
            site: "x".to_owned(),
            from: "soon".to_owned(),
            before: "9999999999999999.pay_1".to_owned(),
            receipt: " nlj 7rt61sv".to_owned(),
            ..Asked::default()
        };
        let wanted = asked.wanted(Timestamp::from_secs(1_800_000_000));
        let ancient = Asked {
            from: "-009000-01-01".to_owned(),
            to: "9999-12-31".to_owned(),
            ..Asked::default()
        };
        let all = ancient.wanted(Timestamp::from_secs(1_800_000_000));
        assert_eq!((all.from, all.until), (None, None));
        assert!(wanted.status.is_none() && wanted.site.is_none() && wanted.from.is_none());
        assert!(asked.cursor().is_none());
        assert_eq!(wanted.receipt.as_deref(), Some("NLJ7RT61SV"));
        assert!(asked.path("/payments", None).contains("state=%3Cb%3E"));
    }
}
