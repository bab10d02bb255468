//! The controller's commands: what they do here. What is state comes by the feed, not as a command.

use mnara_protocol::message::{
    KickCommand, NotDone, PausedFact, RefusedReport, ReleaseCommand, ReleasedFact, ResumedFact,
};

use super::tickets::Known;
use super::*;

impl Core {
    pub(super) fn commanded(&mut self, command: &Command, now: Now, out: &mut Commands) {
        match command {
            Command::Kick(kick) => self.once((kick.id, kick.expires), now, out, |core, out| {
                core.kick(kick, out);
                Report::Done
            }),
            Command::Pause(hold) => self.once((hold.id, hold.expires), now, out, |core, out| {
                told(core.pause(hold.ticket, now, out))
            }),
            Command::Resume(hold) => self.once((hold.id, hold.expires), now, out, |core, out| {
                told(core.resume(hold.ticket, now, out))
            }),
            Command::Release(give) => self.once((give.id, give.expires), now, out, |core, out| {
                told(core.give_back(give, now, out))
            }),
            // Being told again harms nothing; nobody waits for a report.
            Command::Watch(watch) => self.watch(watch, now, out),
            Command::Diagnose(ask) if ask.expires < now.at => {
                out.reports.push((ask.id, Report::TooLate));
            }
            // Looking again harms nothing, and the first report may be lost.
            Command::Diagnose(ask) => out.diagnose = Some(ask.id),
        }
    }

    /// Carries a command out unless it is late; one that came before is answered as it was then.
    fn once(
        &mut self,
        (id, expires): (CommandId, Timestamp),
        now: Now,
        out: &mut Commands,
        carry_out: impl FnOnce(&mut Self, &mut Commands) -> Report,
    ) {
        let before = self.done.iter().find(|(known, _)| *known == id);
        let report = match before {
            Some((_, report)) => report.clone(),
            None if expires < now.at => Report::TooLate,
            None => {
                let report = carry_out(self, out);
                if self.done.len() == COMMANDS_KEPT {
                    self.done.pop_front();
                }
                self.done.push_back((id, report.clone()));
                report
            }
        };
        out.reports.push((id, report));
    }

    fn pause(&mut self, ticket: TicketId, now: Now, out: &mut Commands) -> Result<(), NotDone> {
        let known = self.state.tickets.find(ticket).ok_or(NotDone::NotHere)?;
        let usage = known.ticket.usage();
        let held: Vec<_> = known.ticket.slots().iter().map(|slot| slot.mac).collect();
        known.ticket.clone().paused(now.at)?;
        let at = now.at;
        self.record(Fact::Paused(PausedFact { ticket, at, usage }), out);
        self.written.retain(|(id, _)| *id != ticket);
        self.cut.retain(|(id, _), _| *id != ticket);
        for mac in held {
            self.give_back_waiting(ticket, mac, now, out);
        }
        out.router = true;
        Ok(())
    }

    fn resume(&mut self, ticket: TicketId, now: Now, out: &mut Commands) -> Result<(), NotDone> {
        let known = self.state.tickets.find(ticket).ok_or(NotDone::NotHere)?;
        known.ticket.clone().resumed(now.at)?;
        let held = self.state.paused.iter().filter(|(id, _)| *id == ticket);
        let held: Vec<_> = held.map(|(_, mac)| *mac).collect();
        let at = now.at;
        self.record(Fact::Resumed(ResumedFact { ticket, at }), out);
        for mac in held {
            self.come_back(ticket, mac, now, out);
        }
        out.router = true;
        Ok(())
    }

    /// Gives a device the place back that a pause took. One that has another ticket by now, or finds no room, comes back by the code.
    fn come_back(&mut self, ticket: TicketId, mac: Mac, now: Now, out: &mut Commands) {
        if self.state.tickets.of_device(mac).is_empty()
            && let Some(candidate) = redeem::known(&self.state, ticket)
            && let Ok(fact) = redeem::decide(candidate, mac, now.at, self.cloud)
            && fact.evicted.is_none()
        {
            self.record(Fact::Redeemed(fact), out);
        }
    }

    /// Frees a device's place. One that holds none has nothing to give back.
    fn give_back(
        &mut self,
        give: &ReleaseCommand,
        now: Now,
        out: &mut Commands,
    ) -> Result<(), NotDone> {
        let ReleaseCommand { ticket, mac, .. } = *give;
        let known = self.state.tickets.find(ticket).ok_or(NotDone::NotHere)?;
        if !known.ticket.slots().iter().any(|slot| slot.mac == mac) {
            return Err(NotDone::NotHere);
        }
        self.let_go(ticket, mac, now, out);
        self.give_back_waiting(ticket, mac, now, out);
        Ok(())
    }

    /// Takes a device off a ticket whose place it gives back.
    pub(super) fn let_go(&mut self, ticket: TicketId, mac: Mac, now: Now, out: &mut Commands) {
        let at = now.at;
        self.record(Fact::Released(ReleasedFact { ticket, mac, at }), out);
        self.cut_off(ticket, mac);
        out.router = true;
    }

    /// Gives back what waits its turn on a device that what ran was taken from: it would else have its turn, and its clock would start
    /// unasked.
    pub(super) fn give_back_waiting(
        &mut self,
        taken: TicketId,
        mac: Mac,
        now: Now,
        out: &mut Commands,
    ) {
        let taken = self.state.tickets.find(taken).and_then(Known::turn);
        let held = self.state.tickets.of_device(mac);
        // What has its turn before it keeps it, also where it waits to be let in. What is held has none: it ran.
        let is_before = |known: &&Known| {
            known.ticket.since().is_some() || taken.is_some_and(|taken| known.turn() < Some(taken))
        };
        if held.iter().any(is_before) {
            return;
        }
        let waits: Vec<_> = held.into_iter().map(|known| known.ticket.id).collect();
        for ticket in waits {
            self.let_go(ticket, mac, now, out);
        }
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

fn told(outcome: Result<(), NotDone>) -> Report {
    match outcome {
        Ok(()) => Report::Done,
        Err(why) => Report::Refused(RefusedReport { why }),
    }
}
