//! The month by mail, as a PDF and a table, to those who chose it: in the first days of the month after, once for each of them.

use futures_util::future::BoxFuture;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::ProviderId;

use super::monthly::{Paper, write};
use super::pages::names;
use super::period::{Day, Period};
use super::store::sums::{Filter, report};
use super::{files, view};
use crate::app::App;
use crate::db::Reason;
use crate::jobs::{Job, Next};
use crate::providers;
use crate::providers::mail::{File, NewMail, post_with};
use crate::providers::notices::{Notice, Topic, store as choices};
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

/// Tells everybody who chose it how the last month went; a try again tells nobody twice.
pub fn send<'a>(app: &'a App, _: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    Box::pin(async move {
        let now = app.clock.now();
        let today = Day::of(now);
        let morning = today.begin().plus_secs(MORNING);
        if now < morning {
            return Ok(Next::Again(morning));
        }
        let next = morning.plus_secs(DAY);
        if today.date().day() > TOLD_UNTIL || !app.rails.mail.is_set_up() {
            return Ok(Next::Again(next));
        }
        let month = Period::month_of(Period::month_of(today).from.plus(-1));
        let mut after = None;
        loop {
            let mut tx = app.db.platform(Reason::Admin).await?;
            let page = choices::wanted(&mut tx, Topic::Month, after, PAGE).await?;
            drop(tx);
            for provider in &page {
                one(app, *provider, month, now).await?;
            }
            after = page.last().copied();
            if i64::try_from(page.len()).unwrap_or(PAGE) < PAGE {
                return Ok(Next::Again(next));
            }
        }
    })
}

async fn one(app: &App, provider: ProviderId, month: Period, now: Timestamp) -> anyhow::Result<()> {
    let (span, before) = month.spans(now);
    let mut tx = app.db.tenant(provider).await?;
    let Some(business) = providers::store::provider(&mut tx, provider).await? else {
        return Ok(());
    };
    let readers: Vec<_> = choices::colleagues(&mut tx, provider)
        .await?
        .into_iter()
        .filter(|one| one.hears(Topic::Month))
        .filter_map(|one| one.reader())
        .collect();
    if readers.is_empty() {
        return Ok(());
    }
    let names = names(&mut tx, provider).await?;
    let this = report(&mut tx, provider, span, Filter::default()).await?;
    let then = report(&mut tx, provider, before, Filter::default()).await?;
    let word = month.from.date().strftime("%Y-%m").to_string();
    let paid = show::money(this.total().money());
    for reader in &readers {
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
        let w = reader.language.words();
        let lines = view::by_part(&this, &month, Day::of(now), &w.calendar);
        let table = files::table("day", &lines);
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
            to: reader,
            kind: "month",
            once: Some(format!(
                "month:{provider}:{word}:{:032x}",
                reader.person.as_u128()
            )),
            good_for: GOOD_FOR,
            letter: notice.letter(w, &business.business_name, app),
        };
        post_with(app, &mut tx, mail, attached).await?;
    }
    tx.commit().await?;
    Ok(())
}
