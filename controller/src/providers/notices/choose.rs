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

/// What is wrong with a phone on the form, by whose it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BadPhone {
    /// It is no number.
    Wrong(StaffId),
    /// There is none, and they are to be told by SMS.
    Missing(StaffId),
}

impl BadPhone {
    /// Whose it is.
    #[must_use]
    pub const fn staff(self) -> StaffId {
        match self {
            Self::Wrong(staff) | Self::Missing(staff) => staff,
        }
    }
}

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
    if let Err(bad) = set_phones(app, &mut tx, (provider, by), wanted).await? {
        return Ok(Err(bad));
    }
    // Read again: whoever has no phone named is texted on the one they log in with.
    for colleague in store::colleagues(&mut tx, provider).await? {
        if !may_choose(by.role, &colleague) {
            continue;
        }
        if colleague.phone.is_none() && wants_texts(app, &colleague, wanted) {
            return Ok(Err(BadPhone::Missing(colleague.staff)));
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

/// Whether somebody is to be told of something by SMS that is not always told so.
fn wants_texts(app: &App, colleague: &Colleague, wanted: &Wanted) -> bool {
    let is_asked = |topic: &Topic| {
        topic.is_here(app)
            && topic.is_short()
            && colleague.role.may(topic.needs())
            && !colleague.is_fixed(*topic, Way::Sms)
            && wanted
                .ticked
                .contains(&(colleague.staff, topic.word(), Way::Sms))
    };
    app.rails.sms.is_set_up() && Topic::ALL.iter().any(is_asked)
}

async fn set_phones(
    app: &App,
    conn: &mut PgConnection,
    (provider, by): (ProviderId, By),
    wanted: &Wanted,
) -> sqlx::Result<Result<(), BadPhone>> {
    for colleague in store::colleagues(conn, provider).await? {
        let Some(typed) = wanted.phones.get(&colleague.staff) else {
            continue;
        };
        if !may_choose(by.role, &colleague) {
            continue;
        }
        let phone = match typed.trim() {
            "" => None,
            typed => match typed.parse() {
                Ok(phone) => Some(phone),
                Err(NotAPhone) => return Ok(Err(BadPhone::Wrong(colleague.staff))),
            },
        };
        set_phone(app, conn, (provider, by), &colleague, phone).await?;
    }
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
