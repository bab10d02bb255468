//! Every kind of job, in one table. A handler is named here and written in its slice.

use std::time::Duration;

use crate::jobs::Work;
use crate::{admin, api, audit, fleet, payments, tickets, webhooks};

/// The kinds of which there is always one job, begun at every start.
pub const STANDING: &[&str] = &[audit::chain::CHAIN, admin::outages::WATCH];

/// The table.
pub const WORK: &[Work] = &[
    Work {
        kind: audit::chain::CHAIN,
        run: audit::chain::tend,
        lease: Duration::from_secs(120),
        attempts: i32::MAX,
    },
    Work {
        kind: admin::outages::WATCH,
        run: admin::outages::tend,
        lease: Duration::from_secs(60),
        attempts: i32::MAX,
    },
    Work {
        kind: fleet::enrol::REFRESH,
        run: tickets::refresh::refresh,
        lease: Duration::from_secs(60),
        attempts: 50,
    },
    Work {
        kind: payments::callback::SETTLE,
        run: payments::callback::settle,
        lease: Duration::from_secs(60),
        attempts: 50,
    },
    Work {
        kind: payments::sweep::ASK,
        run: payments::sweep::ask,
        lease: Duration::from_secs(90),
        attempts: 50,
    },
    Work {
        kind: api::once::FORGET,
        run: api::once::forget,
        lease: Duration::from_secs(60),
        attempts: 50,
    },
    Work {
        kind: webhooks::WATCH,
        run: fleet::news::watch,
        lease: Duration::from_secs(60),
        attempts: 50,
    },
    Work {
        kind: webhooks::SEND,
        run: webhooks::send::send,
        lease: Duration::from_secs(180),
        attempts: 50,
    },
];
