//! All SQL of what the rail and we said to each other about a payment. Lines are added and never changed.

use std::net::IpAddr;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{NoteId, PaymentId, ProviderId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::Waiting;
use crate::app::App;
use crate::db::{At, RowId as _};
use crate::payments::Payment;
use crate::rails::daraja::Exchange;

/// The longest body kept; the database refuses longer ones.
const LONGEST: usize = 16_000;

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// We asked the rail to ask the phone.
    Push,
    /// Its answer to that.
    PushAnswer,
    /// The rail told how it ended.
    Callback,
    /// We asked how it stands.
    Query,
    /// The answer to that.
    QueryAnswer,
    /// The rail told that money came to the shortcode.
    Confirmation,
}

impl Kind {
    const ALL: [Self; 6] = [
        Self::Push,
        Self::PushAnswer,
        Self::Callback,
        Self::Query,
        Self::QueryAnswer,
        Self::Confirmation,
    ];

    /// The word in the database and in the API.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::PushAnswer => "push-answer",
            Self::Callback => "callback",
            Self::Query => "query",
            Self::QueryAnswer => "query-answer",
            Self::Confirmation => "confirmation",
        }
    }
}

/// One line.
#[derive(Clone, Debug)]
pub struct Message {
    /// What it is.
    pub kind: Kind,
    /// When it went or came.
    pub at: Timestamp,
    /// What it said.
    pub body: String,
    /// The address it was posted from.
    pub source: Option<IpAddr>,
}

async fn insert(
    conn: &mut PgConnection,
    payment: &Payment,
    id: Uuid,
    (kind, at): (Kind, Timestamp),
    (body, source): (&str, Option<&str>),
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into payment_messages (id, provider_id, payment_id, kind, at, body, source)
         values ($1, $2, $3, $4, $5, $6, $7::text::inet) on conflict (id) do nothing",
        id,
        payment.provider.uuid(),
        payment.id.uuid(),
        kind.word(),
        At(at),
        body,
        source,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Keeps a push and its answer.
///
/// # Errors
/// When the database refuses.
pub async fn keep_push(
    app: &App,
    conn: &mut PgConnection,
    payment: &Payment,
    times: (Timestamp, Timestamp),
    exchange: &Exchange,
) -> sqlx::Result<()> {
    let kinds = (Kind::Push, Kind::PushAnswer);
    keep(app, conn, payment, kinds, times, exchange).await
}

/// Keeps a question and its answer.
///
/// # Errors
/// When the database refuses.
pub async fn keep_query(
    app: &App,
    conn: &mut PgConnection,
    payment: &Payment,
    times: (Timestamp, Timestamp),
    exchange: &Exchange,
) -> sqlx::Result<()> {
    let kinds = (Kind::Query, Kind::QueryAnswer);
    keep(app, conn, payment, kinds, times, exchange).await
}

async fn keep(
    app: &App,
    conn: &mut PgConnection,
    payment: &Payment,
    (sent, heard): (Kind, Kind),
    (asked_at, answered_at): (Timestamp, Timestamp),
    exchange: &Exchange,
) -> sqlx::Result<()> {
    for (kind, at, body) in [
        (sent, asked_at, &exchange.sent),
        (heard, answered_at, &exchange.heard),
    ] {
        if let Some(body) = body {
            let id = NoteId::new(at, app.entropy.bytes()).uuid();
            insert(conn, payment, id, (kind, at), (body, None)).await?;
        }
    }
    Ok(())
}

/// Keeps what the rail posted, once however often it is worked on.
///
/// # Errors
/// When the database refuses.
pub async fn keep_callback(
    conn: &mut PgConnection,
    payment: &Payment,
    kind: Kind,
    heard: &Waiting,
) -> sqlx::Result<()> {
    let text: String = String::from_utf8_lossy(&heard.body)
        .chars()
        .filter(|c| *c != '\0')
        .take(LONGEST)
        .collect();
    let body = (text.as_str(), Some(heard.source.as_str()));
    insert(
        conn,
        payment,
        heard.id.uuid(),
        (kind, heard.received_at),
        body,
    )
    .await
}

/// Reads what was said about a payment, the first first.
///
/// # Errors
/// When the database is away.
pub async fn of_payment(
    conn: &mut PgConnection,
    provider: ProviderId,
    payment: PaymentId,
    limit: u16,
) -> sqlx::Result<Vec<Message>> {
    let rows = sqlx::query!(
        "select kind, at, body, host(source) as source from payment_messages where provider_id = $1 and payment_id = $2
         order by at, kind in ('push-answer', 'query-answer'), id limit $3",
        provider.uuid(),
        payment.uuid(),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let kind = Kind::ALL.into_iter().find(|kind| kind.word() == row.kind);
            Ok(Message {
                kind: kind.ok_or_else(|| {
                    sqlx::Error::Decode("payment_messages.kind is a strange word".into())
                })?,
                at: row.at.0,
                body: row.body,
                source: row.source.and_then(|source| source.parse().ok()),
            })
        })
        .collect()
}
