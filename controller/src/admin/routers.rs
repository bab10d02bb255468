//! How long a router was out of its agent's reach, from what the agent told, and when people are to hear of it.

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

/// Something an agent said of its router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When.
    pub at: Timestamp,
    /// Whether it was lost then, or found again.
    pub is_lost: bool,
}

/// The seconds between two moments in which the router was lost, from what was said in order of time; something said before the first moment tells
/// how it stood there.
#[must_use]
pub fn lost_secs(seen: &[Seen], from: Timestamp, to: Timestamp) -> i64 {
    let mut lost_since: Option<Timestamp> = None;
    let mut total = 0;
    for said in seen.iter().filter(|said| said.at < to) {
        let at = said.at.max(from);
        match (said.is_lost, lost_since) {
            (true, None) => lost_since = Some(at),
            (false, Some(since)) => {
                total += at.as_secs() - since.as_secs();
                lost_since = None;
            }
            // Said twice: the agent was started anew meanwhile.
            (true, Some(_)) | (false, None) => {}
        }
    }
    total + lost_since.map_or(0, |since| to.as_secs() - since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(words: &[(i64, bool)]) -> Vec<Seen> {
        let seen = words.iter().map(|(secs, is_lost)| Seen {
            at: Timestamp::from_secs(*secs),
            is_lost: *is_lost,
        });
        seen.collect()
    }

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

    #[test]
    fn a_router_is_lost_from_its_first_word_to_the_word_that_it_is_back() {
        let (from, to) = (Timestamp::from_secs(1_000), Timestamp::from_secs(2_000));
        for (words, secs) in [
            (&[][..], 0),
            (&[(1_100, true), (1_150, false)], 50),
            (&[(1_900, true)], 100),
            (&[(10, true)], 1_000),
            (
                &[
                    (10, true),
                    (1_200, false),
                    (1_300, true),
                    (1_310, true),
                    (1_400, false),
                ],
                300,
            ),
            (&[(10, false), (1_200, false)], 0),
            (&[(1_500, true), (2_500, false)], 500),
        ] {
            assert_eq!(lost_secs(&seen(words), from, to), secs, "{words:?}");
        }
    }
}
