//! The one test binary: every flow is a module of it, so the workspace links once.
mod access_loop;
#[cfg(test)]
mod doctor;
// Only tests, which clippy cannot tell of a module it does not see marked so.
#[cfg(test)]
mod flows;
#[cfg(test)]
mod mail_sender;
#[cfg(test)]
mod pages;
mod sim_daraja;
mod sim_pesapal;
mod sim_routeros;
mod sim_sms;
mod sim_smtp;
mod tidy;
