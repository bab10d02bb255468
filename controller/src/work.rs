//! Every kind of job, in one table. A handler is named here and written in its slice.

use std::time::Duration;

use crate::jobs::Work;
use crate::providers::log_in::reset;
use crate::providers::mail;
use crate::{fleet, payments, tickets};

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
    // A letter says itself until when it is worth trying; ten minutes apart that is never as often.
    Work {
        kind: mail::SEND,
        run: mail::send,
        lease: Duration::from_secs(120),
        attempts: 600,
    },
    Work {
        kind: reset::LOOK_UP,
        run: reset::look_up,
        lease: Duration::from_secs(60),
        attempts: 50,
    },
];
