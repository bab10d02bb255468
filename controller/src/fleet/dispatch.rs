//! What is handed down to the link: who sends over it, and the table of what agents' messages mean, which the slices above fill.

use std::fmt;

use futures_util::future::BoxFuture;
use mnara_protocol::ids::{AgentId, AttemptId, JournalId, ProviderId, SiteId};
use mnara_protocol::message::{Answer, BadBody, Question};
use mnara_protocol::session::Entry;
use sqlx::PgConnection;

use super::feed::Change;
use crate::app::App;

/// Who sent something over a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Whose agent.
    pub provider: ProviderId,
    /// Where it is.
    pub site: SiteId,
    /// Which agent.
    pub agent: AgentId,
    /// Its journal.
    pub journal: JournalId,
    /// The number of its link.
    pub epoch: u64,
}

/// Applies one entry in the transaction that stores it; says what sites are to be told of it.
pub type Apply = for<'a> fn(
    &'a App,
    &'a mut PgConnection,
    &'a Sender,
    &'a Entry,
) -> BoxFuture<'a, Result<Vec<Change>, ApplyError>>;
/// Answers one question.
pub type Ask =
    for<'a> fn(&'a App, &'a Sender, AttemptId, Question) -> BoxFuture<'a, anyhow::Result<Answer>>;

/// Why an entry was not applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// A later version's kind is kept raw; a damaged body stops the stream.
    #[error(transparent)]
    Body(#[from] BadBody),
    /// The database refused.
    #[error("an entry could not be applied")]
    Database(#[from] sqlx::Error),
}

/// What agents' messages mean: the table of `dispatch.rs`, handed down.
#[derive(Clone, Copy)]
pub struct Dispatch {
    /// Journal entries.
    pub apply: Apply,
    /// Questions.
    pub ask: Ask,
}

impl fmt::Debug for Dispatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dispatch")
    }
}
