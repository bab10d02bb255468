//! Every kind of job, in one table. A handler is named here and written in its slice.

use std::time::Duration;

use crate::jobs::Work;
use crate::{api, fleet, payments, tickets, webhooks};

/// The table.
pub const WORK: &[Work] = &[
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
