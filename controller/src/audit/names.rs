//! What the things are called that lines of the audit are about: all of a page in one question.

use std::collections::HashMap;

use mnara_protocol::ids::{
    CustomerId, EndpointId, InvitationId, KeyId, PaymentId, PersonId, PlanId, ProviderId, SeriesId,
    SiteId, StaffId, TicketId,
};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::read::Line;
use crate::db::RowId as _;
use crate::web;

/// A kind of thing that has a name or a page.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A business.
    Provider,
    /// A site.
    Site,
    /// A plan.
    Plan,
    /// A batch of printed vouchers; its name is its plan's.
    Series,
    /// A voucher; its name is its plan's.
    Ticket,
    /// A payment; its name is its amount.
    Payment,
    /// A customer, who has no name here.
    Customer,
    /// Somebody's place.
    Staff,
    /// A person.
    Person,
    /// An invitation.
    Invitation,
    /// A key for programs.
    Key,
    /// An address that is told news.
    Endpoint,
}

impl Kind {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            ProviderId::PREFIX => Self::Provider,
            SiteId::PREFIX => Self::Site,
            PlanId::PREFIX => Self::Plan,
            SeriesId::PREFIX => Self::Series,
            TicketId::PREFIX => Self::Ticket,
            PaymentId::PREFIX => Self::Payment,
            CustomerId::PREFIX => Self::Customer,
            StaffId::PREFIX => Self::Staff,
            PersonId::PREFIX => Self::Person,
            InvitationId::PREFIX => Self::Invitation,
            KeyId::PREFIX => Self::Key,
            EndpointId::PREFIX => Self::Endpoint,
            _ => return None,
        })
    }
}

/// A thing that is still there.
#[derive(Clone, Debug)]
pub struct Named {
    /// What it is.
    pub kind: Kind,
    /// What it is called, if it has a name.
    pub name: Option<String>,
}

/// The things that lines are about, by the id in their text. What is not there any more, or is another business's, is not among them.
///
/// # Errors
/// When the database is away.
pub async fn names(
    conn: &mut PgConnection,
    provider: Option<ProviderId>,
    lines: &[Line],
) -> sqlx::Result<HashMap<String, Named>> {
    let mut asked: Vec<(&str, Uuid)> = lines
        .iter()
        .filter_map(|line| {
            let (prefix, bare) = line.subject.split_once('_')?;
            Kind::parse(prefix)?;
            Some((prefix, Uuid::try_parse(bare).ok()?))
        })
        .collect();
    asked.sort_unstable();
    asked.dedup();
    let ids: Vec<Uuid> = asked.iter().map(|(_, id)| *id).collect();
    // No two kinds share an id, so each part finds its own along its primary key.
    let rows = sqlx::query!(
        r#"select 'site' as "kind!", id as "id!", name as "name?" from sites where id = any($2) and ($1::uuid is null or provider_id = $1)
           union all select 'plan', id, name from plans where id = any($2) and ($1::uuid is null or provider_id = $1)
           union all select 'ser', id, plan_name from series where id = any($2) and ($1::uuid is null or provider_id = $1)
           union all select 'tkt', id, plan_name from tickets where id = any($2) and ($1::uuid is null or provider_id = $1)
           union all select 'pay', id, 'KSh ' || trunc(amount)::text from payments where id = any($2) and ($1::uuid is null or provider_id = $1)
           union all select 'cust', id, null from customers where id = any($2) and ($1::uuid is null or provider_id = $1)
           union all select 'staff', s.id, p.name from staff s join people p on p.id = s.person_id where s.id = any($2) and ($1::uuid is null or s.provider_id = $1)
           union all select 'person', id, name from people where id = any($2)
           union all select 'inv', id, name from invitations where id = any($2) and ($1::uuid is null or provider_id = $1)
           union all select 'key', id, name from api_keys where id = any($2) and ($1::uuid is null or provider_id = $1)
           union all select 'hook', id, url from webhook_endpoints where id = any($2) and removed_at is null and ($1::uuid is null or provider_id = $1)
           union all select 'prv', id, business_name from providers where id = any($2) and ($1::uuid is null or id = $1)"#,
        provider.map(|id| id.uuid()),
        &ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let subject = format!("{}_{:032x}", row.kind, row.id.as_u128());
            let kind = Kind::parse(&row.kind)?;
            let name = match kind {
                // What follows in it may be a secret of the business.
                Kind::Endpoint if provider.is_none() => row.name.and_then(|url| web::host(&url)),
                _ => row.name,
            };
            Some((subject, Named { kind, name }))
        })
        .collect())
}
