//! What a page shows of tickets: how far the log-in has come, what is left, and the code to keep.

use mnara_protocol::portal::{Html, Words, data};
use mnara_protocol::ticket::Status;

use super::super::state::{Situation, is_running, time_left};
use super::{Place, View};
use crate::core::portal::{Device, Home, TicketView};

/// What is the case with a ticket, and more about it.
pub(super) fn heading(words: &Words, ticket: &TicketView) -> (&'static str, &'static str) {
    match ticket.status {
        Status::Used if ticket.trial => return (words.trial_over, words.trial_over_more),
        Status::Used => return (words.used_up, words.used_up_more),
        Status::Expired => return (words.expired, words.expired_more),
        Status::Revoked => return (words.revoked, words.revoked_more),
        Status::Active => {}
    }
    let started = is_running(ticket);
    match Situation::of_ticket(ticket) {
        Situation::Online => (words.online, ""),
        Situation::Connecting if started => (words.reconnecting, words.reconnecting_more),
        Situation::Connecting if ticket.bought => (words.paid_connecting, words.not_started),
        Situation::Connecting => (words.connecting, words.not_started),
        Situation::Waiting if started => (words.waits, words.router_gone),
        Situation::Waiting if ticket.bought => (words.paid_waits, words.router_waits),
        Situation::Waiting => (words.waits, words.router_waits),
        _ if ticket.paused => (words.paused, words.paused_more),
        _ => (words.not_here, words.not_here_more),
    }
}

impl View<'_> {
    /// The ticket of this device.
    pub(super) fn ticket(&self, page: &mut Html, words: &Words, ticket: &TicketView) {
        let (what, more) = heading(words, ticket);
        let is = Situation::of_ticket(ticket);
        let class = match is {
            Situation::Ended | Situation::NotHere => "<section role=\"status\"><h2>",
            Situation::Connecting | Situation::Waiting => {
                "<section class=\"news moving\" role=\"status\" aria-live=\"polite\"><h2>"
            }
            _ => "<section class=\"news\" role=\"status\" aria-live=\"polite\"><h2>",
        };
        page.raw(class).raw(what).raw("</h2>");
        if !more.is_empty() {
            page.raw("<p>").raw(more).raw("</p>");
        }
        match is {
            Situation::Online => {
                page.raw("<p><a class=\"button\" rel=\"noreferrer\" href=\"")
                    .text(self.outside)
                    .raw("\">")
                    .raw(words.go_on)
                    .raw("</a></p>");
                // What went wrong with a payment is not to vanish unread.
                if self.place == Place::Online && self.standing_trouble(Some(is)).is_none() {
                    self.leaving(page, words);
                }
                left(page, words, ticket);
                if self.place == Place::Online {
                    self.link(page, Place::Status, words.see_status, "button quiet");
                }
            }
            Situation::Connecting | Situation::Waiting => {
                if ticket.late {
                    page.raw("<p>").raw(words.late).raw("</p>");
                    self.help(page, words);
                }
                page.raw("<p>").raw(words.updates_itself).raw("</p>");
                self.link(page, Place::Wait, words.refresh, "button quiet");
            }
            Situation::NotHere => {
                left(page, words, ticket);
                self.use_here(page, words, ticket);
            }
            _ => {}
        }
        page.raw("</section>");
        // Nobody is to carry a trial to another phone.
        if !ticket.trial
            && matches!(
                is,
                Situation::Online | Situation::Connecting | Situation::Waiting
            )
        {
            keep(page, words, ticket, words.your_ticket);
        }
        if is == Situation::Online && self.place != Place::Online {
            self.log_out(page, words);
        }
    }

    /// What a phone's sign-in window does by itself: it closes only once it has seen the internet, and not everybody presses the button.
    /// The script shows it, and only there.
    fn leaving(&self, page: &mut Html, words: &Words) {
        page.raw("<div id=\"leaving\" data-secs=\"20\" data-to=\"")
            .text(self.outside)
            .raw("\" hidden><p>")
            .raw(words.leaving)
            .raw("</p><button type=\"button\" class=\"quiet\">")
            .raw(words.stay)
            .raw("</button></div>");
    }

    /// Tickets that begin when the one in use ends, or that the device gave back.
    pub(super) fn next_tickets(&self, page: &mut Html, words: &Words, home: &Home) {
        for ticket in &home.waiting {
            if ticket.held {
                keep(page, words, ticket, words.next_ticket);
            } else {
                self.ticket(page, words, ticket);
            }
        }
    }

    /// The page with nothing but what is to be kept.
    pub(super) fn kept_tickets(&self, page: &mut Html, words: &Words, home: &Home) {
        if let Some(ticket) = home
            .ticket
            .as_ref()
            .filter(|ticket| ticket.status == Status::Active)
        {
            keep(page, words, ticket, words.your_ticket);
        }
        self.next_tickets(page, words, home);
        self.link(page, Place::Status, words.see_status, "button quiet");
    }

    /// The page with what is left.
    pub(super) fn status(&self, page: &mut Html, words: &Words, home: &Home, is: Situation) {
        if let Some(ticket) = &home.ticket {
            let (what, more) = heading(words, ticket);
            page.raw("<section class=\"news\" role=\"status\" aria-live=\"polite\"><h2>")
                .raw(what)
                .raw("</h2>");
            if !more.is_empty() {
                page.raw("<p>").raw(more).raw("</p>");
            }
            plan(page, words, ticket);
            left(page, words, ticket);
            if Situation::of_ticket(ticket) == Situation::NotHere {
                self.use_here(page, words, ticket);
            }
            if ticket.status == Status::Active && !ticket.trial {
                self.link(page, Place::Ticket, words.see_ticket, "button quiet");
            }
            self.link(page, Place::Home, words.buy_more, "button quiet");
            page.raw("</section>");
        }
        self.next_tickets(page, words, home);
        if home.device != Device::RouterAway
            && matches!(
                is,
                Situation::Online | Situation::Connecting | Situation::Waiting
            )
        {
            self.log_out(page, words);
        }
    }

    /// The button that has a ticket serve this device.
    fn use_here(&self, page: &mut Html, words: &Words, ticket: &TicketView) {
        if ticket.code_shown.is_empty() {
            return;
        }
        self.form(page, "/portal/code");
        page.raw("<input type=\"hidden\" name=\"code\" value=\"")
            .text(&ticket.code_shown)
            .raw("\"><button>")
            .raw(words.use_here)
            .raw("</button></form>");
    }

    fn log_out(&self, page: &mut Html, words: &Words) {
        page.raw("<section>");
        self.form(page, "/portal/logout");
        page.raw("<p id=\"log-out\">")
            .raw(words.log_out_more)
            .raw("</p><button class=\"quiet\" aria-describedby=\"log-out\">")
            .raw(words.log_out)
            .raw("</button></form></section>");
    }
}

/// What is left of a ticket.
fn left(page: &mut Html, words: &Words, ticket: &TicketView) {
    let time = if is_running(ticket) || ticket.paused {
        words.time_left
    } else {
        words.time_given
    };
    let places = format!("{} {} {}", ticket.devices_used, words.of, ticket.devices);
    // The script writes here every few seconds, and a screen reader would read the whole section out again.
    page.raw("<dl class=\"left\" aria-live=\"off\">");
    // Of what the device holds the script renews them, and that is one.
    let (time_at, data_at) = if ticket.held {
        ("<dd id=\"time\">", "<dd id=\"data\">")
    } else {
        ("<dd>", "<dd>")
    };
    if let Some(left) = time_left(ticket, words) {
        row(page, time, time_at, &left);
    }
    if let Some(left) = ticket.left.bytes.map(data) {
        row(page, words.data_left, data_at, &left);
    }
    row(page, words.devices, "<dd>", &places);
    page.raw("</dl>");
}

fn row(page: &mut Html, name: &'static str, begin: &'static str, value: &str) {
    page.raw("<div><dt>")
        .raw(name)
        .raw("</dt>")
        .raw(begin)
        .text(value)
        .raw("</dd></div>");
}

fn plan(page: &mut Html, words: &Words, ticket: &TicketView) {
    page.raw("<p>");
    if ticket.trial {
        page.raw(words.free_trial).raw(" · ");
    } else if !ticket.plan_name.is_empty() {
        page.text(&ticket.plan_name).raw(" · ");
    }
    page.text(&words.terms(&ticket.terms)).raw("</p>");
}

/// A ticket as a person keeps it.
fn keep(page: &mut Html, words: &Words, ticket: &TicketView, title: &'static str) {
    page.raw("<section class=\"ticket\"><h2>")
        .raw(title)
        .raw("</h2>");
    plan(page, words, ticket);
    if !ticket.code_shown.is_empty() && !ticket.trial {
        page.raw("<p class=\"code\">")
            .text(&ticket.code_shown)
            .raw("</p><dl class=\"login\">");
        row(page, words.username, "<dd>", ticket.username.reveal());
        row(page, words.password, "<dd>", ticket.password.reveal());
        page.raw("</dl><p>").raw(words.keep).raw("</p>");
    }
    page.raw("</section>");
}
