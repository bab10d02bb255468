//! All SQL of what the rail and we said to each other about an order. Lines are added and never changed.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{NoteId, OrderId, ProviderId};
use sqlx::PgConnection;

use crate::app::App;
use crate::db::{At, RowId as _};
use crate::rails::pesapal::Exchange;

/// The longest body kept; the database refuses longer ones.
const LONGEST: usize = 16_000;
/// Lines kept of one order, of each kind: anybody who knows an order's name can send notices of it. After that only an answer is kept that says
/// something else than the last.
const MOST: i64 = 60;

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// We handed it in.
    Submit,
    /// The answer to that.
    SubmitAnswer,
    /// The rail said that something changed.
    Notice,
    /// A browser came back from the rail's page.
    Return,
    /// We asked how it stands.
    Status,
    /// The answer to that.
    StatusAnswer,
}

impl Kind {
    /// Whether it is the rail's own word.
    const fn is_answer(self) -> bool {
        matches!(self, Self::SubmitAnswer | Self::StatusAnswer)
    }

    /// The word in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::SubmitAnswer => "submit-answer",
            Self::Notice => "notice",
            Self::Return => "return",
            Self::Status => "status",
            Self::StatusAnswer => "status-answer",
        }
    }
}

/// Keeps one line, unless there are enough of its kind and it says nothing new.
///
/// # Errors
/// When the database refuses.
pub async fn keep(
    app: &App,
    conn: &mut PgConnection,
    (provider, order): (ProviderId, OrderId),
    (kind, at): (Kind, Timestamp),
    body: &str,
) -> sqlx::Result<()> {
    let body: String = body.chars().filter(|c| *c != '\0').take(LONGEST).collect();
    sqlx::query!(
        "insert into platform_order_messages (id, provider_id, order_id, kind, at, body)
         select $1, $2, $3, $4, $5, $6
         where (select count(*) from (select from platform_order_messages where provider_id = $2 and order_id = $3 and kind = $4 limit $7) kept) < $7
            or ($8 and (select body from platform_order_messages where provider_id = $2 and order_id = $3 and kind = $4
                        order by at desc, id desc limit 1) is distinct from $6)",
        NoteId::new(at, app.entropy.bytes()).uuid(),
        provider.uuid(),
        order.uuid(),
        kind.word(),
        At(at),
        body,
        MOST,
        kind.is_answer(),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Keeps a call and its answer.
///
/// # Errors
/// When the database refuses.
pub async fn keep_call(
    app: &App,
    conn: &mut PgConnection,
    whose: (ProviderId, OrderId),
    (sent, heard): (Kind, Kind),
    (asked_at, answered_at): (Timestamp, Timestamp),
    exchange: &Exchange,
) -> sqlx::Result<()> {
    if let Some(body) = &exchange.sent {
        keep(app, conn, whose, (sent, asked_at), body).await?;
    }
    if let Some(body) = &exchange.heard {
        keep(app, conn, whose, (heard, answered_at), body).await?;
    }
    Ok(())
}
