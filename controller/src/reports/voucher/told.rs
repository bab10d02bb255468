//! What happened to a voucher and what came of what was done, in words.

use std::time::Duration;

use mnara_protocol::ids::SiteId;
use mnara_protocol::ticket::EndReason;

use super::acts::Said;
use super::{By, What};
use crate::providers::pages::words::{CalendarWords, StoryWords, Words};

/// A stretch of time as people read it: `2 days 3 hours`, `45 minutes`.
pub(super) fn stretch(length: Duration, w: &CalendarWords) -> String {
    let secs = u32::try_from(length.as_secs()).unwrap_or(u32::MAX);
    let (large, small) = if secs >= 86_400 {
        (86_400, 3_600)
    } else if secs >= 3_600 {
        (3_600, 60)
    } else {
        // Half a minute is not none.
        return w.stretch(secs.div_ceil(60) * 60);
    };
    let (whole, rest) = (secs / large, secs % large / small);
    if rest == 0 {
        w.stretch(whole * large)
    } else {
        format!("{} {}", w.stretch(whole * large), w.stretch(rest * small))
    }
}

/// What happened, in words.
pub(super) fn told(what: &What, name: &dyn Fn(SiteId) -> String, w: &Words) -> String {
    let s = &w.story;
    match what {
        What::Printed => s.did_printed.to_owned(),
        What::Bought => s.did_bought.to_owned(),
        What::Made => s.did_made.to_owned(),
        What::Tried(mac) => format!("{}: {mac}", s.did_try),
        What::Paid => s.did_paid.to_owned(),
        What::Redeemed { site, cut_off } => {
            let told = format!("{}: {}", s.did_redeemed, name(*site));
            if *cut_off {
                format!("{told}, {}", s.did_cut_off)
            } else {
                told
            }
        }
        What::Connected(mac, site) => format!("{} {mac}: {}", s.did_connected, name(*site)),
        What::LetGo(mac, site) => format!("{} {mac}: {}", s.did_left, name(*site)),
        What::Started(site) => format!("{}: {}", s.did_started, name(*site)),
        What::Held(site) => format!("{}: {}", s.did_held, name(*site)),
        What::Ended(reason, site) => {
            format!("{}, {}: {}", s.did_ended, s.end(*reason), name(*site))
        }
        What::Lost(site) => format!("{}: {}", s.did_lost, name(*site)),
        // Nobody did that, so nobody is named.
        What::Deed { act, why, .. } if act == "not-done" => {
            let why = why.as_deref().unwrap_or_default();
            format!("{}: {}", s.did_not, w.site.undone(why))
        }
        What::Deed { act, by, secs, why } => {
            let act = match act.as_str() {
                "revoke" => s.did_revoked,
                "extend" => s.did_extended,
                "pause" => s.did_paused,
                "resume" => s.did_resumed,
                "kick" => s.did_kicked,
                "move" => s.did_moved,
                "code-seen" => s.did_seen,
                "cash-sale" => s.did_sold,
                "cash-undo" => s.did_undone,
                "gift" => s.did_given,
                other => w.audit.act(other),
            };
            let by = match by {
                By::Person(name) | By::Key(name) => name.as_str(),
                By::Admin => s.by_admin,
                By::Command => s.by_command,
                By::Program => s.by_program,
            };
            let length = secs.map(|secs| stretch(Duration::from_secs(secs.into()), &w.calendar));
            let length = length.map_or_else(String::new, |length| format!(" ({length})"));
            let why = why.as_ref();
            let why = why.map_or_else(String::new, |why| format!(": {why}"));
            format!("{act}{length}{why} · {by}")
        }
    }
}

impl StoryWords {
    const fn end(&self, reason: EndReason) -> &'static str {
        match reason {
            EndReason::Duration => self.end_duration,
            EndReason::OnlineTime => self.end_online,
            EndReason::Data => self.end_data,
            EndReason::SellBy => self.end_sell_by,
            EndReason::Revoked => self.end_revoked,
            EndReason::UsedElsewhere => self.end_elsewhere,
            EndReason::Other(_) => self.end_other,
        }
    }

    pub(super) const fn said(&self, said: Said) -> &'static str {
        match said {
            Said::Given => self.said_given,
            Said::Revoked => self.said_revoked,
            Said::Extended => self.said_extended,
            Said::Paused => self.said_paused,
            Said::Resumed => self.said_resumed,
            Said::Kicked => self.said_kicked,
            Said::Freed => self.said_freed,
            Said::Away => self.said_away,
            Said::Late => self.said_late,
            Said::Silent => self.said_silent,
            Said::NotUsed => self.said_not_used,
            Said::NotRunning => self.said_not_running,
            Said::NotPaused => self.said_not_paused,
            Said::Over => self.said_over,
            Said::NoTime => self.said_no_time,
            Said::NotSelling => self.said_not_selling,
            Said::Shut => self.said_shut,
            Said::TooMuch => self.said_too_much,
            Said::Meanwhile => self.said_meanwhile,
        }
    }
}

#[cfg(test)]
mod tests {
    use mnara_protocol::portal::Language;

    use super::*;

    #[test]
    fn a_stretch_is_read_at_a_glance() {
        let w = &Words::of(Language::English).calendar;
        for (secs, text) in [
            (20, "1\u{a0}minute"),
            (2_700, "45\u{a0}minutes"),
            (3_600, "1\u{a0}hour"),
            (5_430, "1\u{a0}hour 30\u{a0}minutes"),
            (180_000, "2\u{a0}days 2\u{a0}hours"),
        ] {
            assert_eq!(stretch(Duration::from_secs(secs), w), text);
        }
    }
}
