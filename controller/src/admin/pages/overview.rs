//! The first page of the platform's staff: how near it is to what it promises, how it grows, and what needs somebody.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::ToSpan as _;
use jiff::civil::Date;
use mnara_protocol::clock::Timestamp;

use super::payments::told;
use super::{DAY_SECS, MONTH_DAYS, days_before};
use crate::admin::scrub::scrub;
use crate::admin::store::{health, payments, providers, sites, webhooks};
use crate::admin::targets::{PAID, Share, UP};
use crate::admin::up::minute;
use crate::app::App;
use crate::db::Reason;
use crate::fleet::presence::away_before;
use crate::jobs::{self, failed};
use crate::nairobi::Day;
use crate::providers::mail;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::{Unit, Words};
use crate::providers::state::State as Standing;
use crate::rails::mail::FAULT;
use crate::rails::pesapal::price::{Currency, Price};
use crate::reports::books::store as books;
use crate::reports::chart::{Columns, Point};
use crate::subscriptions::store::listed::{self as subscriptions, Month};
use crate::web::page::html;
use crate::web::show;

/// Weeks in one chart, and months in the other.
const WEEKS: u16 = 26;
const MONTHS: u16 = 12;
/// Lines of the table: a month has one for each currency.
const LINES: u16 = 2 * MONTHS;
const WEEK_SECS: i64 = 7 * DAY_SECS;
/// A share over some stretch.
struct Told {
    stretch: &'static str,
    share: String,
    kind: &'static str,
    part: String,
    whole: String,
    willing: Option<String>,
}

/// One week.
struct Week {
    from: String,
    count: i64,
}

struct Earned {
    month: String,
    subscriptions: i64,
    amount: String,
}

#[derive(Template)]
#[template(path = "admin/overview.html")]
struct OverviewPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    up: Vec<Told>,
    watched: Option<String>,
    paid: Vec<Told>,
    money_day: String,
    money_week: String,
    states: Vec<(&'static str, i64)>,
    sites: i64,
    sites_up: i64,
    given_up: u64,
    deaf: i64,
    /// Why no letter leaves.
    mute: Option<String>,
    unbalanced: i64,
    weeks: Vec<Week>,
    chart: String,
    signed_up: i64,
    /// What businesses paid, a drawing for each currency.
    earned: Vec<String>,
    months: Vec<Earned>,
}

/// Shows it.
///
/// # Errors
/// When the database is away.
pub async fn show(State(app): State<App>, frame: Frame) -> Result<Response, Trouble> {
    let w = frame.words();
    let now = app.clock.now();
    let (day, week) = (days_before(now, 1), days_before(now, 7));
    let first_week = monday(now).plus_secs(-i64::from(WEEKS - 1) * WEEK_SECS);
    let given_up = jobs::standing(&app).await?.given_up;
    let mut tx = app.db.platform(Reason::Admin).await?;
    let unbalanced = books::unbalanced(&mut tx).await?;
    let deaf = webhooks::count(&mut tx).await?;
    let mute = failed::why(&mut tx, mail::SEND, FAULT).await?;
    let watched = health::first(&mut tx).await?;
    let mut up = Vec::new();
    for (stretch, days) in [(w.platform.a_day, 1), (w.platform.a_month, MONTH_DAYS)] {
        let share = match watched {
            Some(first) => {
                // The minute that runs is not over, and nobody watched before the first.
                let to = minute(now);
                let from = minute(days_before(now, days)).max(first);
                let count = health::count(&mut tx, from, to).await?;
                Share::of(count, (to.as_secs() - from.as_secs()) / 60)
            }
            None => Share::of(0, 0),
        };
        let whole = show::thousands(share.whole);
        up.push(Told {
            whole: w.calendar.short(&whole, Unit::Minutes),
            ..shared(stretch, share, UP)
        });
    }
    let (ends_day, money_day) = payments::all(&mut tx, day).await?;
    let (ends_week, money_week) = payments::all(&mut tx, week).await?;
    let states = providers::states(&mut tx).await?;
    let (sites, sites_up) = sites::up(&mut tx, away_before(now)).await?;
    let sign_ups = providers::sign_ups(&mut tx, first_week, WEEKS).await?;
    let last_months = months(now);
    let since = Day::from_date(last_months[0]).begin();
    let earned = subscriptions::earned(&mut tx, since, LINES).await?;
    drop(tx);
    let weeks = weeks(first_week, &sign_ups, w);
    let paid = [(w.platform.a_day, ends_day), (w.platform.a_week, ends_week)];
    let page = OverviewPage {
        frame: &frame,
        w,
        up,
        watched: watched.map(|at| w.calendar.moment(at)),
        paid: paid
            .into_iter()
            .map(|(stretch, ends)| Told {
                willing: ends.paid_of_willing().percent(),
                ..shared(stretch, ends.paid(), PAID)
            })
            .collect(),
        money_day: show::money(money_day),
        money_week: show::money(money_week),
        states: states
            .into_iter()
            .map(|(state, count)| {
                let name = match state {
                    Standing::Pending => w.admin.pending,
                    Standing::Active => w.admin.active,
                    Standing::Suspended => w.admin.suspended,
                };
                (name, count)
            })
            .collect(),
        sites,
        sites_up,
        given_up: whole(given_up),
        deaf,
        mute: mute.map(|error| scrub(&error)),
        unbalanced,
        signed_up: sign_ups.iter().map(|(_, count)| count).sum(),
        chart: chart(&weeks, w),
        weeks,
        earned: drawn(&last_months, &earned, w),
        months: earned
            .into_iter()
            .map(|month| Earned {
                month: month_of(&month.month, w),
                subscriptions: month.paid,
                amount: month.amount.to_string(),
            })
            .collect(),
    };
    Ok(html(StatusCode::OK, &page))
}

/// When the week of a moment began.
fn monday(now: Timestamp) -> Timestamp {
    let today = Day::of(now);
    let gone = today.date().weekday().to_monday_zero_offset();
    today.plus(-i64::from(gone)).begin()
}

/// A count that came as a number for meters.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of rows is whole, not negative and far below what a float holds"
)]
fn whole(count: f64) -> u64 {
    count as u64
}

fn shared(stretch: &'static str, share: Share, target: u64) -> Told {
    let (text, kind) = told(share, target);
    Told {
        stretch,
        share: text,
        kind,
        part: show::thousands(share.part),
        whole: show::thousands(share.whole),
        willing: None,
    }
}

/// The weeks in order, those without anybody among them.
fn weeks(first: Timestamp, counts: &[(i32, i64)], w: &Words) -> Vec<Week> {
    let weeks = (0..WEEKS).map(|week| {
        let found = counts.iter().find(|(number, _)| *number == i32::from(week));
        Week {
            from: w.calendar.day(first.plus_secs(i64::from(week) * WEEK_SECS)),
            count: found.map_or(0, |(_, count)| *count),
        }
    });
    weeks.collect()
}

/// The first days of the last months, this one's the last.
fn months(now: Timestamp) -> Vec<Date> {
    let this = Day::of(now).date().first_of_month();
    let back = (0..i64::from(MONTHS)).rev();
    back.map(|back| this.saturating_sub(back.months()))
        .collect()
}

/// What came in by the month, as bars: a drawing for each currency there was any of, since nobody has set a rate between them.
fn drawn(months: &[Date], earned: &[Month], w: &'static Words) -> Vec<String> {
    let drawn = Currency::ALL.into_iter().filter_map(|currency| {
        let of: Vec<&Month> = earned
            .iter()
            .filter(|one| one.amount.currency == currency)
            .collect();
        let columns = (!of.is_empty()).then(|| bars(months, &of, currency, w))?;
        Some(columns.render().unwrap_or_default())
    });
    drawn.collect()
}

fn bars(months: &[Date], earned: &[&Month], currency: Currency, w: &'static Words) -> Columns {
    let points: Vec<Point> = months
        .iter()
        .map(|month| {
            let key = format!("{:04}-{:02}", month.year(), month.month());
            let found = earned.iter().find(|one| one.month == key);
            let amount = found.map_or(Price::new(0, currency), |one| one.amount);
            Point {
                name: w.calendar.month_short(month.month()).to_owned(),
                // A month in which more went back than came has no bar; how much it was is read all the same.
                value: u64::try_from(amount.cents).unwrap_or(0),
                before: None,
                tip: format!("{}: {amount}", month_of(&key, w)),
            }
        })
        .collect();
    let with_any = points.iter().filter(|point| point.value > 0);
    let about: Vec<&str> = with_any.map(|point| point.tip.as_str()).collect();
    let id = match currency {
        Currency::Kes => "earned-kes",
        Currency::Usd => "earned-usd",
    };
    let title = format!("{}, {}", w.platform.earned, currency.code());
    let axis =
        |cents: u64| Price::new(i64::try_from(cents).unwrap_or(i64::MAX), currency).to_string();
    Columns::draw(id, (title, about.join("; ")), &points, 100, axis)
}

/// A month that came as `2026-11`, as people call it.
fn month_of(text: &str, w: &Words) -> String {
    let parts = text.split_once('-');
    match parts.and_then(|(year, month)| Some((year, month.parse().ok()?))) {
        Some((year, month)) => format!("{} {year}", w.calendar.month(month)),
        None => text.to_owned(),
    }
}

/// The weeks as bars.
fn chart(weeks: &[Week], w: &'static Words) -> String {
    let points: Vec<Point> = weeks
        .iter()
        .map(|week| Point {
            // The year stands in the table.
            name: week
                .from
                .rsplit_once(' ')
                .map_or("", |(day, _)| day)
                .to_owned(),
            value: week.count.unsigned_abs(),
            before: None,
            tip: format!("{}: {}", week.from, week.count),
        })
        .collect();
    let with_any = points.iter().filter(|point| point.value > 0);
    let about: Vec<&str> = with_any.map(|point| point.tip.as_str()).collect();
    let title = (w.platform.sign_ups.to_owned(), about.join("; "));
    let columns = Columns::draw("sign-ups", title, &points, 1, show::thousands);
    columns.render().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use mnara_protocol::portal::Language;

    use super::*;

    #[test]
    fn a_month_has_its_name() {
        let [english, swahili] = Language::ALL.map(Words::of);
        assert_eq!(month_of("2026-11", english), "November 2026");
        assert_eq!(month_of("2026-08", swahili), "Agosti 2026");
    }

    #[test]
    fn a_week_begins_on_monday_in_nairobi() {
        // A Friday, 11:00 there; its Monday began on Sunday, 21:00 UTC.
        let now = Timestamp::from_secs(1_800_000_000);
        let began = now.plus_secs(-(4 * 24 + 11) * 3_600);
        assert_eq!(monday(now), began);
        assert_eq!(monday(began), began);
        assert_eq!(
            monday(began.plus_millis(-1)),
            began.plus_secs(-7 * DAY_SECS)
        );
    }

    #[test]
    fn months_are_drawn_in_order_and_each_currency_by_itself() {
        let w = Words::of(Language::English);
        let months = months(Timestamp::from_secs(1_800_000_000));
        assert_eq!(months.len(), 12);
        assert_eq!(months[0].to_string(), "2026-02-01");
        assert_eq!(months[11].to_string(), "2027-01-01");
        let of = |month: &str, cents, currency| Month {
            month: month.to_owned(),
            paid: 1,
            amount: Price::new(cents, currency),
        };
        let shillings = [
            of("2027-01", 300_000, Currency::Kes),
            of("2026-12", -100, Currency::Kes),
        ];
        let alone = drawn(&months, &shillings, w);
        assert_eq!(alone.len(), 1, "one currency is one drawing");
        assert_eq!(alone[0].matches("<title>").count(), 12, "a bar a month");
        let place = |text: &str| alone[0].find(text).unwrap();
        let went_back = place("<title>December 2026: −KSh 1</title>");
        assert!(place("<title>February 2026: KSh 0</title>") < went_back);
        assert!(went_back < place("<title>January 2027: KSh 3,000</title>"));
        let both = [
            of("2026-11", 1_250, Currency::Usd),
            of("2026-11", 100, Currency::Kes),
        ];
        let both = drawn(&months, &both, w);
        assert!(both[0].contains("earned-kes-title") && both[0].contains("KSh 1<"));
        assert!(both[1].contains("earned-usd-title") && both[1].contains("US$ 12.50"));
        assert!(drawn(&months, &[], w).is_empty());
    }

    #[test]
    fn a_week_without_anybody_is_a_week() {
        let first = Timestamp::from_secs(1_800_000_000);
        let weeks = weeks(first, &[(0, 5), (25, 10)], Words::of(Language::English));
        let counts: Vec<_> = weeks.iter().map(|week| week.count).collect();
        assert_eq!(
            (counts.len(), counts[0], counts[1], counts[25]),
            (26, 5, 0, 10)
        );
        assert_eq!(weeks[1].from, "22 Jan 2027");
    }

    #[test]
    fn who_hears_the_chart_of_sign_ups_hears_its_numbers() {
        let w = Words::of(Language::English);
        let weeks = weeks(Timestamp::from_secs(1_800_000_000), &[(0, 5), (1, 10)], w);
        let drawn = chart(&weeks, w);
        let about = "<desc id=\"sign-ups-about\">15 Jan 2027: 5; 22 Jan 2027: 10</desc>";
        assert!(drawn.contains(about), "{drawn}");
    }
}
