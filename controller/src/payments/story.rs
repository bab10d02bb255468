//! One payment's story as all know it: the order, what the rail and we said, the ticket and how far it came, what was paid back.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, ProviderId};
use sqlx::PgConnection;

use super::deeds;
use super::store::messages::{self, Kind, Message};
use super::store::refunds::{self, Refund};
use super::store::story::{More, Way, more, way};
use crate::tickets;
use crate::tickets::store::Found;

/// Messages that are read.
const MESSAGES: u16 = 100;

/// One payment's story.
#[derive(Clone, Debug)]
pub struct Story {
    /// The order.
    pub more: More,
    /// How far its ticket came, if there is one.
    pub way: Option<Way>,
    /// What was said about it, the first first.
    pub said: Vec<Message>,
    /// What was paid back.
    pub back: Vec<Refund>,
    /// Its ticket.
    pub ticket: Option<Found>,
}

impl Story {
    /// Reads it; none where there is no such payment.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn read(
        conn: &mut PgConnection,
        provider: ProviderId,
        id: PaymentId,
        now: Timestamp,
    ) -> sqlx::Result<Option<Self>> {
        let Some(more) = more(conn, provider, id).await? else {
            return Ok(None);
        };
        let mut way = way(conn, provider, id).await?;
        let said = messages::of_payment(conn, provider, id, MESSAGES).await?;
        let back = refunds::of_payment(conn, provider, id, deeds::MOST).await?;
        let ticket = match &way {
            Some(way) => tickets::store::by_id(conn, provider, way.ticket, now).await?,
            None => None,
        };
        if let (Some(way), Some(found)) = (&mut way, &ticket) {
            // A site that uses it has it, whether or not it told of that step.
            way.delivered = way.delivered.or(found.kept.ticket.redeemed_at());
        }
        Ok(Some(Self {
            more,
            way,
            said,
            back,
            ticket,
        }))
    }

    /// When something of a kind was first said.
    #[must_use]
    pub fn first(&self, kind: Kind) -> Option<Timestamp> {
        self.said
            .iter()
            .find(|one| one.kind == kind)
            .map(|one| one.at)
    }
}
