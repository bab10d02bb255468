//! What is measured: pages and calls with the statements that they send, and those statements as the controller was built with them.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::Database;

/// A page and the statements it sends after that of the log-in, each by words that no other has, with what stands in its places.
#[derive(Clone)]
pub(crate) struct Measured {
    pub(crate) name: &'static str,
    pub(crate) path: String,
    /// Whether it shows so many lines however many there are.
    pub(crate) is_list: bool,
    pub(crate) sql: Vec<(&'static str, Vec<String>)>,
}

impl Measured {
    /// Whether a program asks for it.
    pub(crate) fn is_api(&self) -> bool {
        self.path.starts_with("/api/")
    }
}

/// After all payments.
const LAST: &str = "'9999-12-31'::timestamptz";
/// After all ids.
const MOST: &str = "'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid";
pub(crate) const OF_KEYS: &str = "where k.key_hash = $1 and k.revoked_at is null";
const OF_PAYMENTS: &str = "from tickets where provider_id = $1 and payment_id = any($2)";
const OF_PLANS: &str = "from plans where provider_id = $1 order by position, id";
pub(crate) const OF_LOG_INS: &str = "where l.token_hash = $1 and l.ended_at is null";
const OF_SITES: &str = "(s.name, s.id) > (select b.name, b.id from sites b";

/// The pages, with days that the generated rows are in.
pub(crate) fn pages(provider: &str, (from, to): (&str, &str), bought: &str) -> Vec<Measured> {
    let provider = format!("'{provider}'::uuid");
    let ago = |days: u32| format!("now() - interval '{days} days'");
    let of = |rest: &[&str]| {
        let mut all = vec![provider.clone()];
        all.extend(rest.iter().map(|&one| one.to_owned()));
        all
    };
    let plans = |most| (OF_PLANS, of(&[most]));
    let sites = |most| (OF_SITES, of(&["null", most]));
    let (now, none) = (ago(0), "null");
    let account = format!("(select mpesa_account_id from providers where id = {provider})");
    let last = LAST;
    // The days so far against as many before, up to the same hour, as the page asks.
    let first = |ago: u32| format!("report_day(now()) - {}", ago - 1);
    let asked = |from: String, to: &str, last: String| {
        let from_at = format!("report_begin({from})");
        of(&[&from_at, to, none, none, &from, &last, "3"])
    };
    let report = |days: u32| {
        let then = format!("now() - interval '{days} days'");
        vec![
            plans("100"),
            sites("200"),
            ("s.grain in (4,", asked(first(days), &now, first(1))),
            (
                "s.grain in (4,",
                asked(first(2 * days), &then, first(days + 1)),
            ),
        ]
    };
    vec![
        Measured {
            name: "home",
            path: "/home".to_owned(),
            is_list: false,
            sql: vec![
                (
                    "as \"paid_by_then!\"",
                    of(&[
                        &first(8),
                        &first(1),
                        &now,
                        &ago(7),
                        &first(8),
                        "extract(hour from now() at time zone 'Africa/Nairobi')::integer",
                        "date_trunc('hour', now()) - interval '7 days'",
                    ]),
                ),
                (
                    "select count(*) from tickets where provider_id = $1 and started_at is not null",
                    of(&[&now]),
                ),
                ("t.expires_at,\n", of(&[&now, "8"])),
                sites("5000"),
                (
                    "as \"unconfirmed!\"",
                    of(&[&ago(30), &ago(1), &now, &ago(1), "100", &now]),
                ),
                ("a.duplicate_seen_at >= $2", of(&[&ago(7), "100"])),
                ("l.unused as", of(&[&ago(180), "100"])),
                (
                    "and account_id = $2 and status = 'success') as \"is!\"",
                    of(&[&account]),
                ),
                (
                    "redeemed_at is not null and series_id is not null) as \"is!\"",
                    of(&[]),
                ),
                plans("1"),
            ],
        },
        payments(
            "payments",
            &provider,
            "/payments".to_owned(),
            (last, MOST),
            none,
        ),
        payments(
            "payments that failed",
            &provider,
            "/payments?state=failed".to_owned(),
            (last, MOST),
            "'failed'",
        ),
        Measured {
            name: "payments by API",
            path: "/api/v1/payments".to_owned(),
            is_list: true,
            sql: vec![
                (
                    ALL_PAYMENTS,
                    lines(&provider, (last, MOST), (none, "'mpesa_customer_payment'")),
                ),
                (OF_PAYMENTS, of(&[&format!("'{bought}'::uuid[]")])),
            ],
        },
        Measured {
            name: "reports, 30 days",
            path: "/reports?period=30".to_owned(),
            is_list: false,
            sql: report(30),
        },
        Measured {
            name: "reports, 180 days",
            path: format!("/reports?period=dates&from={from}&to={to}"),
            is_list: false,
            sql: report(180),
        },
    ]
}

/// The words of the list of all payments, and of those that failed: nothing, or the one condition more, before its order.
const ALL_PAYMENTS: &str = "or p.msisdn = $13)  order by";
const FAILED_PAYMENTS: &str = "or p.msisdn = $13) and p.status = 'failed' order by";

/// What stands in the places of the list's statement: from before one on, how they stand and which sort.
fn lines(
    provider: &str,
    before: (&str, &str),
    (status, sort): (&'static str, &'static str),
) -> Vec<String> {
    let none = "null";
    [
        provider,
        before.0,
        before.1,
        "'1970-01-01'::timestamptz",
        LAST,
        status,
        none,
        none,
        none,
        none,
        none,
        sort,
        none,
        "51",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// The list of payments from before one on, perhaps of those alone that stand in one way.
fn payments(
    name: &'static str,
    provider: &str,
    path: String,
    before: (&str, &str),
    status: &'static str,
) -> Measured {
    let of = |rest: &[&str]| {
        let all = std::iter::once(&provider).chain(rest);
        all.map(|&one| one.to_owned()).collect::<Vec<_>>()
    };
    let words = if status == "null" {
        ALL_PAYMENTS
    } else {
        FAILED_PAYMENTS
    };
    Measured {
        name,
        path,
        is_list: true,
        sql: vec![
            (OF_PLANS, of(&["100"])),
            (OF_SITES, of(&["null", "100"])),
            (words, lines(provider, before, (status, "null"))),
        ],
    }
}

/// The list of payments from the middle of the year on.
pub(crate) async fn deep(database: &Database, provider: &str) -> Result<Measured> {
    let sql = format!(
        "select (extract(epoch from date_trunc('milliseconds', created_at)) * 1000)::bigint, replace(id::text, '-', ''), id from payments
         where provider_id = '{provider}' and created_at < now() - interval '180 days' order by created_at desc limit 1"
    );
    let row = database.run(&sql).await?;
    let [millis, hex, id]: [&str; 3] = row
        .trim()
        .split('|')
        .collect::<Vec<_>>()
        .try_into()
        .ok()
        .context("no payment half a year ago")?;
    let before = (
        format!("to_timestamp({millis} / 1000.0)"),
        format!("'{id}'::uuid"),
    );
    let path = format!("/payments?before={millis}.pay_{hex}");
    Ok(payments(
        "payments, far back",
        &format!("'{provider}'::uuid"),
        path,
        (&before.0, &before.1),
        "null",
    ))
}

/// The statement with these words, as the controller was built with it, with values in its places.
pub(crate) fn statement(words: &str, values: &[String]) -> Result<String> {
    let mut query = query(words)?;
    for (place, value) in values.iter().enumerate().rev() {
        query = query.replace(&format!("${}", place + 1), &format!("({value})"));
    }
    ensure!(
        !query.contains('$'),
        "{words:?} says more than there are values for: {query}"
    );
    Ok(query)
}

/// The statement with these words as it stands in the controller.
pub(crate) fn query(words: &str) -> Result<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../controller/.sqlx");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&folder).context("reading the controller's statements")? {
        let text = std::fs::read_to_string(entry?.path())?;
        let json: serde_json::Value = serde_json::from_str(&text)?;
        let query = json["query"].as_str().filter(|query| query.contains(words));
        if let Some(query) = query {
            found.push(query.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
    ensure!(found.len() == 1, "{} statements say {words:?}", found.len());
    Ok(found.remove(0))
}
