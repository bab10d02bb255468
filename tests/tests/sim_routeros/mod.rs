//! The simulated router held against recorded bytes, the manual and an independent client.
mod api;
mod hotspot;
mod power;
mod raw;
mod strangers;
