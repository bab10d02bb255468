//! The platform's own affairs: its staff's pages, scheduled work, backups, what monitors ask.

pub(super) mod admin;
mod backup;
mod health;
pub(super) mod losses;
pub(super) mod tasks;
mod view_as;

use super::*;
