//! The one question of all reports: what came together between two moments, by day, hour, plan and site.

use mnara_protocol::ids::{PlanId, ProviderId, SiteId};
use sqlx::PgConnection;

use crate::db::{At, RowId as _};
use crate::reports::period::{Day, Span};
use crate::reports::sums::{Report, Sums};

/// What a report leaves out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// All but this site.
    pub site: Option<SiteId>,
    /// All but this plan.
    pub plan: Option<PlanId>,
}

/// Adds up a stretch of time: money when it came, vouchers when they were printed or first used, sessions when they began.
///
/// Each of the four parts walks through its index from one moment to the other, so the answer costs what happened between them, and what
/// reaches us late is in it at once. Three hours make Nairobi's day of UTC's.
///
/// # Errors
/// When the database is away.
pub async fn report(
    conn: &mut PgConnection,
    provider: ProviderId,
    span: Span,
    filter: Filter,
) -> sqlx::Result<Report> {
    let rows = sqlx::query!(
        r#"with facts as (
               select (floor(date_part('epoch', settled_at))::bigint + 10800) / 3600 as hour, site_id, plan_id, (sum(amount) * 100)::bigint as paid, count(*) as sold,
                      0::bigint as printed, 0::bigint as used, 0::bigint as used_printed, 0::bigint as tried, 0::bigint as worth, 0::bigint as sessions, 0::bigint as online_secs, 0::bigint as bytes
               from payments
               where provider_id = $1 and settled_at >= $2 and settled_at < $3 and status = 'success' and type = 'mpesa_customer_payment'
                 and ($4::uuid is null or site_id = $4) and ($5::uuid is null or plan_id = $5)
               group by 1, 2, 3
             union all
               select (floor(date_part('epoch', redeemed_at))::bigint + 10800) / 3600, redeemed_site_id, plan_id, 0, 0, 0, count(*) - count(tried_by), count(series_id), count(tried_by),
                      (coalesce(sum(price) filter (where series_id is not null), 0) * 100)::bigint, 0, 0, 0
               from tickets
               where provider_id = $1 and redeemed_at >= $2 and redeemed_at < $3
                 and ($4::uuid is null or redeemed_site_id = $4) and ($5::uuid is null or plan_id = $5)
               group by 1, 2, 3
             union all
               select (floor(date_part('epoch', began_at))::bigint + 10800) / 3600, site_id, plan_id, 0, 0, 0, 0, 0, 0, 0, count(*), sum(online_secs)::bigint, sum(bytes_up + bytes_down)::bigint
               from sessions
               where provider_id = $1 and began_at >= $2 and began_at < $3
                 and ($4::uuid is null or site_id = $4) and ($5::uuid is null or plan_id = $5)
               group by 1, 2, 3
             union all
               select (floor(date_part('epoch', created_at))::bigint + 10800) / 3600, home_site_id, plan_id, 0, 0, sum(count - cardinality(skipped)), 0, 0, 0, 0, 0, 0, 0
               from series
               where provider_id = $1 and created_at >= $2 and created_at < $3
                 and ($4::uuid is null or home_site_id = $4) and ($5::uuid is null or plan_id = $5)
               group by 1, 2, 3
           ), placed as (select facts.*, hour / 24 as day, hour % 24 as hour_of_day from facts)
           select grouping(day, hour_of_day, plan_id, site_id) as "by!", day, hour_of_day, plan_id, site_id,
                  sum(paid)::bigint as "paid!", sum(sold)::bigint as "sold!", sum(printed)::bigint as "printed!", sum(used)::bigint as "used!",
                  sum(used_printed)::bigint as "used_printed!", sum(tried)::bigint as "tried!", sum(worth)::bigint as "worth!", sum(sessions)::bigint as "sessions!",
                  sum(online_secs)::bigint as "online_secs!", sum(bytes)::bigint as "bytes!"
           from placed group by grouping sets ((day), (hour_of_day), (plan_id), (site_id))"#,
        provider.uuid(),
        At(span.from),
        At(span.to),
        filter.site.map(|id| id.uuid()),
        filter.plan.map(|id| id.uuid()),
    )
    .fetch_all(conn)
    .await?;
    let mut report = Report::default();
    for row in rows {
        let sums = Sums {
            paid: row.paid,
            sold: row.sold,
            printed: row.printed,
            used: row.used,
            used_printed: row.used_printed,
            tried: row.tried,
            worth: row.worth,
            sessions: row.sessions,
            online_secs: row.online_secs,
            bytes: row.bytes,
        };
        // Each bit says that a column is not what the row is by.
        match row.by {
            0b0111 => {
                report.days.insert(Day(row.day.unwrap_or(0)), sums);
            }
            0b1011 => {
                let hour = row.hour_of_day.and_then(|hour| usize::try_from(hour).ok());
                if let Some(place) = hour.and_then(|hour| report.hours.get_mut(hour)) {
                    *place = sums;
                }
            }
            0b1101 => {
                if let Some(plan) = row.plan_id {
                    report.plans.insert(PlanId::from_uuid(plan), sums);
                }
            }
            _ => {
                report
                    .sites
                    .insert(row.site_id.map(SiteId::from_uuid), sums);
            }
        }
    }
    Ok(report)
}
