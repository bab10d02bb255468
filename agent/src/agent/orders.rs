//! What the link is told. Its queue may be full while it dials or sends: most of what is said then may be lost, but not where the store
//! stands.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::link::Order;

/// What could not be said is tried again this often.
const AGAIN: Duration = Duration::from_millis(50);

/// The agent's end of the link's queue.
pub(super) struct Orders {
    link: mpsc::Sender<Order>,
    /// Pages are acknowledged in the order in which they came: after one that is left out no later one would be. No more than a link has
    /// under way, and one journal.
    unsaid: VecDeque<Order>,
}

impl Orders {
    pub(super) const fn new(link: mpsc::Sender<Order>) -> Self {
        Self {
            link,
            unsaid: VecDeque::new(),
        }
    }

    /// The queue itself, for whoever can wait for room in it.
    pub(super) fn queue(&self) -> mpsc::Sender<Order> {
        self.link.clone()
    }

    /// Tells the link something that it must hear at once or not at all. False when it has no room.
    pub(super) fn offer(&self, order: Order) -> bool {
        self.link.try_send(order).is_ok()
    }

    /// Tells the link something. What is only a hint, or is asked for again, is lost when it has no room.
    pub(super) fn tell(&mut self, order: Order) {
        match order {
            // It says itself what is stored, and the pages before it were another link's.
            Order::Resume(_) => self.unsaid.clear(),
            Order::PageStored(_) => {}
            hint => {
                if !self.offer(hint) {
                    tracing::warn!("the link is not taking orders");
                }
                return;
            }
        }
        self.unsaid.push_back(order);
        self.flush();
    }

    /// Says what could not be said before, as far as there is room now.
    pub(super) fn flush(&mut self) {
        while let Some(order) = self.unsaid.pop_front() {
            match self.link.try_send(order) {
                // A link that has ended is told nothing any more.
                Ok(()) | Err(TrySendError::Closed(_)) => {}
                Err(TrySendError::Full(order)) => {
                    self.unsaid.push_front(order);
                    return;
                }
            }
        }
    }

    /// How long nothing need be said if nothing happens.
    pub(super) fn wait(&self) -> Duration {
        if self.unsaid.is_empty() {
            Duration::MAX
        } else {
            AGAIN
        }
    }
}

#[cfg(test)]
mod tests {
    use mnara_protocol::ids::JournalId;
    use mnara_protocol::session::{EntryNo, FeedCursor, Mark, Resume, Revision};

    use super::*;

    fn at(revision: u64) -> FeedCursor {
        FeedCursor {
            revision: Revision(revision),
            ..FeedCursor::default()
        }
    }

    fn heard(link: &mut mpsc::Receiver<Order>) -> Vec<Order> {
        std::iter::from_fn(|| link.try_recv().ok()).collect()
    }

    #[test]
    fn a_stored_page_is_told_however_full_the_queue_was_and_in_its_order() {
        let (to, mut link) = mpsc::channel(4);
        let mut orders = Orders::new(to);
        for _ in 0..4 {
            orders.tell(Order::Expect(None));
        }
        assert_eq!(orders.wait(), Duration::MAX);
        for revision in 1..=3 {
            orders.tell(Order::PageStored(at(revision)));
        }
        orders.tell(Order::Expect(None));
        assert!(orders.wait() <= AGAIN);
        orders.flush();
        assert_eq!(heard(&mut link).len(), 4, "the hint was lost");
        orders.tell(Order::PageStored(at(4)));
        let stored: Vec<_> = heard(&mut link)
            .into_iter()
            .map(|order| match order {
                Order::PageStored(cursor) => cursor.revision.0,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(stored, [1, 2, 3, 4]);
        assert_eq!(orders.wait(), Duration::MAX);
    }

    #[test]
    fn another_journal_is_told_in_the_place_of_what_was_not_said_of_the_one_before() {
        let (to, mut link) = mpsc::channel(1);
        let mut orders = Orders::new(to);
        let journal = JournalId::from_bytes([7; 16]);
        let resume = || {
            Order::Resume(Box::new(Resume {
                journal,
                oldest: EntryNo(1),
                last: Mark::start(journal),
                cursor: at(2),
                software: String::new(),
                restored: false,
            }))
        };
        orders.tell(Order::Expect(None));
        orders.tell(Order::PageStored(at(1)));
        orders.tell(resume());
        orders.tell(resume());
        assert!(matches!(&heard(&mut link)[..], [Order::Expect(None)]));
        orders.flush();
        assert!(matches!(&heard(&mut link)[..], [Order::Resume(_)]));
        drop(link);
        orders.tell(Order::PageStored(at(3)));
        assert_eq!(orders.wait(), Duration::MAX, "nobody is left to hear it");
    }
}
