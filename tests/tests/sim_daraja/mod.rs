//! The simulated Daraja held against the service's documented samples and the behaviour seen from it.
#![expect(
    clippy::unwrap_used,
    reason = "a test that meets the unexpected stops there"
)]
mod c2b;
mod callbacks;
mod chance;
mod control;
mod golden;
mod later;
mod page;
mod phone;
mod program;
mod pull;
mod push;
mod query;
mod tokens;
mod world;
