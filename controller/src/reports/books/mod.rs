//! The books beside the rows they were written from: whether they agree, checked every hour.
//!
//! A line of the books cannot be out of balance. What can go wrong is that something happened and was not written, or was written twice, or
//! otherwise than it happened: so each kind of thing is added up by day and site from its own rows and from the books.

pub mod flow;
pub mod pages;
pub mod statement;
pub mod store;

use std::collections::BTreeMap;

use futures_util::future::BoxFuture;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{ProviderId, SiteId};

use super::period::Day;
use crate::app::App;
use crate::jobs::{Job, Next};
use crate::providers::notices::{Notice, Topic, tell};

/// The kind of the job.
pub const CHECK: &str = "books-check";
/// How often a business's books are checked.
const HOUR_SECS: i64 = 3_600;
/// How often the job looks whose turn it is.
const EVERY_SECS: i64 = 300;
/// Businesses checked before others have their turn.
const MOST: i64 = 50;
/// The last days, which are checked every time; what changes is there.
const LATELY: i64 = 35;
/// Older days checked each time, until all were and it begins anew.
const STRETCH: i64 = 62;

/// A sum that stands in the rows and in the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Payments for vouchers.
    Paid,
    /// Tests of the account.
    Test,
    /// Money that nothing matched.
    Unmatched,
    /// Vouchers given for such money.
    Given,
    /// What went back.
    Refund,
    /// What waits in the queue, on whatever day it came.
    Queue,
    /// Credit that was given.
    Credited,
    /// Credit that was spent.
    Spent,
    /// What phones have, on whatever day they got it.
    Credit,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Paid,
        Self::Test,
        Self::Unmatched,
        Self::Given,
        Self::Refund,
        Self::Queue,
        Self::Credited,
        Self::Spent,
        Self::Credit,
    ];

    /// The word in its column.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Test => "test",
            Self::Unmatched => "unmatched",
            Self::Given => "given",
            Self::Refund => "refund",
            Self::Queue => "queue",
            Self::Credited => "credited",
            Self::Spent => "spent",
            Self::Credit => "credit",
        }
    }

    /// Reads the column.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.word() == word)
    }

    /// Whether it is the same whatever days are looked at, and of all sites.
    #[must_use]
    pub const fn is_of_all(self) -> bool {
        matches!(self, Self::Queue | Self::Credit)
    }
}

/// Where a sum was added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// From the rows themselves.
    Rows,
    /// From the books.
    Books,
}

/// How much, and how often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// In cents.
    pub cents: i64,
    /// How many.
    pub count: i64,
}

/// One sum of one day at one site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sum {
    /// Where it was added up.
    pub side: Side,
    /// The day; the first there is for what is of no day.
    pub day: Day,
    /// Where it was sold; none for no site, and for what is of all.
    pub site: Option<SiteId>,
    /// Of what.
    pub part: Part,
    /// How much.
    pub total: Total,
}

/// What does not balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The day.
    pub day: Day,
    /// Where it was sold; none for no site, and for what is of all.
    pub site: Option<SiteId>,
    /// Of what.
    pub part: Part,
    /// What the rows say.
    pub rows: Total,
    /// What the books say.
    pub books: Total,
}

/// What does not balance, by day, part and site.
#[must_use]
pub fn check(sums: &[Sum]) -> Vec<Difference> {
    let mut both: BTreeMap<(Day, Part, Option<SiteId>), (Total, Total)> = BTreeMap::new();
    for sum in sums {
        let (rows, books) = both.entry((sum.day, sum.part, sum.site)).or_default();
        let total = match sum.side {
            Side::Rows => rows,
            Side::Books => books,
        };
        total.cents = total.cents.saturating_add(sum.total.cents);
        total.count = total.count.saturating_add(sum.total.count);
    }
    both.into_iter()
        .filter(|(_, (rows, books))| rows != books)
        .map(|((day, part, site), (rows, books))| Difference {
            day,
            site,
            part,
            rows,
            books,
        })
        .collect()
}

/// Checks whose turn it is, and comes back.
///
/// # Errors
/// When the database refuses.
pub fn tend<'a>(app: &'a App, job: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    Box::pin(async move {
        let now = app.clock.now();
        let mut tx = job.begin(app).await?;
        let due = store::due(&mut tx, now.plus_secs(-HOUR_SECS), MOST).await?;
        drop(tx);
        for (provider, before) in &due {
            // One whose books cannot be looked at keeps nobody else waiting, and has its turn again in an hour.
            if let Err(error) = turn(app, *provider, *before, now).await {
                tracing::error!(provider.id = %provider, error = &error as &dyn std::error::Error, "the books of a business could not be checked");
                let mut tx = app.db.tenant(*provider).await?;
                store::tried(&mut tx, *provider, now).await?;
                tx.commit().await?;
            }
        }
        let is_all = i64::try_from(due.len()).unwrap_or(MOST) < MOST;
        let wait = if is_all { EVERY_SECS } else { 1 };
        Ok(Next::Again(app.clock.now().plus_secs(wait)))
    })
}

/// One business's turn: the last days, and a stretch of those before them.
async fn turn(
    app: &App,
    provider: ProviderId,
    before: Option<Day>,
    now: Timestamp,
) -> sqlx::Result<()> {
    let end = Day::of(now).plus(1);
    let lately = end.plus(-LATELY);
    let mut tx = app.db.tenant(provider).await?;
    let first = store::first(&mut tx, provider).await?;
    let to = before.unwrap_or(lately).min(lately);
    let from = to.plus(-STRETCH);
    let mut wrong = check_in(&mut tx, provider, lately, end, now).await?;
    if first.is_some_and(|first| first < to) {
        wrong += check_in(&mut tx, provider, from, to, now).await?;
    }
    let next = Some(from).filter(|from| first.is_some_and(|first| first < *from));
    store::checked(&mut tx, provider, next, now).await?;
    if wrong > 0 {
        tracing::error!(provider.id = %provider, wrong, "the books of a business do not balance");
        let once = format!("books:{provider}:{}", Day::of(now).0);
        tell(
            app,
            &mut tx,
            provider,
            Topic::Money,
            &Notice::BooksDiffer,
            &once,
        )
        .await?;
    }
    tx.commit().await
}

/// Compares some days, and notes what does not balance; says how much that is.
async fn check_in(
    conn: &mut sqlx::PgConnection,
    provider: ProviderId,
    from: Day,
    to: Day,
    now: Timestamp,
) -> sqlx::Result<usize> {
    let sums = store::sums(conn, provider, from, to).await?;
    let wrong = check(&sums);
    store::forget_faults(conn, provider, from, to).await?;
    for difference in &wrong {
        store::keep_fault(conn, provider, difference, now).await?;
    }
    Ok(wrong.len())
}

/// What a whole comparison found.
#[derive(Clone, Debug, Default)]
pub struct Compared {
    /// So many days were compared.
    pub days: i64,
    /// What does not balance.
    pub wrong: Vec<Difference>,
}

/// Compares all days of a business.
///
/// # Errors
/// When the database is away.
pub async fn check_all(app: &App, provider: ProviderId) -> sqlx::Result<Compared> {
    let now = app.clock.now();
    let end = Day::of(now).plus(1);
    let mut tx = app.db.tenant(provider).await?;
    let first = store::first(&mut tx, provider).await?;
    drop(tx);
    let mut from = first.unwrap_or(end);
    let mut found = Compared {
        days: end.0 - from.0,
        wrong: Vec::new(),
    };
    while from < end {
        let to = from.plus(STRETCH).min(end);
        let mut tx = app.db.tenant(provider).await?;
        check_in(&mut tx, provider, from, to, now).await?;
        found.wrong.retain(|one| !one.part.is_of_all());
        let wrong = store::faults(&mut tx, provider, from, to).await?;
        found.wrong.extend(wrong);
        tx.commit().await?;
        from = to;
    }
    found.wrong.sort_by_key(|one| (one.day, one.part, one.site));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(side: Side, day: i64, part: Part, cents: i64, count: i64) -> Sum {
        Sum {
            side,
            day: Day(day),
            site: None,
            part,
            total: Total { cents, count },
        }
    }

    #[test]
    fn what_both_sides_say_alike_is_no_difference() {
        assert_eq!(check(&[]), []);
        let sums = [
            sum(Side::Rows, 1, Part::Paid, 5_000, 2),
            // In two pieces, in another order: a sum is a sum.
            sum(Side::Books, 1, Part::Paid, 3_000, 1),
            sum(Side::Books, 1, Part::Paid, 2_000, 1),
            sum(Side::Books, 2, Part::Refund, 0, 0),
        ];
        assert_eq!(check(&sums), []);
    }

    #[test]
    fn a_cent_a_day_and_a_line_are_each_seen() {
        let sums = [
            // A cent less.
            sum(Side::Rows, 1, Part::Paid, 5_000, 1),
            sum(Side::Books, 1, Part::Paid, 4_999, 1),
            // The same amount in one line instead of two.
            sum(Side::Rows, 2, Part::Paid, 5_000, 2),
            sum(Side::Books, 2, Part::Paid, 5_000, 1),
            // On another day.
            sum(Side::Rows, 3, Part::Refund, 100, 1),
            sum(Side::Books, 4, Part::Refund, 100, 1),
            // As something else.
            sum(Side::Rows, 5, Part::Unmatched, 100, 1),
            sum(Side::Books, 5, Part::Given, 100, 1),
        ];
        let found: Vec<_> = check(&sums)
            .into_iter()
            .map(|one| (one.day.0, one.part))
            .collect();
        assert_eq!(
            found,
            [
                (1, Part::Paid),
                (2, Part::Paid),
                (3, Part::Refund),
                (4, Part::Refund),
                (5, Part::Unmatched),
                (5, Part::Given)
            ]
        );
    }

    #[test]
    fn money_at_another_site_than_its_own_is_seen() {
        let at = |side, site: u8| Sum {
            site: Some(SiteId::from_bytes([site; 16])),
            ..sum(side, 1, Part::Paid, 5_000, 1)
        };
        assert_eq!(check(&[at(Side::Rows, 1), at(Side::Books, 1)]), []);
        for books in [
            at(Side::Books, 2),
            sum(Side::Books, 1, Part::Paid, 5_000, 1),
        ] {
            let found = check(&[at(Side::Rows, 1), books]);
            let sites: Vec<_> = found
                .iter()
                .map(|one| (one.site, one.rows.count, one.books.count))
                .collect();
            assert_eq!(sites.len(), 2);
            assert!(sites.contains(&(Some(SiteId::from_bytes([1; 16])), 1, 0)));
            assert!(sites.contains(&(books.site, 0, 1)));
        }
    }
}
