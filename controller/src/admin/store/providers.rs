//! What the platform's staff see of businesses.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::ProviderId;
use mnara_protocol::money::Money;
use sqlx::PgConnection;

use crate::db::{Amount, At, RowId as _};
use crate::providers::state::State;
use crate::subscriptions::Stage;

/// A business, and how it does.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its id.
    pub id: ProviderId,
    /// What customers know it by.
    pub name: String,
    /// How it stands.
    pub state: State,
    /// When it was opened.
    pub since: Timestamp,
    /// How many sites it has.
    pub sites: i64,
    /// How many of them have an agent.
    pub placed: i64,
    /// How many of these are up.
    pub up: i64,
    /// When one of them was last heard of.
    pub seen: Option<Timestamp>,
    /// How many prompts of the last days were paid.
    pub paid: i64,
    /// How many of them ended without money.
    pub unpaid: i64,
    /// How many addresses of its programs take no news.
    pub deaf: i64,
    /// Whether its books balanced when they were last checked.
    pub balances: bool,
    /// What its customers paid in the stretch asked about.
    pub revenue: Money,
    /// The same in the stretch before.
    pub revenue_before: Money,
    /// When it last sold something.
    pub last_sale: Option<Timestamp>,
    /// What it pays the platform for.
    pub subscription: Option<Paying>,
}

/// What a business pays the platform for.
#[derive(Clone, Debug)]
pub struct Paying {
    /// What the plan is called.
    pub plan: String,
    /// How it stands.
    pub stage: Stage,
    /// Until when it was paid.
    pub until: Timestamp,
}

/// Which businesses to list.
#[derive(Clone, Debug, Default)]
pub struct Wanted<'a> {
    /// This one alone.
    pub only: Option<ProviderId>,
    /// Those whose name has this in it.
    pub search: Option<&'a str>,
    /// Those that stand so.
    pub state: Option<State>,
    /// Those opened before this one.
    pub after: Option<ProviderId>,
}

/// Moments the list compares with.
#[derive(Clone, Copy, Debug)]
pub struct Moments {
    /// A site heard of later is up.
    pub away: Timestamp,
    /// From when on prompts are counted.
    pub week: Timestamp,
    /// Where the stretch begins whose revenue is shown.
    pub month: Timestamp,
    /// Where the stretch before it began.
    pub month_before: Timestamp,
}

/// Businesses from the newest on.
///
/// # Errors
/// When the database is away, or the column of the state holds a strange word.
pub async fn list(
    conn: &mut PgConnection,
    wanted: &Wanted<'_>,
    moments: Moments,
    limit: u16,
) -> sqlx::Result<Vec<Listed>> {
    let pattern = wanted.search.map(like);
    let rows = sqlx::query!(
        r#"select p.id, p.business_name, p.state, p.created_at,
                  (select count(*) from sites s where s.provider_id = p.id and s.closed_at is null) as "sites!",
                  (select count(*) from sites s where s.provider_id = p.id and exists (select from agents a
                     where a.site_id = s.id and a.provider_id = p.id and a.revoked_at is null)) as "placed!",
                  (select count(*) from sites s where s.provider_id = p.id and exists (select from agents a
                     where a.site_id = s.id and a.provider_id = p.id and a.revoked_at is null and a.last_seen_at > $6)) as "up!",
                  (select max(a.last_seen_at) from agents a where a.provider_id = p.id and a.revoked_at is null) as seen,
                  (select count(*) from payments y where y.provider_id = p.id and y.status = 'success' and y.created_at >= $9
                     and y.type = 'mpesa_customer_payment' and y.push <> 'hand') as "paid!",
                  (select count(*) from payments y where y.provider_id = p.id and y.status = 'failed' and y.created_at >= $9
                     and y.type = 'mpesa_customer_payment' and y.push <> 'hand') as "unpaid!",
                  (select count(*) from webhook_endpoints h where h.provider_id = p.id and h.removed_at is null and h.failing_since is not null
                     and (h.enabled or h.given_up_at is not null)) as "deaf!",
                  not exists (select from ledger_faults f where f.provider_id = p.id) as "balances!",
                  (select coalesce(sum(amount + credit - credited), 0) from payments y where y.provider_id = p.id and y.settled_at >= $7
                     and y.status = 'success' and y.type = 'mpesa_customer_payment') as "revenue!: Amount",
                  (select coalesce(sum(amount + credit - credited), 0) from payments y where y.provider_id = p.id and y.settled_at >= $8 and y.settled_at < $7
                     and y.status = 'success' and y.type = 'mpesa_customer_payment') as "revenue_before!: Amount",
                  (select max(settled_at) from payments y where y.provider_id = p.id
                     and y.status = 'success' and y.type = 'mpesa_customer_payment') as last_sale,
                  u.stage as "stage?", u.paid_until as "paid_until?", l.name as "plan?"
           from providers p left join subscriptions u on u.provider_id = p.id left join platform_plans l on l.id = u.plan_id
           where ($1::uuid is null or p.id = $1) and ($2::text is null or p.business_name ilike $2) and ($3::text is null or p.state = $3)
             and ($4::uuid is null or p.id < $4)
           order by p.id desc limit $5"#,
        wanted.only.map(|id| id.uuid()),
        pattern,
        wanted.state.map(State::word),
        wanted.after.map(|id| id.uuid()),
        i64::from(limit),
        At(moments.away),
        At(moments.month),
        At(moments.month_before),
        At(moments.week),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let stage = row.stage.map(|word| stage(&word)).transpose()?;
            let paid = stage.zip(row.paid_until).zip(row.plan);
            Ok(Listed {
                id: ProviderId::from_uuid(row.id),
                name: row.business_name,
                state: state(&row.state)?,
                since: row.created_at.0,
                sites: row.sites,
                placed: row.placed,
                up: row.up,
                seen: row.seen.map(|at| at.0),
                paid: row.paid,
                unpaid: row.unpaid,
                deaf: row.deaf,
                balances: row.balances,
                revenue: row.revenue.0,
                revenue_before: row.revenue_before.0,
                last_sale: row.last_sale.map(|at| at.0),
                subscription: paid.map(|((stage, until), plan)| Paying {
                    plan,
                    stage,
                    until: until.0,
                }),
            })
        })
        .collect()
}

/// A pattern that finds what somebody typed, letter by letter.
fn like(typed: &str) -> String {
    let plain = typed
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    format!("%{plain}%")
}

fn state(word: &str) -> sqlx::Result<State> {
    word.parse()
        .map_err(|_| sqlx::Error::Decode(format!("providers.state says {word}").into()))
}

fn stage(word: &str) -> sqlx::Result<Stage> {
    word.parse()
        .map_err(|_| sqlx::Error::Decode(format!("subscriptions.stage says {word}").into()))
}

/// An owner of a business, and how they are reached.
#[derive(Clone, Debug)]
pub struct Owner {
    /// What they are called.
    pub name: String,
    /// Their e-mail address.
    pub email: Option<String>,
    /// Their phone, in twelve digits.
    pub phone: Option<String>,
}

/// Owners of one business that are read; one with more has other problems.
const OWNERS: i64 = 20;

/// What is known of one business beside its numbers.
#[derive(Clone, Debug)]
pub struct Details {
    /// How the business is reached, if it says so.
    pub contact: Option<String>,
    /// Its owners, the first first.
    pub owners: Vec<Owner>,
    /// Where its money goes.
    pub shortcode: Option<String>,
    /// How many people work there.
    pub staff: i64,
    /// How many plans it sells.
    pub plans: i64,
}

/// Reads them.
///
/// # Errors
/// When the database is away.
pub async fn details(
    conn: &mut PgConnection,
    provider: ProviderId,
) -> sqlx::Result<Option<Details>> {
    let row = sqlx::query!(
        r#"select contact_email, mpesa_shortcode,
                  (select count(*) from staff s where s.provider_id = p.id and s.ended_at is null) as "staff!",
                  (select count(*) from plans l where l.provider_id = p.id and l.on_sale) as "plans!"
           from providers p where id = $1"#,
        provider.uuid(),
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let owners = sqlx::query_as!(
        Owner,
        "select p.name, p.email, p.phone from staff s join people p on p.id = s.person_id
         where s.provider_id = $1 and s.role = 'owner' and s.ended_at is null order by s.created_at, s.id limit $2",
        provider.uuid(),
        OWNERS,
    )
    .fetch_all(conn)
    .await?;
    Ok(Some(Details {
        contact: row.contact_email,
        owners,
        shortcode: row.mpesa_shortcode,
        staff: row.staff,
        plans: row.plans,
    }))
}

/// Businesses that wait to be let in.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// What the last of them are called.
    pub names: Vec<String>,
    /// How many they are in all.
    pub count: usize,
}

/// Those that wait, if any do, and the names of so many.
///
/// # Errors
/// When the database is away.
pub async fn waiting(conn: &mut PgConnection, named: u16) -> sqlx::Result<Option<Waiting>> {
    let rows = sqlx::query!(
        r#"select business_name, count(*) over () as "count!" from providers where state = 'pending' order by id desc limit $1"#,
        i64::from(named),
    )
    .fetch_all(conn)
    .await?;
    let count = rows.first().map(|row| row.count);
    Ok(count.map(|count| Waiting {
        count: usize::try_from(count).unwrap_or(usize::MAX),
        names: rows.into_iter().map(|row| row.business_name).collect(),
    }))
}

/// How many businesses stand how.
///
/// # Errors
/// When the database is away, or the column of the state holds a strange word.
pub async fn states(conn: &mut PgConnection) -> sqlx::Result<Vec<(State, i64)>> {
    let rows = sqlx::query!(
        r#"select state, count(*) as "count!" from providers group by state order by state"#
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| Ok((state(&row.state)?, row.count)))
        .collect()
}

/// How many businesses signed up in each week of so many from a moment on, by the number of the week.
///
/// # Errors
/// When the database is away.
pub async fn sign_ups(
    conn: &mut PgConnection,
    from: Timestamp,
    weeks: u16,
) -> sqlx::Result<Vec<(i32, i64)>> {
    let rows = sqlx::query!(
        r#"select floor(extract(epoch from created_at - $1) / 604800)::int as "week!", count(*) as "count!"
           from providers where created_at >= $1 group by 1 order by 1 limit $2"#,
        At(from),
        i64::from(weeks),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.week, row.count)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_looked_for_as_it_stands() {
        assert_eq!(like("50%_\\"), "%50\\%\\_\\\\%");
    }
}
