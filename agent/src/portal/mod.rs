//! The captive portal: the pages a phone sees before and while it is online. It asks the agent and shows what it is told; who the phone
//! is, is its TCP peer address and nothing the browser says.

mod form;
mod pages;
mod serve;
mod state;
mod trouble;

use tokio::sync::oneshot;

use crate::core::portal::{Ask, Said};

pub use serve::{Settings, serve};

/// One question of the portal with the way back. Dropping it unanswered tells the portal that the agent is stopping.
#[derive(Debug)]
pub struct PortalAsk {
    /// What is asked.
    pub ask: Ask,
    /// Where the answer goes; it is sent once everything the answer says is on disk.
    pub answer: oneshot::Sender<Said>,
}

#[cfg(test)]
mod tests;
