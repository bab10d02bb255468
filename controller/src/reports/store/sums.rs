//! The one question of all reports: what came together between two moments, by day, hour, plan and site.

use mnara_protocol::ids::{PlanId, ProviderId, SiteId};
use sqlx::PgConnection;

use super::days::number;
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
/// Whole days that are added up already, and on which nothing changed since, are taken as they are; the others are read from their rows, along
/// an index that ends where they end. One statement does both, so it sees one moment, and what reaches us late is in its answer at once. The days
/// that are not taken as they are, which are few, are what is left out: their rows are one stretch of an index then, and not a search for each day.
///
/// # Errors
/// When the database is away.
pub async fn report(
    conn: &mut PgConnection,
    provider: ProviderId,
    span: Span,
    filter: Filter,
) -> sqlx::Result<Report> {
    let first = Day::of(span.from);
    let first = if first.begin() == span.from {
        first
    } else {
        first.plus(1)
    };
    // What the rows for hours are by, as the migration numbers it.
    let grain = match (filter.site, filter.plan) {
        (None, None) => 3,
        (Some(_), None) => 1,
        (None, Some(_)) => 2,
        (Some(_), Some(_)) => 0,
    };
    let rows = sqlx::query!(
        r#"with clean as materialized (
               select d.day from report_days d
               where d.provider_id = $1 and d.day >= $6 and d.day < $7
                 and not exists (select from report_marks m where m.provider_id = $1 and m.day = d.day)
           ), others as materialized (
               select day from generate_series($6, $7 - 1) as day where day not in (select day from clean)
           ), parts as (
               select greatest($2, report_begin(day)) as from_at, least($3, report_begin(day + 1)) as to_at
               from generate_series(report_day($2), report_day($3)) as day where day not in (select day from clean)
           ), facts as (
               select s.grain, s.day, s.hour, s.site_id, s.plan_id, s.paid, s.sold, s.printed, s.used, s.used_printed, s.tried, s.worth, s.sessions, s.online_secs, s.bytes
               from report_sums s where s.provider_id = $1 and s.grain in (4, $8::smallint) and s.day >= $6 and s.day < $7 and s.day not in (select day from others)
             union all
               select null, (f.hour / 24)::integer, (f.hour % 24)::smallint, f.site_id, f.plan_id, f.paid, f.sold, f.printed, f.used, f.used_printed, f.tried, f.worth,
                      f.sessions, f.online_secs, f.bytes
               from parts cross join lateral report_facts($1, from_at, to_at) f
           ), chosen as materialized (select * from facts where ($4::uuid is null or site_id = $4) and ($5::uuid is null or plan_id = $5))
           select grouping(day, plan_id, site_id) as "by!", day as "day?", null::smallint as "hour?", plan_id as "plan_id?", site_id as "site_id?",
                  sum(paid)::bigint as "paid!", sum(sold)::bigint as "sold!", sum(printed)::bigint as "printed!", sum(used)::bigint as "used!",
                  sum(used_printed)::bigint as "used_printed!", sum(tried)::bigint as "tried!", sum(worth)::bigint as "worth!", sum(sessions)::bigint as "sessions!",
                  sum(online_secs)::bigint as "online_secs!", sum(bytes)::bigint as "bytes!"
           from chosen where grain is null or grain = 4 group by grouping sets ((day), (plan_id), (site_id))
         union all
           select 7, null, hour, null, null, sum(paid)::bigint, sum(sold)::bigint, sum(printed)::bigint, sum(used)::bigint, sum(used_printed)::bigint,
                  sum(tried)::bigint, sum(worth)::bigint, sum(sessions)::bigint, sum(online_secs)::bigint, sum(bytes)::bigint
           from chosen where grain is null or grain <> 4 group by hour"#,
        provider.uuid(),
        At(span.from),
        At(span.to),
        filter.site.map(|id| id.uuid()),
        filter.plan.map(|id| id.uuid()),
        number(first),
        number(Day::of(span.to)),
        grain,
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
            0b011 => {
                let day = row.day.map_or(0, i64::from);
                report.days.insert(Day(day), sums);
            }
            0b101 => {
                report
                    .plans
                    .insert(row.plan_id.map(PlanId::from_uuid), sums);
            }
            0b110 => {
                report
                    .sites
                    .insert(row.site_id.map(SiteId::from_uuid), sums);
            }
            _ => {
                let hour = row.hour.and_then(|hour| usize::try_from(hour).ok());
                if let Some(place) = hour.and_then(|hour| report.hours.get_mut(hour)) {
                    *place = sums;
                }
            }
        }
    }
    Ok(report)
}
