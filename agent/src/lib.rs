//! The site program: redeems tickets, keeps the router as it should be, serves the captive portal, and tells the controller what
//! happened. The order of use goes one way: the shell (`cli`, `agent`) uses all, the core uses only what the access loop saw and wants.

pub mod access;
pub mod agent;
pub mod cli;
pub mod clock;
pub mod config;
pub mod core;
pub mod dial;
pub mod doctor;
pub mod enrol;
pub mod health;
pub mod link;
pub mod portal;
pub mod routeros;
pub mod store;

/// The program's name and version, as the controller shows them.
pub const SOFTWARE: &str = concat!("mnara-agent/", env!("CARGO_PKG_VERSION"));
