//! All SQL of one payment's story, from the order to the first packet.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, ProviderId, TicketId};
use mnara_protocol::money::Money;
use sqlx::PgConnection;

use super::list::{Line, LineRow};
use crate::db::{Amount, At, RowId as _};

/// What only the page of one payment shows.
#[derive(Clone, Debug)]
pub struct More {
    /// What the list shows.
    pub line: Line,
    /// What stands in the customer's statement.
    pub reference: String,
    /// The rail's name for the prompt.
    pub checkout_request_id: Option<String>,
    /// A receipt that waits for the rail to agree.
    pub noted_receipt: Option<String>,
    /// When it was settled, and by what.
    pub settled: Option<(Timestamp, Option<String>)>,
    /// How often the rail was asked.
    pub queries: i32,
    /// The device that asked.
    pub mac: Option<String>,
    /// What of it was made over to the phone again.
    pub credited: Money,
    /// Whether it is a test of the account.
    pub is_test: bool,
    /// Who looked at what it is flagged for: a person by name, or a program by its key's name.
    pub looked_by: Option<String>,
}

/// Reads one payment.
///
/// # Errors
/// When the database is away.
pub async fn more(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: PaymentId,
) -> sqlx::Result<Option<More>> {
    let row = sqlx::query!(
        r#"select p.id, p.created_at, p.amount as "amount: Amount", p.credit as "credit: Amount", p.credited as "credited: Amount", b.name as "plan?", s.name as "site?", coalesce(p.msisdn, p.payer) as msisdn, c.id as "customer?",
                  p.external_txn_id, p.status, p.failure, p.push, p.push_error, p.result_code, p.flag, p.looked_at, coalesce(w.name, k.name) as "looked_by?", p.account_reference,
                  p.checkout_request_id, p.noted_receipt, p.settled_at, p.settled_by, p.queries, p.mac::text as mac, p.plan_id, p.site_id,
                  p.type = 'mpesa_account_test' as "is_test!"
           from payments p
           left join plans b on b.provider_id = p.provider_id and b.id = p.plan_id
           left join sites s on s.provider_id = p.provider_id and s.id = p.site_id
           left join customers c on c.provider_id = p.provider_id and c.msisdn = p.msisdn
           left join people w on w.id = p.looked_by
           left join api_keys k on k.provider_id = p.provider_id and k.id = p.looked_key
           where p.provider_id = $1 and p.id = $2 and p.type in ('mpesa_customer_payment', 'mpesa_account_test')"#,
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| More {
        reference: row.account_reference,
        checkout_request_id: row.checkout_request_id,
        noted_receipt: row.noted_receipt,
        settled: row.settled_at.map(|at| (at.0, row.settled_by)),
        queries: row.queries,
        mac: row.mac,
        credited: row.credited.0,
        is_test: row.is_test,
        looked_by: row.looked_by,
        line: Line::from(LineRow {
            id: row.id,
            created_at: row.created_at,
            amount: row.amount,
            credit: row.credit,
            plan_id: row.plan_id,
            plan: row.plan,
            site_id: row.site_id,
            site: row.site,
            msisdn: row.msisdn,
            customer: row.customer,
            external_txn_id: row.external_txn_id,
            status: row.status,
            failure: row.failure,
            settled_at: row.settled_at,
            push: row.push,
            push_error: row.push_error,
            result_code: row.result_code,
            flag: row.flag,
            looked_at: row.looked_at,
        }),
    }))
}

/// How far a ticket came, as its sites told.
#[derive(Clone, Debug)]
pub struct Way {
    /// The ticket.
    pub ticket: TicketId,
    /// When it was made.
    pub made: Timestamp,
    /// When a site's agent first had it on disk for a device.
    pub delivered: Option<Timestamp>,
    /// When a router first took it.
    pub written: Option<Timestamp>,
    /// When a router first showed the device online.
    pub confirmed: Option<Timestamp>,
    /// When the first session with traffic began.
    pub first_packet: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
}

/// Reads how far the ticket of a payment came.
///
/// # Errors
/// When the database is away.
pub async fn way(
    conn: &mut PgConnection,
    provider: ProviderId,
    payment: PaymentId,
) -> sqlx::Result<Option<Way>> {
    let row = sqlx::query!(
        r#"select t.id, t.created_at, t.ended_at,
                  (select min(g.delivered_at) from grants g where g.ticket_id = t.id) as "delivered: At",
                  (select min(g.written_at) from grants g where g.ticket_id = t.id) as "written: At",
                  (select min(g.confirmed_at) from grants g where g.ticket_id = t.id) as "confirmed: At",
                  (select min(s.began_at) from sessions s where s.provider_id = t.provider_id and s.ticket_id = t.id
                   and s.bytes_up + s.bytes_down > 0) as "first_packet: At"
           from tickets t where t.provider_id = $1 and t.payment_id = $2"#,
        provider.uuid(),
        payment.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Way {
        ticket: TicketId::from_uuid(row.id),
        made: row.created_at.0,
        delivered: row.delivered.map(|at| at.0),
        written: row.written.map(|at| at.0),
        confirmed: row.confirmed.map(|at| at.0),
        first_packet: row.first_packet.map(|at| at.0),
        ended: row.ended_at.map(|at| at.0),
    }))
}
