//! The month and the day by mail: to whom, once, and whoever cannot be told keeps nobody else waiting.

use mnara_protocol::ids::PersonId;

use super::*;
use crate::jobs::tasks::{Ran, run_now, stand};
use crate::providers::notices::store::choose;
use crate::providers::notices::{Topic, Ways};
use crate::providers::staff::roles::Role;
use crate::reports::mailed::MONTH;
use crate::reports::summary::SUMMARY;
use crate::tests::office::Office;
use crate::tests::pages::doors;
use crate::tests::platform::tasks::{as_superuser, refuse, work_of};

/// Has somebody hear, or not, of a topic by mail.
async fn chooses(world: &World, provider: ProviderId, who: &str, topic: Topic, by_mail: bool) {
    let person = format!("select id from people where email = '{who}'");
    let person = PersonId::from_uuid(read(&world.app, &person).await);
    let by_sms = false;
    let now = world.app.clock.now();
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    let ways = Ways { by_mail, by_sms };
    choose(&mut tx, provider, person, topic, ways, now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_month_is_mailed_once_as_a_paper_and_a_table_to_owners_who_did_not_choose_otherwise(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = Office::world(pool, options).await;
    doors::member(&world, Role::Owner, 1).await;
    doors::member(&world, Role::Manager, 2).await;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    office.empty();
    stand(&world.app, [MONTH]).await.unwrap();
    // 15 January; the month is told of on the first mornings of February.
    world.work().await;
    assert_eq!(office.empty().len(), 0);
    world.pass(17 * 86_400 - 3 * 3_600 - 1).await;
    assert_eq!(office.empty().len(), 0);
    world.pass(1).await;
    let letter = office.one();
    assert_eq!(letter.to, "owner1@example.com");
    assert!(
        letter.subject.contains("January 2027: KSh"),
        "{}",
        letter.subject
    );
    let files = office.files();
    let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["mnara-2027-01.pdf", "mnara-2027-01.csv"]);
    assert!(files[0].1.starts_with(b"%PDF-"));
    let table = String::from_utf8(files[1].1.clone()).unwrap();
    assert!(
        table.contains("paid_kes") && table.contains("\n2027-01-15,50.00,"),
        "{table}"
    );
    for _ in 0..8 {
        world.pass(86_400).await;
    }
    assert_eq!(office.empty().len(), 0, "once");
    chooses(
        &world,
        world.shop.provider,
        "owner1@example.com",
        Topic::Month,
        false,
    )
    .await;
    world.pass(20 * 86_400).await;
    assert_eq!(office.empty().len(), 0, "nobody hears who does not want to");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn owners_who_did_not_choose_it_are_not_mailed_a_month_of_nothing(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = Office::world(pool, options).await;
    doors::member(&world, Role::Owner, 1).await;
    world.work().await;
    office.empty();
    assert_eq!(
        run_now(&world.app, work_of(MONTH)).await.unwrap(),
        Ran::Done
    );
    world.work().await;
    assert_eq!(office.empty().len(), 0);
    let who = "owner1@example.com";
    chooses(&world, world.shop.provider, who, Topic::Month, true).await;
    assert_eq!(
        run_now(&world.app, work_of(MONTH)).await.unwrap(),
        Ran::Done
    );
    world.work().await;
    assert_eq!(office.one().to, who);
}

/// A business more, and the owners of both by the ids of their businesses: whose turn comes first is by these.
async fn two_owners(world: &World, topic: Topic) -> [(ProviderId, &'static str); 2] {
    let other = business(&world.app, 2).await.provider;
    let mut both = [
        (world.shop.provider, "one@example.com"),
        (other, "two@example.com"),
    ];
    for (provider, who) in both {
        doors::joined(world, provider, Role::Owner, ("Owner", who)).await;
        chooses(world, provider, who, topic, true).await;
    }
    both.sort_by_key(|(provider, _)| provider.uuid());
    both
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_business_that_cannot_be_told_of_its_month_or_day_keeps_nobody_else_waiting(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = Office::world(pool, options.clone()).await;
    let [(first, first_owner), (second, second_owner)] = two_owners(&world, Topic::Month).await;
    chooses(&world, first, first_owner, Topic::Summary, true).await;
    chooses(&world, second, second_owner, Topic::Summary, true).await;
    world.work().await;
    office.empty();
    let when = format!(
        "new.kind in ('month', 'summary') and new.provider_id = '{}'",
        first.uuid()
    );
    refuse(&options, "mails", &when).await;
    // In the middle of a month and of a day: each was asked for by its name.
    for kind in [MONTH, SUMMARY] {
        let ran = run_now(&world.app, work_of(kind)).await.unwrap();
        assert!(matches!(ran, Ran::Failed(_)), "{kind}: {ran:?}");
        world.work().await;
        assert_eq!(office.one().to, second_owner, "{kind}");
    }
    as_superuser(&options, "drop trigger refused on mails".to_owned()).await;
    world.pass(60).await;
    let told: Vec<_> = office.empty().into_iter().map(|letter| letter.to).collect();
    assert_eq!(told, [first_owner; 2], "tried again, whatever the hour");
    for kind in [MONTH, SUMMARY] {
        assert_eq!(run_now(&world.app, work_of(kind)).await.unwrap(), Ran::Done);
    }
    world.work().await;
    assert_eq!(office.empty().len(), 0, "once");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_month_is_mailed_to_no_address_that_somebody_else_has_shown_to_be_theirs(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = Office::world(pool, options).await;
    let whose = ["owner1@example.com", "owner2@example.com"];
    for (n, who) in (1..).zip(whose) {
        doors::member(&world, Role::Owner, n).await;
        chooses(&world, world.shop.provider, who, Topic::Month, true).await;
    }
    world.work().await;
    office.empty();
    let mut holder = browser::Browser::new(&world, 3);
    holder.sign_up("Otieno Net", whose[0]).await;
    world.work().await;
    let link = office.one().path("/account/contact/");
    holder.post(&link, &[]).await.onward();
    world.work().await;
    office.empty();
    let ran = run_now(&world.app, work_of(MONTH)).await.unwrap();
    assert_eq!(ran, Ran::Done);
    world.work().await;
    assert_eq!(office.one().to, whose[1]);
}
