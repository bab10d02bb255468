//! Plans: what is for sale, and the terms a ticket takes from its plan on the day it is issued. Prices are compared, never computed.

use minicbor::{Decode, Encode};

use crate::ids::PlanId;
use crate::money::Money;

/// A speed limit from the customer's point of view, in bits per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(map)]
pub struct Rate {
    /// Towards the customer.
    #[n(0)]
    pub down_bps: u64,
    /// From the customer.
    #[n(1)]
    pub up_bps: u64,
}

/// What a ticket gives, copied from its plan when it is issued so that a later change of the plan never changes a sold ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Terms {
    /// Runs without pause from the first confirmed grant, in seconds.
    #[n(0)]
    pub duration_secs: Option<u32>,
    /// Metered time with at least one device online, in seconds.
    #[n(1)]
    pub online_secs: Option<u32>,
    /// Both directions, pooled over the ticket's devices, in bytes.
    #[n(2)]
    pub data_bytes: Option<u64>,
    /// How many devices may hold the ticket at once; at least one.
    #[n(3)]
    pub devices: u16,
    /// Speed limit, if any.
    #[n(4)]
    pub rate: Option<Rate>,
}

impl Terms {
    /// Says `data` when only data is limited, else `time`: the two words the public API knows.
    #[must_use]
    pub const fn plan_type(&self) -> PlanType {
        if self.data_bytes.is_some() && self.duration_secs.is_none() && self.online_secs.is_none() {
            PlanType::Data
        } else {
            PlanType::Time
        }
    }

    /// The duration in hours, rounded up, as the public API has it.
    #[must_use]
    pub fn duration_hours(&self) -> Option<u32> {
        self.duration_secs
            .or(self.online_secs)
            .map(|secs| secs.div_ceil(3600))
    }

    /// The data allowance in megabytes of 1,000,000 bytes, rounded up, as the public API has it.
    #[must_use]
    pub fn data_limit_mb(&self) -> Option<u64> {
        self.data_bytes.map(|bytes| bytes.div_ceil(1_000_000))
    }
}

/// The seed's two words for what limits a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanType {
    /// Limited by time, and perhaps by data too.
    Time,
    /// Limited by data alone.
    Data,
}

impl PlanType {
    /// The word in SQL and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Data => "data",
        }
    }
}

/// One thing a provider sells.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Plan {
    /// Its id.
    #[n(0)]
    pub id: PlanId,
    /// Counts the plan's changes; a checkout names the one the customer saw.
    #[n(1)]
    pub revision: u32,
    /// What the portal shows.
    #[n(2)]
    pub name: String,
    /// What the customer pays.
    #[n(3)]
    pub price: Money,
    /// What the customer gets.
    #[n(4)]
    pub terms: Terms,
    /// How long an unused ticket stays good after it is issued, in seconds; `None` for ever.
    #[n(5)]
    pub sell_by_secs: Option<u32>,
    /// Whether the portal offers it.
    #[n(6)]
    pub on_sale: bool,
    /// Where it stands in the list.
    #[n(7)]
    pub position: u16,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_words_follow_from_the_limits() {
        let terms = |duration_secs, online_secs, data_bytes| Terms {
            duration_secs,
            online_secs,
            data_bytes,
            devices: 1,
            rate: None,
        };
        for (terms, kind, hours, megabytes) in [
            (terms(Some(3600), None, None), PlanType::Time, Some(1), None),
            (terms(Some(3601), None, None), PlanType::Time, Some(2), None),
            (
                terms(Some(u32::MAX), None, Some(1)),
                PlanType::Time,
                Some(1_193_047),
                Some(1),
            ),
            (terms(None, Some(1800), None), PlanType::Time, Some(1), None),
            (
                terms(Some(86_400), Some(1800), None),
                PlanType::Time,
                Some(24),
                None,
            ),
            (
                terms(None, None, Some(500_000_001)),
                PlanType::Data,
                None,
                Some(501),
            ),
            (terms(None, None, None), PlanType::Time, None, None),
        ] {
            assert_eq!(terms.plan_type(), kind);
            assert_eq!(terms.duration_hours(), hours);
            assert_eq!(terms.data_limit_mb(), megabytes);
        }
        assert_eq!(
            (PlanType::Time.as_str(), PlanType::Data.as_str()),
            ("time", "data")
        );
    }
}
