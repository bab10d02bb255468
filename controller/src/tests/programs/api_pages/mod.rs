//! The pages of a business beside the calls of the API: what people have there, programs have here, or there is a reason why not.

mod table;

use std::collections::BTreeSet;

use self::table::Have::{Calls, Nothing};
use self::table::{CASH, EYES, MONEY, PAGES, PAPER, PEOPLE, SECRETS, TRIAL};
use super::*;
use crate::api::calls;
use crate::api::document::ABOUT;
use crate::providers::gate::Door;

/// Where the README tells of each reason: how the row of its table begins.
const TOLD: &[(&str, &str)] = &[
    (MONEY, "Setting, testing and changing the M-PESA account"),
    (SECRETS, "Making and ending keys"),
    (PEOPLE, "Staff: inviting"),
    (CASH, "The counter: selling for cash"),
    (EYES, "Logos, and previews"),
    (PAPER, "Sheets, PDFs and CSV files"),
    (
        "it leads a person by the hand",
        "How a phone buys, step by step",
    ),
    (
        "a file that a person has is compared by eye",
        "Statements from M-PESA's portal",
    ),
    (
        "the line is run by somebody at the site anyway",
        "The files on a router",
    ),
    (
        "customers see it at once, and it changes once in years",
        "The name of the business",
    ),
    (
        "paid at /api/providers/{id}/pesapal/create-order, with the same keys",
        "Paying Mnara",
    ),
    (TRIAL, "Beginning a trial of Mnara"),
];

#[test]
fn the_description_itself_says_what_is_left_to_people() {
    let told = ABOUT.iter().find(|(title, ..)| *title == "People");
    let (_, told, _) = told.unwrap();
    for left in [
        "the M-PESA account",
        "sending money back",
        "keys, webhooks with their secrets",
        "a line for a site that has an agent",
        "staff",
        "the export of all data",
        "second factor",
        "logos and previews",
        "selling for cash",
    ] {
        assert!(told.contains(left), "{left}: {told}");
    }
}

#[test]
fn every_reason_for_having_no_call_is_told_in_the_readme() {
    let readme = include_str!("../../../../README.md");
    for (_, path, have) in PAGES {
        let Nothing(why) = have else {
            continue;
        };
        let (_, row) = TOLD
            .iter()
            .find(|(reason, _)| reason == why)
            .unwrap_or_else(|| panic!("{path}: {why:?} is told nowhere"));
        assert!(
            readme.contains(&format!("\n| {row}")),
            "{path}: the README has no row {row:?}"
        );
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn every_page_of_a_business_has_its_calls_or_a_reason_to_have_none(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let table = calls(&world.app);
    let known: BTreeSet<String> = table
        .listed()
        .iter()
        .map(|one| format!("{} {}", one.method, one.path))
        .collect();
    let (mut faults, mut rows) = (Vec::new(), BTreeSet::new());
    let mut named = BTreeSet::new();
    for page in routes::pages(&world.app).listed() {
        if !matches!(page.door, Door::Staff(_)) {
            continue;
        }
        let row = PAGES
            .iter()
            .enumerate()
            .filter(|(_, (method, path, have))| {
                let is_there = match have {
                    Calls(_) => page.path == *path,
                    Nothing(_) => page.path.starts_with(*path),
                };
                is_there && (method.is_empty() || page.method == *method)
            })
            .max_by_key(|(_, (_, path, _))| path.len());
        match row {
            Some((at, (_, _, have))) => {
                rows.insert(at);
                match have {
                    Calls(calls) => named.extend(calls.iter().copied()),
                    Nothing(why) => assert!(!why.is_empty()),
                }
            }
            None => faults.push(format!(
                "{} {} is nowhere in the API",
                page.method, page.path
            )),
        }
    }
    for call in &named {
        if !known.contains(*call) {
            faults.push(format!("{call} is no call"));
        }
    }
    for call in &known {
        if !named.contains(call.as_str()) {
            faults.push(format!("{call} is named by no page"));
        }
    }
    for (at, (method, path, _)) in PAGES.iter().enumerate() {
        if !rows.contains(&at) {
            faults.push(format!("{method} {path} is no page any more"));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}
