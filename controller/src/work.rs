//! Every kind of job, in one table. A handler is named here and written in its slice.

use std::time::Duration;

use crate::jobs::tasks::Task;
use crate::jobs::{Lane, Work};
use crate::providers::log_in::{reset, tidy};
use crate::providers::{admission, mail, sms};
use crate::reports::{books, days, mailed, summary};
use crate::{admin, api, audit, fleet, payments, subscriptions, tickets, webhooks};

/// Scheduled work, of which there is always one job.
pub const TASKS: &[Task] = &[
    Task {
        kind: audit::chain::CHAIN,
        every: Duration::from_secs(60),
        what: "seals what people did together with all before it",
    },
    Task {
        kind: admin::outages::WATCH,
        every: Duration::from_secs(60),
        what: "notes which sites are away",
    },
    Task {
        kind: admin::notices::TELL,
        every: Duration::from_secs(60),
        what: "tells people what happened to their business",
    },
    Task {
        kind: tidy::TIDY,
        every: Duration::from_secs(3_600),
        what: "forgets log-ins, links and letters that ended",
    },
    Task {
        kind: summary::SUMMARY,
        every: Duration::from_secs(86_400),
        what: "mails how the day went, at eight in the evening in Nairobi",
    },
    Task {
        kind: days::ADD_UP,
        every: Duration::from_secs(300),
        what: "adds up the days of reports that are over",
    },
    Task {
        kind: books::CHECK,
        every: Duration::from_secs(300),
        what: "compares the books of businesses with their payments, each once an hour",
    },
    Task {
        kind: subscriptions::lapse::TEND,
        every: Duration::from_secs(60),
        what: "reminds businesses of what they pay, and closes and opens sales by it",
    },
    Task {
        kind: tickets::expire::EXPIRE,
        every: Duration::from_secs(300),
        what: "writes which tickets ran out or were not used in time",
    },
    Task {
        kind: payments::silent::SWEEP,
        every: Duration::from_secs(300),
        what: "sees that every payment that waits is asked about",
    },
    Task {
        kind: mailed::MONTH,
        every: Duration::from_secs(86_400),
        what: "mails how the last month went, in the first days of a month",
    },
    Task {
        kind: admin::credentials::AGE,
        every: Duration::from_secs(86_400),
        what: "reminds owners, and the platform's staff of its own, of keys that are more than a year old",
    },
    Task {
        kind: admin::reseal::RESEAL,
        every: Duration::from_secs(3_600),
        what: "seals what is stored anew after a change of ENCRYPTION_KEY",
    },
    Task {
        kind: admin::retention::FORGET,
        every: Duration::from_secs(3_600),
        what: "takes away what is kept for a stated time only",
    },
];

/// The table.
pub const WORK: &[Work] = &[
    Work {
        kind: audit::chain::CHAIN,
        run: audit::chain::tend,
        lease: Duration::from_secs(120),
        attempts: i32::MAX,
        lane: Lane::Ours,
    },
    Work {
        kind: admin::outages::WATCH,
        run: admin::outages::tend,
        lease: Duration::from_secs(60),
        attempts: i32::MAX,
        lane: Lane::Ours,
    },
    Work {
        kind: fleet::enrol::REFRESH,
        run: tickets::refresh::refresh,
        lease: Duration::from_secs(60),
        attempts: 50,
        lane: Lane::Ours,
    },
    Work {
        kind: sms::TELL_SITES,
        run: tickets::refresh::refresh_all,
        lease: Duration::from_secs(60),
        attempts: 50,
        lane: Lane::Ours,
    },
    Work {
        kind: payments::callback::SETTLE,
        run: payments::settlement::settle,
        lease: Duration::from_secs(60),
        attempts: 50,
        lane: Lane::Ours,
    },
    Work {
        kind: payments::outage::TRY_AGAIN,
        run: payments::outage::again,
        lease: Duration::from_secs(90),
        attempts: 20,
        lane: Lane::Ours,
    },
    Work {
        kind: payments::question::ASK,
        run: payments::sweep::ask,
        lease: Duration::from_secs(90),
        attempts: 50,
        lane: Lane::Questions,
    },
    Work {
        kind: subscriptions::ask::ASK,
        run: subscriptions::ask::ask,
        lease: Duration::from_secs(90),
        attempts: i32::MAX,
        lane: Lane::Questions,
    },
    Work {
        kind: subscriptions::recurring::ASK,
        run: subscriptions::recurring::ask,
        lease: Duration::from_secs(90),
        attempts: i32::MAX,
        lane: Lane::Questions,
    },
    Work {
        kind: api::once::FORGET,
        run: api::once::forget,
        lease: Duration::from_secs(60),
        attempts: 50,
        lane: Lane::Ours,
    },
    Work {
        kind: webhooks::WATCH,
        run: fleet::news::watch,
        lease: Duration::from_secs(60),
        attempts: 50,
        lane: Lane::Ours,
    },
    Work {
        kind: webhooks::SEND,
        run: webhooks::send::send,
        lease: Duration::from_secs(180),
        attempts: 50,
        lane: Lane::News,
    },
    // A letter says itself until when it is worth trying; ten minutes apart that is never as often.
    Work {
        kind: mail::SEND,
        run: mail::send,
        lease: Duration::from_secs(120),
        attempts: 600,
        lane: Lane::Mail,
    },
    // As letters, though a text that waits for somebody's money is tried often at first.
    Work {
        kind: sms::SEND,
        run: sms::send,
        lease: Duration::from_secs(120),
        attempts: 600,
        lane: Lane::Texts,
    },
    Work {
        kind: admin::notices::TELL,
        run: admin::notices::tell_all,
        lease: Duration::from_secs(60),
        attempts: i32::MAX,
        lane: Lane::Ours,
    },
    Work {
        kind: admission::TELL,
        run: admin::sign_ups::tell,
        lease: Duration::from_secs(60),
        attempts: 50,
        lane: Lane::Ours,
    },
    Work {
        kind: tidy::TIDY,
        run: tidy::tidy,
        lease: Duration::from_secs(60),
        attempts: i32::MAX,
        lane: Lane::Ours,
    },
    Work {
        kind: summary::SUMMARY,
        run: summary::send,
        lease: Duration::from_secs(300),
        attempts: i32::MAX,
        lane: Lane::Ours,
    },
    Work {
        kind: days::ADD_UP,
        run: days::tend,
        lease: Duration::from_secs(300),
        attempts: i32::MAX,
        lane: Lane::Ours,
    },
    Work {
        kind: books::CHECK,
        run: books::tend,
        lease: Duration::from_secs(300),
        attempts: i32::MAX,
        lane: Lane::Ours,
    },
    Work {
        kind: subscriptions::lapse::TEND,
        run: subscriptions::lapse::tend,
        lease: Duration::from_secs(300),
        attempts: i32::MAX,
        lane: Lane::Ours,
    },
    Work {
        kind: tickets::expire::EXPIRE,
        run: tickets::expire::expire,
        lease: Duration::from_secs(300),
        attempts: i32::MAX,
        lane: Lane::Ours,
    },
    Work {
        kind: payments::silent::SWEEP,
        run: payments::silent::tend,
        lease: Duration::from_secs(120),
        attempts: i32::MAX,
        lane: Lane::Ours,
    },
    Work {
        kind: mailed::MONTH,
        run: mailed::send,
        lease: Duration::from_secs(900),
        attempts: i32::MAX,
        lane: Lane::Ours,
    },
    Work {
        kind: admin::credentials::AGE,
        run: admin::credentials::remind,
        lease: Duration::from_secs(300),
        attempts: i32::MAX,
        lane: Lane::Ours,
    },
    Work {
        kind: admin::reseal::RESEAL,
        run: admin::reseal::tend,
        lease: Duration::from_secs(300),
        attempts: i32::MAX,
        lane: Lane::Ours,
    },
    Work {
        kind: admin::retention::FORGET,
        run: admin::retention::forget,
        lease: Duration::from_secs(120),
        attempts: i32::MAX,
        lane: Lane::Ours,
    },
    Work {
        kind: reset::LOOK_UP,
        run: reset::look_up,
        lease: Duration::from_secs(60),
        attempts: 50,
        lane: Lane::Ours,
    },
];
