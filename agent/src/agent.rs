//! The thread everything meets on: one enum of all that can happen, one match. It feeds the core and carries out what the core
//! commands; it decides nothing itself.

use tokio::sync::oneshot;

use crate::core::portal::{Ask, Said};

/// One question of the portal with the way back. Dropping it unanswered tells the portal that the agent is stopping.
#[derive(Debug)]
pub struct PortalAsk {
    /// What is asked.
    pub ask: Ask,
    /// Where the answer goes; it is sent once everything the answer says is on disk.
    pub answer: oneshot::Sender<Said>,
}
