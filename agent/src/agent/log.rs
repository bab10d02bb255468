//! What happened, for whoever reads the log.

use mnara_protocol::message::Fact;

/// One line for each thing that happened, without codes, phones or secrets.
pub(super) fn fact(fact: &Fact) {
    match fact {
        Fact::Redeemed(fact) => {
            tracing::info!(ticket.id = %fact.ticket, device = %fact.mac, first = fact.first, cut_off = fact.cut_off, "a code was used");
        }
        Fact::Granted(fact) => {
            tracing::info!(ticket.id = %fact.ticket, device = %fact.mac, step = ?fact.step, "a grant moved on");
        }
        Fact::Tried(fact) => {
            tracing::info!(ticket.id = %fact.ticket, device = %fact.mac, cut_off = fact.cut_off, "a device tries for nothing");
        }
        Fact::Ended(fact) => {
            tracing::info!(ticket.id = %fact.ticket, reason = ?fact.reason, "a ticket ended");
        }
        Fact::Paused(fact) => {
            tracing::info!(ticket.id = %fact.ticket, "a ticket's clock is held");
        }
        Fact::Resumed(fact) => {
            tracing::info!(ticket.id = %fact.ticket, "a held ticket runs on");
        }
        Fact::Released(fact) => {
            tracing::info!(ticket.id = %fact.ticket, device = %fact.mac, "a device gave its place back");
        }
        Fact::Health(fact) => {
            tracing::info!(event = ?fact.event, value = fact.value, "health");
        }
        Fact::Drift(fact) => {
            tracing::warn!(
                repairs = fact.repairs,
                "the router was not as it had been left"
            );
        }
        Fact::Metered(fact) => {
            tracing::debug!(ticket.id = %fact.ticket, over = fact.over, "a session was read");
        }
    }
}
