//! Work that a scheduler from outside has done: scheduled work, what is due, what was asked for.

use super::*;

/// Scheduled work that comes back in an hour.
fn hourly<'a>(app: &'a App, job: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    Box::pin(async move {
        let mut tx = job.begin(app).await?;
        leave(&mut tx, app, "hour").await?;
        tx.commit().await?;
        Ok(Next::Again(app.clock.now().plus_secs(3_600)))
    })
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn scheduled_work_is_run_from_outside_by_one_at_a_time(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    use tasks::{Ran, run_now, stand, stand_missing, states};
    let app = app(pool, options).await;
    let of = |run| Work {
        kind: "hourly",
        run,
        lease: Duration::from_secs(60),
        attempts: i32::MAX,
        lane: Lane::Ours,
    };
    let seen = async || {
        let mut tx = app.db.platform(Reason::Admin).await.unwrap();
        states(&mut tx, app.clock.now()).await.unwrap().remove(0)
    };
    // The first run makes the job; it comes back in an hour, and is run before that all the same.
    for runs in 1..=2 {
        assert_eq!(run_now(&app, &of(hourly)).await.unwrap(), Ran::Done);
        assert_eq!(left(&app).await.len(), runs);
    }
    let state = seen().await;
    assert_eq!(state.next, app.clock.now().plus_secs(3_600));
    assert_eq!(state.last.unwrap().error, None);
    // Nothing is due, and asking for what is missing changes no time.
    stand_missing(&app, ["hourly"]).await.unwrap();
    assert_eq!(run_due(&app, &[of(hourly)]).await.unwrap().runs, 0);
    // Somebody is at it.
    stand(&app, ["hourly"]).await.unwrap();
    let taken = claim(&app, &[of(hourly)], 1, app.clock.now())
        .await
        .unwrap();
    assert_eq!(taken.len(), 1);
    assert!(seen().await.is_running);
    assert_eq!(run_now(&app, &of(hourly)).await.unwrap(), Ran::Busy);
    attempt(&app, &taken[0].0, &taken[0].1).await;
    assert_eq!(left(&app).await.len(), 3);
    // What failed says why, keeps when it last went well, and goes on.
    let failed = run_now(&app, &of(fail_always)).await.unwrap();
    assert_eq!(failed, Ran::Failed("no".to_owned()));
    let last = seen().await.last.unwrap();
    assert_eq!(last.error.as_deref(), Some("no"));
    assert_eq!(last.went_well, Some(app.clock.now()));
    assert_eq!(run_now(&app, &of(hourly)).await.unwrap(), Ran::Done);
    assert_eq!(seen().await.last.unwrap().error, None);
}

/// Fails while anything but itself is in somebody's hands.
fn alone<'a>(app: &'a App, _: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    Box::pin(async move {
        let sql = "SELECT count(*) FROM jobs WHERE leased_until IS NOT NULL";
        let mut tx = app.db.platform(Reason::Admin).await?;
        let taken: i64 = sqlx::query_scalar(sql).fetch_one(&mut *tx).await?;
        anyhow::ensure!(taken == 1, "{taken} are in hands");
        Ok(Next::Done)
    })
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_is_due_is_taken_one_by_one_and_what_failed_is_told(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let app = app(pool, options).await;
    let work = |kind, run| Work {
        kind,
        run,
        lease: Duration::from_secs(60),
        attempts: 3,
        lane: Lane::Ours,
    };
    for key in ["a", "b", "c"] {
        put(&app, "alone", key, json!({})).await;
    }
    put(&app, "fail", "x", json!({})).await;
    let worked = run_due(&app, &[work("alone", alone), work("fail", fail_always)])
        .await
        .unwrap();
    assert_eq!(worked.runs, 4);
    let failed = FailedRun {
        kind: "fail",
        why: "no".to_owned(),
    };
    assert_eq!(worked.failed, [failed]);
}

/// Goes well only when somebody asked for it, and not at the first try.
fn when_asked<'a>(_: &'a App, job: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    Box::pin(async move {
        anyhow::ensure!(tasks::asked_at(job).is_some(), "nobody asked");
        anyhow::ensure!(job.attempt > 1, "not at once");
        Ok(Next::Again(Timestamp::from_secs(0)))
    })
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_run_that_was_asked_for_is_one_until_it_went_well(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    use tasks::{Ran, hasten, run_now};
    let app = app(pool, options).await;
    let work = Work {
        kind: "when-asked",
        run: when_asked,
        lease: Duration::from_secs(60),
        attempts: i32::MAX,
        lane: Lane::Ours,
    };
    let not_at_once = Ran::Failed("not at once".to_owned());
    assert_eq!(run_now(&app, &work).await.unwrap(), not_at_once);
    app.clock.advance(Duration::from_secs(60));
    // It is tried again as what it was; what comes after that nobody asked for.
    let worked = run_due(&app, &[work]).await.unwrap();
    assert_eq!(
        (worked.runs, worked.failed[0].why.as_str()),
        (2, "nobody asked")
    );
    // The button of the page asks too.
    let mut tx = app.db.platform(Reason::Jobs).await.unwrap();
    let now = app.clock.now();
    assert!(hasten(&mut tx, "when-asked", now).await.unwrap());
    tx.commit().await.unwrap();
    let worked = run_due(&app, &[work]).await.unwrap();
    assert_eq!(
        (worked.runs, worked.failed[0].why.as_str()),
        (1, "not at once")
    );
}
