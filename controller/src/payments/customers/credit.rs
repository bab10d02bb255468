//! What a customer's page says of their credit.

use mnara_protocol::ids::CustomerId;
use sqlx::PgConnection;

use crate::payments::store::credit;
use crate::providers::gate::Seat;
use crate::providers::pages::words::Words;
use crate::web::show;

/// Gifts of credit on the page.
const FEW: u16 = 20;

/// What a customer has as credit, and who gave it.
pub(super) struct Credit {
    pub(super) free: String,
    pub(super) held: Option<String>,
    pub(super) got: Vec<(String, String, Option<String>, Option<String>)>,
}

/// Nothing for whoever never had any.
pub(super) async fn of(
    conn: &mut PgConnection,
    seat: &Seat,
    id: CustomerId,
    w: &Words,
) -> sqlx::Result<Option<Credit>> {
    let got = credit::got(conn, seat.provider(), id, FEW).await?;
    if got.is_empty() {
        return Ok(None);
    }
    let (free, held) = credit::standing(conn, seat.provider(), id).await?;
    Ok(Some(Credit {
        free: show::money(free),
        held: (held.cents() > 0).then(|| show::money(held)),
        got: got
            .into_iter()
            .map(|one| {
                let (amount, at) = (show::money(one.amount), w.calendar.moment(one.at));
                (amount, at, one.receipt, one.person)
            })
            .collect(),
    }))
}
