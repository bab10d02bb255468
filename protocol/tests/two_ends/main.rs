//! Two session ends in one process, in virtual time, over a bad cable, with crashes on both sides, restores of old copies and a naive
//! model of what must come out. Everything is generated from a seed; a failing run names it. Sockets and databases are not here.

#![expect(clippy::unwrap_used, reason = "what fails here should say where")]

mod cable;
mod controller;
mod site;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use world::{Faults, World};

/// Runs one world and names the seed when something in it breaks.
fn run(seed: u64, faults: Faults) -> World {
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let mut world = World::new(seed, faults);
        world.live();
        world
    }));
    match outcome {
        Ok(world) => world,
        Err(cause) => {
            let said = cause
                .downcast_ref::<String>()
                .map_or("", String::as_str)
                .to_owned();
            panic!("seed {seed} with {faults:?}: {said}");
        }
    }
}

#[test]
fn a_good_cable_carries_everything() {
    let mut pipelined = 0;
    for seed in 0..20 {
        let world = run(seed, Faults::NONE);
        let one_by_one = seed % 3 == 0 || seed % 5 == 0;
        assert!(!one_by_one || world.site.pipelined == 0, "seed {seed}");
        pipelined += world.site.pipelined;
        assert_eq!(world.dials, 1, "seed {seed}: one connection is enough");
        assert!(world.site.answers > 0 || world.site.asked == 0);
    }
    assert!(pipelined > 20, "pages followed on each other: {pipelined}");
}

#[test]
fn a_bad_cable_loses_repeats_reorders_damages_and_cuts_and_nothing_is_lost_or_doubled() {
    let mut refused = 0;
    let mut cuts = 0;
    for seed in 1000..1100 {
        let world = run(seed, Faults::CABLE);
        refused += world.refused_frames;
        cuts += world.cuts;
    }
    assert!(refused > 100, "the cable did its worst: {refused}");
    assert!(cuts > 100, "the cable was cut: {cuts}");
}

#[test]
fn either_end_crashes_before_and_after_storing_and_nothing_is_lost_or_doubled() {
    let mut crashes = 0;
    let mut interrupted = 0;
    for seed in 2000..2100 {
        let world = run(seed, Faults::CRASHES);
        crashes += world.crashes;
        interrupted += world.site.interrupted;
    }
    assert!(crashes > 100, "they crashed: {crashes}");
    assert!(interrupted > 0, "with some pages on disk and not told");
}

#[test]
fn a_controller_restored_from_a_backup_is_refilled() {
    let mut restores = 0;
    let mut refilled = 0;
    for seed in 3000..3080 {
        let world = run(seed, Faults::BACKUP);
        restores += world.restores;
        refilled += world.site.restarts;
    }
    assert!(restores > 40, "it was restored: {restores}");
    assert!(refilled > 10, "feeds started over: {refilled}");
}

#[test]
fn an_agent_restored_from_an_old_copy_forks_and_loses_nothing() {
    let mut forks = 0;
    for seed in 4000..4080 {
        forks += run(seed, Faults::OLD_COPY).site.forks;
    }
    assert!(forks > 40, "journals forked: {forks}");
}

#[test]
fn rows_that_went_bad_are_found_and_read_again() {
    let mut rotten = 0;
    let mut restarts = 0;
    for seed in 6000..6060 {
        let world = run(seed, Faults::ROT);
        rotten += world.rotten;
        restarts += world.site.restarts;
    }
    assert!(rotten > 60, "rows went bad: {rotten}");
    assert!(restarts > 30, "feeds started over: {restarts}");
}

#[test]
fn a_dead_line_is_noticed_soon_when_somebody_waits() {
    let mut dead = 0;
    let mut asking = 0;
    for seed in 7000..7080 {
        let world = run(seed, Faults::DEAD_LINES);
        dead += world.dead;
        asking += world.dead_while_asking;
    }
    assert!(dead > 100, "lines died: {dead}");
    assert!(asking > 100, "while somebody waited: {asking}");
}

#[test]
fn everything_at_once() {
    for seed in 5000..5100 {
        run(seed, Faults::ALL);
    }
}

#[test]
fn the_same_seed_gives_the_same_world() {
    let [one, two] = [7, 7].map(|seed| run(seed, Faults::ALL));
    assert!(!one.trace.is_empty());
    assert_eq!(one.trace, two.trace);
    assert_ne!(one.trace, run(8, Faults::ALL).trace);
}
