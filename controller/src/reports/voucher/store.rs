//! SQL of one voucher's story.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{CustomerId, Mac, PaymentId, ProviderId, SiteId, TicketId};
use mnara_protocol::money::Money;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::By;
use crate::db::RowId;
use crate::rails::msisdn::Msisdn;

/// The most of anything that a story shows; few vouchers come near, but one that a program reads every hour does.
const MOST: i64 = 100;

/// How a voucher was paid for.
#[derive(Clone, Debug)]
pub struct Payment {
    /// The payment.
    pub id: PaymentId,
    /// By whom.
    pub phone: Option<Msisdn>,
    /// The customer whose phone that is.
    pub customer: Option<CustomerId>,
    /// How much.
    pub amount: Money,
    /// M-PESA's receipt.
    pub receipt: Option<String>,
    /// When it was asked for.
    pub asked: Timestamp,
    /// When the money came.
    pub settled: Option<Timestamp>,
}

/// Where a voucher comes from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// When it was made.
    pub made: Timestamp,
    /// How it was paid for, if it was.
    pub payment: Option<Payment>,
    /// Who was given it, if somebody was, with their phone.
    pub given: Option<(CustomerId, Option<Msisdn>)>,
}

/// When a voucher was made, and how it was paid for or to whom it was given.
///
/// # Errors
/// When the database is away.
pub async fn origin(
    conn: &mut PgConnection,
    provider: ProviderId,
    ticket: TicketId,
) -> sqlx::Result<Option<Origin>> {
    let row = sqlx::query!(
        r#"select t.created_at, p.id as "payment?", p.msisdn as "msisdn?", p.amount as "amount?", p.external_txn_id as "receipt?",
                  p.created_at as "asked?", p.settled_at as "settled?", c.id as "customer?", f.id as "given?", f.msisdn as "given_msisdn?"
           from tickets t left join payments p on p.provider_id = t.provider_id and p.id = t.payment_id
             left join customers c on c.provider_id = p.provider_id and c.msisdn = p.msisdn
             left join gifts g on g.provider_id = t.provider_id and g.ticket_id = t.id
             left join customers f on f.provider_id = g.provider_id and f.id = g.customer_id
           where t.provider_id = $1 and t.id = $2"#,
        provider.uuid(),
        ticket.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        let payment = row.payment.zip(row.amount).zip(row.asked);
        let payment = payment.map(|((id, amount), asked)| Payment {
            id: PaymentId::from_uuid(id),
            phone: row.msisdn.and_then(|digits| digits.parse().ok()),
            customer: row.customer.map(CustomerId::from_uuid),
            amount: amount.0,
            receipt: row.receipt,
            asked: asked.0,
            settled: row.settled.map(|at| at.0),
        });
        let phone = row.given_msisdn.and_then(|digits| digits.parse().ok());
        Origin {
            made: row.created_at.0,
            payment,
            given: row.given.map(|id| (CustomerId::from_uuid(id), phone)),
        }
    }))
}

/// A device on its way to be online.
#[derive(Clone, Debug)]
pub struct Device {
    /// Which.
    pub mac: Mac,
    /// Where.
    pub site: SiteId,
    /// When the router let it in.
    pub connected: Option<Timestamp>,
    /// When its place was given up.
    pub ended: Option<Timestamp>,
}

/// The devices that a voucher was used by.
///
/// # Errors
/// When the database is away, or an address is none.
pub async fn devices(
    conn: &mut PgConnection,
    provider: ProviderId,
    ticket: TicketId,
) -> sqlx::Result<Vec<Device>> {
    let rows = sqlx::query!(
        r#"select mac::text as "mac!", site_id, confirmed_at, ended_at from grants
           where provider_id = $1 and ticket_id = $2 order by ordered_at, mac, site_id limit $3"#,
        provider.uuid(),
        ticket.uuid(),
        MOST,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Device {
                mac: mac(&row.mac)?,
                site: SiteId::from_uuid(row.site_id),
                connected: row.confirmed_at.map(|at| at.0),
                ended: row.ended_at.map(|at| at.0),
            })
        })
        .collect()
}

fn mac(text: &str) -> sqlx::Result<Mac> {
    text.parse()
        .map_err(|_| sqlx::Error::Decode("a mac column holds no address".into()))
}

/// A time that a device was online.
#[derive(Clone, Debug)]
pub struct Online {
    /// Which device.
    pub mac: Mac,
    /// Where.
    pub site: SiteId,
    /// From when.
    pub began: Timestamp,
    /// Whether it is over.
    pub is_over: bool,
    /// For how long.
    pub secs: u32,
    /// Bytes to the customer.
    pub down: u64,
    /// Bytes from the customer.
    pub up: u64,
}

/// The latest times that a voucher's devices were online.
///
/// # Errors
/// When the database is away, or a number is out of range.
pub async fn online(
    conn: &mut PgConnection,
    provider: ProviderId,
    ticket: TicketId,
    limit: u16,
) -> sqlx::Result<Vec<Online>> {
    let rows = sqlx::query!(
        r#"select mac::text as "mac!", site_id, began_at, ended_at, online_secs, bytes_up, bytes_down from sessions
           where provider_id = $1 and ticket_id = $2 order by began_at desc limit $3"#,
        provider.uuid(),
        ticket.uuid(),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Online {
                mac: mac(&row.mac)?,
                site: SiteId::from_uuid(row.site_id),
                began: row.began_at.0,
                is_over: row.ended_at.is_some(),
                secs: u32::try_from(row.online_secs).unwrap_or(u32::MAX),
                down: row.bytes_down.unsigned_abs(),
                up: row.bytes_up.unsigned_abs(),
            })
        })
        .collect()
}

/// What somebody did to a voucher.
#[derive(Clone, Debug)]
pub struct Deed {
    /// When.
    pub at: Timestamp,
    /// What, in the audit's word.
    pub act: String,
    /// Who.
    pub by: By,
    /// For how many seconds, where that is what it is about.
    pub secs: Option<u32>,
    /// Why, where somebody had to say.
    pub why: Option<String>,
}

/// What people did to a voucher, the last things if it is very much, the first first.
///
/// # Errors
/// When the database is away.
pub async fn deeds(
    conn: &mut PgConnection,
    provider: ProviderId,
    ticket: TicketId,
) -> sqlx::Result<Vec<Deed>> {
    let rows = sqlx::query!(
        r#"select a.at, a.act, a.actor, coalesce(p.name, k.name) as "name?", (a.after ->> 'secs')::bigint as secs, a.after ->> 'reason' as why
           from audit a left join people p on p.id = a.person_id left join api_keys k on k.provider_id = a.provider_id and k.id = a.key_id
           where a.provider_id = $1 and a.subject = $2 order by a.at desc, a.id desc limit $3"#,
        provider.uuid(),
        ticket.to_string(),
        MOST,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .rev()
        .map(|row| Deed {
            at: row.at.0,
            act: row.act,
            by: match (row.actor.as_str(), row.name) {
                ("staff", name) => By::Person(name.unwrap_or_default()),
                ("key", name) => By::Key(name.unwrap_or_default()),
                ("admin", _) => By::Admin,
                ("command", _) => By::Command,
                _ => By::Program,
            },
            secs: row.secs.and_then(|secs| u32::try_from(secs).ok()),
            why: row.why,
        })
        .collect())
}

/// A site with how it is.
#[derive(Clone, Debug)]
pub struct Place {
    /// Which.
    pub id: SiteId,
    /// Its name.
    pub name: String,
    /// When its agent was last heard from.
    pub seen: Option<Timestamp>,
}

/// Some sites of a business.
///
/// # Errors
/// When the database is away.
pub async fn places(
    conn: &mut PgConnection,
    provider: ProviderId,
    sites: &[SiteId],
) -> sqlx::Result<Vec<Place>> {
    let ids: Vec<Uuid> = sites.iter().map(|site| site.uuid()).collect();
    let rows = sqlx::query!(
        "select s.id, s.name, (select max(a.last_seen_at) from agents a where a.site_id = s.id and a.provider_id = $1 and a.revoked_at is null) as seen
         from sites s where s.provider_id = $1 and s.id = any($2) order by s.name, s.id",
        provider.uuid(),
        &ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Place {
            id: SiteId::from_uuid(row.id),
            name: row.name,
            seen: row.seen.map(|at| at.0),
        })
        .collect())
}
