//! Bodies that go down: what a site must know.

use minicbor::decode::Error as DecodeError;
use minicbor::encode::{Error as EncodeError, Write};
use minicbor::{Decoder, Encoder};

use super::*;
use crate::portal::Language;

/// Who a site belongs to and how its portal looks.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SiteRow {
    /// The tenant.
    #[n(0)]
    pub provider: ProviderId,
    /// The site.
    #[n(1)]
    pub site: SiteId,
    /// The business's name.
    #[n(2)]
    pub business_name: String,
    /// The site's name.
    #[n(3)]
    pub site_name: String,
    /// Brand colour as 0xRRGGBB.
    #[n(4)]
    pub colour: u32,
    /// A number customers can call, as people write it.
    #[n(5)]
    pub help_phone: Option<String>,
    /// Whether M-PESA sales are open (credentials proven, subscription good).
    #[n(6)]
    pub sales_open: bool,
    /// How customers can pay without being asked, if money that comes so is seen.
    #[n(7)]
    pub by_hand: Option<ByHand>,
    /// Since when no prompt has got through, while none does.
    #[n(8)]
    pub no_prompts_since: Option<Timestamp>,
    /// Whether customers may ask for the code by SMS.
    #[n(9)]
    pub sms: Option<bool>,
}

numbered! {
    /// How money is paid to a business from the phone's own menu.
    pub enum ByHand {
        /// To a paybill, with the device's code as the account.
        0 Paybill,
        /// To a till, which asks for no account.
        1 Till,
    }
}

/// A text in both languages of the portal. One that is empty is said in the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Spoken {
    /// In English.
    #[n(0)]
    pub english: String,
    /// In Kiswahili.
    #[n(1)]
    pub swahili: String,
}

impl Spoken {
    /// Nothing is said.
    pub const NOTHING: Self = Self {
        english: String::new(),
        swahili: String::new(),
    };

    /// The text for a reader of a language, if there is one in either.
    #[must_use]
    pub fn in_words(&self, language: Language) -> Option<&str> {
        let texts = match language {
            Language::English => [&self.english, &self.swahili],
            Language::Swahili => [&self.swahili, &self.english],
        };
        texts
            .into_iter()
            .find(|text| !text.is_empty())
            .map(String::as_str)
    }
}

/// Names a logo: the first 16 bytes of the SHA-256 of its picture.
pub type LogoId = [u8; 16];

/// What a business says on its portal, and the picture beside its name. Its names and brand colour are in the [`SiteRow`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LookRow {
    /// Colour of buttons as 0xRRGGBB; none for the brand's.
    #[n(0)]
    pub button: Option<u32>,
    /// What is said above the plans.
    #[n(1)]
    pub welcome: Option<Spoken>,
    /// What everybody should know now, above everything.
    #[n(2)]
    pub banner: Option<Spoken>,
    /// What a buyer accepts.
    #[n(3)]
    pub terms: Option<Spoken>,
    /// The picture, which is a row of its own.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub logo: Option<LogoId>,
}

numbered! {
    /// How a picture is written.
    pub enum PictureKind {
        /// PNG.
        0 Png,
        /// JPEG.
        1 Jpeg,
        /// WebP.
        2 Webp,
    }
}

impl PictureKind {
    /// The type browsers know it by; none for what this version does not know.
    #[must_use]
    pub const fn media_type(self) -> Option<&'static str> {
        match self {
            Self::Png => Some("image/png"),
            Self::Jpeg => Some("image/jpeg"),
            Self::Webp => Some("image/webp"),
            Self::Other(_) => None,
        }
    }
}

/// A logo.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LogoRow {
    /// How it is written.
    #[n(0)]
    pub kind: PictureKind,
    /// The picture.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub picture: Vec<u8>,
}

impl std::fmt::Debug for LogoRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogoRow")
            .field("kind", &self.kind)
            .field("bytes", &self.picture.len())
            .finish()
    }
}

/// What a site gives away to try: to a device once in so many days, and so many times a day to all of them together, since phones
/// change their addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct TrialRow {
    /// What it gives.
    #[n(0)]
    pub terms: Terms,
    /// After so many days the same device may have it again; at least one.
    #[n(1)]
    pub every_days: u16,
    /// How many the site gives on one day.
    #[n(2)]
    pub a_day: u16,
    /// How many minutes the place's clock is ahead of UTC, so that its days begin at midnight.
    #[n(3)]
    pub ahead_minutes: i16,
}

/// A bought ticket on its way to the site that sold it, or to the site where a customer brought its code.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct TicketRow {
    /// The ticket.
    #[n(0)]
    pub ticket: TicketId,
    /// Its code, in the stored form.
    #[n(1)]
    pub code: String,
    /// The router's user name.
    #[n(2)]
    pub username: String,
    /// The router's password.
    #[n(3)]
    pub password: String,
    /// What the controller decided.
    #[n(4)]
    pub right: Right,
    /// The plan's name on the day of sale.
    #[n(5)]
    pub plan_name: String,
    /// What was paid.
    #[n(6)]
    pub price: Money,
    /// The device that asked, to be logged in without typing.
    #[n(7)]
    pub deliver_to: Option<Mac>,
    /// After this it waits as an unstarted ticket.
    #[n(8)]
    pub deliver_until: Option<Timestamp>,
    /// The purchase it came from.
    #[n(9)]
    pub attempt: Option<AttemptId>,
    /// What the site or another had recorded of it, when it was used before it came here.
    #[n(10)]
    pub taken: Option<Taken>,
}

impl std::fmt::Debug for TicketRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TicketRow")
            .field("ticket", &self.ticket)
            .field("right", &self.right)
            .finish_non_exhaustive()
    }
}

/// How a purchase stands.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct CheckoutRow {
    /// The try.
    #[n(0)]
    pub attempt: AttemptId,
    /// Its payment.
    #[n(1)]
    pub payment: PaymentId,
    /// The device that asked.
    #[n(2)]
    pub mac: Mac,
    /// Where it stands.
    #[n(3)]
    pub state: CheckoutState,
    /// When it got there.
    #[n(4)]
    pub at: Timestamp,
}

/// Where a purchase stands. On the wire: an array of the state's number and an array of what belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckoutState {
    /// The customer's phone was asked, or it is not known whether it was.
    Pending,
    /// The rail said no.
    Failed(PayFailure),
    /// Paid; this is the ticket.
    Paid(TicketId),
    /// What only a later version knows, by its number. Nothing is decided yet as far as this one can tell.
    Other(u32),
}

impl<C> Encode<C> for CheckoutState {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), EncodeError<W::Error>> {
        e.array(2)?;
        match self {
            Self::Pending => e.u32(0)?.array(0)?.ok(),
            Self::Failed(failure) => e.u32(1)?.array(1)?.encode_with(failure, ctx)?.ok(),
            Self::Paid(ticket) => e.u32(2)?.array(1)?.encode_with(ticket, ctx)?.ok(),
            Self::Other(number) => e.u32(*number)?.array(0)?.ok(),
        }
    }
}

impl<'b, C> Decode<'b, C> for CheckoutState {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, DecodeError> {
        if d.array()? != Some(2) {
            return Err(DecodeError::message("a state is a number and an array"));
        }
        let number = d.u32()?;
        let parts = d
            .array()?
            .ok_or_else(|| DecodeError::message("what belongs to a state has no length"))?;
        let (state, taken) = match (number, parts) {
            (0, _) => (Self::Pending, 0),
            (1 | 2, 0) => return Err(DecodeError::message("a state lacks what belongs to it")),
            (1, _) => (Self::Failed(d.decode_with(ctx)?), 1),
            (2, _) => (Self::Paid(d.decode_with(ctx)?), 1),
            (other, _) => (Self::Other(other), 0),
        };
        for _ in taken..parts {
            d.skip()?;
        }
        Ok(state)
    }
}

numbered! {
    /// Why a payment did not happen, as the customer should hear it.
    pub enum PayFailure {
        /// The PIN was wrong.
        0 WrongPin,
        /// The customer cancelled the prompt.
        1 Cancelled,
        /// The phone did not answer: off, busy, old SIM.
        2 NoAnswer,
        /// Too little money.
        3 NoMoney,
        /// A limit of the customer's account or the day.
        4 LimitReached,
        /// Another prompt is open on that phone.
        5 OtherPrompt,
        /// The same amount from the same phone within two minutes.
        6 TooSoon,
        /// The prompt ran out.
        7 Expired,
        /// The provider's account is full or blocked.
        8 ProviderAccount,
        /// The provider's M-PESA settings are wrong.
        9 ProviderSetup,
        /// M-PESA is busy.
        10 Busy,
        /// The customer's M-PESA credential is locked.
        11 Locked,
        /// The plan is not sold at this hour.
        12 NotNow,
        /// The provider sells nothing to this number.
        13 Blocked,
        /// M-PESA does not take this number.
        14 NoMpesa,
    }
}

/// What the controller decided about one ticket of a series.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RulingRow {
    /// The ticket.
    #[n(0)]
    pub ticket: TicketId,
    /// Where it was printed.
    #[n(1)]
    pub printed: Printed,
    /// What is decided now. A series that was taken back is so for this ticket too.
    #[n(2)]
    pub right: Right,
    /// When settlement gave it to another site: its code was used there at this time.
    #[n(3)]
    pub used_elsewhere: Option<Timestamp>,
    /// That other site.
    #[n(4)]
    pub used_at: Option<SiteId>,
    /// Its name, for the customer who asks where the code went.
    #[n(5)]
    pub used_at_name: Option<String>,
    /// The device it is to be used for, if nobody has used it: it is logged in without typing.
    #[n(6)]
    pub deliver_to: Option<Mac>,
    /// After this it stays unused.
    #[n(7)]
    pub deliver_until: Option<Timestamp>,
}
