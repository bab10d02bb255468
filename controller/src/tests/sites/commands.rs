//! Commands: over the link or taken back, done once, told to whoever asked.

use mnara_protocol::ids::CommandId;
use mnara_protocol::message::{Command, DiagnoseCommand, Finding, FindingsReport, Report, Verdict};
use mnara_protocol::session::Event;

use super::link::{Site, hub, site};
use super::*;
use crate::db::At;
use crate::fleet::command::{self, NotGiven, Outcome, Patience, Unanswered};
use crate::providers::staff::roles::Role;
use crate::tests::pages::doors::member;

async fn give(world: &World) -> Result<CommandId, NotGiven> {
    let who = (world.shop.provider, world.shop.site);
    let mut tx = world.app.db.tenant(who.0).await?;
    let id = command::give_in(&world.app, &mut tx, who, |id, expires| {
        Command::Diagnose(DiagnoseCommand { id, expires })
    });
    let id = id.await?;
    tx.commit().await?;
    Ok(id)
}

pub(in crate::tests) async fn diagnose(world: &World) -> CommandId {
    give(world).await.unwrap()
}

/// The next command that comes down.
pub(in crate::tests) async fn told(site: &mut Site) -> Command {
    let event = site
        .until(|event| matches!(event, Event::Command { .. }))
        .await;
    let Event::Command { kind, body } = event else {
        unreachable!("waited for a command");
    };
    Command::decode(kind, &body).unwrap()
}

/// Whether nothing more comes down before the controller has seen the site's next entry.
pub(in crate::tests) async fn is_quiet(site: &mut Site) -> bool {
    site.drift(1);
    let last = site.entries.last().unwrap().number;
    let met = site
        .until(|event| match event {
            Event::Acknowledged(mark) => mark.number == last,
            Event::Command { .. } => true,
            _ => false,
        })
        .await;
    matches!(met, Event::Acknowledged(_))
}

/// What somebody at the command line is told of a command.
async fn report(app: &App, provider: ProviderId, id: CommandId) -> Result<Report, Unanswered> {
    command::report(app, provider, id, Patience::of_a_person(app)).await
}

/// Why the one thing was not done that a site was asked for, as the audit has it.
async fn undone(world: &World) -> String {
    let line = "select after ->> 'reason' from audit where act = 'not-done' and actor = 'program'";
    assert_eq!(world.count("audit where act = 'not-done'").await, 1);
    read(&world.app, line).await
}

fn findings() -> Report {
    Report::Findings(FindingsReport {
        findings: vec![Finding {
            about: "hotspot".to_owned(),
            verdict: Verdict::Good,
            says: "1 running".to_owned(),
            next: None,
        }],
    })
}

/// Reports, and waits until the controller has it.
pub(in crate::tests) async fn reports(site: &mut Site, id: CommandId, report: &Report) {
    site.session
        .report(id, report.kind(), report.encode())
        .unwrap();
    assert!(is_quiet(site).await);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_linked_site_is_told_at_once_and_its_report_is_read(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let hub = hub(&world).await;
    let mut site = site(&world).await;
    site.dial(&hub);
    site.ready().await;
    let id = diagnose(&world).await;
    let expires = world.app.clock.now().plus_secs(30);
    assert_eq!(
        told(&mut site).await,
        Command::Diagnose(DiagnoseCommand { id, expires })
    );
    // Of something that nobody asked, of somebody else's: kept nowhere.
    let made_up = CommandId::from_bytes([9; 16]);
    reports(&mut site, made_up, &findings()).await;
    reports(&mut site, id, &findings()).await;
    reports(&mut site, id, &Report::TooLate).await;
    let said = report(&world.app, world.shop.provider, id).await;
    assert_eq!(said.unwrap(), findings(), "the first report stays");
    assert_eq!(world.count("commands").await, 1);
    assert_eq!(world.count("audit where act = 'not-done'").await, 0);
    let stranger = ProviderId::from_bytes([7; 16]);
    assert!(matches!(
        report(&world.app, stranger, id).await,
        Err(Unanswered::Missing)
    ));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_unanswered_command_goes_out_again_by_the_next_link_until_it_is_late(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let hub = hub(&world).await;
    let mut site = site(&world).await;
    let id = diagnose(&world).await;
    for _ in 0..2 {
        site.dial(&hub);
        site.ready().await;
        assert!(matches!(told(&mut site).await, Command::Diagnose(ask) if ask.id == id));
        assert!(is_quiet(&mut site).await, "once by each link");
        site.hang_up();
    }
    world.app.clock.advance(Duration::from_secs(31));
    site.dial(&hub);
    site.ready().await;
    assert!(is_quiet(&mut site).await);
    // An answer is an answer, however late.
    reports(&mut site, id, &Report::TooLate).await;
    assert!(matches!(
        report(&world.app, world.shop.provider, id).await,
        Err(Unanswered::TooLate)
    ));
    assert_eq!(undone(&world).await, "too-late");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_site_that_is_away_is_said_to_be_and_told_nothing_later(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let id = diagnose(&world).await;
    let (app, provider) = (world.app.clone(), world.shop.provider);
    let waiting = tokio::spawn(async move { report(&app, provider, id).await });
    while !waiting.is_finished() {
        world.app.clock.advance(Duration::from_millis(500));
        tokio::task::yield_now().await;
    }
    assert!(matches!(waiting.await.unwrap(), Err(Unanswered::Away)));
    assert_eq!(undone(&world).await, "away");
    let hub = hub(&world).await;
    let mut site = site(&world).await;
    site.dial(&hub);
    site.ready().await;
    assert!(is_quiet(&mut site).await);
    assert_eq!(world.count("commands").await, 0);

    fleet::create::let_go(&world.app, provider, world.shop.site, Actor::Command)
        .await
        .unwrap();
    assert_eq!(
        world
            .count("audit where act = 'agent-end' and actor = 'command'")
            .await,
        1
    );
    assert!(matches!(give(&world).await, Err(NotGiven::NoAgent)));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn that_no_link_took_what_a_page_asked_for_is_said_and_written_down_once(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let ticket = reports::bought(&world).await.to_string();
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    sqlx::query("update agents set last_seen_at = $1")
        .bind(At(world.app.clock.now()))
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    world.app.clock.advance(Duration::from_secs(60));
    let mut technician = member(&world, Role::Technician, 1).await;
    let pause = format!("/sites/{}/pause", world.shop.site);
    let form = [("ticket", ticket.as_str())];
    let onward = technician.post(&pause, &form).await.onward();
    technician.get(&onward).await.page();
    assert_eq!(world.count("audit where act = 'not-done'").await, 0);
    world.app.clock.advance(Duration::from_secs(31));
    for _ in 0..2 {
        let page = technician.get(&onward).await.page();
        let says = "The site is away, so nothing was done";
        assert!(page.contains(says), "{page}");
        assert_eq!(undone(&world).await, "away");
    }
    assert_eq!(deed(&world, "not-done").await["after"]["asked"], "pause");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_no_link_took_and_nobody_looked_after_is_written_down_when_the_site_is_back(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let id = diagnose(&world).await;
    world.app.clock.advance(Duration::from_secs(31));
    let hub = hub(&world).await;
    let mut site = site(&world).await;
    site.dial(&hub);
    site.ready().await;
    assert!(is_quiet(&mut site).await);
    assert_eq!(undone(&world).await, "away");
    assert_eq!(world.count("commands").await, 0);
    // Whoever looks after it now is told so; of what nobody gave nothing is known.
    let provider = world.shop.provider;
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    for (id, is_away) in [(id, true), (CommandId::from_bytes([9; 16]), false)] {
        let outcome = command::outcome(&world.app, &mut tx, provider, id).await;
        assert_eq!(matches!(outcome.unwrap(), Outcome::Away), is_away);
    }
    drop(tx);
    assert_eq!(undone(&world).await, "away");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn all_that_one_call_told_is_waited_for_together(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let hub = hub(&world).await;
    let mut site = site(&world).await;
    site.dial(&hub);
    site.ready().await;
    let both = [diagnose(&world).await, diagnose(&world).await];
    for _ in both {
        told(&mut site).await;
    }
    let (app, provider) = (world.app.clone(), world.shop.provider);
    let patience = Patience::of_a_call(&app);
    let first = tokio::spawn({
        let app = app.clone();
        async move { command::report(&app, provider, both[0], patience).await }
    });
    while !first.is_finished() {
        world.app.clock.advance(Duration::from_millis(500));
        tokio::task::yield_now().await;
    }
    assert!(matches!(first.await.unwrap(), Err(Unanswered::Silent)));
    // The clock stands now: whoever waited anew for the second would wait for ever.
    let second = command::report(&app, provider, both[1], patience);
    let second = tokio::time::timeout(Duration::from_secs(10), second).await;
    assert!(matches!(second.unwrap(), Err(Unanswered::Silent)));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whoever_waits_for_a_site_is_answered_when_the_program_ends(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let id = diagnose(&world).await;
    world.app.shutdown.cancel();
    let said = report(&world.app, world.shop.provider, id);
    let said = tokio::time::timeout(Duration::from_secs(10), said).await;
    assert!(matches!(said.unwrap(), Err(Unanswered::Silent)));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn old_commands_are_forgotten(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    diagnose(&world).await;
    world.app.clock.advance(Duration::from_secs(8 * 86_400));
    diagnose(&world).await;
    assert_eq!(world.count("commands").await, 1);
}
