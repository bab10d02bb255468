//! The store on a real file: commits together, reads back, survives kills and torn tails, refuses when the disk does.

use std::path::Path;

use ed25519_dalek::SigningKey;
use mnara_protocol::clock::Ticks;
use mnara_protocol::ids::{Mac, PlanId, ProviderId, SiteId, TicketId};
use mnara_protocol::message::{Fact, HealthEvent, HealthFact, RedeemedFact, Row};
use mnara_protocol::money::Money;
use mnara_protocol::plan::{Plan, Terms};
use mnara_protocol::session::{FeedDigest, Revision};

use super::*;
use crate::core::{Core, Identity, Now};

mod rot;

const NOON: Timestamp = Timestamp::from_secs(1_800_000_000);

fn fresh() -> Fresh {
    Fresh {
        journal: JournalId::from_bytes([7; 16]),
        floor: NOON,
    }
}

fn identity() -> Identity {
    Identity {
        site: SiteId::from_bytes([1; 16]),
        provider: ProviderId::from_bytes([2; 16]),
        signing: SigningKey::from_bytes(&[3; 32]),
    }
}

fn moment() -> Now {
    Now {
        at: NOON,
        ticks: Ticks::from_millis(0),
    }
}

fn floor(at: Timestamp) -> KeptFloor {
    KeptFloor {
        time: at,
        unproven_since: None,
        uptime: None,
    }
}

fn entry(n: i64) -> NewEntry {
    let fact = Fact::Health(HealthFact {
        event: HealthEvent::RouterBack,
        at: NOON.plus_secs(n),
        value: Some(n),
    });
    NewEntry {
        at: NOON.plus_secs(n),
        kind: fact.kind(),
        body: fact.encode(),
    }
}

async fn opened(path: &Path) -> Opened {
    Opened::open(path, fresh()).await.unwrap()
}

async fn load(opened: &mut Opened) -> Loaded {
    opened.load(identity(), [5; 32], moment()).await.unwrap()
}

/// Opens, appends entries one commit after another, and stops the writer in good order.
async fn with_entries(path: &Path, numbers: RangeInclusive<i64>) -> Mark {
    let (store, writer) = opened(path).await.start();
    let mut end = None;
    for n in numbers {
        end = Some(store.append(vec![entry(n)]).await.await.unwrap().unwrap());
    }
    drop(store);
    writer.await.unwrap();
    end.unwrap()
}

#[tokio::test]
async fn entries_are_numbered_chained_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let end = with_entries(&path, 1..=70).await;
    assert_eq!(end.number, EntryNo(70));
    let again = opened(&path).await;
    assert_eq!(again.about().last, end);
    assert_eq!(again.about().oldest, EntryNo(1));
    assert_eq!(
        again.about().floor.time,
        NOON.plus_secs(70),
        "the floor is past every entry"
    );
    let (store, _writer) = again.start();
    let read = store.read(EntryNo(1)..=EntryNo(70)).await.unwrap();
    assert_eq!(read.len(), 64, "no more than a window");
    let mut previous = Mark::start(fresh().journal);
    for entry in read {
        assert_eq!(entry.previous, previous.chain);
        assert_eq!(entry.number, previous.number.next());
        previous = entry.mark();
    }
    let rest = store.read(EntryNo(65)..=EntryNo(70)).await.unwrap();
    assert_eq!(rest.last().unwrap().mark(), end);
}

#[tokio::test]
async fn what_arrives_together_is_committed_together_and_answered_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _writer) = opened(&folder.path().join("store")).await.start();
    let mut answers = Vec::new();
    for n in 1..=64 {
        answers.push(store.append(vec![entry(n), entry(n)]).await);
    }
    for (n, answer) in (1..).zip(answers) {
        assert_eq!(answer.await.unwrap().unwrap().number, EntryNo(2 * n));
    }
}

#[tokio::test]
async fn any_number_of_entries_is_kept_whole_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let (store, writer) = opened(&path).await.start();
    // On both sides of what one statement takes, alone and in a transaction beside something else.
    let mut last = 0;
    for (count, beside) in [1, 2, 8, 9, 63, 64, 65, 129]
        .into_iter()
        .flat_map(|count| [(count, false), (count, true)])
    {
        let entries = (last + 1..=last + count).map(entry).collect();
        let written = store.append(entries).await;
        if beside {
            store.keep_floor(floor(NOON)).await.await.unwrap().unwrap();
        }
        last += count;
        assert_eq!(
            written.await.unwrap().unwrap().number.0,
            last.unsigned_abs()
        );
    }
    drop(store);
    writer.await.unwrap();

    let (store, _writer) = opened(&path).await.start();
    let mut end = Mark::start(fresh().journal);
    while end.number.0 < last.unsigned_abs() {
        let next = end.number.next();
        let read = store.read(next..=EntryNo(u64::MAX)).await.unwrap();
        assert!(!read.is_empty(), "nothing after {end:?}");
        for kept in read {
            let wanted = entry(i64::try_from(end.number.next().0).unwrap());
            assert_eq!((kept.number, kept.previous), (end.number.next(), end.chain));
            assert_eq!(
                (kept.at, kept.kind, &kept.body),
                (wanted.at, wanted.kind, &wanted.body)
            );
            end = kept.mark();
        }
    }
}

#[tokio::test]
async fn a_second_agent_does_not_get_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let _first = opened(&path).await;
    assert!(matches!(
        Opened::open(&path, fresh()).await,
        Err(StoreError::Open(_) | StoreError::Migrate(_))
    ));
}

#[tokio::test]
async fn a_page_and_its_cursor_are_one_commit_and_a_feed_begun_anew_drops_what_it_no_longer_names()
{
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let (store, writer) = opened(&path).await.start();
    let row = |n: u8, body: Option<u8>| RowChange {
        kind: 900,
        id: [n; 16],
        body: body.map(|byte| vec![byte]),
    };
    let cursor = |revision| FeedCursor {
        revision: Revision(revision),
        kind: 900,
        id: [1; 16],
    };
    let page = |rows, revision, more| Rows {
        rows,
        cursor: cursor(revision),
        more,
    };
    // Not named again, yet not dropped: the controller has lost it, and somebody has paid for it.
    let ticket = RowChange {
        kind: 4,
        id: [5; 16],
        body: Some(vec![5]),
    };
    let first = page(
        vec![
            row(1, Some(1)),
            row(2, Some(2)),
            row(3, Some(3)),
            ticket.clone(),
        ],
        3,
        true,
    );
    assert_eq!(
        store
            .store_rows(first.clone())
            .await
            .await
            .unwrap()
            .unwrap(),
        first.rows
    );
    let second = page(vec![row(3, None)], 4, false);
    store.store_rows(second).await.await.unwrap().unwrap();
    store.restart_feed().await.await.unwrap().unwrap();
    let changes = store
        .store_rows(page(vec![row(1, Some(9))], 1, true))
        .await
        .await
        .unwrap()
        .unwrap();
    assert_eq!(changes.len(), 1, "not before the feed's end");
    let changes = store
        .store_rows(page(vec![row(4, Some(4))], 2, false))
        .await
        .await
        .unwrap()
        .unwrap();
    assert_eq!(changes, [row(4, Some(4)), row(2, None)]);
    let digest = FeedDigest::EMPTY
        .with(900, &[4; 16], &[4])
        .with(900, &[1; 16], &[9]);
    let read = store.feed_digest().await.unwrap();
    assert_eq!(read, (cursor(2), digest), "of what is there, in any order");
    drop(store);
    writer.await.unwrap();
    let mut again = opened(&path).await;
    assert_eq!(again.about().cursor, cursor(2));
    let mut kept = Vec::new();
    feed::each(again.connection(), |row, _| kept.push(row))
        .await
        .unwrap();
    assert_eq!(kept, [ticket, row(1, Some(9)), row(4, Some(4))]);
}

/// A core with a plan and a redeemed ticket, and its entries in a store.
async fn lived(path: &Path) -> (Core, Vec<Fact>) {
    let mut opened = opened(path).await;
    let mut core = load(&mut opened).await.core;
    let (store, writer) = opened.start();
    let facts = core
        .handle(crate::core::Event::Started(None), moment())
        .facts;
    let entries = facts
        .iter()
        .map(|fact| NewEntry {
            at: NOON,
            kind: fact.kind(),
            body: fact.encode(),
        })
        .collect();
    store.append(entries).await.await.unwrap().unwrap();
    let plan = Row::Plan(Plan {
        id: PlanId::from_bytes([4; 16]),
        revision: 1,
        name: "Hour".to_owned(),
        price: Money::from_shillings(10),
        terms: Terms {
            duration_secs: Some(3600),
            online_secs: None,
            data_bytes: None,
            devices: 1,
            rate: None,
        },
        sell_by_secs: None,
        on_sale: true,
        position: 0,
        hours: None,
        colour: None,
    });
    let rows = vec![RowChange {
        kind: plan.kind(),
        id: [4; 16],
        body: Some(plan.encode()),
    }];
    let changes = store
        .store_rows(Rows {
            rows,
            cursor: FeedCursor::default(),
            more: false,
        })
        .await
        .await
        .unwrap()
        .unwrap();
    core.handle(crate::core::Event::Rows(changes), moment());
    let saved = Saved {
        at: NOON,
        body: core.snapshot(),
    };
    store
        .snapshot(saved, floor(NOON), true, EntryNo(0))
        .await
        .await
        .unwrap()
        .unwrap();
    let later = Fact::Redeemed(RedeemedFact {
        ticket: TicketId::from_bytes([9; 16]),
        printed: None,
        mac: Mac::from_bytes([1; 6]),
        at: NOON,
        first: true,
        evicted: None,
        cut_off: false,
    });
    store
        .append(vec![NewEntry {
            at: NOON,
            kind: later.kind(),
            body: later.encode(),
        }])
        .await
        .await
        .unwrap()
        .unwrap();
    drop(store);
    writer.await.unwrap();
    (core, facts)
}

#[tokio::test]
async fn the_state_is_read_back_from_snapshot_rows_and_entries() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let (core, _) = lived(&path).await;
    let mut again = opened(&path).await;
    assert!(again.about().resynced);
    let loaded = load(&mut again).await;
    assert_eq!(loaded.broken_at, None);
    assert!(!loaded.core.needs_resync());
    assert_eq!(loaded.core.snapshot(), core.snapshot());
}

#[tokio::test]
async fn an_hours_floor_costs_far_less_than_a_page_of_flash() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _writer) = opened(&folder.path().join("store")).await.start();
    let length = || {
        std::fs::metadata(folder.path().join("store-wal"))
            .unwrap()
            .len()
    };
    let keep = async |hours: i64| {
        let at = NOON.plus_secs(hours * 3600);
        store.keep_floor(floor(at)).await.await.unwrap().unwrap();
    };
    keep(1).await;
    let before = length();
    for hours in 2..=25 {
        keep(hours).await;
    }
    let hourly = (length() - before) / 24;
    assert!(hourly <= 1_100, "{hourly} bytes an hour");
}

#[tokio::test]
async fn old_entries_go_only_when_acknowledged_and_in_the_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _writer) = opened(&folder.path().join("store")).await.start();
    for n in 1..=10 {
        store.append(vec![entry(n)]).await.await.unwrap().unwrap();
    }
    let month_later = NOON.plus_secs(30 * 86_400);
    let snapshot = |acknowledged| {
        let saved = Saved {
            at: month_later,
            body: Vec::new(),
        };
        store.snapshot(saved, floor(month_later), true, EntryNo(acknowledged))
    };
    assert_eq!(snapshot(0).await.await.unwrap().unwrap().oldest, EntryNo(1));
    assert_eq!(snapshot(4).await.await.unwrap().unwrap().oldest, EntryNo(5));
    assert_eq!(
        snapshot(10).await.await.unwrap().unwrap().oldest,
        EntryNo(10),
        "the last one stays"
    );
    let next = store.append(vec![entry(11)]).await.await.unwrap().unwrap();
    assert_eq!(next.number, EntryNo(11));
}

#[tokio::test]
async fn a_new_journal_says_again_what_the_controller_may_lack() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    with_entries(&path, 1..=6).await;
    let (store, writer) = opened(&path).await.start();
    let journal = JournalId::from_bytes([8; 16]);
    let new = NewJournal {
        journal,
        after: EntryNo(2),
        before: Some(EntryNo(6)),
        snapshot: Vec::new(),
        at: NOON,
    };
    let end = store.new_journal(new).await.await.unwrap().unwrap();
    assert_eq!(end.number, EntryNo(3), "3, 4 and 5 of the old one");
    let read = store.read(EntryNo(1)..=EntryNo(9)).await.unwrap();
    assert_eq!(read[0].previous, Mark::start(journal).chain);
    assert_eq!(
        read.iter().map(|entry| entry.at).collect::<Vec<_>>(),
        [3, 4, 5].map(|n| NOON.plus_secs(n))
    );
    drop(store);
    writer.await.unwrap();
    let again = opened(&path).await;
    assert_eq!(
        (again.about().journal, again.about().resynced),
        (journal, false)
    );
}
