//! `/api/v1/settings/mpesa`: which M-PESA account is in use, how customers pay into it by hand, how much is taken, and what its operator may do.
//!
//! No secret is here, and nothing that moves money: an account is set and changed on the pages, with a password and a second factor.

use axum::extract::State;
use mnara_protocol::money::Money;
use serde::Serialize;
use utoipa::ToSchema;

use super::gate::Key;
use super::operation::Operation;
use crate::app::App;
use crate::payments::operator::{self, Kept};
use crate::payments::store::moves;
use crate::providers;
use crate::providers::c2b::{self, Registration};
use crate::providers::limits::Limits;
use crate::providers::mpesa;
use crate::rails::daraja::{ShortcodeKind, Version};
use crate::web::{Answer, Json, show};

/// Which M-PESA account customers pay into.
#[derive(Debug, Serialize, ToSchema)]
pub struct Mpesa {
    /// The account; null as long as none is set, when nothing can be sold.
    account: Option<Account>,
    /// The account that is to be used once a shilling has arrived in it.
    change: Option<Change>,
    /// Whether M-PESA tells of what is paid into the account by hand; null as long as it was not asked to.
    by_hand: Option<PaidByHand>,
    /// How much is taken.
    limits: MpesaLimits,
    /// Since when prompts do not get through to phones; null while they do.
    no_prompts_since: Option<String>,
    /// The operator of the account, who may ask for more than money; null where none is kept.
    operator: Option<MpesaOperator>,
}

/// The numbers of an M-PESA account. Its secrets are shown nowhere.
#[derive(Debug, Serialize, ToSchema)]
pub struct Account {
    /// `paybill` or `till`.
    kind: &'static str,
    /// The paybill, or the till's store number.
    shortcode: String,
    /// The till's own number.
    till: Option<String>,
}

/// A change of the account that waits for its proof.
#[derive(Debug, Serialize, ToSchema)]
pub struct Change {
    /// To which account.
    to: Account,
    /// When it was asked for.
    asked_at: String,
    /// When it comes to nothing.
    expires_at: String,
}

/// Whether M-PESA tells of what customers pay by hand, to the paybill or till itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaidByHand {
    /// Whether such payments are told of, as far as is known.
    is_told: bool,
    /// How registering for it stands: `done`, `asked`, `before` (something was registered already), `setup`, `old-platform`, `refused` or `away`.
    state: &'static str,
    /// What Safaricom said to it.
    said: Option<String>,
    /// Since when it stands so.
    since_at: String,
    /// When the first such payment was told of.
    heard_at: Option<String>,
    /// How M-PESA hides who paid: `masked` or `hashed`.
    numbers: &'static str,
    /// Whether a payment goes through that we were asked about and did not answer in time.
    is_taken_unasked: bool,
}

impl From<Registration> for PaidByHand {
    fn from(one: Registration) -> Self {
        Self {
            is_told: one.works(),
            state: one.state.word(),
            since_at: show::utc(one.at),
            heard_at: one.heard.map(show::utc),
            numbers: match one.version {
                Version::Hashed => "hashed",
                Version::Masked => "masked",
            },
            is_taken_unasked: one.completes,
            said: one.said,
        }
    }
}

/// How much is taken by M-PESA. M-PESA's own limits hold beside these.
#[derive(Debug, Serialize, ToSchema)]
pub struct MpesaLimits {
    /// The least that is taken, such as `10.00`; null for M-PESA's own.
    least: Option<String>,
    /// The most that is taken at once, such as `5000.00`; null for M-PESA's own.
    most: Option<String>,
    /// The most that is taken from one phone on a day, such as `20000.00`; null for M-PESA's own.
    most_a_day: Option<String>,
    /// In which currency.
    currency: &'static str,
}

impl From<Limits> for MpesaLimits {
    fn from(limits: Limits) -> Self {
        let shillings =
            |number: Option<i32>| number.map(|number| Money::from_shillings(number).to_decimal());
        Self {
            least: shillings(limits.least),
            most: shillings(limits.most),
            most_a_day: shillings(limits.most_a_day),
            currency: "KES",
        }
    }
}

/// The operator of the account, without what opens it. A right is used for nothing before it has proved itself by a test.
#[derive(Debug, Serialize, ToSchema)]
pub struct MpesaOperator {
    /// Its user name, such as `mnaraapi`.
    initiator: String,
    /// When it was set.
    set_at: String,
    /// When its right to ask how a transaction stands proved itself.
    status_proven_at: Option<String>,
    /// When its right to send payments back did.
    reversal_proven_at: Option<String>,
}

impl From<Kept> for MpesaOperator {
    fn from(kept: Kept) -> Self {
        Self {
            set_at: show::utc(kept.since),
            status_proven_at: kept.status_proven.map(show::utc),
            reversal_proven_at: kept.reversal_proven.map(show::utc),
            initiator: kept.initiator,
        }
    }
}

impl Account {
    fn new(shortcode: String, kind: ShortcodeKind) -> Self {
        let (kind, till) = match kind {
            ShortcodeKind::Paybill => ("paybill", None),
            ShortcodeKind::Till { number } => ("till", Some(number)),
        };
        Self {
            kind,
            shortcode,
            till,
        }
    }
}

pub(super) fn showing() -> Operation {
    Operation::new(
        "getMpesa",
        "Show which M-PESA account is in use",
        "With how customers pay into it by hand, how much is taken, and what its operator may do. It is set and changed on the pages only, by an owner with a password and a second factor.",
    )
    .answers::<Mpesa>(200)
}

/// Shows it with what it can do.
///
/// # Errors
/// A problem document.
pub async fn show(State(app): State<App>, key: Key) -> Answer<Json<Mpesa>> {
    let (provider, now) = (key.provider(), app.clock.now());
    let mut tx = app.db.tenant(provider).await?;
    let account = providers::store::account(&mut tx, provider).await?;
    let last = moves::last(&mut tx, provider, 1).await?;
    let mut change = None;
    if let Some(waits) = last.into_iter().find(|one| one.waits(now)) {
        let to = mpesa::store::find(&mut tx, provider, waits.to).await?;
        change = to.map(|to| Change {
            to: Account::new(to.shortcode, to.kind),
            asked_at: show::utc(waits.at),
            expires_at: show::utc(waits.expires),
        });
    }
    // What was registered for another number is nothing to this one.
    let registered = c2b::store::registration(&mut tx, provider).await?;
    let registered = registered.filter(|one| {
        account
            .as_ref()
            .is_some_and(|account| account.shortcode == one.shortcode)
    });
    let limits = c2b::store::limits(&mut tx, provider).await?;
    let since = c2b::store::no_prompts_since(&mut tx, provider).await?;
    let operator = operator::in_use::current(&mut tx, provider).await?;
    Ok(Json(Mpesa {
        by_hand: registered.map(PaidByHand::from),
        limits: limits.into(),
        no_prompts_since: since.map(show::utc),
        operator: operator.map(MpesaOperator::from),
        account: account.map(|account| Account::new(account.shortcode, account.kind)),
        change,
    }))
}
