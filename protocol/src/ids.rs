//! Typed ids. In text an id carries a prefix (`site_0190…`), in the database and on the wire it is 16 bare bytes.
//!
//! New ids are UUID version 7, made from a time and random bytes that the caller passes in.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};
use thiserror::Error;

use crate::clock::Timestamp;

/// Says why a text is not an id of the wanted kind.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("not {expected} id: write it as {expected}_ and 32 hexadecimal digits, or as a bare UUID")]
pub struct BadId {
    /// The prefix the text should have had.
    pub expected: &'static str,
}

fn version7(now: Timestamp, random: [u8; 10]) -> [u8; 16] {
    let millis = now.as_millis().unsigned_abs().to_be_bytes();
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&millis[2..]);
    bytes[6..].copy_from_slice(&random);
    bytes[6] = (bytes[6] & 0x0f) | 0x70;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    bytes
}

fn parse_hex(text: &str) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    let mut digits = 0_usize;
    for (place, letter) in text.char_indices() {
        if letter == '-' && text.len() == 36 && matches!(place, 8 | 13 | 18 | 23) {
            continue;
        }
        let value = u8::try_from(letter.to_digit(16)?).ok()?;
        let byte = bytes.get_mut(digits / 2)?;
        *byte = (*byte << 4) | value;
        digits += 1;
    }
    (digits == 32).then_some(bytes)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// The word before the underscore in this id's text form.
            pub const PREFIX: &'static str = $prefix;

            /// Makes a new id, ordered by the time it was made.
            #[must_use]
            pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
                Self(version7(now, random))
            }

            /// Takes the sixteen bytes an id has in the database and on the wire.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// Gives the sixteen bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// Gives the sixteen bytes as one number.
            #[must_use]
            pub const fn as_u128(self) -> u128 {
                u128::from_be_bytes(self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{:032x}"), self.as_u128())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                let bare = text.strip_prefix(concat!($prefix, "_")).unwrap_or(text);
                parse_hex(bare).map(Self).ok_or(BadId { expected: $prefix })
            }
        }

        impl<C> Encode<C> for $name {
            fn encode<W: encode::Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), encode::Error<W::Error>> {
                e.bytes(&self.0)?.ok()
            }
        }

        impl<'b, C> Decode<'b, C> for $name {
            fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
                let bytes = d.bytes()?;
                bytes.try_into().map(Self).map_err(|_| decode::Error::message("an id is 16 bytes"))
            }
        }
    )*};
}

ids! {
    /// A hotspot business: the tenant.
    ProviderId = "prv";
    /// One place with one hotspot and one agent.
    SiteId = "site";
    /// One enrolled agent: a device key bound to a site.
    AgentId = "agt";
    /// What is for sale.
    PlanId = "plan";
    /// One right to be online.
    TicketId = "tkt";
    /// A batch of tickets whose codes derive from one key.
    SeriesId = "ser";
    /// One money event.
    PaymentId = "pay";
    /// One try to buy, made by a portal; a repeat with the same id is the same try.
    AttemptId = "try";
    /// One stretch of a device being online.
    SessionId = "ses";
    /// The identity of one agent's journal, 128 random bits made with the store.
    JournalId = "jrn";
    /// A stored callback body.
    CallbackId = "cbk";
    /// One true command to a site (kick, reboot, update, diagnosis).
    CommandId = "cmd";
    /// A human being who logs in.
    PersonId = "person";
    /// A person's place in a business.
    StaffId = "staff";
    /// One browser of one person.
    LogInId = "login";
    /// An invitation to work for a business.
    InvitationId = "inv";
    /// One set of credentials with a rail.
    AccountId = "acc";
    /// A change of the account customers pay into.
    MoveId = "move";
    /// A phone that pays.
    CustomerId = "cust";
    /// A line about a payment: something that was said, or money that was paid back.
    NoteId = "note";
    /// Something that was asked of M-PESA in the name of a business's operator.
    RequestId = "ask";
    /// A line of what people did.
    DeedId = "deed";
    /// A key of the public API.
    KeyId = "key";
    /// An address of a business's own to which news is sent.
    EndpointId = "hook";
    /// One message to such an address.
    DeliveryId = "msg";
    /// One taking out of all of a business's data.
    ExportId = "exp";
    /// A mail to somebody.
    MailId = "mail";
    /// An SMS to somebody.
    SmsId = "sms";
    /// A way back in for somebody who lost their password.
    ResetId = "reset";
    /// A passkey of a person.
    PasskeyId = "key";
    /// What the platform sells to businesses.
    PlatformPlanId = "pplan";
    /// One order by which a business pays the platform.
    OrderId = "ord";
    /// A line in the book of a subscription.
    EntryId = "ent";
    /// A line of a business's books.
    LedgerId = "led";
    /// Money that a person has to look at.
    UnmatchedId = "unm";
}

/// A device's hardware address, as the router reports it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac([u8; 6]);

/// Says that a text is not a hardware address.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("not a MAC address: write six pairs of hexadecimal digits, as in 4A:3B:2C:1D:0E:0F")]
pub struct BadMac;

impl Mac {
    /// Takes the six bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 6]) -> Self {
        Self(bytes)
    }

    /// Gives the six bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 6] {
        &self.0
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02X}:{b:02X}:{c:02X}:{d:02X}:{e:02X}:{g:02X}")
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Mac {
    type Err = BadMac;

    fn from_str(text: &str) -> Result<Self, BadMac> {
        let mut bytes = [0; 6];
        let mut parts = text.split([':', '-']);
        for byte in &mut bytes {
            let part = parts
                .next()
                .filter(|part| part.len() == 2 && part.bytes().all(|b| b.is_ascii_hexdigit()))
                .ok_or(BadMac)?;
            *byte = u8::from_str_radix(part, 16).map_err(|_| BadMac)?;
        }
        if parts.next().is_some() {
            Err(BadMac)
        } else {
            Ok(Self(bytes))
        }
    }
}

impl<C> Encode<C> for Mac {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.bytes(&self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Mac {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        let bytes = d.bytes()?;
        bytes
            .try_into()
            .map(Self)
            .map_err(|_| decode::Error::message("a MAC address is 6 bytes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_has_a_prefix_and_reads_back_with_or_without_it() {
        let id = SiteId::new(Timestamp::from_millis(1_700_000_000_000), [7; 10]);
        let text = id.to_string();
        assert!(text.starts_with("site_018bcfe56800"), "{text}");
        assert_eq!(text.parse(), Ok(id));
        assert_eq!("018bcfe5-6800-7707-8707-070707070707".parse(), Ok(id));
        assert_eq!(
            "plan_018bcfe5680077078707070707070707".parse::<SiteId>(),
            Err(BadId { expected: "site" })
        );
        assert!("018bcfe5".parse::<SiteId>().is_err());
    }

    #[test]
    fn mac_reads_both_separators_and_refuses_the_rest() {
        let mac = Mac::from_bytes([0x4a, 0x3b, 0x2c, 0x1d, 0x0e, 0x0f]);
        assert_eq!("4A:3B:2C:1D:0E:0F".parse(), Ok(mac));
        assert_eq!("4a-3b-2c-1d-0e-0f".parse(), Ok(mac));
        assert_eq!(mac.to_string(), "4A:3B:2C:1D:0E:0F");
        for bad in [
            "",
            "4A:3B:2C:1D:0E",
            "4A:3B:2C:1D:0E:0F:00",
            "4A:3B:2C:1D:0E:0G",
            "+A:3B:2C:1D:0E:0F0",
        ] {
            assert_eq!(bad.parse::<Mac>(), Err(BadMac), "{bad}");
        }
    }
}
