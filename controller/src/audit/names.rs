//! What the things are called that lines of the audit are about: all of a page in one question.

use std::collections::HashMap;

use mnara_protocol::ids::{
    CustomerId, EndpointId, InvitationId, KeyId, PaymentId, PersonId, PlanId, PlatformPlanId,
    ProviderId, SeriesId, SiteId, StaffId, TicketId,
};
use mnara_protocol::money::Money;
use serde_json::Value;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::read::Line;
use crate::db::RowId as _;
use crate::web::{self, show};

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
    /// A plan that businesses pay the platform for.
    PlatformPlan,
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
            PlatformPlanId::PREFIX => Self::PlatformPlan,
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

/// The things that lines are about or name, by the id in their text. What is not there any more, or is another business's, is not among them.
///
/// # Errors
/// When the database is away.
pub async fn names(
    conn: &mut PgConnection,
    provider: Option<ProviderId>,
    lines: &[Line],
) -> sqlx::Result<HashMap<String, Named>> {
    let mut asked = Vec::new();
    for line in lines {
        asked.extend(id(&line.subject));
        for value in [&line.before, &line.after].into_iter().flatten() {
            ids_in(value, &mut asked);
        }
    }
    asked.sort_unstable();
    asked.dedup();
    let ids: Vec<Uuid> = asked.iter().map(|(_, id)| *id).collect();
    // No two kinds share an id, so each part finds its own along its primary key.
    let rows = sqlx::query!(
        r#"select 'site' as "kind!", id as "id!", name as "name?" from sites where id = any($2) and ($1::uuid is null or provider_id = $1)
           union all select 'plan', id, name from plans where id = any($2) and ($1::uuid is null or provider_id = $1)
           union all select 'ser', id, plan_name from series where id = any($2) and ($1::uuid is null or provider_id = $1)
           union all select 'tkt', id, plan_name from tickets where id = any($2) and ($1::uuid is null or provider_id = $1)
           union all select 'pay', id, amount::text from payments where id = any($2) and ($1::uuid is null or provider_id = $1)
           union all select 'cust', id, null from customers where id = any($2) and ($1::uuid is null or provider_id = $1)
           union all select 'staff', s.id, p.name from staff s join people p on p.id = s.person_id where s.id = any($2) and ($1::uuid is null or s.provider_id = $1)
           union all select 'person', id, name from people where id = any($2)
           union all select 'inv', id, name from invitations where id = any($2) and ($1::uuid is null or provider_id = $1)
           union all select 'key', id, name from api_keys where id = any($2) and ($1::uuid is null or provider_id = $1)
           union all select 'hook', id, url from webhook_endpoints where id = any($2) and removed_at is null and ($1::uuid is null or provider_id = $1)
           union all select 'pplan', id, name from platform_plans where id = any($2)
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
                Kind::Payment => row
                    .name
                    .and_then(|amount| amount.parse::<Money>().ok())
                    .map(show::money),
                _ => row.name,
            };
            Some((subject, Named { kind, name }))
        })
        .collect())
}

/// The ids that a value holds, of kinds that have a name or a page.
fn ids_in<'a>(value: &'a Value, found: &mut Vec<(&'a str, Uuid)>) {
    match value {
        Value::String(text) => found.extend(id(text)),
        Value::Array(items) => {
            for item in items {
                ids_in(item, found);
            }
        }
        Value::Object(map) => {
            for value in map.values() {
                ids_in(value, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn id(text: &str) -> Option<(&str, Uuid)> {
    let (prefix, bare) = text.split_once('_')?;
    Kind::parse(prefix)?;
    Some((prefix, Uuid::try_parse(bare).ok()?))
}

/// An id as it is told among people, if a text is one: what it is of, and its last signs, which tell it from its neighbours.
#[must_use]
pub fn brief(text: &str) -> Option<String> {
    let (prefix, bare) = text.split_once('_')?;
    let is_id = prefix.bytes().all(|letter| letter.is_ascii_lowercase())
        && bare.len() == 32
        && bare.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_id.then(|| format!("{prefix}_…{}", &bare[26..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_id_is_shortened() {
        let id = SiteId::from_bytes([0xab; 16]).to_string();
        assert_eq!(brief(&id).as_deref(), Some("site_…ababab"));
        for other in ["look", "a_b", "NLJ7RT61SV", "site_é", "0712 *** 678"] {
            assert_eq!(brief(other), None, "{other}");
        }
    }
}
