//! Choosing who is told what. A manager chooses for everybody but owners: what an owner hears is an owner's affair.

use std::collections::BTreeSet;

use mnara_protocol::ids::{ProviderId, StaffId};

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
    let now = app.clock.now();
    let mut tx = app.db.tenant(provider).await?;
    for colleague in store::colleagues(&mut tx, provider).await? {
        if colleague.email.is_none() || !may_choose(by.role, &colleague) {
            continue;
        }
        for topic in Topic::ALL {
            let is_wanted = wanted.contains(&(colleague.staff, topic.word()));
            if !colleague.role.may(topic.needs()) || colleague.hears(topic) == is_wanted {
                continue;
            }
            store::choose(&mut tx, provider, colleague.person, topic, is_wanted, now).await?;
            let deed = Deed {
                act: "notice",
                subject: &colleague.staff.to_string(),
                before: Some(serde_json::json!({topic.word(): !is_wanted})),
                after: Some(serde_json::json!({topic.word(): is_wanted})),
            };
            record(app, &mut tx, Some(provider), by.actor, deed).await?;
        }
    }
    tx.commit().await
}
