//! The simulated router held against recorded bytes, the manual and an independent client.
#![expect(
    clippy::unwrap_used,
    reason = "a test that meets the unexpected stops there"
)]
mod api;
mod board;
mod files;
mod hotspot;
mod pages;
mod power;
mod raw;
mod strangers;
mod ways;
