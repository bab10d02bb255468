//! The simulated outside: machines and services that speak their real wire on real ports. Not the programs under test.
pub mod daraja;
mod markup;
pub mod pesapal;
pub mod routeros;
mod serve;
pub mod sms;
pub mod smtp;
mod wait;

pub(crate) use markup::escaped;
pub(crate) use serve::serve;
