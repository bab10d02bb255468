//! Vouchers on the provider's pages: making a series with its risk in sight, printing, finding, the story of one, and what can be done
//! with it.

use mnara_protocol::ids::TicketId;
use mnara_protocol::message::{Command, Printed, Report};
use mnara_protocol::ticket::code::TicketCode;

use super::*;
use crate::pdf::tests::streams;
use crate::providers::staff::roles::Role;
use crate::tests::browser::{Browser, PASSWORD};
use crate::tests::pages::doors::member;
use crate::tests::sites::reports::Site;
use crate::tickets::series::Printout;

mod acting;
mod making;
mod printing;
mod stories;

/// The form of a series of the first business, with some fields filled in otherwise.
fn form<'a>(
    fields: &[(&'a str, &'a str)],
    changed: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let value = |name| changed.iter().find(|(field, _)| *field == name);
    fields
        .iter()
        .map(|(name, old)| (*name, value(*name).map_or(*old, |(_, new)| new)))
        .collect()
}

/// What stands in a hidden or shown field of a page.
fn field(page: &str, name: &str) -> String {
    let (_, rest) = page
        .split_once(&format!("name=\"{name}\" value=\""))
        .unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

fn shown(printed: &Printout) -> Vec<String> {
    printed
        .tickets
        .iter()
        .map(|ticket| ticket.code.shown())
        .collect()
}
