//! The queue against a real table, with a clock that stands still and handlers that misbehave.

mod scheduled;

use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use super::*;
use crate::app::tests::app;

const WORK: &[Work] = &[
    Work {
        kind: "note",
        run: note,
        lease: Duration::from_secs(60),
        attempts: 3,
        lane: Lane::Ours,
    },
    Work {
        kind: "fail",
        run: fail_always,
        lease: Duration::from_secs(60),
        attempts: 3,
        lane: Lane::Ours,
    },
    Work {
        kind: "later",
        run: later,
        lease: Duration::from_secs(60),
        attempts: 3,
        lane: Lane::Ours,
    },
    Work {
        kind: "again",
        run: ask_again,
        lease: Duration::from_secs(60),
        attempts: 3,
        lane: Lane::Ours,
    },
    Work {
        kind: "panic",
        run: panic_always,
        lease: Duration::from_secs(60),
        attempts: 3,
        lane: Lane::Ours,
    },
    Work {
        kind: "hang",
        run: hang_for_ever,
        lease: Duration::from_millis(1),
        attempts: 3,
        lane: Lane::Ours,
    },
];

/// News whose addresses never answer, and work of our own.
const LANES: &[Work] = &[
    Work {
        kind: "news",
        run: hang_for_ever,
        lease: Duration::from_secs(3_600),
        attempts: 3,
        lane: Lane::News,
    },
    Work {
        kind: "note",
        run: note,
        lease: Duration::from_secs(60),
        attempts: 3,
        lane: Lane::Ours,
    },
];

#[sqlx::test(migrations = "../migrations/controller")]
async fn addresses_that_do_not_answer_hold_up_nothing_of_ours(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let app = app(pool, options).await;
    let mut tx = app.db.platform(Reason::Admin).await.unwrap();
    for n in 0..20 {
        let key = n.to_string();
        let job = |kind| NewJob {
            kind,
            key: &key,
            payload: json!(null),
            run_at: app.clock.now(),
        };
        enqueue(&mut tx, None, job("news"), &app).await.unwrap();
    }
    tx.commit().await.unwrap();
    let working = tokio::spawn(run(app.clone(), LANES.to_vec(), app.shutdown.clone()));
    let taken = async {
        let sql = "SELECT count(*) FROM jobs WHERE leased_until IS NOT NULL";
        let mut tx = app.db.platform(Reason::Admin).await.unwrap();
        sqlx::query_scalar::<_, i64>(sql)
            .fetch_one(&mut *tx)
            .await
            .unwrap()
    };
    let mut tx = app.db.platform(Reason::Admin).await.unwrap();
    let job = NewJob {
        kind: "note",
        key: "ours",
        payload: json!(null),
        run_at: app.clock.now(),
    };
    enqueue(&mut tx, None, job, &app).await.unwrap();
    tx.commit().await.unwrap();
    app.jobs.wake();
    while left(&app).await.is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(taken.await <= 4, "the lane of news has four hands");
    working.abort();
}

/// Leaves a stray as its effect, in the transaction that ends the job.
fn note<'a>(app: &'a App, job: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    Box::pin(async move {
        let mut tx = job.begin(app).await?;
        leave(&mut tx, app, &job.key).await?;
        job.done(&mut tx).await?;
        tx.commit().await?;
        Ok(Next::Done)
    })
}

fn fail_always<'a>(_: &'a App, _: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    Box::pin(async { Err(anyhow::anyhow!("no")) })
}

fn panic_always<'a>(_: &'a App, _: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    Box::pin(async { panic!("really no") })
}

fn later<'a>(app: &'a App, job: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    Box::pin(async move {
        if job.payload["until"].as_i64() > Some(app.clock.now().as_millis()) {
            return Ok(Next::Again(app.clock.now() + Duration::from_secs(30)));
        }
        Ok(Next::Done)
    })
}

/// Asks for itself while it runs, once.
fn ask_again<'a>(app: &'a App, job: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    Box::pin(async move {
        let mut tx = app.db.platform(Reason::Admin).await?;
        leave(&mut tx, app, "ran").await?;
        if job.payload == json!("first") {
            let again = NewJob {
                kind: "again",
                key: "a",
                payload: json!("second"),
                run_at: app.clock.now(),
            };
            enqueue(&mut tx, None, again, app).await?;
        }
        tx.commit().await?;
        Ok(Next::Done)
    })
}

fn hang_for_ever<'a>(_: &'a App, _: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    Box::pin(std::future::pending())
}

async fn leave(conn: &mut PgConnection, app: &App, text: &str) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO strays (slot, provider_id_text, body, received_at) VALUES (nextval('strays_slot'), $1, '', $2)")
        .bind(text)
        .bind(At(app.clock.now()))
        .execute(conn)
        .await
        .map(drop)
}

async fn left(app: &App) -> Vec<String> {
    let mut tx = app.db.platform(Reason::Admin).await.unwrap();
    sqlx::query_scalar("SELECT provider_id_text FROM strays ORDER BY slot")
        .fetch_all(&mut *tx)
        .await
        .unwrap()
}

async fn waiting(app: &App) -> i64 {
    let mut tx = app.db.platform(Reason::Admin).await.unwrap();
    sqlx::query_scalar("SELECT count(*) FROM jobs")
        .fetch_one(&mut *tx)
        .await
        .unwrap()
}

async fn put(app: &App, kind: &'static str, key: &str, payload: JsonValue) {
    let mut tx = app.db.platform(Reason::Admin).await.unwrap();
    enqueue(
        &mut tx,
        None,
        NewJob {
            kind,
            key,
            payload,
            run_at: app.clock.now(),
        },
        app,
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_job_exists_with_its_cause_and_ends_with_its_effect(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let app = app(pool, options).await;
    let mut tx = app.db.platform(Reason::Admin).await.unwrap();
    let never = NewJob {
        kind: "note",
        key: "never",
        payload: json!({}),
        run_at: app.clock.now(),
    };
    enqueue(&mut tx, None, never, &app).await.unwrap();
    drop(tx);
    put(&app, "note", "one", json!({})).await;
    put(&app, "note", "one", json!({})).await;
    assert_eq!(run_due(&app, WORK).await.unwrap().runs, 1);
    assert_eq!(left(&app).await.len(), 1);
    assert_eq!(waiting(&app).await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_job_asked_for_while_it_runs_runs_once_more(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let app = app(pool, options).await;
    put(&app, "again", "a", json!("first")).await;
    assert_eq!(run_due(&app, WORK).await.unwrap().runs, 2);
    assert_eq!(left(&app).await.len(), 2);
    assert_eq!(waiting(&app).await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_failing_job_waits_longer_each_time_and_is_then_left_for_a_person(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let app = app(pool, options).await;
    for kind in ["fail", "panic", "hang"] {
        put(&app, kind, "x", json!({})).await;
        assert_eq!(run_due(&app, WORK).await.unwrap().runs, 1);
        assert_eq!(
            run_due(&app, WORK).await.unwrap().runs,
            0,
            "not before its pause"
        );
        app.clock.advance(Duration::from_millis(2500));
        assert_eq!(run_due(&app, WORK).await.unwrap().runs, 1);
        app.clock.advance(Duration::from_secs(5));
        assert_eq!(run_due(&app, WORK).await.unwrap().runs, 1);
        app.clock.advance(Duration::from_secs(3600));
        assert_eq!(run_due(&app, WORK).await.unwrap().runs, 0, "given up");
    }
    assert_eq!(waiting(&app).await, 3);
    put(&app, "fail", "x", json!({})).await;
    assert_eq!(
        run_due(&app, WORK).await.unwrap().runs,
        1,
        "asking again gives it new tries"
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_job_that_is_not_finished_comes_back_when_it_said(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let app = app(pool, options).await;
    let until = (app.clock.now() + Duration::from_secs(50)).as_millis();
    put(&app, "later", "x", json!({"until": until})).await;
    assert_eq!(run_due(&app, WORK).await.unwrap().runs, 1);
    app.clock.advance(Duration::from_secs(29));
    assert_eq!(run_due(&app, WORK).await.unwrap().runs, 0);
    for _ in 0..2 {
        app.clock.advance(Duration::from_secs(30));
        run_due(&app, WORK).await.unwrap();
    }
    assert_eq!(waiting(&app).await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_lost_worker_costs_its_lease_and_may_not_end_the_job_of_the_next(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let app = app(pool, options).await;
    put(&app, "note", "one", json!({})).await;
    let lost = claim(&app, WORK, 8, app.clock.now())
        .await
        .unwrap()
        .pop()
        .unwrap()
        .0;
    assert!(
        claim(&app, WORK, 8, app.clock.now())
            .await
            .unwrap()
            .is_empty()
    );
    app.clock.advance(Duration::from_secs(61));
    let (next, work) = claim(&app, WORK, 8, app.clock.now())
        .await
        .unwrap()
        .pop()
        .unwrap();
    assert_eq!(next.attempt, 2);
    let mut tx = app.db.platform(Reason::Jobs).await.unwrap();
    lost.done(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        waiting(&app).await,
        1,
        "the lost worker has no say any more"
    );
    attempt(&app, &next, &work).await;
    assert_eq!(waiting(&app).await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn workers_take_different_jobs(pool: PgPoolOptions, options: PgConnectOptions) {
    let app = app(pool, options).await;
    for n in 0..20 {
        put(&app, "note", &n.to_string(), json!({})).await;
    }
    let (one, two, three) = tokio::join!(
        claim(&app, WORK, 8, app.clock.now()),
        claim(&app, WORK, 8, app.clock.now()),
        claim(&app, WORK, 8, app.clock.now())
    );
    let mut keys: Vec<String> = [one, two, three]
        .into_iter()
        .flat_map(Result::unwrap)
        .map(|(job, _)| job.key)
        .collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 20);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_running_workers_are_woken_and_end_on_shutdown(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let app = app(pool, options).await;
    let working = tokio::spawn(run(app.clone(), WORK.to_vec(), app.shutdown.clone()));
    for n in 0..20 {
        put(&app, "note", &n.to_string(), json!({})).await;
    }
    app.jobs.wake();
    while waiting(&app).await > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(left(&app).await.len(), 20);
    app.shutdown.cancel();
    working.await.unwrap();
}

#[test]
fn pauses_double_up_to_ten_minutes() {
    let pauses: Vec<u64> = (1..=12)
        .map(|attempt| backoff(attempt, 0).as_secs())
        .collect();
    assert_eq!(pauses, [2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600]);
    assert_eq!(backoff(1, u32::MAX), Duration::from_millis(2500));
}
