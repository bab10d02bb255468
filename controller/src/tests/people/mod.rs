//! People: how they come to have a log-in, get in, get back in, and look after what is theirs.

mod account;
mod admission;
mod invitations;
mod lockout;
mod owners;
mod pages;
pub(super) mod passkeys;
mod reset;
mod set_up;

use super::*;
