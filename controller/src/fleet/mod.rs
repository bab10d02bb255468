//! The fleet: sites, their agents and the link to them. It moves bytes: what a feed row or a journal entry means is for the slices
//! that own it.

mod alarm;
pub mod api;
pub mod close;
pub mod command;
pub mod create;
pub mod dispatch;
pub mod enrol;
pub mod feed;
pub mod firmware;
pub mod hub;
pub mod identity;
pub mod ingest;
pub mod link;
pub mod news;
pub mod pages;
pub mod presence;
pub mod restored;
pub mod rotate;
pub mod sample;
pub(crate) mod socket;
pub mod store;
mod take_over;
pub mod upgrade;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{ProviderId, SiteId};

/// One place with one hotspot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its id.
    pub id: SiteId,
    /// Whose it is.
    pub provider: ProviderId,
    /// What its owner calls it.
    pub name: String,
    /// When it was closed for good.
    pub closed: Option<Timestamp>,
}
