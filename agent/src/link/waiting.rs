//! Questions beyond those that may be open at once: they wait here until others are answered, and what never left is told so, since nobody
//! was prompted for it.

use std::time::Duration;

use mnara_protocol::clock::Ticks;
use mnara_protocol::ids::AttemptId;
use mnara_protocol::session::NotSent;

use super::{Event, Link};

/// Questions that may wait.
const WAITING: usize = 256;
/// With less time left a question is not asked any more: its answer would come too late, and nobody knew then whether a phone was prompted.
const LEAST: Duration = Duration::from_secs(5);

/// A question that waits for its turn.
pub struct Waiting {
    pub(super) id: AttemptId,
    pub(super) kind: u16,
    pub(super) body: Vec<u8>,
    pub(super) until: Ticks,
}

impl Link {
    /// Takes a question, which is asked at once or in its turn. False when nobody listens.
    pub(super) async fn take_question(&mut self, next: Waiting) -> bool {
        if self.waiting.len() >= WAITING {
            return self.tell(Event::NotAsked(next.id)).await;
        }
        self.waiting.push_back(next);
        self.ask_waiting().await
    }

    /// Asks of what waits as much as may be open at once. False when nobody listens.
    pub(super) async fn ask_waiting(&mut self) -> bool {
        let now = self.clock.monotonic();
        while let Some(next) = self.waiting.front() {
            let (id, left) = (next.id, next.until.since(now));
            let asked = if left < LEAST {
                false
            } else {
                let body = next.body.clone();
                match self.session.ask(id, next.kind, body, left, now) {
                    Ok(()) => true,
                    Err(NotSent::TooMany) => return true,
                    Err(error) => {
                        tracing::debug!(%error, "a question was not sent");
                        false
                    }
                }
            };
            self.waiting.pop_front();
            if !asked && !self.tell(Event::NotAsked(id)).await {
                return false;
            }
        }
        true
    }

    /// Tells of all that waits that it was not asked. False when nobody listens.
    pub(super) async fn give_up_waiting(&mut self) -> bool {
        for next in std::mem::take(&mut self.waiting) {
            if !self.tell(Event::NotAsked(next.id)).await {
                return false;
            }
        }
        true
    }
}
