//! Times and days that can be written and that the database does not know: before its calendar begins, or after ours ends.

use super::api::{call, key, kind};
use super::*;
use crate::providers::keys::scopes::Scope;
use crate::providers::staff::roles::Role;
use crate::tests::pages::doors::member;

/// As six digits with a sign, which the standard has too.
const ANCIENT: &str = "-009000-01-01";

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_program_is_told_which_times_there_are(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    member(&world, Role::Owner, 1).await;
    let key = key(&world.app, world.shop.provider, &Scope::ALL).await;
    for list in ["/payments", "/counter/sales", "/audit"] {
        for (name, time) in [
            ("from", "-009000-01-01T00:00:00Z"),
            ("to", "-009000-01-01T00:00:00Z"),
            ("from", "0001-01-01T00:00:00Z"),
            ("to", "1969-12-31T23:59:59Z"),
        ] {
            let path = format!("{list}?{name}={time}");
            let (status, problem) = call(&world, Method::GET, &key, &path, Value::Null).await;
            assert_eq!(
                (status, kind(&problem)),
                (StatusCode::BAD_REQUEST, "bad-request"),
                "{path}"
            );
            let said = problem["detail"].as_str().unwrap();
            assert!(
                said.starts_with(name) && said.contains("1970 to 9999"),
                "{said}"
            );
        }
        let all = format!("{list}?from=1970-01-01T00:00:00Z&to=9999-12-30T00:00:00Z");
        let (status, answer) = call(&world, Method::GET, &key, &all, Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{all}: {answer}");
    }
    for report in ["/reports/revenue", "/reports/sums", "/books"] {
        let path = format!("{report}?from={ANCIENT}&to={ANCIENT}");
        let (status, problem) = call(&world, Method::GET, &key, &path, Value::Null).await;
        assert!(status.is_client_error(), "{path}: {problem}");
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_page_takes_such_a_day_for_none(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let (shown, nothing) = (StatusCode::OK, StatusCode::NOT_FOUND);
    for (path, status) in [
        ("/payments?from={day}", shown),
        ("/payments?to={day}", shown),
        ("/payments.csv?from={day}", shown),
        ("/reports?period=dates&from={day}&to={day}", shown),
        ("/reports/monthly?month={month}", nothing),
        ("/books?month={month}", shown),
        ("/books.csv?month={month}", nothing),
        ("/books/day?day={day}", nothing),
        ("/counter?day={day}", shown),
        ("/audit?day={day}", shown),
        ("/audit.csv?day={day}", shown),
        ("/settings/messages?month={month}", nothing),
    ] {
        for day in [ANCIENT, "0001-01-01", "9999-12-31"] {
            let month = &day[..day.len() - 3];
            let path = path.replace("{day}", day).replace("{month}", month);
            let got = owner.get(&path).await;
            assert_eq!(got.status, status, "{path}: {}", got.text);
        }
    }
}
