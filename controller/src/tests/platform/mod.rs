//! The platform's own affairs: its staff's pages, scheduled work, backups, what monitors ask.

pub(super) mod admin;
mod backup;
mod health;
pub(super) mod losses;
mod retention;
pub(super) mod tasks;
mod view_as;

use super::*;
