//! How long a router was out of its agent's reach, from what the agent told.

use mnara_protocol::clock::Timestamp;

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
