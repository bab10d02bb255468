//! The one test binary: every flow is a module of it, so the workspace links once.
mod sim_daraja;
mod sim_routeros;
mod tidy;
