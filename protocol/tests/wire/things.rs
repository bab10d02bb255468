//! The things that messages are about, the same in every sample.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::*;
use mnara_protocol::message::*;
use mnara_protocol::money::Money;
use mnara_protocol::plan::{Burst, Hours, Plan, Rate, Terms};
use mnara_protocol::session::FeedDigest;
use mnara_protocol::ticket::{EndReason, Right, Slot, Usage};

pub(crate) const AT: Timestamp = Timestamp::from_millis(1_790_000_000_123);
pub(crate) const LATER: Timestamp = Timestamp::from_millis(1_790_003_600_000);
pub(crate) const MAC: Mac = Mac::from_bytes([0x4a, 0x3b, 0x2c, 0x1d, 0x0e, 0x0f]);
pub(crate) const TICKET: TicketId = TicketId::from_bytes([0x11; 16]);
pub(crate) const SERIES: SeriesId = SeriesId::from_bytes([0x22; 16]);
pub(crate) const PLAN: PlanId = PlanId::from_bytes([0x33; 16]);
pub(crate) const SITE: SiteId = SiteId::from_bytes([0x44; 16]);
pub(crate) const ATTEMPT: AttemptId = AttemptId::from_bytes([0x55; 16]);
pub(crate) const PAYMENT: PaymentId = PaymentId::from_bytes([0x66; 16]);
pub(crate) const COMMAND: CommandId = CommandId::from_bytes([0x77; 16]);

/// How each family reads a body back: its bytes again, or why not.
pub(crate) type Reader = fn(u16, &[u8]) -> Result<Vec<u8>, BadBody>;

pub(crate) struct Body {
    pub(crate) name: String,
    pub(crate) kind: u16,
    pub(crate) bytes: Vec<u8>,
    pub(crate) reader: Reader,
}

pub(crate) fn usage() -> Usage {
    Usage {
        online_secs: 3599,
        bytes_up: 70_000,
        bytes_down: 5_000_000_000,
    }
}

pub(crate) fn printed() -> Printed {
    Printed {
        series: SERIES,
        index: 99_999,
    }
}

pub(crate) fn right() -> Right {
    Right {
        terms: terms(),
        sell_by: Some(LATER),
        revoked: None,
        extra_secs: 600,
    }
}

pub(crate) fn terms() -> Terms {
    Terms {
        duration_secs: Some(3600),
        online_secs: None,
        data_bytes: Some(500_000_000),
        devices: 2,
        rate: Some(Rate {
            down_bps: 5_000_000,
            up_bps: 1_000_000,
            burst: None,
        }),
    }
}

pub(crate) fn plan() -> Plan {
    Plan {
        id: PLAN,
        revision: 3,
        name: "Saa moja".to_owned(),
        price: Money::from_shillings(20),
        terms: terms(),
        sell_by_secs: Some(86_400),
        on_sale: true,
        position: 1,
        hours: None,
        colour: None,
    }
}

/// With all that later plans may say.
pub(crate) fn night_plan() -> Plan {
    Plan {
        terms: Terms {
            rate: Some(Rate {
                down_bps: 5_000_000,
                up_bps: 1_000_000,
                burst: Some(Burst {
                    down_bps: 10_000_000,
                    up_bps: 2_000_000,
                    down_below_bps: 4_000_000,
                    up_below_bps: 800_000,
                    secs: 16,
                }),
            }),
            ..terms()
        },
        hours: Some(Hours {
            days: 0b001_1111,
            from_minute: 22 * 60,
            until_minute: 6 * 60,
            ahead_minutes: 180,
        }),
        colour: Some(0x00_ff_cc_00),
        ..plan()
    }
}

pub(crate) fn spoken(english: &str, swahili: &str) -> Option<Spoken> {
    Some(Spoken {
        english: english.to_owned(),
        swahili: swahili.to_owned(),
    })
}

pub(crate) fn taken() -> Taken {
    Taken {
        ticket: TICKET,
        printed: Some(printed()),
        redeemed_at: AT,
        since: Some(LATER),
        slots: vec![Slot { mac: MAC, seen: AT }],
        usage: usage(),
        ended: Some(TakenEnd {
            reason: EndReason::Data,
            at: LATER,
        }),
        paused: None,
        tried: None,
    }
}

pub(crate) fn digest() -> FeedDigest {
    FeedDigest::EMPTY.with(6, &[0x11; 16], &[0xa0])
}
