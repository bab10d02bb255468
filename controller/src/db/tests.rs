//! What the doors let through, told by the database itself.

use futures_util::FutureExt as _;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{Mac, ProviderId};
use mnara_protocol::money::Money;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use super::*;

const NOON: Timestamp = Timestamp::from_millis(1_800_000_000_123);

async fn provider(db: &Db, n: u8) -> ProviderId {
    let id = ProviderId::from_bytes([n; 16]);
    let mut tx = db.platform(Reason::Admin).await.unwrap();
    sqlx::query(
        "INSERT INTO providers (id, business_name, contact_email, colour, mpesa_callback_path, confirm_by_query, created_at)
         VALUES ($1, $2, 'a@example.com', 0, $3, false, $4)",
    )
    .bind(id.uuid())
    .bind(format!("Business {n}"))
    .bind(format!("/{n}"))
    .bind(At(NOON))
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    id
}

async fn names(tx: &mut Tx) -> Vec<String> {
    sqlx::query_scalar("SELECT business_name FROM providers ORDER BY id")
        .fetch_all(&mut **tx)
        .await
        .unwrap()
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn each_door_shows_what_it_says(pool: PgPoolOptions, options: PgConnectOptions) {
    let db = Db::for_test(pool, options).await.unwrap();
    let (one, two) = (provider(&db, 1).await, provider(&db, 2).await);
    assert_eq!(
        names(&mut db.tenant(one).await.unwrap()).await,
        ["Business 1"]
    );
    assert_eq!(
        names(&mut db.tenant(two).await.unwrap()).await,
        ["Business 2"]
    );
    let all = names(&mut db.platform(Reason::Sweep).await.unwrap()).await;
    assert_eq!(all, ["Business 1", "Business 2"]);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_used_connection_carries_nothing_over(pool: PgPoolOptions, options: PgConnectOptions) {
    let db = Db::for_test(pool.max_connections(1), options)
        .await
        .unwrap();
    let one = provider(&db, 1).await;
    provider(&db, 2).await;
    db.tenant(one).await.unwrap().commit().await.unwrap();
    drop(db.platform(Reason::Sweep).await.unwrap());
    let mut bare = db.pool.begin().await.unwrap();
    assert!(
        names(&mut bare).await.is_empty(),
        "without a door nothing is seen"
    );
    drop(bare);
    assert_eq!(
        names(&mut db.tenant(one).await.unwrap()).await,
        ["Business 1"]
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_tenant_can_neither_write_nor_take_over_anothers_row(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let db = Db::for_test(pool, options).await.unwrap();
    let (one, two) = (provider(&db, 1).await, provider(&db, 2).await);
    let mut tx = db.tenant(one).await.unwrap();
    let changed = sqlx::query("UPDATE providers SET business_name = 'Mine' WHERE id = $1")
        .bind(two.uuid())
        .execute(&mut *tx)
        .await
        .unwrap();
    assert_eq!(changed.rows_affected(), 0);
    let refused = sqlx::query("INSERT INTO sites (id, provider_id, name, feed_revision, feed_floor, created_at) VALUES ($1, $2, 'x', 0, 0, $3)")
        .bind(two.uuid())
        .bind(two.uuid())
        .bind(At(NOON))
        .execute(&mut *tx)
        .await
        .unwrap_err();
    assert_eq!(
        refused.as_database_error().unwrap().code().as_deref(),
        Some("42501")
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_superuser_is_refused_and_an_old_schema_named(
    _pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let refused = Db::connect(options.clone(), 2).await.unwrap_err();
    assert!(matches!(refused, DbError::TooPowerful { login } if login == options.get_username()));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn preparing_and_migrating_may_be_repeated(_pool: PgPoolOptions, options: PgConnectOptions) {
    prepare::prepare(&options, None).await.unwrap();
    prepare::prepare(&options, None).await.unwrap();
    let fresh = options.clone().database("template1");
    let mut conn = sqlx::ConnectOptions::connect(&fresh).await.unwrap();
    let name = format!("{}_fresh", options.get_database().unwrap());
    for statement in [
        format!("DROP DATABASE IF EXISTS \"{name}\""),
        format!("CREATE DATABASE \"{name}\" TEMPLATE template0"),
    ] {
        sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&mut conn)
            .await
            .unwrap();
    }
    let fresh = options.database(&name);
    prepare::prepare(&fresh, None).await.unwrap();
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect_with(as_app(fresh.clone()))
        .await
        .unwrap();
    assert!(matches!(
        prepare::check_schema(&pool).await,
        Err(DbError::OldSchema { found: 0, .. })
    ));
    migrate(&fresh).await.unwrap();
    migrate(&fresh).await.unwrap();
    prepare::check_schema(&pool).await.unwrap();
    let owner: String =
        sqlx::query_scalar("SELECT tableowner::text FROM pg_tables WHERE tablename = 'payments'")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(owner, "mnara_owner");
    let refused = sqlx::query("CREATE TABLE mine (n integer)")
        .execute(&pool)
        .await;
    assert!(refused.is_err(), "the application makes no tables");
    pool.close().await;
    sqlx::raw_sql(AssertSqlSafe(format!("DROP DATABASE \"{name}\"")))
        .execute(&mut conn)
        .await
        .unwrap();
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn our_types_come_back_as_they_went(pool: PgPoolOptions, options: PgConnectOptions) {
    let db = Db::for_test(pool, options).await.unwrap();
    let mut tx = db.platform(Reason::Admin).await.unwrap();
    for cents in [
        0,
        1,
        99,
        100,
        5000,
        999_999,
        1_000_000,
        123_456_789,
        9_999_999_999,
        -1,
        -250_000,
        100_000_000,
    ] {
        let (amount, text): (Amount, String) =
            sqlx::query_as("SELECT $1::numeric(12,2), $1::numeric(12,2)::text")
                .bind(Amount(Money::from_cents(cents)))
                .fetch_one(&mut *tx)
                .await
                .unwrap();
        assert_eq!(amount.0.cents(), cents);
        assert_eq!(text, Money::from_cents(cents).to_decimal());
    }
    let trimmed: Amount = sqlx::query_scalar("SELECT 20::numeric")
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    assert_eq!(trimmed.0, Money::from_shillings(20));
    assert!(
        sqlx::query_scalar::<_, Amount>("SELECT 0.001::numeric")
            .fetch_one(&mut *tx)
            .await
            .is_err()
    );
    assert!(
        sqlx::query_scalar::<_, Amount>("SELECT 'NaN'::numeric")
            .fetch_one(&mut *tx)
            .await
            .is_err()
    );
    for millis in [0, 1_800_000_000_123, 946_684_799_999, -1] {
        let time = Timestamp::from_millis(millis);
        let (back, epoch): (At, i64) = sqlx::query_as(
            "SELECT $1::timestamptz, (extract(epoch FROM $1::timestamptz) * 1000)::bigint",
        )
        .bind(At(time))
        .fetch_one(&mut *tx)
        .await
        .unwrap();
        assert_eq!((back.0, epoch), (time, millis));
    }
    let mac = Mac::from_bytes([0x4a, 0x3b, 0x2c, 0x1d, 0x0e, 0x0f]);
    let (back, text): (MacAddr, String) = sqlx::query_as("SELECT $1::macaddr, $1::macaddr::text")
        .bind(MacAddr(mac))
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    assert_eq!((back.0, text.to_uppercase()), (mac, mac.to_string()));
    for address in ["192.0.2.7", "2001:db8::7"] {
        let (back, text): (Inet, String) = sqlx::query_as("SELECT $1::inet, host($1::inet)")
            .bind(Inet(address.parse().unwrap()))
            .fetch_one(&mut *tx)
            .await
            .unwrap();
        assert_eq!(
            (back.0.to_string().as_str(), text.as_str()),
            (address, address)
        );
    }
    let times: Vec<At> = sqlx::query_scalar("SELECT unnest($1::timestamptz[])")
        .bind([At(NOON), At(NOON)].as_slice())
        .fetch_all(&mut *tx)
        .await
        .unwrap();
    assert_eq!(times.len(), 2);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn callbacks_and_questions_have_connections_that_nobody_else_takes(
    _pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let one = || {
        PgPoolOptions::new()
            .max_connections(1)
            .connect_lazy_with(as_app(options.clone()))
    };
    let db = Db {
        pool: one(),
        lane: one(),
        asking: one(),
    };
    let asks = db.asking().platform(Reason::Jobs).await.unwrap();
    let held = db.platform(Reason::Admin).await.unwrap();
    let mut other = std::pin::pin!(db.platform(Reason::Captive));
    assert!(other.as_mut().now_or_never().is_none());
    db.platform(Reason::Intake)
        .await
        .unwrap()
        .commit()
        .await
        .unwrap();
    db.ping().await.unwrap();
    assert!(other.as_mut().now_or_never().is_none());
    drop(held);
    // Nor do questions, however many wait, keep anybody from theirs.
    other.await.unwrap();
    drop(asks);
}

#[test]
fn a_connection_keeps_more_statements_planned_than_it_would_by_itself() {
    let kept = |address: &str| {
        let options = options(&SecretString::from(address)).unwrap();
        let url = sqlx::ConnectOptions::to_url_lossy(&options);
        let named = url
            .query_pairs()
            .find(|(name, _)| name == "statement-cache-capacity");
        named.unwrap().1.into_owned()
    };
    let address = "postgres://mnara_app:secret@db/mnara";
    assert_eq!(kept(address), STATEMENTS.to_string());
    let none = format!("{address}?statement-cache-capacity=0");
    assert_eq!(kept(&none), "0");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn troubles_are_told_apart(pool: PgPoolOptions, options: PgConnectOptions) {
    let db = Db::for_test(pool, options).await.unwrap();
    for (code, expected) in [
        ("40001", Trouble::Collision),
        ("40P01", Trouble::Collision),
        ("53100", Trouble::Full),
        ("25006", Trouble::Full),
        ("57P02", Trouble::Away),
        ("57014", Trouble::Away),
        ("22021", Trouble::Nul),
        ("22P05", Trouble::Nul),
        ("23505", Trouble::Other),
        ("22P02", Trouble::Other),
    ] {
        let mut tx = db.platform(Reason::Admin).await.unwrap();
        let sql = format!("do $$ begin raise exception 'x' using errcode = '{code}'; end $$");
        let error = sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut *tx)
            .await
            .unwrap_err();
        assert_eq!(trouble(&error), expected, "{code}");
    }
    assert_eq!(trouble(&sqlx::Error::PoolTimedOut), Trouble::Away);
}
