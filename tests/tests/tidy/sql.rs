//! Where SQL may be and what it may say: stores only, no clock of the database, row-level security forced on every
//! tenant's table, and few files that may look across tenants.

use super::{code_lines, none, sources};

/// The ground that is made of SQL; everything else keeps its SQL in a store.
const SQL_GROUND: [&str; 7] = [
    "controller/src/audit",
    "controller/src/bus",
    "controller/src/db/",
    "controller/src/devdb",
    "controller/src/jobs",
    "controller/src/ratelimit",
    // The one table every slice writes, through its two functions.
    "controller/src/fleet/feed",
];

const QUERIES: [&str; 6] = [
    "query!(",
    "query_as!(",
    "query_scalar!(",
    "sqlx::query",
    "sqlx::raw_sql",
    "QueryBuilder",
];

fn is_store(path: &str) -> bool {
    path.ends_with("/store.rs")
        || path.contains("/store/")
        || SQL_GROUND.iter().any(|ground| path.starts_with(ground))
}

#[test]
fn sql_lives_in_stores() {
    let mut faults = Vec::new();
    for file in sources(&["controller/src", "agent/src", "protocol/src"], ".rs") {
        if file.is_tests() || is_store(&file.path) {
            continue;
        }
        for (number, line) in code_lines(file.product()) {
            if QUERIES.iter().any(|query| line.contains(query)) {
                faults.push(format!(
                    "{}:{number}: SQL belongs into the slice's store",
                    file.path
                ));
            }
        }
    }
    none(faults);
}

/// The database's own clock, in any spelling; tests could not move it.
fn asks_for_time(sql: &str) -> bool {
    let lower = sql.to_ascii_lowercase();
    let called = lower.match_indices("now()").any(|(at, _)| {
        // `clock.now()` is ours; `now()` and `pg_catalog.now()` are the database's.
        !lower[..at].ends_with(['.', '_']) || lower[..at].ends_with("pg_catalog.")
    });
    called
        || [
            "current_timestamp",
            "clock_timestamp",
            "statement_timestamp",
            "transaction_timestamp",
            "localtimestamp",
            "current_date",
            "timeofday",
            "unixepoch(",
            "'now'",
        ]
        .iter()
        .any(|word| lower.contains(word))
}

fn without_sql_comment(line: &str) -> &str {
    line.split("--").next().unwrap_or(line)
}

#[test]
fn no_sql_asks_the_database_for_the_time() {
    let mut faults = Vec::new();
    for file in sources(&["migrations"], ".sql") {
        for (index, line) in file.text.lines().enumerate() {
            if asks_for_time(without_sql_comment(line)) {
                faults.push(format!("{}:{}: times are arguments", file.path, index + 1));
            }
        }
    }
    for file in sources(&["controller/src", "agent/src"], ".rs") {
        if !is_store(&file.path) {
            continue;
        }
        for (number, line) in code_lines(&file.text) {
            if asks_for_time(line) {
                faults.push(format!("{}:{number}: times are arguments", file.path));
            }
        }
    }
    none(faults);
    assert!(asks_for_time("created_at timestamptz default now()"));
    assert!(!asks_for_time("let at = app.clock.now();"));
}

/// What is wrong with one migration of PostgreSQL, by what `migrations/README.md` says of every one.
fn against_the_rules(sql: &str) -> Vec<String> {
    let code: Vec<String> = sql
        .lines()
        .map(|line| without_sql_comment(line).trim().to_ascii_lowercase())
        .collect();
    let mut faults = Vec::new();
    let whole = code.join(" ");
    for word in [" rename to ", " rename column ", " rename constraint "] {
        if whole.contains(word) {
            faults.push(format!("{}: old programs know the old name", word.trim()));
        }
    }
    for word in ["create role", "alter role", "drop role", "create user "] {
        if whole.contains(word) {
            faults.push(format!("{}: `db prepare` makes roles", word.trim()));
        }
    }
    for line in code.iter().filter(|line| line.contains(" numeric")) {
        if !line.contains(" numeric(10, 2)") || !line.contains("check (") {
            faults.push(format!("{line}: money is numeric(10, 2) with a check"));
        }
    }
    let is_alone = sql.starts_with("-- no-transaction\n") && whole.matches(';').count() == 1;
    if whole.contains(" concurrently ") && !is_alone {
        faults
            .push("concurrently: alone in a file that starts with `-- no-transaction`".to_owned());
    }
    faults
}

#[test]
fn migrations_are_as_their_readme_says() {
    let faults = sources(&["migrations/controller"], ".sql")
        .iter()
        .flat_map(|file| {
            let faults = against_the_rules(&file.text);
            faults
                .into_iter()
                .map(move |fault| format!("{}: {fault}", file.path))
        })
        .collect();
    none(faults);
    for bad in [
        "alter table a rename column b to c;",
        "alter table a rename to b;",
        "create role x;",
        "alter table a add column b numeric(12, 2) check (b > 0);",
        "alter table a add column b numeric(10, 2);",
        "create index concurrently a on b (c);",
        "-- no-transaction\ncreate index concurrently a on b (c);\ncreate index concurrently d on b (e);",
    ] {
        assert_eq!(against_the_rules(bad).len(), 1, "{bad}");
    }
    for good in [
        "-- no-transaction\ncreate index concurrently a on b (c);\n",
        "alter table a add column b numeric(10, 2) not null check (b >= 0);",
    ] {
        assert_eq!(against_the_rules(good), Vec::<String>::new());
    }
}

/// The tables of the migrations with what stands between their brackets.
fn tables(sql: &str) -> Vec<(String, String)> {
    let plain: String = sql
        .lines()
        .map(|line| format!("{}\n", without_sql_comment(line)))
        .collect();
    let mut found = Vec::new();
    for (at, start) in plain.match_indices("create table ") {
        let rest = &plain[at + start.len()..];
        let rest = rest.strip_prefix("if not exists ").unwrap_or(rest);
        let name: String = rest
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect();
        let body = rest.split(";\n").next().unwrap_or(rest);
        found.push((name, body.to_owned()));
    }
    found
}

/// Whether a table's row-level security is forced, by a statement of its own or in a loop over a list of names.
fn forced(sql: &str, table: &str) -> bool {
    if sql.contains(&format!("alter table {table} force row level security")) {
        return true;
    }
    sql.match_indices("foreach name in array").any(|(at, _)| {
        let block = &sql[at..];
        let block = &block[..block.find("end loop").unwrap_or(block.len())];
        block.contains("alter table %I force row level security")
            && block.contains(&format!("'{table}'"))
    })
}

#[test]
fn every_tenants_table_is_behind_forced_row_level_security() {
    let sql: String = sources(&["migrations/controller"], ".sql")
        .into_iter()
        .map(|file| file.text)
        .collect();
    let tables = tables(&sql);
    assert!(tables.len() > 10, "the migrations were not found");
    let faults = tables
        .iter()
        .filter(|(name, body)| {
            body.lines()
                .any(|line| line.trim().starts_with("provider_id "))
                || name == "providers"
        })
        .filter(|(name, _)| !forced(&sql, name))
        .map(|(name, _)| format!("{name}: has a provider_id and no forced row-level security"))
        .collect();
    none(faults);
    assert!(!forced("alter table a enable row level security;", "a"));
}

/// The files that may open the door across tenants. A new one is a decision: say in its commit why no tenant is known there.
const ACROSS_TENANTS: [&str; 43] = [
    // The doors themselves, and the table of jobs, which are handed out before their tenant is known.
    "controller/src/db/",
    "controller/src/jobs",
    "controller/src/cli/task.rs",
    // Whether the platform has an account for SMS concerns all businesses.
    "controller/src/providers/sms/set_up.rs",
    // Public pages are shown to a token, which names no provider.
    "controller/src/captive/mod.rs",
    // A cookie, a key, a password and an invitation name no business, and whoever signs up has none yet.
    "controller/src/providers/log_in/",
    "controller/src/providers/keys/",
    "controller/src/providers/pages/account.rs",
    // A passkey is a person's, whatever they work for.
    "controller/src/providers/passkeys/",
    // Outages and evenings of everybody are looked for; what is told is told in the tenant's own transaction.
    "controller/src/admin/notices.rs",
    "controller/src/admin/losses.rs",
    "controller/src/reports/summary.rs",
    "controller/src/reports/mailed.rs",
    // Tickets whose dates have passed are looked for over all; each business's rows are written in its own transaction.
    "controller/src/tickets/expire.rs",
    // Silent payments, old keys, old rows and secrets of everybody are looked for.
    "controller/src/payments/silent.rs",
    "controller/src/admin/credentials.rs",
    "controller/src/admin/reseal.rs",
    "controller/src/admin/retention.rs",
    "controller/src/providers/sign_up.rs",
    "controller/src/providers/staff/invite.rs",
    // A delivery report names a text and no business.
    "controller/src/providers/sms/reports.rs",
    // The platform's own staff.
    "controller/src/admin/begin.rs",
    "controller/src/admin/end.rs",
    "controller/src/admin/factors.rs",
    "controller/src/admin/pages/",
    "controller/src/admin/up.rs",
    "controller/src/cli/audit.rs",
    "controller/src/cli/books.rs",
    "controller/src/cli/provider.rs",
    "controller/src/cli/report.rs",
    // A claim, a key and a hello name an agent; the controller's identity is the platform's.
    "controller/src/fleet/enrol.rs",
    "controller/src/fleet/identity.rs",
    "controller/src/fleet/ingest.rs",
    "controller/src/fleet/link.rs",
    "controller/src/fleet/presence.rs",
    "controller/src/fleet/rotate.rs",
    // A restored database has lost something of everybody.
    "controller/src/fleet/restored.rs",
    // A callback names a secret.
    "controller/src/payments/c2b.rs",
    "controller/src/payments/callback.rs",
    "controller/src/payments/settlement.rs",
    // A notification of Pesapal names an order; what the platform sells is the platform's.
    "controller/src/subscriptions/notify.rs",
    // Whose time has run out is looked for over all; what follows is done in the tenant's own transaction.
    "controller/src/subscriptions/lapse.rs",
    "controller/src/subscriptions/plans.rs",
];

#[test]
fn few_files_look_across_tenants() {
    let mut faults = Vec::new();
    for file in sources(&["controller/src"], ".rs") {
        if file.is_tests()
            || ACROSS_TENANTS
                .iter()
                .any(|allowed| file.path.starts_with(allowed))
        {
            continue;
        }
        for (number, line) in code_lines(file.product()) {
            if line.contains(".platform(") {
                faults.push(format!(
                    "{}:{number}: opens the door across tenants; see ACROSS_TENANTS",
                    file.path
                ));
            }
        }
    }
    none(faults);
}

/// Where a connection to the database may be had; everywhere else it comes through one of the three doors.
const CONNECTS: [&str; 3] = [
    "controller/src/db/",
    "controller/src/devdb/",
    "controller/src/cli/db.rs",
];

#[test]
fn a_transaction_begins_at_a_door() {
    let words = [
        "PgPool",
        "PgConnection::connect",
        "PgListener",
        "begin_with(",
    ];
    let mut faults = Vec::new();
    for file in sources(&["controller/src"], ".rs") {
        if file.is_tests() || CONNECTS.iter().any(|place| file.path.starts_with(place)) {
            continue;
        }
        for (number, line) in code_lines(file.product()) {
            if words.iter().any(|word| line.contains(word)) {
                faults.push(format!(
                    "{}:{number}: opens the database beside `db`'s doors",
                    file.path
                ));
            }
        }
    }
    none(faults);
}
