//! A month on paper: money, vouchers and use, by day, plan and site, with the business's name and colour.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use mnara_protocol::clock::Timestamp;
use mnara_protocol::portal::Language;
use serde::Deserialize;

use super::names::names;
use super::period::{Day, Period};
use super::store::sums::{Filter, report};
use super::sums::{Measure, Report};
use super::view::{self, Line, Names, say};
use crate::app::App;
use crate::pdf::{Align, Bar, Column, Flow, Ink};
use crate::providers;
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::{ReportWords, Words};
use crate::web::Query;
use crate::web::csv::as_file;
use crate::web::show;

/// Which month, as `2026-11`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    month: String,
}

/// What stands in the paper.
pub(super) struct Paper<'a> {
    pub(super) business: &'a str,
    pub(super) colour: u32,
    pub(super) language: Language,
    pub(super) period: Period,
    pub(super) now: Timestamp,
    pub(super) this: &'a Report,
    pub(super) then: &'a Report,
    pub(super) names: &'a Names,
}

/// Gives the paper of a month.
///
/// # Errors
/// When it is no month, or the database is away.
pub async fn monthly(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let now = app.clock.now();
    let period = Period::read_month(&asked.month).map_err(|_| Trouble::Nothing)?;
    if period.from > Day::of(now) {
        return Err(Trouble::Nothing);
    }
    let (span, before) = period.spans(now);
    let provider = seat.provider();
    let mut tx = app.db.steady(provider).await?;
    let business = providers::store::provider(&mut tx, provider).await?;
    let names = names(&mut tx, provider).await?;
    let this = report(&mut tx, provider, span, Filter::default()).await?;
    let then = report(&mut tx, provider, before, Filter::default()).await?;
    drop(tx);
    let business = business.ok_or(Trouble::Nothing)?;
    let paper = Paper {
        business: &business.business_name,
        colour: business.colour,
        language: frame.language,
        period,
        now,
        this: &this,
        then: &then,
        names: &names,
    };
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            as_file(&format!("mnara-{}.pdf", asked.month)),
        ),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, write(&paper)).into_response())
}

/// A colour that is read on white: a light one is darkened.
fn readable(colour: u32) -> Ink {
    let [_, red, green, blue] = colour.to_be_bytes().map(u32::from);
    if red * 299 + green * 587 + blue * 114 <= 140_000 {
        return Ink(colour);
    }
    Ink((red / 2) << 16 | (green / 2) << 8 | (blue / 2))
}

/// Writes it.
pub(super) fn write(paper: &Paper<'_>) -> Vec<u8> {
    let words = Words::of(paper.language);
    let (w, calendar) = (&words.reports, &words.calendar);
    let (total, before) = (paper.this.total(), paper.then.total());
    let month = paper.period.from.month(calendar);
    let title = format!("{} · {month}", paper.business);
    let mut flow = Flow::new(&title, paper.language.tag(), readable(paper.colour));
    flow.paragraph(&format!("{} {}", w.made, calendar.moment(paper.now)));
    if let Some(running) = running(&paper.period, paper.now, words) {
        flow.paragraph(&running);
    }
    flow.heading(w.total);
    let columns = [
        column("", 3.2, Align::Left),
        column(w.now_bar, 1.9, Align::Right),
        column(w.before_bar, 1.9, Align::Right),
    ];
    let mut rows: Vec<[String; 3]> = Measure::ALL
        .into_iter()
        .map(|measure| {
            [
                w.measure(measure).to_owned(),
                say(measure, measure.of(&total), w),
                say(measure, measure.of(&before), w),
            ]
        })
        .collect();
    rows.push([
        w.printed.to_owned(),
        show::thousands(total.printed.unsigned_abs()),
        show::thousands(before.printed.unsigned_abs()),
    ]);
    rows.push([
        w.cash.to_owned(),
        show::money(total.cash()),
        show::money(before.cash()),
    ]);
    rows.push([
        w.trials.to_owned(),
        show::thousands(total.tried.unsigned_abs()),
        show::thousands(before.tried.unsigned_abs()),
    ]);
    flow.table(&columns, rows);
    let total = Line {
        name: w.total.to_owned(),
        sums: total,
    };
    let plans = view::by_plan(paper.this, paper.this, paper.names, w);
    let sites = view::by_site(paper.this, paper.this, paper.names, w);
    for (title, head, lines) in [(w.by_plan, w.plan, plans), (w.by_site, w.site, sites)] {
        flow.heading(title);
        bars(&mut flow, &lines);
        table(&mut flow, head, &lines, &total, w);
    }
    flow.heading(w.by_day);
    let days = view::by_part(paper.this, &paper.period, Day::of(paper.now), calendar);
    bars(&mut flow, &days);
    table(&mut flow, w.day, &days, &total, w);
    flow.paragraph(w.counted);
    flow.finish()
}

/// That the month is not over, and what it is compared with until now.
fn running(period: &Period, now: Timestamp, w: &Words) -> Option<String> {
    let words = (&w.reports, &w.calendar);
    let is_over = now >= period.to.begin();
    (!is_over).then(|| {
        let against = view::against(period, now, words);
        format!("{} {against}.", w.reports.running)
    })
}

const fn column(title: &str, share: f32, align: Align) -> Column<'_> {
    Column {
        title,
        share,
        align,
    }
}

fn bars(flow: &mut Flow, lines: &[Line]) {
    let values: Vec<(f32, String)> = lines
        .iter()
        .map(|line| {
            let shillings = Measure::Money.of(&line.sums) / Measure::Money.unit();
            // What a float cannot tell apart makes no difference to a bar.
            let length = u32::try_from(shillings).map_or(f64::from(u32::MAX), f64::from);
            #[expect(
                clippy::cast_possible_truncation,
                reason = "no amount is beyond a float"
            )]
            let length = length as f32;
            (length, show::money(line.sums.money()))
        })
        .collect();
    let bars: Vec<Bar<'_>> = lines
        .iter()
        .zip(&values)
        .map(|(line, (length, value))| Bar {
            label: &line.name,
            length: *length,
            value,
        })
        .collect();
    flow.bars(&bars);
}

fn table(flow: &mut Flow, head: &str, lines: &[Line], total: &Line, w: &ReportWords) {
    let columns = [
        column(head, 3.0, Align::Left),
        column(w.shillings, 1.5, Align::Right),
        column(w.sold_short, 1.2, Align::Right),
        column(w.used_short, 1.2, Align::Right),
        column(w.hours_short, 1.2, Align::Right),
        column(w.gigabytes_short, 1.2, Align::Right),
    ];
    let rows = lines.iter().chain([total]).map(|line| {
        let mut cells = vec![line.name.clone()];
        cells.extend(line.cells());
        cells
    });
    flow.table(&columns, rows);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::tests::streams;

    #[test]
    fn what_is_counted_is_named_in_full_in_both_languages() {
        let now = Timestamp::from_secs(1_800_000_000);
        let (this, then, names) = (Report::default(), Report::default(), Names::default());
        for language in Language::ALL {
            let paper = Paper {
                business: "Njeri Wi-Fi",
                colour: 0x000A_6B41,
                language,
                period: Period::month_of(Day::of(now)),
                now,
                this: &this,
                then: &then,
                names: &names,
            };
            let said = streams(&write(&paper)).concat();
            let w = &Words::of(language).reports;
            let measures = Measure::ALL.map(|measure| w.measure(measure));
            for name in measures.into_iter().chain([w.printed, w.cash, w.trials]) {
                assert!(said.contains(&format!("({name}) Tj")), "{name}");
            }
        }
    }

    #[test]
    fn the_paper_of_a_running_month_says_that_it_is_not_over() {
        // 2027-01-15, 11:00 in Nairobi.
        let now = Timestamp::from_secs(1_800_000_000);
        let month = Period::month_of(Day::of(now));
        let w = Words::of(Language::English);
        assert_eq!(
            running(&month, now, w).as_deref(),
            Some(
                "This month is not over. Until now it is compared with Tue 1 Dec 2026 – Tue 15 Dec 2026, up to the same time."
            )
        );
        assert_eq!(running(&month.before(), now, w), None);
    }

    #[test]
    fn a_light_colour_is_darkened_for_paper() {
        assert_eq!(readable(0x000A_6B41), Ink(0x000A_6B41));
        assert_eq!(readable(0x00FF_FF00), Ink(0x007F_7F00));
    }
}
