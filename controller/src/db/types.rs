//! How our types look in PostgreSQL: times are `timestamptz`, money is `numeric`, devices are `macaddr`, callers are
//! `inet`, ids are `uuid`.
//!
//! `sqlx.toml` names all but the last, so `query!` gives and takes [`At`], [`Amount`], [`MacAddr`] and [`Inet`] with no
//! annotation; an id goes in as `id.uuid()` and comes out as `SiteId::from_uuid(row.site_id)`. An array argument is
//! written `&times as &[At]`. No queries are here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{
    AccountId, AgentId, AttemptId, CallbackId, CommandId, CustomerId, DeedId, DeliveryId,
    EndpointId, EntryId, ExportId, InvitationId, JournalId, KeyId, LedgerId, LogInId, Mac, MailId,
    MoveId, NoteId, OrderId, PasskeyId, PaymentId, PersonId, PlanId, PlatformPlanId, ProviderId,
    RequestId, ResetId, SeriesId, SessionId, SiteId, SmsId, StaffId, TicketId, UnmatchedId,
};
use mnara_protocol::money::Money;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueFormat, PgValueRef};
use sqlx::types::Uuid;
use sqlx::{Decode, Encode, Postgres, Type};

/// Milliseconds from 1970, where our times begin, to 2000, where PostgreSQL's do.
const EPOCH: i64 = 946_684_800_000;

/// After everything: the last second that has a year of four digits.
pub const LAST: Timestamp = Timestamp::from_secs(253_402_300_799);

/// A [`Timestamp`] as `timestamptz`; PostgreSQL's microseconds below our milliseconds are cut off.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct At(pub Timestamp);

impl From<Timestamp> for At {
    fn from(time: Timestamp) -> Self {
        Self(time)
    }
}

impl From<At> for Timestamp {
    fn from(at: At) -> Self {
        at.0
    }
}

impl Type<Postgres> for At {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(1184))
    }
}

impl PgHasArrayType for At {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(1185))
    }
}

impl Encode<'_, Postgres> for At {
    fn encode_by_ref(&self, buf: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let micros = self
            .0
            .as_millis()
            .checked_sub(EPOCH)
            .and_then(|millis| millis.checked_mul(1000))
            .ok_or("a time beyond what PostgreSQL can store")?;
        Encode::<Postgres>::encode(micros, buf)
    }

    fn size_hint(&self) -> usize {
        size_of::<i64>()
    }
}

impl<'r> Decode<'r, Postgres> for At {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        match value.format() {
            PgValueFormat::Binary => {
                let micros: i64 = Decode::<Postgres>::decode(value)?;
                // The two ends of the range are PostgreSQL's infinities.
                if micros == i64::MAX || micros == i64::MIN {
                    return Err("an infinite time".into());
                }
                Ok(Self(Timestamp::from_millis(
                    micros.div_euclid(1000) + EPOCH,
                )))
            }
            PgValueFormat::Text => Err("times are read by prepared statements only".into()),
        }
    }
}

/// [`Money`] as `numeric(10,2)`, exact both ways; more than two decimals are refused, not rounded.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Amount(pub Money);

impl From<Money> for Amount {
    fn from(money: Money) -> Self {
        Self(money)
    }
}

impl From<Amount> for Money {
    fn from(amount: Amount) -> Self {
        amount.0
    }
}

impl Type<Postgres> for Amount {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(1700))
    }
}

impl PgHasArrayType for Amount {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(1231))
    }
}

const NEGATIVE: u16 = 0x4000;

impl Encode<'_, Postgres> for Amount {
    fn encode_by_ref(&self, buf: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        // numeric travels as base-10,000 digits; the last one holds our two decimals and two zeros.
        let cents = self.0.cents().unsigned_abs();
        let mut digits = vec![u16::try_from(cents % 100)? * 100];
        let mut whole = cents / 100;
        while whole > 0 {
            digits.push(u16::try_from(whole % 10_000)?);
            whole /= 10_000;
        }
        let count = u16::try_from(digits.len())?;
        let weight = i16::try_from(digits.len())? - 2;
        let sign = if self.0.cents() < 0 { NEGATIVE } else { 0 };
        buf.extend_from_slice(&count.to_be_bytes());
        buf.extend_from_slice(&weight.to_be_bytes());
        buf.extend_from_slice(&sign.to_be_bytes());
        buf.extend_from_slice(&2_u16.to_be_bytes());
        for digit in digits.iter().rev() {
            buf.extend_from_slice(&digit.to_be_bytes());
        }
        Ok(IsNull::No)
    }
}

impl<'r> Decode<'r, Postgres> for Amount {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        match value.format() {
            PgValueFormat::Binary => decode_numeric(value.as_bytes()?).map(Self),
            PgValueFormat::Text => Ok(Self(value.as_str()?.parse()?)),
        }
    }
}

fn decode_numeric(bytes: &[u8]) -> Result<Money, BoxDynError> {
    let words: Vec<u16> = bytes
        .chunks_exact(2)
        .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
        .collect();
    let [count, weight, sign, _scale, digits @ ..] = words.as_slice() else {
        return Err("a numeric value cut short".into());
    };
    if usize::from(*count) != digits.len() || !matches!(*sign, 0 | NEGATIVE) {
        return Err("not a finite numeric value".into());
    }
    let mut cents = 0_i64;
    for (place, digit) in digits.iter().enumerate() {
        let power = i64::from(weight.cast_signed()) - i64::try_from(place)?;
        let digit = i64::from(*digit);
        let part = match power {
            -1 if digit % 100 == 0 => Some(digit / 100),
            0.. => u32::try_from(power)
                .ok()
                .and_then(|power| 10_000_i64.checked_pow(power))
                .and_then(|unit| unit.checked_mul(100))
                .and_then(|unit| unit.checked_mul(digit)),
            _ if digit == 0 => Some(0),
            _ => return Err("an amount with more than two decimals".into()),
        };
        cents = part
            .and_then(|part| cents.checked_add(part))
            .ok_or("an amount too large")?;
    }
    Ok(Money::from_cents(if *sign == NEGATIVE {
        -cents
    } else {
        cents
    }))
}

/// A [`Mac`] as `macaddr`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct MacAddr(pub Mac);

impl From<Mac> for MacAddr {
    fn from(mac: Mac) -> Self {
        Self(mac)
    }
}

impl From<MacAddr> for Mac {
    fn from(mac: MacAddr) -> Self {
        mac.0
    }
}

impl Type<Postgres> for MacAddr {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(829))
    }
}

impl PgHasArrayType for MacAddr {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(1040))
    }
}

impl Encode<'_, Postgres> for MacAddr {
    fn encode_by_ref(&self, buf: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buf.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }
}

impl<'r> Decode<'r, Postgres> for MacAddr {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        match value.format() {
            PgValueFormat::Binary => Ok(Self(Mac::from_bytes(value.as_bytes()?.try_into()?))),
            PgValueFormat::Text => Ok(Self(value.as_str()?.parse()?)),
        }
    }
}

/// One address as `inet`; a network is refused.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Inet(pub IpAddr);

impl From<IpAddr> for Inet {
    fn from(address: IpAddr) -> Self {
        Self(address)
    }
}

impl Type<Postgres> for Inet {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(869))
    }
}

impl PgHasArrayType for Inet {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(1041))
    }
}

/// PostgreSQL's own number for IPv4; IPv6 is the next one.
const FAMILY_V4: u8 = 2;

impl Encode<'_, Postgres> for Inet {
    fn encode_by_ref(&self, buf: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        match self.0 {
            IpAddr::V4(address) => {
                buf.extend_from_slice(&[FAMILY_V4, 32, 0, 4]);
                buf.extend_from_slice(&address.octets());
            }
            IpAddr::V6(address) => {
                buf.extend_from_slice(&[FAMILY_V4 + 1, 128, 0, 16]);
                buf.extend_from_slice(&address.octets());
            }
        }
        Ok(IsNull::No)
    }
}

impl<'r> Decode<'r, Postgres> for Inet {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        if value.format() == PgValueFormat::Text {
            return Ok(Self(value.as_str()?.parse()?));
        }
        match value.as_bytes()? {
            [_, 32, _, 4, octets @ ..] => {
                let octets: [u8; 4] = octets.try_into()?;
                Ok(Self(Ipv4Addr::from(octets).into()))
            }
            [_, 128, _, 16, octets @ ..] => {
                let octets: [u8; 16] = octets.try_into()?;
                Ok(Self(Ipv6Addr::from(octets).into()))
            }
            _ => Err("a network where one address was expected".into()),
        }
    }
}

/// An id that is a `uuid` in its row.
pub trait RowId: Sized {
    /// The id as its column has it.
    fn uuid(&self) -> Uuid;
    /// The id a column holds.
    fn from_uuid(uuid: Uuid) -> Self;
}

/// A row that is named nowhere but in lists has no id of a kind of its own.
impl RowId for Uuid {
    fn uuid(&self) -> Uuid {
        *self
    }

    fn from_uuid(uuid: Uuid) -> Self {
        uuid
    }
}

macro_rules! row_ids {
    ($($id:ty),* $(,)?) => {$(
        impl RowId for $id {
            fn uuid(&self) -> Uuid {
                Uuid::from_bytes(*self.as_bytes())
            }

            fn from_uuid(uuid: Uuid) -> Self {
                Self::from_bytes(*uuid.as_bytes())
            }
        }
    )*};
}

row_ids!(
    ProviderId,
    SiteId,
    AgentId,
    PlanId,
    TicketId,
    SeriesId,
    PaymentId,
    AttemptId,
    SessionId,
    JournalId,
    CallbackId,
    CommandId,
    PersonId,
    StaffId,
    LogInId,
    InvitationId,
    AccountId,
    MoveId,
    CustomerId,
    NoteId,
    DeedId,
    DeliveryId,
    EndpointId,
    ExportId,
    KeyId,
    MailId,
    SmsId,
    ResetId,
    PasskeyId,
    PlatformPlanId,
    OrderId,
    EntryId,
    LedgerId,
    UnmatchedId,
    RequestId,
);
