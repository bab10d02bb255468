//! The controller's commands: what they do here. What is state comes by the feed, not as a command.

use mnara_protocol::message::KickCommand;

use super::*;

impl Core {
    pub(super) fn commanded(&mut self, command: &Command, now: Now, out: &mut Commands) {
        match command {
            Command::Kick(kick) => {
                if self.is_news(kick.id, kick.expires, now, out) {
                    self.kick(kick, out);
                }
            }
            Command::Diagnose(ask) if ask.expires < now.at => out.reports.push((ask.id, false)),
            // Looking again harms nothing, and the first report may be lost.
            Command::Diagnose(ask) => out.diagnose = Some(ask.id),
        }
    }

    /// Whether a command is to be carried out: it has not been, and it is not late.
    fn is_news(&mut self, id: CommandId, expires: Timestamp, now: Now, out: &mut Commands) -> bool {
        if self.done.contains(&id) || expires < now.at {
            out.reports.push((id, self.done.contains(&id)));
            return false;
        }
        if self.done.len() == COMMANDS_KEPT {
            self.done.pop_front();
        }
        self.done.push_back(id);
        true
    }

    fn kick(&mut self, kick: &KickCommand, out: &mut Commands) {
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
        out.reports.push((kick.id, true));
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
