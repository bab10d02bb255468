//! Choosing who is told what. A manager chooses for everybody but owners: what an owner hears is an owner's affair.

use std::collections::BTreeSet;

use mnara_protocol::ids::{ProviderId, StaffId};
use sqlx::PgConnection;
use thiserror::Error;

use super::{Colleague, Topic, store};
use crate::app::App;
use crate::audit::{Deed, record};
use crate::providers::staff::By;
use crate::providers::staff::roles::{Permission, Role};

/// Whether somebody's choices may be changed by whoever asks.
#[must_use]
pub fn may_choose(by: Role, colleague: &Colleague) -> bool {
    colleague.role != Role::Owner || by.may(Permission::MakeOwners)
}

/// Makes these the choices of everybody who can be written to; what is not among them is off.
///
/// # Errors
/// When the database refuses.
pub async fn choose(
    app: &App,
    provider: ProviderId,
    by: By,
    wanted: &BTreeSet<(StaffId, &'static str)>,
) -> sqlx::Result<()> {
    let mut tx = app.db.tenant(provider).await?;
    for colleague in store::colleagues(&mut tx, provider).await? {
        if colleague.email.is_none() || !may_choose(by.role, &colleague) {
            continue;
        }
        let is_wanted = |topic: Topic| wanted.contains(&(colleague.staff, topic.word()));
        set(app, &mut tx, (provider, by), &colleague, is_wanted).await?;
    }
    tx.commit().await
}

/// Why somebody's choices were not changed.
#[derive(Debug, Error)]
pub enum NotChosen {
    /// Nobody of that place works here.
    #[error("nobody of that place works here")]
    Missing,
    /// What an owner hears is an owner's affair.
    #[error("only an owner chooses what an owner is told")]
    Owner,
    /// There is nowhere to write to.
    #[error("they have no e-mail address")]
    NoAddress,
    /// The database refused.
    #[error("the choices could not be stored")]
    Database(#[from] sqlx::Error),
}

/// Makes these the choices of one person; what is not among them is off.
///
/// # Errors
/// [`NotChosen`].
pub async fn choose_for(
    app: &App,
    provider: ProviderId,
    by: By,
    staff: StaffId,
    wanted: &[Topic],
) -> Result<Colleague, NotChosen> {
    let mut tx = app.db.tenant(provider).await?;
    let before = colleague(&mut tx, provider, staff).await?;
    if !may_choose(by.role, &before) {
        return Err(NotChosen::Owner);
    }
    if before.email.is_none() {
        return Err(NotChosen::NoAddress);
    }
    let is_wanted = |topic: Topic| wanted.contains(&topic);
    set(app, &mut tx, (provider, by), &before, is_wanted).await?;
    let after = colleague(&mut tx, provider, staff).await?;
    tx.commit().await?;
    Ok(after)
}

async fn colleague(
    conn: &mut PgConnection,
    provider: ProviderId,
    staff: StaffId,
) -> Result<Colleague, NotChosen> {
    let all = store::colleagues(conn, provider).await?;
    let found = all.into_iter().find(|one| one.staff == staff);
    found.ok_or(NotChosen::Missing)
}

async fn set(
    app: &App,
    conn: &mut PgConnection,
    (provider, by): (ProviderId, By),
    colleague: &Colleague,
    is_wanted: impl Fn(Topic) -> bool + Send,
) -> sqlx::Result<()> {
    let now = app.clock.now();
    for topic in Topic::ALL {
        let is_wanted = is_wanted(topic);
        if !colleague.role.may(topic.needs()) || colleague.hears(topic) == is_wanted {
            continue;
        }
        store::choose(conn, provider, colleague.person, topic, is_wanted, now).await?;
        let deed = Deed {
            act: "notice",
            subject: &colleague.staff.to_string(),
            before: Some(serde_json::json!({topic.word(): !is_wanted})),
            after: Some(serde_json::json!({topic.word(): is_wanted})),
        };
        record(app, conn, Some(provider), by.actor, deed).await?;
    }
    Ok(())
}
