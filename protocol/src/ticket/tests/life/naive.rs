//! The ticket's rules once more, as plainly as they can be said, to be compared with.

use super::*;

/// The ticket at one site, told without dates or phases: what is left is counted down second by second.
#[derive(Clone, Debug)]
pub(super) struct Naive {
    pub(super) redeemed: bool,
    pub(super) counting: bool,
    pub(super) held: bool,
    pub(super) over: Option<EndReason>,
    pub(super) duration: Option<i64>,
    pub(super) online: Option<i64>,
    pub(super) bytes: Option<i64>,
    pub(super) until_sell_by: Option<i64>,
    pub(super) revoked: bool,
    pub(super) devices: Vec<(i64, u8)>,
    pub(super) room: usize,
}

impl Naive {
    pub(super) fn new(right: &Right) -> Self {
        Self {
            redeemed: false,
            counting: false,
            held: false,
            over: None,
            duration: right.terms.duration_secs.map(i64::from),
            online: right.terms.online_secs.map(i64::from),
            bytes: right
                .terms
                .data_bytes
                .map(|bytes| i64::try_from(bytes).unwrap()),
            until_sell_by: right.sell_by.map(|at| at.as_secs() - START.as_secs()),
            revoked: false,
            devices: Vec::new(),
            room: usize::from(right.terms.devices.max(1)),
        }
    }

    pub(super) fn gives(&self) -> bool {
        self.counting && !self.held && self.over.is_none() && !self.devices.is_empty()
    }

    pub(super) fn spent(left: Option<i64>) -> bool {
        left.is_some_and(|left| left <= 0)
    }

    pub(super) fn reason(&self) -> Option<EndReason> {
        if self.revoked {
            Some(EndReason::Revoked)
        } else if !self.redeemed {
            Self::spent(self.until_sell_by).then_some(EndReason::SellBy)
        } else if Self::spent(self.duration) {
            Some(EndReason::Duration)
        } else if Self::spent(self.online) {
            Some(EndReason::OnlineTime)
        } else if Self::spent(self.bytes) {
            Some(EndReason::Data)
        } else {
            None
        }
    }

    pub(super) fn look(&mut self) {
        if self.over.is_none() {
            self.finish(self.reason());
        }
    }

    pub(super) fn finish(&mut self, reason: Option<EndReason>) {
        if reason.is_some() && self.over.is_none() {
            self.over = reason;
            self.held = false;
            self.devices.clear();
        }
    }

    /// What the controller decided may open it again.
    pub(super) fn look_again(&mut self) {
        if self
            .over
            .is_some_and(|reason| reason != EndReason::UsedElsewhere)
            && self.reason().is_none()
        {
            self.over = None;
        }
    }

    pub(super) fn second(&mut self, bytes: i64) {
        let gives = self.gives();
        let less = |left: &mut Option<i64>, by: i64| {
            if let Some(left) = left {
                *left -= by;
            }
        };
        less(&mut self.until_sell_by, 1);
        if self.counting && !self.held {
            less(&mut self.duration, 1);
        }
        if gives {
            less(&mut self.online, 1);
            less(&mut self.bytes, bytes);
        }
    }

    pub(super) fn redeem(
        &mut self,
        device: u8,
        place: Place,
        now: i64,
    ) -> Result<Option<u8>, Refusal> {
        if let Some(reason) = self.over {
            return Err(reason.into());
        }
        if place == Place::CutOff && !self.redeemed {
            return Err(Refusal::NeedsController);
        }
        self.redeemed = true;
        self.held = false;
        if let Some(known) = self.devices.iter_mut().find(|(_, known)| *known == device) {
            known.0 = now;
            return Ok(None);
        }
        // The list is in the order of coming, so the first of equal ones came first.
        let evicted = if self.devices.len() < self.room {
            None
        } else {
            let oldest = self.devices.iter().map(|(seen, _)| *seen).min();
            let place = self
                .devices
                .iter()
                .position(|(seen, _)| Some(*seen) == oldest);
            place.map(|place| self.devices.remove(place).1)
        };
        self.devices.push((now, device));
        Ok(evicted)
    }

    pub(super) fn agrees(&self, ticket: &Ticket, now: Timestamp) {
        let phase = match &ticket.phase {
            Phase::Unused => (false, false, false, None),
            Phase::Redeemed { .. } => (true, false, false, None),
            Phase::Running { .. } => (true, true, false, None),
            Phase::Paused { .. } => (true, true, true, None),
            Phase::Ended {
                redeemed_at,
                since,
                reason,
                ..
            } => (redeemed_at.is_some(), since.is_some(), false, Some(*reason)),
        };
        assert_eq!(phase, (self.redeemed, self.counting, self.held, self.over));
        let devices: Vec<_> = self
            .devices
            .iter()
            .map(|(_, number)| device(*number))
            .collect();
        assert_eq!(
            ticket
                .slots()
                .iter()
                .map(|slot| slot.mac)
                .collect::<Vec<_>>(),
            devices
        );
        assert!(devices.len() <= self.room);
        let left = ticket.left(now);
        let rest = |left: Option<i64>| {
            let open = u64::from(self.over.is_none());
            left.map(|left| open * u64::try_from(left).unwrap_or(0))
        };
        assert_eq!(
            left.duration.map(|left| left.as_secs()),
            rest(self.duration)
        );
        assert_eq!(left.online.map(|left| left.as_secs()), rest(self.online));
        assert_eq!(left.bytes, rest(self.bytes));
        let status = match self.over {
            None => Status::Active,
            Some(EndReason::SellBy) => Status::Expired,
            Some(EndReason::Revoked) => Status::Revoked,
            Some(_) => Status::Used,
        };
        assert_eq!(ticket.status(now), status);
        if self.over.is_none() && self.counting && !self.held {
            let ends = self.duration.map(|left| now.plus_secs(left));
            assert_eq!((ticket.ends_at(), ticket.next_date()), (ends, ends));
        }
    }
}
