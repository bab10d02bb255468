//! The month by mail, as a PDF and a table, to owners and whoever else chose it: in the first days of the month after, once for each of them.

use futures_util::future::BoxFuture;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::ProviderId;

use super::monthly::{Paper, write};
use super::names::names;
use super::period::{Day, Period};
use super::store::sums::{Filter, report};
use super::{files, view};
use crate::app::App;
use crate::db::Reason;
use crate::jobs::tasks::asked_at;
use crate::jobs::{Job, Next};
use crate::providers;
use crate::providers::mail::{self, File, NewMail, Reader, post_with};
use crate::providers::notices::{Notice, Topic, store as choices};
use crate::providers::pages::words::Words;
use crate::web::csv::CONTENT_TYPE;
use crate::web::show;

/// The kind of the job.
pub const MONTH: &str = "month-report";

/// Eight in the morning in Nairobi, in seconds of the day: by then what sites told late of the last evening is mostly in.
const MORNING: i64 = 8 * 3_600;
const DAY: i64 = 86_400;
/// Days of a month on which the one before is told of: whoever chooses it meanwhile has it the next morning, and a machine that was off is late.
const TOLD_UNTIL: i8 = 7;
/// Businesses asked for at once.
const PAGE: i64 = 50;
/// A letter that could not leave in these days is of no use.
const GOOD_FOR: std::time::Duration = std::time::Duration::from_secs(7 * 86_400);

/// Tells everybody who is to hear of it how the last month went; a try again tells nobody twice.
pub fn send<'a>(app: &'a App, job: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    Box::pin(async move {
        let now = app.clock.now();
        let today = Day::of(now);
        let morning = today.begin().plus_secs(MORNING);
        let is_time = now >= morning && today.date().day() <= TOLD_UNTIL;
        let next = if now < morning {
            morning
        } else {
            morning.plus_secs(DAY)
        };
        if !(is_time || asked_at(job).is_some()) || !app.rails.mail.is_set_up() {
            return Ok(Next::Again(next));
        }
        let month = Period::month_of(
            Period::month_of(Day::of(asked_at(job).unwrap_or(now)))
                .from
                .plus(-1),
        );
        let (mut after, mut failed) = (None, None);
        loop {
            let mut tx = app.db.platform(Reason::Admin).await?;
            let page = choices::wanted(&mut tx, Topic::Month, after, PAGE).await?;
            drop(tx);
            for provider in &page {
                // One that cannot be told keeps nobody else waiting.
                if let Err(error) = one(app, *provider, month, now).await {
                    tracing::warn!(provider.id = %provider, error = &error as &dyn std::error::Error, "people could not be told how the month went");
                    failed = Some(error);
                }
            }
            after = page.last().copied();
            if i64::try_from(page.len()).unwrap_or(PAGE) < PAGE {
                break;
            }
        }
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(Next::Again(next)),
        }
    })
}

/// Somebody who is to hear of it.
struct Hearer {
    reader: Reader,
    /// What makes it the same letter.
    once: String,
    /// Whether that was chosen, or is so by what they are.
    is_chosen: bool,
}

async fn one(app: &App, provider: ProviderId, month: Period, now: Timestamp) -> sqlx::Result<()> {
    let (span, before) = month.spans(now);
    let word = month.from.date().strftime("%Y-%m").to_string();
    let mut tx = app.db.tenant(provider).await?;
    let Some(business) = providers::store::provider(&mut tx, provider).await? else {
        return Ok(());
    };
    let mut hearers: Vec<_> = choices::colleagues(&mut tx, provider)
        .await?
        .into_iter()
        .filter(|one| one.hears(Topic::Month))
        .filter_map(|one| {
            let person = one.person.as_u128();
            Some(Hearer {
                reader: one.reader()?,
                once: format!("month:{provider}:{word}:{person:032x}"),
                is_chosen: one.chose(Topic::Month),
            })
        })
        .collect();
    // Before anything is added up: a run that took too long goes on where it was.
    let all: Vec<String> = hearers.iter().map(|one| one.once.clone()).collect();
    let told = mail::store::told(&mut tx, &all).await?;
    hearers.retain(|one| !told.contains(&one.once));
    if hearers.is_empty() {
        return Ok(());
    }
    let names = names(&mut tx, provider).await?;
    let this = report(&mut tx, provider, span, Filter::default()).await?;
    let then = report(&mut tx, provider, before, Filter::default()).await?;
    // Whoever did not choose it is not written to about nothing.
    if this.days.is_empty() && then.days.is_empty() {
        hearers.retain(|one| one.is_chosen);
    }
    let paid = show::money(this.total().money());
    let table = files::table("day", &view::by_day(&this, &month, Day::of(now)));
    for Hearer { reader, once, .. } in hearers {
        let paper = Paper {
            business: &business.business_name,
            colour: business.colour,
            language: reader.language,
            period: month,
            now,
            this: &this,
            then: &then,
            names: &names,
        };
        let w = Words::of(reader.language);
        let attached = vec![
            File::new(
                format!("mnara-{word}.pdf"),
                "application/pdf",
                &write(&paper),
            ),
            File::new(format!("mnara-{word}.csv"), CONTENT_TYPE, table.as_bytes()),
        ];
        let notice = Notice::Month {
            paid: &paid,
            month: &month.from.month(&w.calendar),
        };
        let mail = NewMail {
            provider: Some(provider),
            to: &reader,
            kind: "month",
            once: Some(once),
            good_for: GOOD_FOR,
            letter: notice.letter(w, &business.business_name, app),
        };
        post_with(app, &mut tx, mail, attached).await?;
    }
    tx.commit().await
}
