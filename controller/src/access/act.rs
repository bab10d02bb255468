//! What somebody has a site do for a customer: a command in the same transaction as its line of the audit.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{CommandId, Mac, ProviderId, SiteId, TicketId};
use mnara_protocol::message::{Command, DiagnoseCommand, HoldCommand, KickCommand, ReleaseCommand};
use serde_json::json;
use sqlx::PgConnection;
use thiserror::Error;

use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::fleet::command::{NotGiven, give_in};
use crate::fleet::presence::is_up;
use crate::fleet::store::{self as sites, standing::standing};
use crate::tickets::extend::{NotExtended, extend_in};
use crate::tickets::{self, Stage};

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Take a device off the air once, or all of a voucher.
    Kick(TicketId, Option<Mac>),
    /// Hold a voucher's clock.
    Pause(TicketId),
    /// Let it run on.
    Resume(TicketId),
    /// Free a device's place for the customer's next one.
    Move(TicketId, Mac),
    /// Look everything over.
    Diagnose,
}

impl Act {
    const fn word(self) -> &'static str {
        match self {
            Self::Kick(..) => "kick",
            Self::Pause(_) => "pause",
            Self::Resume(_) => "resume",
            Self::Move(..) => "move",
            Self::Diagnose => "diagnose",
        }
    }

    const fn ticket(self) -> Option<TicketId> {
        match self {
            Self::Kick(ticket, _)
            | Self::Pause(ticket)
            | Self::Resume(ticket)
            | Self::Move(ticket, _) => Some(ticket),
            Self::Diagnose => None,
        }
    }

    const fn mac(self) -> Option<Mac> {
        match self {
            Self::Kick(_, mac) => mac,
            Self::Move(_, mac) => Some(mac),
            Self::Pause(_) | Self::Resume(_) | Self::Diagnose => None,
        }
    }

    /// Where it is to leave a voucher that stands there now.
    const fn leaves(self, now: Stage) -> Stage {
        match self {
            Self::Pause(_) => Stage::Paused,
            Self::Resume(_) => Stage::Running,
            Self::Kick(..) | Self::Move(..) | Self::Diagnose => now,
        }
    }

    fn command(self, id: CommandId, expires: Timestamp) -> Command {
        let hold = |ticket| HoldCommand {
            id,
            expires,
            ticket,
        };
        match self {
            Self::Kick(ticket, mac) => Command::Kick(KickCommand {
                id,
                expires,
                ticket,
                mac,
            }),
            Self::Pause(ticket) => Command::Pause(hold(ticket)),
            Self::Resume(ticket) => Command::Resume(hold(ticket)),
            Self::Move(ticket, mac) => Command::Release(ReleaseCommand {
                id,
                expires,
                ticket,
                mac,
            }),
            Self::Diagnose => Command::Diagnose(DiagnoseCommand { id, expires }),
        }
    }
}

/// Why a site was not asked.
#[derive(Debug, Error)]
pub enum NotAsked {
    /// There is no such site.
    #[error("this business has no such site")]
    NoSite,
    /// There is no such ticket.
    #[error("this business has no such ticket")]
    NoTicket,
    /// The site has no agent.
    #[error("no agent is enrolled at this site")]
    NoAgent,
    /// The site is away: a command does not wait for it.
    #[error("the site is away, so nothing was done")]
    Away,
    /// The database refused.
    #[error("the site could not be asked")]
    Database(#[from] sqlx::Error),
}

impl From<NotGiven> for NotAsked {
    fn from(why: NotGiven) -> Self {
        match why {
            NotGiven::NoAgent => Self::NoAgent,
            NotGiven::Database(error) => Self::Database(error),
        }
    }
}

/// Asks a site to do something. What came of it is read later, by the command's id.
///
/// # Errors
/// [`NotAsked`].
pub async fn ask(
    app: &App,
    (provider, site): (ProviderId, SiteId),
    actor: Actor,
    act: Act,
) -> Result<CommandId, NotAsked> {
    let mut tx = app.db.tenant(provider).await?;
    let command = ask_in(app, &mut tx, (provider, site), actor, act).await?;
    tx.commit().await?;
    Ok(command)
}

/// Asks a site to do something in the caller's transaction: it is told by the commit.
///
/// # Errors
/// [`NotAsked`].
pub async fn ask_in(
    app: &App,
    conn: &mut PgConnection,
    (provider, site): (ProviderId, SiteId),
    actor: Actor,
    act: Act,
) -> Result<CommandId, NotAsked> {
    let now = app.clock.now();
    if sites::site(conn, provider, site).await?.is_none() {
        return Err(NotAsked::NoSite);
    }
    let stage = match act.ticket() {
        None => None,
        Some(ticket) => {
            let found = tickets::store::by_id(conn, provider, ticket, now).await?;
            let found = found.ok_or(NotAsked::NoTicket)?;
            Some(Stage::of(&found.kept.ticket, now))
        }
    };
    let standing = standing(conn, provider, site)
        .await?
        .ok_or(NotAsked::NoAgent)?;
    if !is_up(standing.last_seen, now) {
        return Err(NotAsked::Away);
    }
    Ok(tell_in(app, conn, (provider, site), actor, act, stage).await?)
}

/// Tells a site that has an agent to do something, in the caller's transaction, and writes down there that it was asked for.
///
/// The line says where the voucher stands and where it is to stand then; that a site does not do it has a line of its own, which
/// [`fleet::command`](crate::fleet::command) writes.
///
/// # Errors
/// [`NotGiven`].
pub async fn tell_in(
    app: &App,
    conn: &mut PgConnection,
    (provider, site): (ProviderId, SiteId),
    actor: Actor,
    act: Act,
    stage: Option<Stage>,
) -> Result<CommandId, NotGiven> {
    let command = give_in(app, conn, (provider, site), |id, expires| {
        act.command(id, expires)
    })
    .await?;
    let subject = act
        .ticket()
        .map_or_else(|| site.to_string(), |id| id.to_string());
    let mut after = json!({ "site": site.to_string() });
    if let Some(mac) = act.mac() {
        after["mac"] = mac.to_string().into();
    }
    if let Some(stage) = stage {
        after["status"] = act.leaves(stage).word().into();
    }
    let deed = Deed {
        act: act.word(),
        subject: &subject,
        before: stage.map(|stage| json!({"status": stage.word()})),
        after: Some(after),
    };
    record(app, conn, Some(provider), actor, deed).await?;
    Ok(command)
}

/// Gives a ticket more time, by its id, with its line in the books, unless it has other extra time by now than the page said it had.
///
/// # Errors
/// [`NotExtended`].
pub async fn extend(
    app: &App,
    provider: ProviderId,
    ticket: TicketId,
    secs: u32,
    was: Option<u32>,
    actor: Actor,
) -> Result<(), NotExtended> {
    let mut tx = app.db.tenant(provider).await?;
    extend_in(app, &mut tx, provider, ticket, secs, was, actor).await?;
    tx.commit().await?;
    Ok(())
}
