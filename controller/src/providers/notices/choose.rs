//! Choosing who is told what. A manager chooses for everybody but owners: what an owner hears is an owner's affair.

use std::collections::{BTreeMap, BTreeSet};

use mnara_protocol::ids::{ProviderId, StaffId};
use serde_json::json;
use sqlx::PgConnection;
use thiserror::Error;

use super::{Colleague, Topic, Way, Ways, store};
use crate::app::App;
use crate::audit::{Deed, record};
use crate::providers::staff::By;
use crate::providers::staff::roles::{Permission, Role};
use crate::rails::msisdn::{Msisdn, NotAPhone};

/// Whether somebody's choices may be changed by whoever asks.
#[must_use]
pub fn may_choose(by: Role, colleague: &Colleague) -> bool {
    colleague.role != Role::Owner || by.may(Permission::MakeOwners)
}

/// What a form says of who is told what.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// What is ticked.
    pub ticked: BTreeSet<(StaffId, &'static str, Way)>,
    /// Phones as typed.
    pub phones: BTreeMap<StaffId, String>,
}

/// A number on the form that is none, by whose it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BadPhone(pub StaffId);

/// Makes these the choices of everybody whose choices may be changed; what is not among them is off.
///
/// # Errors
/// When the database refuses.
pub async fn choose(
    app: &App,
    provider: ProviderId,
    by: By,
    wanted: &Wanted,
) -> sqlx::Result<Result<(), BadPhone>> {
    let mut tx = app.db.tenant(provider).await?;
    for colleague in store::colleagues(&mut tx, provider).await? {
        if !may_choose(by.role, &colleague) {
            continue;
        }
        if let Some(typed) = wanted.phones.get(&colleague.staff) {
            let phone = match typed.trim() {
                "" => None,
                typed => match typed.parse() {
                    Ok(phone) => Some(phone),
                    Err(NotAPhone) => return Ok(Err(BadPhone(colleague.staff))),
                },
            };
            set_phone(app, &mut tx, (provider, by), &colleague, phone).await?;
        }
        let ways = |topic: Topic| {
            let is_ticked = |way: Way| {
                wanted
                    .ticked
                    .contains(&(colleague.staff, topic.word(), way))
            };
            let now = colleague.ways(topic);
            // Boxes that were not shown cannot be ticked, and are left; so are those that cannot be changed.
            let is_asked = |way: Way| {
                let is_shown = match way {
                    Way::Mail => colleague.email.is_some(),
                    Way::Sms => app.rails.sms.is_set_up(),
                };
                is_shown && topic.is_here(app) && !colleague.is_fixed(topic, way)
            };
            Ways {
                by_mail: if is_asked(Way::Mail) {
                    is_ticked(Way::Mail)
                } else {
                    now.by_mail
                },
                by_sms: if is_asked(Way::Sms) {
                    topic.is_short() && is_ticked(Way::Sms)
                } else {
                    now.by_sms
                },
            }
        };
        set(app, &mut tx, (provider, by), &colleague, ways).await?;
    }
    tx.commit().await?;
    Ok(Ok(()))
}

async fn set_phone(
    app: &App,
    conn: &mut PgConnection,
    (provider, by): (ProviderId, By),
    colleague: &Colleague,
    phone: Option<Msisdn>,
) -> sqlx::Result<()> {
    if phone == colleague.phone {
        return Ok(());
    }
    store::set_phone(conn, provider, colleague.person, phone, app.clock.now()).await?;
    let deed = Deed {
        act: "notice-phone",
        subject: &colleague.staff.to_string(),
        before: colleague.phone.map(|phone| json!(phone.masked())),
        after: phone.map(|phone| json!(phone.masked())),
    };
    record(app, conn, Some(provider), by.actor, deed).await
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

/// Makes these the choices of one person by mail; what is not named stays as it is.
///
/// # Errors
/// [`NotChosen`].
pub async fn choose_for(
    app: &App,
    provider: ProviderId,
    by: By,
    staff: StaffId,
    wanted: &[(Topic, bool)],
) -> Result<Colleague, NotChosen> {
    let mut tx = app.db.tenant(provider).await?;
    let before = colleague(&mut tx, provider, staff).await?;
    if !may_choose(by.role, &before) {
        return Err(NotChosen::Owner);
    }
    if before.email.is_none() {
        return Err(NotChosen::NoAddress);
    }
    let ways = |topic: Topic| {
        let named = wanted.iter().find(|(of, _)| *of == topic);
        let now = before.ways(topic);
        Ways {
            by_mail: named.map_or(now.by_mail, |(_, is_wanted)| *is_wanted),
            ..now
        }
    };
    set(app, &mut tx, (provider, by), &before, ways).await?;
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
    ways: impl Fn(Topic) -> Ways + Send,
) -> sqlx::Result<()> {
    let now = app.clock.now();
    for topic in Topic::ALL.iter().copied() {
        let (ways, before) = (ways(topic), colleague.ways(topic));
        if !colleague.role.may(topic.needs()) || before == ways {
            continue;
        }
        store::choose(conn, provider, colleague.person, topic, ways, now).await?;
        let mut deed = Deed {
            act: "notice",
            subject: &colleague.staff.to_string(),
            before: None,
            after: None,
        };
        if before.by_mail != ways.by_mail {
            deed.before = Some(json!({topic.word(): before.by_mail}));
            deed.after = Some(json!({topic.word(): ways.by_mail}));
            record(app, conn, Some(provider), by.actor, deed.clone()).await?;
        }
        if before.by_sms != ways.by_sms {
            let word = format!("{}-sms", topic.word());
            deed.before = Some(json!({word.as_str(): before.by_sms}));
            deed.after = Some(json!({word.as_str(): ways.by_sms}));
            record(app, conn, Some(provider), by.actor, deed).await?;
        }
    }
    Ok(())
}
