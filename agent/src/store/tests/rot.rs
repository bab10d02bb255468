//! What a rotten, torn or full disk does to the store, and what it does not.

use super::*;

/// A kill leaves the file and its log as they are at that moment; a power cut may cut the log's tail at any byte.
#[tokio::test]
async fn whatever_of_the_log_is_torn_off_what_is_left_is_a_whole_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let (store, writer) = opened(&path).await.start();
    let mut marks = vec![Mark::start(fresh().journal)];
    for n in 1..=12 {
        marks.push(store.append(vec![entry(n)]).await.await.unwrap().unwrap());
    }
    // The files as a kill leaves them, with the writer still holding them.
    let file = std::fs::read(&path).unwrap();
    let log = std::fs::read(folder.path().join("store-wal")).unwrap();
    drop(store);
    writer.await.unwrap();

    let whole = |log: &[u8], name: &str| {
        let copy = folder.path().join(name);
        std::fs::write(&copy, &file).unwrap();
        std::fs::write(folder.path().join(format!("{name}-wal")), log).unwrap();
        copy
    };
    let killed = opened(&whole(&log, "killed")).await;
    assert_eq!(
        killed.about().last,
        *marks.last().unwrap(),
        "a kill loses nothing answered"
    );
    let mut lengths = Vec::new();
    for cut in (0..log.len()).step_by(log.len() / 40 + 1) {
        let name = format!("cut{cut}");
        let path = whole(&log[..cut], &name);
        match Opened::open(&path, fresh()).await {
            Ok(mut torn) => {
                let last = torn.about().last;
                let place = usize::try_from(last.number.0).unwrap();
                assert_eq!(marks[place], last, "cut at {cut}");
                assert_eq!(load(&mut torn).await.broken_at, None);
                lengths.push(last.number);
            }
            // So much is gone that there is no store yet: nothing had been answered then.
            Err(error) => assert!(lengths.is_empty(), "cut at {cut}: {error}"),
        }
    }
    assert!(lengths.is_sorted());
    assert!(lengths.iter().any(|last| last.0 > 0 && last.0 < 12));
}

#[tokio::test]
async fn rot_in_the_snapshot_or_the_journal_is_seen_and_what_is_whole_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    lived(&path).await;
    let mut rotten = opened(&path).await;
    sqlx::query("UPDATE snapshot SET body = zeroblob(length(body))")
        .execute(rotten.connection())
        .await
        .unwrap();
    let loaded = load(&mut rotten).await;
    assert!(
        loaded.core.needs_resync(),
        "facts are taken back from the controller"
    );
    drop(rotten);

    let path = folder.path().join("other");
    with_entries(&path, 1..=5).await;
    let mut rotten = opened(&path).await;
    sqlx::query("UPDATE journal SET body = x'a0' WHERE number = 3")
        .execute(rotten.connection())
        .await
        .unwrap();
    let loaded = load(&mut rotten).await;
    assert!(loaded.core.needs_resync());
    assert!(
        loaded
            .broken_at
            .is_some_and(|broken| broken.0 == 3 || broken.0 == 4)
    );
}

#[tokio::test]
async fn a_rotten_row_is_left_aside_and_the_feed_is_asked_for_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    lived(&path).await;
    let mut rotten = opened(&path).await;
    sqlx::query("UPDATE feed SET body = zeroblob(length(body))")
        .execute(rotten.connection())
        .await
        .unwrap();
    sqlx::query("UPDATE meta SET cursor_revision = 7")
        .execute(rotten.connection())
        .await
        .unwrap();
    drop(rotten);
    let mut again = opened(&path).await;
    assert_eq!(again.about().cursor.revision, Revision(7));
    let loaded = load(&mut again).await;
    assert!(!loaded.core.needs_resync(), "what happened here is whole");
    assert_eq!(again.about().cursor, FeedCursor::default());
    drop(again);
    assert_eq!(opened(&path).await.about().cursor, FeedCursor::default());
}

/// A power cut while a snapshot takes the place of the one before: one of the two is there, whole, with the entries after it.
#[tokio::test]
async fn a_cut_while_snapshots_change_leaves_the_old_or_the_new() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let (core, _) = lived(&path).await;
    let file = std::fs::read(&path).unwrap();
    let (store, writer) = opened(&path).await.start();
    let saved = Saved {
        at: NOON.plus_secs(60),
        body: core.snapshot(),
    };
    store
        .snapshot(saved, floor(NOON.plus_secs(60)), true, EntryNo(1))
        .await
        .await
        .unwrap()
        .unwrap();
    let log = std::fs::read(folder.path().join("store-wal")).unwrap();
    drop(store);
    writer.await.unwrap();
    let mut floors = Vec::new();
    for cut in (0..=log.len()).step_by(97).chain([log.len()]) {
        let copy = folder.path().join(format!("cut{cut}"));
        std::fs::write(&copy, &file).unwrap();
        std::fs::write(folder.path().join(format!("cut{cut}-wal")), &log[..cut]).unwrap();
        let mut torn = opened(&copy).await;
        floors.push(torn.about().floor.time);
        let loaded = load(&mut torn).await;
        assert_eq!(loaded.broken_at, None, "cut at {cut}");
        assert_eq!(loaded.core.snapshot(), core.snapshot(), "cut at {cut}");
    }
    assert_eq!(floors.first(), Some(&NOON));
    assert_eq!(floors.last(), Some(&NOON.plus_secs(60)));
}

/// What a flush failed to write is not written by the next one, so the log is folded before anything is believed.
#[tokio::test]
async fn a_store_opened_after_a_failure_has_all_of_its_log_in_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let (store, writer) = opened(&path).await.start();
    let end = store.append(vec![entry(1)]).await.await.unwrap().unwrap();
    let log = std::fs::read(folder.path().join("store-wal")).unwrap();
    let file = std::fs::read(&path).unwrap();
    drop(store);
    writer.await.unwrap();
    let copy = folder.path().join("failed");
    std::fs::write(&copy, &file).unwrap();
    std::fs::write(folder.path().join("failed-wal"), &log).unwrap();
    let mut failed = opened(&copy).await;
    failed.prove().await.unwrap();
    // The file alone, as if the log had never reached the disk.
    let bare = folder.path().join("bare");
    std::fs::copy(&copy, &bare).unwrap();
    assert_eq!(opened(&bare).await.about().last, end);
}

/// A disk that is full is played by a limit on the file's pages.
#[tokio::test]
async fn a_full_disk_answers_no_one_and_what_was_answered_is_there_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let mut small = opened(&path).await;
    sqlx::query("PRAGMA max_page_count = 40")
        .execute(small.connection())
        .await
        .unwrap();
    let (store, writer) = small.start();
    let big = |n: i64| NewEntry {
        body: vec![0; 4_000],
        ..entry(n)
    };
    let mut answered = Mark::start(fresh().journal);
    let mut refused = false;
    for n in 1..=200 {
        match store.append(vec![big(n)]).await.await {
            Ok(Ok(mark)) => {
                assert!(!refused, "nothing is taken after a failed write");
                answered = mark;
            }
            Ok(Err(Closed)) | Err(_) => refused = true,
        }
    }
    assert!(refused);
    assert_eq!(writer.await.unwrap(), Ended::Closed);
    assert_eq!(store.read(EntryNo(1)..=EntryNo(1)).await, Err(Closed));
    assert_eq!(opened(&path).await.about().last, answered);
}

#[tokio::test]
async fn what_is_no_store_is_called_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    std::fs::write(&path, vec![0x5a; 8192]).unwrap();
    assert!(matches!(
        Opened::open(&path, fresh()).await,
        Err(StoreError::Damaged(_))
    ));
}

/// Zeros in the place of the second page of a kind, as worn flash or a power cut leaves them.
fn wipe(path: &Path, is_it: impl Fn(&[u8]) -> bool) {
    let mut file = std::fs::read(path).unwrap();
    let mut pages = file.chunks_exact_mut(512).filter(|page| is_it(page));
    pages.nth(1).unwrap().fill(0);
    std::fs::write(path, file).unwrap();
}

#[tokio::test]
async fn a_page_of_zeros_closes_the_store_for_whoever_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let (store, writer) = opened(&path).await.start();
    let big = NewEntry {
        body: vec![0xab; 4_000],
        ..entry(1)
    };
    for new in [big, entry(2)] {
        store.append(vec![new]).await.await.unwrap().unwrap();
    }
    drop(store);
    writer.await.unwrap();
    // Opening comes by the beginning of an entry only; this is a page of what follows.
    wipe(&path, |page| page[4..].iter().all(|byte| *byte == 0xab));
    let (store, writer) = opened(&path).await.start();
    assert_eq!(store.read(EntryNo(1)..=EntryNo(2)).await, Err(Closed));
    assert!(
        !matches!(
            store.append(vec![entry(3)]).await.await,
            Ok(Ok(Mark { .. }))
        ),
        "a damaged store takes something"
    );
    assert_eq!(writer.await.unwrap(), Ended::Damaged);
    // Opened again it looks whole as before, until all of it is looked at.
    assert!(!opened(&path).await.check().await.unwrap());
}

#[tokio::test]
async fn what_a_disk_refuses_is_not_called_damage() {
    let folder = tempfile::tempdir().unwrap();
    let refused = Opened::open(folder.path(), fresh()).await.err().unwrap();
    assert!(!refused.is_damage(), "a folder is no file");
    let mut small = opened(&folder.path().join("store")).await;
    sqlx::query("PRAGMA max_page_count = 1")
        .execute(small.connection())
        .await
        .unwrap();
    let full = sqlx::query("INSERT INTO journal (number, at, kind, body, previous) VALUES (1, 0, 0, zeroblob(9000), zeroblob(32))")
        .execute(small.connection())
        .await
        .unwrap_err();
    assert!(!StoreError::Write(full).is_damage(), "the disk is full");
    let dead = std::io::Error::other("the disk gives nothing");
    let source = sqlx::Error::Io(dead);
    assert!(
        !StoreError::Read {
            what: "journal",
            source
        }
        .is_damage()
    );
}
