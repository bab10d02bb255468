//! When people are to hear that a router is out of its agent's reach.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::message::RouterAnswers;

use crate::fleet::presence::is_up;
use crate::fleet::sample::{FRESH_SECS, is_mute};

/// A shorter loss is no news: routers are restarted, cables are moved.
pub(super) const LOST_SECS: i64 = 600;
/// A site that is back has so long to tell what happened meanwhile.
const SETTLED_SECS: i64 = 180;

/// A router that is lost as far as its agent told or its readings say, and what else is known.
#[derive(Clone, Copy, Debug)]
pub struct Loss {
    /// When we heard of it last.
    pub heard: Timestamp,
    /// When its site was last heard of.
    pub seen: Option<Timestamp>,
    /// Since when its site has been heard of without a pause.
    pub up_since: Option<Timestamp>,
    /// Whether its agent was started anew since: it may have found the router again without a word.
    pub is_restarted: bool,
    /// What the newest reading of its site says, and when it came.
    pub reading: Option<(Timestamp, RouterAnswers)>,
}

/// What is to be done about a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing now.
    Wait,
    /// People are told.
    Tell,
    /// It is over since then.
    Over(Timestamp),
}

/// Judges a loss that nobody ended. While its site is away, the outage is what is told.
#[must_use]
pub fn judge(loss: &Loss, now: Timestamp) -> Verdict {
    if let Some((at, RouterAnswers::Yes)) = loss.reading
        && at > loss.heard
    {
        return Verdict::Over(at);
    }
    let is_settled = |since: Timestamp| since.plus_secs(SETTLED_SECS) <= now;
    let is_here = is_up(loss.seen, now) && loss.up_since.is_none_or(is_settled);
    let is_long = loss.heard.plus_secs(LOST_SECS) <= now;
    let is_proven = loss
        .reading
        .is_some_and(|(at, answers)| at.plus_secs(FRESH_SECS) > now && is_mute(answers));
    if is_here && is_long && (is_proven || !loss.is_restarted) {
        Verdict::Tell
    } else {
        Verdict::Wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_is_told_when_it_lasts_and_its_site_is_here_and_nothing_speaks_against_it() {
        let heard = Timestamp::from_secs(1_800_000_000);
        let now = heard.plus_secs(LOST_SECS);
        let loss = Loss {
            heard,
            seen: Some(now),
            up_since: Some(heard.plus_secs(-86_400)),
            is_restarted: false,
            reading: None,
        };
        let said = |secs, answers| Some((heard.plus_secs(secs), answers));
        let wait = |loss: Loss, now| assert_eq!(judge(&loss, now), Verdict::Wait, "{loss:?}");
        let tell = |loss: Loss| assert_eq!(judge(&loss, now), Verdict::Tell, "{loss:?}");
        tell(loss);
        wait(loss, now.plus_secs(-1));
        // Its site is away, or has only just come back.
        let seen = Some(now.plus_secs(-300));
        wait(Loss { seen, ..loss }, now);
        let up_since = Some(now.plus_secs(-60));
        wait(Loss { up_since, ..loss }, now);
        // Of an agent that was started anew a reading is believed alone.
        let restarted = Loss {
            is_restarted: true,
            ..loss
        };
        wait(restarted, now);
        for answers in [RouterAnswers::NotYet, RouterAnswers::Lost] {
            tell(Loss {
                reading: said(LOST_SECS - 30, answers),
                ..restarted
            });
            let reading = said(LOST_SECS - FRESH_SECS, answers);
            wait(
                Loss {
                    reading,
                    ..restarted
                },
                now,
            );
        }
        // It answers; what was read before the loss says nothing.
        let yes = |secs| Loss {
            reading: said(secs, RouterAnswers::Yes),
            ..loss
        };
        assert_eq!(
            judge(&yes(60), heard.plus_secs(61)),
            Verdict::Over(heard.plus_secs(60))
        );
        tell(yes(0));
    }
}
