//! Every kind of job, in one table. A handler is named here and written in its slice.

use std::time::Duration;

use crate::jobs::{Lane, Work};
use crate::providers::log_in::{reset, tidy};
use crate::providers::mail;
use crate::reports::{days, summary};
use crate::{admin, api, audit, fleet, payments, subscriptions, tickets, webhooks};

/// The kinds of which there is always one job, begun at every start.
pub const STANDING: &[&str] = &[
    audit::chain::CHAIN,
    admin::outages::WATCH,
    admin::notices::TELL,
    tidy::TIDY,
    summary::SUMMARY,
    days::ADD_UP,
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
        kind: payments::callback::SETTLE,
        run: payments::callback::settle,
        lease: Duration::from_secs(60),
        attempts: 50,
        lane: Lane::Ours,
    },
    Work {
        kind: payments::sweep::ASK,
        run: payments::sweep::ask,
        lease: Duration::from_secs(90),
        attempts: 50,
        lane: Lane::Ours,
    },
    Work {
        kind: subscriptions::ask::ASK,
        run: subscriptions::ask::ask,
        lease: Duration::from_secs(90),
        attempts: i32::MAX,
        lane: Lane::Ours,
    },
    Work {
        kind: subscriptions::recurring::ASK,
        run: subscriptions::recurring::ask,
        lease: Duration::from_secs(90),
        attempts: i32::MAX,
        lane: Lane::Ours,
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
    Work {
        kind: admin::notices::TELL,
        run: admin::notices::tell_all,
        lease: Duration::from_secs(60),
        attempts: i32::MAX,
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
        kind: reset::LOOK_UP,
        run: reset::look_up,
        lease: Duration::from_secs(60),
        attempts: 50,
        lane: Lane::Ours,
    },
];
