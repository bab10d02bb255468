//! What arrives at the rail's addresses: kept before it is answered, once, and believed only with its secret.

use sqlx::ConnectOptions as _;

use super::*;
use crate::payments::callback;
use crate::payments::spool::Spool;
use crate::payments::store::Kept;

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_same_body_in_parallel_is_kept_once_and_is_one_voucher(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let secret = world.daraja.secret();
    let answers = futures_util::future::join_all(
        (0..4).map(|_| world.call_back(&secret, success(1, "NLJ7RT61SV"))),
    )
    .await;
    assert!(answers.iter().all(|status| *status == StatusCode::OK));
    assert_eq!(
        world.count("callbacks").await,
        1,
        "kept before it was answered, and once"
    );
    assert_eq!(world.count("jobs where kind = 'settle'").await, 1);
    world.work().await;
    // The seed's path, with the secret, is the same address.
    let path = format!("/api/mpesa/callback/{}/{secret}", world.shop.provider);
    let (status, _, body) = world
        .send(Method::POST, &path, None, success(1, "NLJ7RT61SV"))
        .await;
    assert_eq!(
        (status, body),
        (
            StatusCode::OK,
            json!({"ResultCode": 0, "ResultDesc": "Accepted"})
        )
    );
    world.work().await;
    assert_eq!(world.count("callbacks").await, 1);
    assert_eq!(world.count("tickets").await, 1);
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_forged_callback_gives_no_free_wifi(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let right = world.daraja.secret();
    world.daraja.outcome("1032");
    let wrong = [
        format!("/api/mpesa/callback/{}", world.shop.provider),
        format!("/api/pay/{}/{}", world.shop.provider, "0".repeat(32)),
        format!("/api/pay/{}/{}", world.shop.provider, right.to_uppercase()),
        format!("/api/pay/{}/{}", world.shop.provider, &right[1..]),
        "/api/mpesa/callback/nobody".to_owned(),
        "/api/mpesa/callback/%00".to_owned(),
    ];
    for path in &wrong {
        let (status, _, body) = world
            .send(Method::POST, path, None, success(1, "NLJ7RT61SV"))
            .await;
        assert_eq!(
            (status, &body["ResultCode"]),
            (StatusCode::OK, &json!(0)),
            "{path}: every body gets the same answer"
        );
        assert_eq!(world.count("callbacks").await, 0);
    }
    assert_eq!(
        world.count("strays").await,
        i64::try_from(wrong.len()).unwrap()
    );
    world.work().await;
    assert_eq!(world.daraja.queries(), 1, "at most the rail is asked");
    assert_eq!(world.status(begun.payment).await, "failed:cancelled");
    assert_eq!(world.count("tickets").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn strays_are_a_ring_with_a_limit(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let path = format!("/api/mpesa/callback/{}", world.shop.provider);
    for _ in 0..70 {
        let (status, ..) = world
            .send(Method::POST, &path, None, b"[1,2".to_vec())
            .await;
        assert_eq!(status, StatusCode::OK, "whoever floods learns nothing");
    }
    assert_eq!(world.count("strays").await, 60);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn garbage_on_a_good_secret_is_kept_and_settles_nothing(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let secret = world.daraja.secret();
    for garbage in [
        b"".to_vec(),
        b"{".to_vec(),
        vec![0, 255, 254],
        b"[]".to_vec(),
        b"{\"Body\":{\"stkCallback\":{}}}".to_vec(),
    ] {
        assert_eq!(world.call_back(&secret, garbage).await, StatusCode::OK);
    }
    world.work().await;
    assert_eq!(
        world.count("callbacks where outcome = 'unreadable'").await,
        5
    );
    assert_eq!(world.status(begun.payment).await, "pending");
    let (_, checkout) = ids(1);
    let odd = String::from_utf8(success(1, "NLJ7RT61SV"))
        .unwrap()
        .replace("…", "a\\u0000b");
    assert!(odd.contains(&checkout) && odd.contains("u0000"));
    world.call_back(&secret, odd.into_bytes()).await;
    world.work().await;
    assert_eq!(
        world.status(begun.payment).await,
        "success",
        "a letter PostgreSQL cannot hold does not hold the money up"
    );
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_body_too_large_is_refused(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let secret = world.daraja.secret();
    let path = format!("/api/pay/{}/{secret}", world.shop.provider);
    let (status, kind, body) = world
        .send(Method::POST, &path, None, vec![b' '; 70_000])
        .await;
    assert_eq!(
        (status, kind.as_str()),
        (StatusCode::PAYLOAD_TOO_LARGE, "application/problem+json"),
        "{body}"
    );
    assert_eq!(
        world.call_back(&secret, vec![b' '; 65_000]).await,
        StatusCode::OK
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn where_a_callback_comes_from_is_a_second_lock_and_only_where_it_is_wanted(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open_with(pool, options, &["--daraja-source-check", "enforce"]).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let path = format!("/api/pay/{}/{}", world.shop.provider, world.daraja.secret());
    let from = async |source: [u8; 4]| {
        let request = Request::post(&path).body(Body::from(success(1, "NLJ7RT61SV")));
        let (status, _, body) = world.send_from(source, request.unwrap()).await;
        assert_eq!(
            (status, &body["ResultCode"]),
            (StatusCode::OK, &json!(0)),
            "the answer does not tell"
        );
        world.work().await;
    };
    from([203, 0, 113, 9]).await;
    assert_eq!(world.count("strays").await, 1);
    assert_eq!(
        (world.count("callbacks").await, world.daraja.queries()),
        (0, 1),
        "at most the rail is asked"
    );
    assert_eq!(world.status(begun.payment).await, "pending");
    // An address that is missing from the list most people copy.
    from([196, 201, 212, 69]).await;
    assert_eq!(world.status(begun.payment).await, "success");
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_confirmation_nobody_vouches_for_is_a_stray(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    for secret in ["0".repeat(32), "x".to_owned()] {
        let path = format!("/api/pay/{}/{secret}/confirmation", world.shop.provider);
        let body =
            json!({"TransID": "RKL51ZDR4F", "TransAmount": "50.00", "BusinessShortCode": "174371"});
        let (status, _, said) = world
            .send(Method::POST, &path, None, body.to_string().into_bytes())
            .await;
        assert_eq!((status, &said["ResultCode"]), (StatusCode::OK, &json!(0)));
    }
    assert_eq!(world.count("strays").await, 2);
    assert_eq!(world.count("callbacks").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_cannot_be_kept_is_not_acknowledged(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let secret = world.daraja.secret();
    world.app.db.close().await;
    assert_eq!(
        world.call_back(&secret, success(1, "NLJ7RT61SV")).await,
        StatusCode::SERVICE_UNAVAILABLE
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_comes_while_the_database_is_away_waits_in_the_spool(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let folder = tempfile::tempdir().unwrap();
    let spool = || Spool::in_folder(folder.path().join("spool"));
    let intake = callback::with_spool(&world.app, spool());
    world.app.db.close().await;
    let secret = "0123456789abcdef0123456789abcdef";
    let post = async |n: u16, source: &str| {
        let body = format!("{{\"n\":{n}}}").into_bytes();
        callback::keep(&world.app, &intake, secret, &body, source.to_owned()).await
    };
    assert_eq!(post(0, "196.201.212.69").await.unwrap(), Kept::New);
    // Nobody can tell now whose secret it is, so addresses that are not the rail's fill it only so far.
    let mut kept = 1;
    for n in 1..=400 {
        kept += usize::from(post(n, "192.0.2.1").await.is_ok());
    }
    assert!((100..=350).contains(&kept), "{kept}");
    assert_eq!(post(500, "196.201.212.69").await.unwrap(), Kept::New);
    // The rail of this world is a simulator on this machine.
    for n in 1_001..=1_400 {
        assert_eq!(post(n, "127.0.0.1").await.unwrap(), Kept::New);
        kept += 1;
    }
    drop(intake);
    assert_eq!(spool().waiting().await.unwrap().len(), kept + 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_the_database_has_no_room_for_waits_in_the_spool(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options.clone()).await;
    let app = &world.app;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let secret = world.daraja.secret();
    let full = "create function full_disk() returns trigger language plpgsql as
        $$ begin raise exception 'could not extend file' using errcode = '53100'; end $$;
        create trigger full_disk before insert on callbacks for each row execute function full_disk()";
    let mut admin = options.connect().await.unwrap();
    sqlx::raw_sql(full).execute(&mut admin).await.unwrap();
    assert_eq!(
        world.call_back(&secret, success(1, "NLJ7RT61SV")).await,
        StatusCode::SERVICE_UNAVAILABLE,
        "with no room in the spool either, nothing is acknowledged"
    );
    let folder = tempfile::tempdir().unwrap();
    let intake = callback::with_spool(app, Spool::in_folder(folder.path().join("spool")));
    let post = async |body: &[u8]| {
        callback::keep(app, &intake, &secret, body, "192.0.2.1".to_owned()).await
    };
    for _ in 0..2 {
        assert_eq!(post(&success(1, "NLJ7RT61SV")).await.unwrap(), Kept::New);
    }
    assert_eq!(intake.empty().await.unwrap(), 0, "there is no room yet");
    assert_eq!(world.count("callbacks").await, 0);
    sqlx::raw_sql("drop trigger full_disk on callbacks")
        .execute(&mut admin)
        .await
        .unwrap();
    assert_eq!(intake.empty().await.unwrap(), 2);
    assert_eq!(intake.empty().await.unwrap(), 0);
    assert_eq!(world.count("callbacks").await, 1);
    world.work().await;
    assert_eq!(world.count("tickets").await, 1);
    world.books_are_equal().await;
}
