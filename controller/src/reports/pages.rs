//! The page of reports, and its numbers as files.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::files;
use super::names::names;
use super::period::{Day, Period};
use super::store::sums::{Filter, report};
use super::sums::{Measure, Report, Sums};
use super::view::{self, Line, Names, Tile};
use crate::app::App;
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::web::Query;
use crate::web::page::html;

/// Months that a paper can be had of.
const MONTHS: usize = 13;

/// What is asked for, as the address has it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    period: String,
    from: String,
    to: String,
    site: String,
    plan: String,
    show: String,
    by: String,
}

/// What is asked for, understood.
struct Chosen {
    period: Period,
    is_bad: bool,
    filter: Filter,
    measure: Measure,
}

impl Asked {
    fn read(&self, today: Day) -> Chosen {
        let period = Period::read(&self.period, &self.from, &self.to, today);
        Chosen {
            is_bad: period.is_err(),
            period: period.unwrap_or(Period::last(7, today)),
            filter: Filter {
                site: self.site.parse().ok(),
                plan: self.plan.parse().ok(),
            },
            measure: Measure::read(&self.show).unwrap_or(Measure::Money),
        }
    }

    /// The same question with one part set.
    fn with(&self, path: &str, name: &str, value: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (part, said) in [
            ("period", &self.period),
            ("from", &self.from),
            ("to", &self.to),
            ("site", &self.site),
            ("plan", &self.plan),
            ("show", &self.show),
        ] {
            if !said.is_empty() && part != name {
                query.append_pair(part, said);
            }
        }
        query.append_pair(name, value);
        format!("{path}?{}", query.finish())
    }
}

/// One choice of a list.
struct Choice {
    value: String,
    name: String,
    is_chosen: bool,
}

/// A way to look at the same report.
struct Tab {
    path: String,
    name: &'static str,
    is_here: bool,
}

/// One chart with the table behind it.
struct Part {
    title: &'static str,
    head: &'static str,
    chart: String,
    lines: Vec<Line>,
    csv: String,
}

#[derive(Template)]
#[template(path = "reports/reports.html")]
struct ReportsPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    asked: &'a Asked,
    fault: Option<&'static str>,
    stretches: Vec<Tab>,
    periods: Vec<Choice>,
    first: String,
    last: String,
    sites: Vec<Choice>,
    plans: Vec<Choice>,
    name: String,
    before: String,
    trials: Option<String>,
    tiles: Vec<Tile>,
    tabs: Vec<Tab>,
    is_empty: bool,
    parts: Vec<Part>,
    heads: [&'static str; 5],
    total: Line,
    months: Vec<Choice>,
}

/// Shows the report that is asked for.
///
/// # Errors
/// When the database is away.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let now = app.clock.now();
    let today = Day::of(now);
    let chosen = asked.read(today);
    let (span, span_before) = chosen.period.spans(now);
    let mut tx = app.db.steady(seat.provider()).await?;
    let names = names(&mut tx, seat.provider()).await?;
    let this = report(&mut tx, seat.provider(), span, chosen.filter).await?;
    let then = report(&mut tx, seat.provider(), span_before, chosen.filter).await?;
    drop(tx);
    let (w, total) = (frame.words(), this.total());
    let page = ReportsPage {
        fault: chosen.is_bad.then_some(w.reports.bad_dates),
        stretches: stretches(&asked, w),
        periods: periods(&asked, w),
        first: date(&chosen, &asked.from, chosen.period.from),
        last: date(&chosen, &asked.to, chosen.period.last_day()),
        sites: choices(&names.sites, chosen.filter.site),
        plans: choices(&names.plans, chosen.filter.plan),
        name: chosen.period.name(&w.calendar),
        before: view::against(&chosen.period, now, (&w.reports, &w.calendar)),
        trials: view::trials(&total, &then.total(), &w.reports),
        tiles: view::tiles(&total, &then.total(), &w.reports),
        tabs: tabs(&asked, chosen.measure, w),
        is_empty: total == Sums::default(),
        parts: parts(&asked, &chosen, today, &names, (&this, &then), w),
        heads: w.reports.heads(),
        total: Line {
            name: w.reports.total.to_owned(),
            sums: total,
        },
        months: months(today, w),
        frame: &frame,
        w,
        asked: &asked,
    };
    Ok(html(StatusCode::OK, &page))
}

/// What a field for a date holds: the day that is shown, or what was typed where that makes no period.
fn date(chosen: &Chosen, typed: &str, shown: Day) -> String {
    if chosen.is_bad {
        typed.to_owned()
    } else {
        shown.iso()
    }
}

/// The periods that have names, and whether one is asked for.
fn named(asked: &Asked, w: &Words) -> [(&'static str, &'static str, bool); 5] {
    let w = &w.reports;
    let asked = match asked.period.as_str() {
        "" => "7",
        word => word,
    };
    [
        ("today", w.today),
        ("7", w.week),
        ("30", w.thirty),
        ("month", w.month),
        ("before", w.month_before),
    ]
    .map(|(word, name)| (word, name, word == asked))
}

fn stretches(asked: &Asked, w: &Words) -> Vec<Tab> {
    let tab = |(word, name, is_here)| Tab {
        path: asked.with("/reports", "period", word),
        name,
        is_here,
    };
    named(asked, w).map(tab).into()
}

fn periods(asked: &Asked, w: &Words) -> Vec<Choice> {
    let dates = ("dates", w.reports.dates, asked.period == "dates");
    named(asked, w)
        .into_iter()
        .chain([dates])
        .map(|(word, name, is_chosen)| Choice {
            value: word.to_owned(),
            name: name.to_owned(),
            is_chosen,
        })
        .collect()
}

fn choices<Id: ToString + PartialEq>(names: &[(Id, String)], chosen: Option<Id>) -> Vec<Choice> {
    names
        .iter()
        .map(|(id, name)| Choice {
            value: id.to_string(),
            name: name.clone(),
            is_chosen: chosen.as_ref() == Some(id),
        })
        .collect()
}

fn tabs(asked: &Asked, chosen: Measure, w: &Words) -> Vec<Tab> {
    let tab = |measure: Measure| Tab {
        path: asked.with("/reports", "show", measure.word()),
        name: w.reports.measure(measure),
        is_here: measure == chosen,
    };
    Measure::ALL.into_iter().map(tab).collect()
}

/// The months whose paper can be had, this one first.
fn months(today: Day, w: &Words) -> Vec<Choice> {
    let months = std::iter::successors(Some(Period::month_of(today)), |month| Some(month.before()));
    months
        .take(MONTHS)
        .map(|month| Choice {
            value: month.from.date().strftime("%Y-%m").to_string(),
            name: month.from.month(&w.calendar),
            is_chosen: false,
        })
        .collect()
}

fn parts(
    asked: &Asked,
    chosen: &Chosen,
    today: Day,
    names: &Names,
    (this, then): (&Report, &Report),
    w: &Words,
) -> Vec<Part> {
    let (w, calendar) = (&w.reports, &w.calendar);
    let (measure, period) = (chosen.measure, &chosen.period);
    let by_grain = w.by(period.grain());
    let drawn = |chart: &dyn std::fmt::Display| chart.to_string();
    let part = |id, title, head, chart, lines| Part {
        title,
        head,
        chart,
        lines,
        csv: asked.with("/reports/csv", "by", id),
    };
    let days = (
        view::by_part(this, period, today, calendar),
        view::by_part_before(then, period, today, calendar),
    );
    let hours = (view::by_hour(this), view::by_hour(then));
    let plans = (
        view::by_plan(this, then, names, w),
        view::by_plan(then, this, names, w),
    );
    let sites = (
        view::by_site(this, then, names, w),
        view::by_site(then, this, names, w),
    );
    let columns = |id, title: &str, of: &(Vec<Line>, Vec<Line>)| {
        drawn(&view::columns(id, title, measure, (&of.0, &of.1), w))
    };
    let rows = |id, title: &str, of: &(Vec<Line>, Vec<Line>)| {
        drawn(&view::rows(id, title, measure, (&of.0, &of.1), w))
    };
    vec![
        part(
            "day",
            by_grain,
            w.day,
            columns("day", by_grain, &days),
            days.0,
        ),
        part(
            "hour",
            w.by_hour,
            w.hour,
            columns("hour", w.by_hour, &hours),
            hours.0,
        ),
        part(
            "plan",
            w.by_plan,
            w.plan,
            rows("plan", w.by_plan, &plans),
            plans.0,
        ),
        part(
            "site",
            w.by_site,
            w.site,
            rows("site", w.by_site, &sites),
            sites.0,
        ),
    ]
}

/// The numbers of a report as a file, by day, hour, plan or site.
///
/// # Errors
/// When the database is away, or what is asked for is none of these.
pub async fn csv(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let now = app.clock.now();
    let (today, w) = (Day::of(now), &frame.words().reports);
    let chosen = asked.read(today);
    if chosen.is_bad {
        return Err(Trouble::Nothing);
    }
    let (span, _) = chosen.period.spans(now);
    let mut tx = app.db.steady(seat.provider()).await?;
    let names = names(&mut tx, seat.provider()).await?;
    let this = report(&mut tx, seat.provider(), span, chosen.filter).await?;
    drop(tx);
    let lines = match asked.by.as_str() {
        "day" => view::by_day(&this, &chosen.period, today),
        "hour" => view::by_hour(&this),
        "plan" => view::by_plan(&this, &this, &names, w),
        "site" => view::by_site(&this, &this, &names, w),
        _ => return Err(Trouble::Nothing),
    };
    let name = format!(
        "mnara-by-{}-{}-{}.csv",
        asked.by,
        chosen.period.from.iso(),
        chosen.period.last_day().iso()
    );
    Ok(files::csv(&name, &asked.by, &lines))
}
