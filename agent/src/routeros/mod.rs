//! The RouterOS API: the byte codec, the client, and the few value formats the router writes in text. What the answers mean for
//! tickets is in `access`.

pub mod client;
pub mod value;
pub mod wire;

pub use client::{Client, Command, Error, Listen, Query};
pub use wire::Row;
