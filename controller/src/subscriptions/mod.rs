//! Subscriptions: what the platform sells to businesses, the orders by which they pay, and until when each has paid.
//!
//! An order is stored before it is handed to Pesapal ([`order`]); what Pesapal tells us by itself is a hint ([`notify`]); only its answer to our
//! own question counts ([`ask`], [`settle`], [`confirm`]). What is paid for is computed from the lines of a book ([`terms`]), how a business stands with it is a rule
//! of its own ([`life`]), and [`lapse`] writes down what it may do then. What that closes stands in `providers::rights`.

pub mod api;
pub mod ask;
pub mod back;
pub mod change;
pub mod confirm;
pub mod invoice;
pub mod lapse;
pub mod life;
pub mod notify;
pub mod order;
pub mod pages;
pub mod plans;
pub mod recurring;
pub mod room;
pub mod settle;
pub mod standing;
pub mod store;
pub mod terms;

use std::fmt;
use std::str::FromStr;

use crate::rails::pesapal::Name;
use crate::rails::pesapal::price::Price;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{AttemptId, OrderId, PlatformPlanId, ProviderId};
use mnara_protocol::money::Money;
use serde_json::json;
use sqlx::types::JsonValue;

pub use crate::providers::rights::Feature;

/// How long one payment lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// To the same day of the next month.
    Month,
    /// To the same day of the next year.
    Year,
}

/// Says that a word is none of those known.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("there is no such {0}")]
pub struct NoWord(&'static str);

/// Names the words of an enumeration, in rows, in the API and in forms.
macro_rules! words {
    ($name:ident, $what:literal, $($arm:ident = $word:literal),* $(,)?) => {
        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$arm),*];

            /// The word in the database and in the API.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$arm => $word,)*
                }
            }
        }

        impl FromStr for $name {
            type Err = NoWord;

            fn from_str(text: &str) -> Result<Self, NoWord> {
                match text {
                    $($word => Ok(Self::$arm),)*
                    _ => Err(NoWord($what)),
                }
            }
        }
    };
}

words!(Period, "period", Month = "month", Year = "year");
words!(
    State,
    "state of an order",
    Created = "created",
    Submitted = "submitted",
    Lost = "lost",
    Refused = "refused",
    Completed = "completed",
    Failed = "failed",
    Expired = "expired",
    Reversed = "reversed",
);
words!(
    Flag,
    "flag",
    Reference = "reference",
    Amount = "amount",
    Currency = "currency",
    Contrary = "contrary",
    Code = "code",
    Double = "double",
    Late = "late",
);
words!(
    Refund,
    "state of a refund",
    Asked = "asked",
    Taken = "taken",
    Refused = "refused",
    Lost = "lost",
);
words!(
    Resolution,
    "resolution",
    Extended = "extended",
    Refunded = "refunded",
    Kept = "kept",
);
words!(
    Stage,
    "stage of a subscription",
    None = "none",
    Trial = "trial",
    Active = "active",
    Grace = "grace",
    Restricted = "restricted",
);
words!(
    Reminder,
    "reminder",
    Soon7 = "soon-7",
    Soon3 = "soon-3",
    Soon1 = "soon-1",
    Due = "due",
    Grace = "grace",
    Restricted = "restricted",
    Restored = "restored",
);
words!(
    Kind,
    "kind of order",
    Once = "once",
    Recurring = "recurring"
);

/// What the platform sells to businesses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformPlan {
    /// Its id.
    pub id: PlatformPlanId,
    /// What people call it.
    pub name: String,
    /// How long one payment lasts.
    pub period: Period,
    /// What it costs.
    pub price: Price,
    /// How many sites it is for; none for any number.
    pub most_sites: Option<u32>,
    /// What it lets a business do.
    pub features: Vec<Feature>,
    /// How many days a business that never subscribed may have for nothing.
    pub trial_days: u16,
    /// Whether it can be chosen.
    pub is_offered: bool,
}

impl PlatformPlan {
    /// Whether who is on another plan would have less of this one: a feature, a site, or what is had for more money.
    #[must_use]
    pub fn is_less_than(&self, other: &Self) -> bool {
        let lacks = |feature: &Feature| !self.features.contains(feature);
        let is_for_fewer = match (self.most_sites, other.most_sites) {
            (Some(most), Some(others)) => most < others,
            (Some(_), None) => true,
            (None, _) => false,
        };
        let is_cheaper = self.rate().is_alike(other.rate()) && self.price.cents < other.price.cents;
        other.features.iter().any(lacks) || is_for_fewer || is_cheaper
    }

    /// What a whole period of it costs.
    #[must_use]
    pub const fn rate(&self) -> terms::Rate {
        terms::Rate {
            price: self.price,
            period: self.period,
        }
    }
}

/// How a business stands with what it has paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It never chose a plan, or nobody is asked to.
    None,
    /// It tries a plan out.
    Trial,
    /// It has paid.
    Active,
    /// What it paid for has ended, and everything goes on for some days.
    Grace,
    /// Nothing new is sold, and only what is needed to pay opens.
    Restricted,
}

/// Of what a business is reminded, each once for a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reminder {
    /// A week is left.
    Soon7,
    /// Three days are left.
    Soon3,
    /// A day is left.
    Soon1,
    /// It ends now.
    Due,
    /// Half of grace is over.
    Grace,
    /// It is restricted.
    Restricted,
    /// It is not restricted any more.
    Restored,
}

/// Where an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Stored, and not known to have been handed in.
    Created,
    /// Pesapal has it, and nothing was paid yet.
    Submitted,
    /// It was handed in and the answer was lost; nobody has its page.
    Lost,
    /// Pesapal did not take it.
    Refused,
    /// Paid.
    Completed,
    /// Not paid; its page can be opened again and then pay.
    Failed,
    /// Given up by us; money that comes after all is honoured.
    Expired,
    /// Paid, and paid back.
    Reversed,
}

impl State {
    /// Whether nothing is decided yet.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Created | Self::Submitted | Self::Lost)
    }
}

/// Why a person should look at an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// The rail's answer names another order.
    Reference,
    /// Another amount was paid.
    Amount,
    /// It was paid in another currency.
    Currency,
    /// The rail takes back what it had said.
    Contrary,
    /// The rail says something nobody has documented.
    Code,
    /// Another order was paid while this one waited: perhaps somebody paid twice.
    Double,
    /// It pays for a better plan, and came when there was no time left to be on it.
    Late,
}

/// Where money is that should go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refund {
    /// The rail is being asked, or somebody died over it.
    Asked,
    /// The rail took it up; the merchant agrees there, and then the order is reversed.
    Taken,
    /// The rail refused.
    Refused,
    /// The rail's answer is lost.
    Lost,
}

impl Refund {
    /// Whether the money may be on its way back.
    #[must_use]
    pub const fn is_under_way(self) -> bool {
        matches!(self, Self::Asked | Self::Taken | Self::Lost)
    }
}

/// What somebody of the platform made of a flagged order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// It counts as paid.
    Extended,
    /// Its money goes back.
    Refunded,
    /// It stays as it is.
    Kept,
}

/// How an order comes to be paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// By somebody on the rail's page.
    Once,
    /// By itself, from a card.
    Recurring,
}

/// What the rail says was paid, in whatever currency it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paid {
    /// Cents.
    pub cents: i64,
    /// Of what.
    pub currency: String,
}

/// One order by which a business pays the platform.
#[derive(Clone, Debug)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// Whose.
    pub provider: ProviderId,
    /// The attempt it was made for.
    pub attempt: AttemptId,
    /// The plan it pays for.
    pub plan: PlatformPlanId,
    /// How it comes to be paid.
    pub kind: Kind,
    /// Our name for it at the rail.
    pub reference: String,
    /// With what a card is charged by itself.
    pub account: Option<String>,
    /// How much.
    pub price: Price,
    /// Where it is.
    pub state: State,
    /// The rail's name for it.
    pub tracking: Option<Name>,
    /// The rail's name for it as a notification gave it, while there is none of our own.
    pub hinted: Option<Name>,
    /// The rail's page.
    pub redirect: Option<String>,
    /// The receipt.
    pub confirmation: Option<String>,
    /// Why a person should look at it.
    pub flag: Option<Flag>,
    /// Whether it pays for another plan at once, with what is left counted in.
    pub is_upgrade: bool,
    /// Whether that plan begins anew with it, instead of taking the place of the one before for the time that is left.
    pub begins_anew: bool,
    /// Until when the difference to that plan was counted.
    pub upgrade_until: Option<Timestamp>,
    /// What the rail says was paid, where that is not what was asked.
    pub paid: Option<Paid>,
    /// Where its money is, if it should go back.
    pub refund: Option<Refund>,
    /// What somebody made of its flag.
    pub resolution: Option<Resolution>,
    /// How often the rail was asked.
    pub asked: u32,
    /// Before that no notification has the rail asked.
    pub ask_after: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it is no longer waited for.
    pub expires_at: Timestamp,
    /// When it was paid.
    pub settled_at: Option<Timestamp>,
}

impl Paid {
    /// What it is worth; none in a currency of which we keep no books.
    #[must_use]
    pub fn worth(&self) -> Option<Price> {
        Some(Price::new(self.cents, self.currency.parse().ok()?))
    }

    /// The amount with two decimals, in whatever currency.
    #[must_use]
    pub fn decimal(&self) -> String {
        Money::from_cents(self.cents).to_decimal()
    }
}

impl fmt::Display for Paid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.currency.parse() {
            Ok(currency) => write!(f, "{}", Price::new(self.cents, currency)),
            Err(_) => write!(f, "{} {}", self.currency, self.decimal()),
        }
    }
}

impl From<Price> for Paid {
    fn from(price: Price) -> Self {
        Self {
            cents: price.cents,
            currency: price.currency.code().to_owned(),
        }
    }
}

impl Order {
    /// Whether its money came once more after it had gone back.
    #[must_use]
    pub const fn came_again(&self) -> bool {
        matches!(
            (self.state, self.flag),
            (State::Reversed, Some(Flag::Contrary))
        )
    }

    /// Whether the merchant at the rail may have said no to its money going back.
    #[must_use]
    pub fn may_be_declined(&self) -> bool {
        let is_back = self.state == State::Reversed && !self.came_again();
        self.refund.is_some_and(Refund::is_under_way) && !is_back
    }

    /// Whether its money came in another amount or currency than was asked: its page takes no more, and somebody has to look.
    #[must_use]
    pub const fn is_paid_otherwise(&self) -> bool {
        !matches!(self.state, State::Completed | State::Reversed)
            && matches!(self.flag, Some(Flag::Amount | Flag::Currency))
    }

    /// What of it goes back: what was paid, in whatever currency the rail names, and what was asked where that is the same.
    #[must_use]
    pub fn whole(&self) -> Paid {
        let paid = self.paid.clone().filter(|paid| paid.cents > 0);
        paid.unwrap_or_else(|| self.price.into())
    }

    /// How it stands, for the audit.
    #[must_use]
    pub fn stands(&self) -> JsonValue {
        let whole = self.whole();
        json!({
            "state": self.state.word(),
            "refund": self.refund.map(Refund::word),
            "amount": whole.decimal(),
            "currency": whole.currency,
        })
    }

    /// What was paid for it, or will be; none where that is in a currency of which we keep no books.
    #[must_use]
    pub fn worth(&self) -> Option<Price> {
        match &self.paid {
            Some(paid) if paid.cents > 0 => paid.worth(),
            _ => Some(self.price),
        }
    }
}
