//! The controller's commands: what they do here. What is state comes by the feed, not as a command.

use super::*;

impl Core {
    pub(super) fn commanded(&mut self, command: &Command, now: Now, out: &mut Commands) {
        let (id, expires) = match command {
            Command::Kick(kick) => (kick.id, kick.expires),
            Command::Diagnose(diagnose) => (diagnose.id, diagnose.expires),
        };
        if self.done.contains(&id) {
            out.reports.push((id, true));
            return;
        }
        if expires < now.at {
            out.reports.push((id, false));
            return;
        }
        if self.done.len() == COMMANDS_KEPT {
            self.done.pop_front();
        }
        self.done.push_back(id);
        match command {
            Command::Kick(kick) => {
                let macs: Vec<Mac> = self
                    .state
                    .tickets
                    .find(kick.ticket)
                    .map(|known| known.ticket.slots().iter().map(|slot| slot.mac).collect())
                    .unwrap_or_default();
                for mac in macs
                    .into_iter()
                    .filter(|mac| kick.mac.is_none_or(|one| one == *mac))
                {
                    self.cut_off(kick.ticket, mac);
                }
                out.router = true;
                out.reports.push((id, true));
            }
            Command::Diagnose(_) => out.diagnose = Some(id),
        }
    }

    /// Keeps a device off until a later look shows that it is.
    pub(super) fn cut_off(&mut self, ticket: TicketId, mac: Mac) {
        let seen = self
            .router
            .seen
            .as_ref()
            .map_or(ObservationNo(0), |seen| seen.number);
        self.cut.insert((ticket, mac), seen);
        self.written.remove(&(ticket, mac));
    }
}
