//! `/api/v1/customers`: phones that pay; refusing one at the till, and giving one a ticket.

use axum::extract::State;
use futures_util::FutureExt as _;
use mnara_protocol::ids::CustomerId;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::cursor::{Asked, List, listed};
use super::gate::Key;
use super::made::Made;
use super::once::Once;
use super::operation::Operation;
use super::payments::{Payment, of_phone};
use super::shut::stopped;
use super::tickets::{Ticket, one};
use super::types::{id as id_in, named};
use crate::app::App;
use crate::payments::customers::give::{Gift, NotGiven, give_in};
use crate::payments::customers::{self, NotDone, store};
use crate::rails::msisdn::Msisdn;
use crate::web::{Answer, Json, Path, Problem, show};

/// Tickets and payments of one customer that are shown.
const FEW: u16 = 50;

/// A phone that pays.
#[derive(Debug, Serialize, ToSchema)]
pub struct Customer {
    /// Their id.
    id: String,
    /// Their phone, such as `254712345678`.
    phone: String,
    /// What they have as credit: the next prompt of the phone asks for so much less.
    credit: String,
    /// Since when they are refused at the till; null if they are not.
    blocked_at: Option<String>,
    /// Why.
    block_reason: Option<String>,
    /// When they first wanted to pay.
    created_at: String,
}

impl From<customers::Customer> for Customer {
    fn from(customer: customers::Customer) -> Self {
        let (blocked_at, block_reason) = customer.blocked.unzip();
        Self {
            id: customer.id.to_string(),
            phone: customer.phone,
            credit: customer.credit.to_decimal(),
            blocked_at: blocked_at.map(show::utc),
            block_reason,
            created_at: show::utc(customer.at),
        }
    }
}

/// A customer with what they had.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerHistory {
    /// Who.
    customer: Customer,
    /// Their last 50 tickets, paid for and given, the newest first.
    tickets: Vec<Had>,
    /// Their last 50 payments, the newest first; `GET /payments?phone=` has them all.
    payments: Vec<Payment>,
}

/// A ticket that a customer had.
#[derive(Debug, Serialize, ToSchema)]
pub struct Had {
    /// The ticket.
    ticket_id: String,
    /// Why it was given; null if it was paid for.
    gift_reason: Option<String>,
    /// When it was made.
    created_at: String,
}

/// Which customers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// Rows at most, 50 if nothing is said.
    #[schema(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// The `next` of the part before.
    #[schema(pattern = "^[A-Za-z0-9_-]{32}$")]
    cursor: Option<String>,
    /// The one with this phone, in any usual form, such as `0712 345 678`.
    #[schema(
        pattern = r"^[ ().-]*(\+[ ().-]*)?((2[ ().-]*5[ ().-]*4|0)[ ().-]*)?[17]([ ().-]*[0-9]){8}[ ().-]*$"
    )]
    phone: Option<String>,
    /// Only those who are refused, the last first.
    blocked: Option<bool>,
}

pub(super) fn listing() -> Operation {
    Operation::new(
        "listCustomers",
        "List or find customers",
        "The newest comes first. With `phone` it is one or none.",
    )
    .query::<Listing>()
    .lists::<Customer>()
}

/// Lists customers.
///
/// # Errors
/// A problem document.
pub async fn list(
    State(app): State<App>,
    key: Key,
    Asked(asked): Asked<Listing>,
) -> Answer<Json<List<Customer>>> {
    let phone = asked.phone.as_deref().map(|phone| {
        phone
            .parse::<Msisdn>()
            .map_err(|_| Problem::bad_request("phone: give a Kenyan mobile number."))
    });
    let (provider, phone) = (key.provider(), phone.transpose()?);
    let is_blocked = asked.blocked.unwrap_or(false);
    let place = |customer: &customers::Customer| match &customer.blocked {
        Some((at, _)) if is_blocked => (*at, customer.id),
        _ => (customer.at, customer.id),
    };
    let part = (asked.limit, asked.cursor.as_deref());
    listed(
        &app,
        &key,
        part,
        move |conn, before, limit| {
            async move {
                match (phone, is_blocked) {
                    (Some(phone), _) => {
                        let found = store::by_phone(conn, provider, phone).await?;
                        let fits = |one: &customers::Customer| !is_blocked || one.blocked.is_some();
                        Ok(found.into_iter().filter(fits).collect())
                    }
                    (None, true) => store::blocked(conn, provider, before, limit).await,
                    (None, false) => store::newest(conn, provider, before, limit).await,
                }
            }
            .boxed()
        },
        place,
        Customer::from,
    )
    .await
}

pub(super) fn showing() -> Operation {
    Operation::new(
        "getCustomer",
        "Show a customer and what they had",
        "Codes of tickets are not here: ask for a ticket.",
    )
    .of(CustomerId::PREFIX)
    .answers::<CustomerHistory>(200)
}

/// Shows one with what they had.
///
/// # Errors
/// A problem document.
pub async fn show(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
) -> Answer<Json<CustomerHistory>> {
    let (provider, id) = (key.provider(), named(&id)?);
    let mut tx = app.db.steady(provider).await?;
    let found = store::by_id(&mut tx, provider, id).await?;
    let customer = found.ok_or_else(Problem::not_found)?;
    let tickets = store::tickets(&mut tx, provider, &customer, None, FEW).await?;
    let payments = of_phone(&mut tx, provider, &customer.phone, FEW).await?;
    Ok(Json(CustomerHistory {
        customer: customer.into(),
        tickets: tickets
            .into_iter()
            .map(|had| Had {
                ticket_id: had.ticket.to_string(),
                gift_reason: had.gift,
                created_at: show::utc(had.at),
            })
            .collect(),
        payments,
    }))
}

/// Why somebody is refused.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// For whoever works here and asks why.
    #[schema(min_length = 1, max_length = 200, pattern = r"\S")]
    reason: String,
}

pub(super) fn blocking() -> Operation {
    Operation::new(
        "blockCustomer",
        "Refuse a customer at the till",
        "They cannot pay from now on; what they have goes on.",
    )
    .of(CustomerId::PREFIX)
    .body::<Block>(json!({"reason": "Took money back twice"}))
    .answers::<Customer>(200)
}

/// Refuses one at the till.
///
/// # Errors
/// A problem document.
pub async fn block(
    State(app): State<App>,
    key: Key,
    once: Once,
    Path(id): Path<String>,
    Json(block): Json<Block>,
) -> Answer<Made> {
    set(&app, &key, &once, named(&id)?, Some(&block.reason)).await
}

pub(super) fn unblocking() -> Operation {
    Operation::new("unblockCustomer", "Let a customer pay again", "")
        .of(CustomerId::PREFIX)
        .answers::<Customer>(200)
}

/// Lets one pay again.
///
/// # Errors
/// A problem document.
pub async fn unblock(
    State(app): State<App>,
    key: Key,
    once: Once,
    Path(id): Path<String>,
) -> Answer<Made> {
    set(&app, &key, &once, named(&id)?, None).await
}

async fn set(app: &App, key: &Key, once: &Once, id: CustomerId, why: Option<&str>) -> Answer<Made> {
    let provider = key.provider();
    let mut tx = app.db.tenant(provider).await?;
    customers::block::block_in(app, &mut tx, (provider, key.actor()), id, why)
        .await
        .map_err(not_done)?;
    let found = store::by_id(&mut tx, provider, id).await?;
    let customer: Customer = found.ok_or_else(Problem::not_found)?.into();
    let made = Made::now(&customer)?;
    once.keep(&mut tx, &made).await?;
    tx.commit().await?;
    Ok(made)
}

fn not_done(error: NotDone) -> Problem {
    match error {
        NotDone::Missing => Problem::not_found(),
        NotDone::Reason => Problem::bad_field("reason: give one of 1 to 200 letters."),
        NotDone::Database(error) => error.into(),
    }
}

/// A ticket to be given.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGift {
    /// What it gives.
    #[schema(pattern = "^plan_[0-9a-f]{32}$")]
    plan_id: String,
    /// The site that is told at once; at any other the code is asked for when it is typed.
    #[schema(pattern = "^site_[0-9a-f]{32}$")]
    site_id: Option<String>,
    /// Why, for whoever reads the books.
    #[schema(min_length = 1, max_length = 200, pattern = r"\S")]
    reason: String,
}

pub(super) fn giving() -> Operation {
    Operation::new(
        "giveTicket",
        "Give a customer a ticket",
        "It costs nothing and is in no report of money. One key gives 5 a day at most; more are 409 `enough`. Its code is in the answer for a key with `codes:read`.",
    )
    .of(CustomerId::PREFIX)
    .body::<NewGift>(json!({"plan_id": "plan_01980000000070008000000000000001", "reason": "Rain took the link down"}))
    .answers::<Ticket>(201)
    .problem(409)
}

/// Gives one a ticket.
///
/// # Errors
/// A problem document.
pub async fn give(
    State(app): State<App>,
    key: Key,
    once: Once,
    Path(id): Path<String>,
    Json(new): Json<NewGift>,
) -> Answer<Made> {
    let (provider, customer) = (key.provider(), named(&id)?);
    let mut tx = app.db.tenant(provider).await?;
    if store::by_id(&mut tx, provider, customer).await?.is_none() {
        return Err(Problem::not_found());
    }
    let site = new.site_id.as_deref().map(|site| id_in("site_id", site));
    let gift = Gift {
        customer,
        plan: id_in("plan_id", &new.plan_id)?,
        site: site.transpose()?,
        reason: &new.reason,
        attempt: None,
    };
    let kept = give_in(&app, &mut tx, provider, key.actor(), gift)
        .await
        .map_err(not_given)?;
    let row = one(&app, &mut tx, &key, kept.ticket.id).await?;
    let ticket = Ticket::new(row, &key, app.clock.now());
    let made = Made::new(&format!("/tickets/{}", kept.ticket.id), &ticket)?;
    once.keep(&mut tx, &made).await?;
    tx.commit().await?;
    Ok(made)
}

fn not_given(error: NotGiven) -> Problem {
    match error {
        NotGiven::Missing => {
            Problem::bad_field("plan_id, site_id: there is no such plan, or no such site.")
        }
        NotGiven::Shut => stopped(),
        NotGiven::Reason => Problem::bad_field("reason: give one of 1 to 200 letters."),
        NotGiven::Enough => Problem::new(
            axum::http::StatusCode::CONFLICT,
            "enough",
            "This key has given as many tickets as it may today.",
        ),
        NotGiven::Issue(error) => anyhow::Error::new(error).into(),
        NotGiven::Database(error) => error.into(),
    }
}
