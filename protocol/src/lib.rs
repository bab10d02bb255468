//! What the agent and the controller must agree on: ids, money, plans, tickets, grants, series codes, messages, frames and the
//! session that carries them; and how the portal looks, which one serves and the other shows to owners.
//!
//! This crate opens no socket, reads no clock and draws no random number: time and randomness are arguments, bytes come in and go
//! out. Both programs run the same code on both ends of the link, and the same generated tests hold it.

#![warn(clippy::wildcard_enum_match_arm)]

pub mod clock;
pub mod enrol;
pub mod frame;
pub mod grant;
pub mod ids;
pub mod message;
pub mod money;
mod numbered;
pub mod plan;
pub mod portal;
pub mod receipt;
pub mod seal;
pub mod session;
pub mod ticket;
pub mod token;
