//! Issuing one ticket, in the transaction of whoever pays for it.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, ProviderId, SiteId, TicketId};
use mnara_protocol::plan::Plan;
use mnara_protocol::ticket::code::TicketCode;
use mnara_protocol::ticket::{Right, Ticket, login};
use sqlx::PgConnection;
use thiserror::Error;

use super::{Kept, store};
use crate::entropy::Entropy;

/// Codes drawn before giving up; with 60 bits a second draw is already a sign of trouble.
const DRAWS: u8 = 8;

/// Why no ticket was issued.
#[derive(Debug, Error)]
pub enum IssueError {
    /// No free code was found.
    #[error("no free ticket code was found in {DRAWS} draws")]
    NoFreeCode,
    /// The database refused.
    #[error("the ticket could not be stored")]
    Database(#[from] sqlx::Error),
}

/// What a ticket is issued for.
#[derive(Clone, Copy, Debug)]
pub struct Sale<'a> {
    /// What was sold.
    pub plan: &'a Plan,
    /// What paid for it.
    pub payment: Option<PaymentId>,
    /// The site that sold it.
    pub site: Option<SiteId>,
}

/// Issues one ticket with a random platform-wide code.
///
/// # Errors
/// [`IssueError`]; the caller's transaction should not commit then.
pub async fn issue(
    conn: &mut PgConnection,
    entropy: &Entropy,
    provider: ProviderId,
    sale: Sale<'_>,
    now: Timestamp,
) -> Result<Kept, IssueError> {
    let plan = sale.plan;
    let id = TicketId::new(now, entropy.bytes());
    let right = Right {
        terms: plan.terms,
        sell_by: plan.sell_by_secs.map(|secs| now.plus_secs(i64::from(secs))),
        revoked: None,
        extra_secs: 0,
    };
    for _ in 0..DRAWS {
        let code = TicketCode::from_random(entropy.bytes());
        if code.looks_like_mac() {
            continue;
        }
        let router = login::of_code(&code);
        let new = store::NewTicket {
            id,
            code: &code,
            username: &router.username,
            password: &router.password,
            plan: Some(plan.id),
            tried_by: None,
            plan_name: &plan.name,
            price: plan.price,
            terms: &plan.terms,
            sell_by: right.sell_by,
            payment: sale.payment,
            site: sale.site,
        };
        if store::insert(conn, provider, &new, now).await? {
            return Ok(Kept {
                ticket: Ticket::unused(id, right),
                username: router.username,
                password: router.password,
                code,
                plan: Some(plan.id),
                tried_by: None,
                plan_name: plan.name.clone(),
                price: plan.price,
            });
        }
    }
    Err(IssueError::NoFreeCode)
}
