//! Every page, file and call that names nothing, asked by the owner of another business and by a program of theirs: lists, sums and files hold
//! nothing by which anything of the first business is known.

use super::neighbours::stranger;
use super::*;
use crate::api::calls;
use crate::providers::gate::Door;
use crate::providers::keys::scopes::Scope;
use crate::providers::staff::roles::Role;
use crate::tests::browser::Browser;
use crate::tests::platform::tasks::as_superuser;
use crate::tests::programs::api;

/// Tables of a business whose rows have an id.
const TABLES: &str = "select array_agg(c.table_name::text) from information_schema.columns c
    where c.table_schema = 'public' and c.column_name = 'id' and c.data_type = 'uuid'
      and exists (select from information_schema.columns p
                  where p.table_schema = 'public' and p.table_name = c.table_name and p.column_name = 'provider_id')";
/// By what else a business, its vouchers, money, customers and people are known.
const KNOWN: &[&str] = &[
    "select replace(id::text, '-', '') from providers where id = $$of$$",
    "select business_name from providers where id = $$of$$",
    "select code from tickets where provider_id = $$of$$",
    "select regexp_replace(code, '(.{4})(.{4})(.{4})', '\\1-\\2-\\3') from tickets where provider_id = $$of$$",
    "select username from tickets where provider_id = $$of$$",
    "select password from tickets where provider_id = $$of$$",
    "select external_txn_id from payments where provider_id = $$of$$",
    "select receipt from unmatched where provider_id = $$of$$",
    "select receipt from refunds where provider_id = $$of$$",
    "select msisdn from customers where provider_id = $$of$$",
    "select regexp_replace(msisdn, '^254(...)(...)(...)$', '0\\1 \\2 \\3') from customers where provider_id = $$of$$",
    "select p.email from staff s join people p on p.id = s.person_id where s.provider_id = $$of$$",
];

/// All that a business is known by.
async fn known_of(world: &World, provider: ProviderId) -> Vec<String> {
    let tables: Vec<String> = read(&world.app, TABLES).await;
    let ids = tables.iter().map(|table| {
        format!("select replace(id::text, '-', '') from {table} where provider_id = $$of$$")
    });
    let known = KNOWN.iter().map(|one| (*one).to_owned());
    let all: Vec<String> = ids.chain(known).collect();
    // What is shorter stands on a page by chance.
    let sql = format!(
        "select array_agg(distinct said) from ({}) as known (said) where length(said) > 6",
        all.join(" union all ")
    );
    let of = format!("'{}'", provider.uuid());
    read(&world.app, &sql.replace("$$of$$", &of)).await
}

/// An answer.
struct Told {
    path: String,
    status: StatusCode,
    text: String,
}

/// What somebody is told on every page, and a program at every call, that names nothing.
async fn all_told(world: &World, browser: &mut Browser<'_>, key: &str) -> Vec<Told> {
    let mut all = Vec::new();
    for page in routes::pages(&world.app).listed() {
        let is_inside = matches!(page.door, Door::Staff(_) | Door::LoggedIn);
        if page.method != Method::GET || !is_inside || page.path.contains('{') {
            continue;
        }
        let got = browser.get(page.path).await;
        all.push(Told {
            path: page.path.to_owned(),
            status: got.status,
            text: got.text,
        });
    }
    for one in calls(&world.app).listed() {
        if one.method != Method::GET || one.path.contains('{') {
            continue;
        }
        let (status, answer) = api::call(world, Method::GET, key, one.path, Value::Null).await;
        all.push(Told {
            path: format!("/api/v1{}", one.path),
            status,
            text: answer.to_string(),
        });
    }
    all
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn no_list_sum_or_file_of_another_business_holds_anything_of_the_first(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options.clone()).await;
    tenancy::fill(&world).await;
    let known = known_of(&world, world.shop.provider).await;
    assert!(known.len() > 40, "known by {}", known.len());
    let holds = |text: &str| known.iter().find(|one| text.contains(one.as_str()));

    let other = business(&world.app, 2).await;
    let mut stranger = stranger(&world, &other).await;
    let key = api::key(&world.app, other.provider, &Scope::ALL).await;
    // Whoever made it is told to those who see it.
    let own = format!(
        "update api_keys set created_by = (select person_id from staff where provider_id = '{0}') where provider_id = '{0}'",
        other.provider.uuid()
    );
    as_superuser(&options, own).await;
    let theirs = all_told(&world, &mut stranger, &key).await;
    assert!(theirs.len() > 60, "only {} were asked", theirs.len());
    let mut faults = Vec::new();
    for Told { path, status, text } in &theirs {
        // A call that is refused, or a page that fails, would prove nothing.
        let is_answered = if path.starts_with("/api/") {
            *status == StatusCode::OK
        } else {
            !status.is_server_error()
        };
        assert!(is_answered, "{path}: {status} {text}");
        faults.extend(holds(text).map(|one| format!("{path} holds {one}")));
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));

    // To those of the first business they tell it.
    let mut owner = doors::member(&world, Role::Owner, 1).await;
    let key = api::key(&world.app, world.shop.provider, &Scope::ALL).await;
    let ours = all_told(&world, &mut owner, &key).await;
    let telling = ours.iter().filter(|told| holds(&told.text).is_some());
    assert!(telling.count() > 15);
}
