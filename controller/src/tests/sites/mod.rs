//! Sites and their agents: enrolment, the link, what goes down and what comes up, and what stands on a router.

mod closing;
pub(super) mod commands;
mod enrol;
mod feed;
mod firmware;
mod identity;
pub(super) mod link;
mod lists;
mod page;
pub(super) mod reports;

use super::*;
