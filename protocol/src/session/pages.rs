//! Pages on their way down, at both ends: a few may be in flight, so that what a customer waits for does not wait for the acknowledgement of
//! what went before it. Like entries they are numbers and sizes here; only the page at hand has bodies.

use std::collections::VecDeque;

use super::delivery::FRAME_OVERHEAD;
use super::records::{FeedCursor, FeedRow, Page};
use super::wire;
use crate::frame::{FrameError, Kind, MAX_BODY};

/// What a row costs besides its body.
const ROW_OVERHEAD: usize = 48;
/// Pages in flight hold no more than this, so that a slow line carries something else in between. One row alone may be larger.
const PAGE_BYTES: usize = 64 * 1024;

const fn size(row: &FeedRow) -> usize {
    row.body.len() + ROW_OVERHEAD
}

/// Pages in flight, oldest first, with their ends and sizes.
#[derive(Debug, Default)]
struct InFlight {
    pages: VecDeque<(FeedCursor, usize)>,
    bytes: usize,
}

impl InFlight {
    fn add(&mut self, page: &Page) {
        let bytes = page.rows.iter().map(size).sum();
        self.pages.push_back((page.cursor, bytes));
        self.bytes += bytes;
    }

    /// Takes the oldest away. False when that is another one.
    fn done(&mut self, end: FeedCursor) -> bool {
        let Some((_, bytes)) = self.pages.pop_front_if(|(first, _)| *first == end) else {
            return false;
        };
        self.bytes -= bytes;
        if self.pages.is_empty() {
            *self = Self::default();
        }
        true
    }
}

/// The controller's side: how far it has sent, whether there may be more, and the pages in flight.
#[derive(Debug)]
pub(crate) struct Feed {
    /// The end of the last page that went out, or where the agent stood.
    sent: FeedCursor,
    wanted: bool,
    changed: bool,
    /// The agent stands at the very start and has had no page: even an empty one must go out, or after a restart it would keep what is
    /// gone.
    beginning: bool,
    /// The next row does not fit beside what is in flight.
    full: bool,
    in_flight: InFlight,
    /// So many pages may be in flight.
    limit: u8,
}

impl Feed {
    pub(crate) fn new(cursor: FeedCursor, limit: u8) -> Self {
        Self {
            sent: cursor,
            wanted: true,
            changed: false,
            beginning: cursor == FeedCursor::default(),
            full: false,
            in_flight: InFlight::default(),
            limit: limit.max(1),
        }
    }

    pub(crate) const fn changed(&mut self) {
        self.wanted = true;
        self.changed = true;
    }

    fn has_room(&self) -> bool {
        !self.full && self.in_flight.pages.len() < usize::from(self.limit)
    }

    pub(crate) fn take_wanted(&mut self) -> Option<FeedCursor> {
        if !self.wanted || !self.has_room() {
            return None;
        }
        self.changed = false;
        Some(self.sent)
    }

    /// Takes a page, cut to what there is room for. An error names a row no frame can hold.
    pub(crate) fn offer(&mut self, mut page: Page) -> Result<Option<Vec<u8>>, u64> {
        if !self.has_room() {
            return Ok(None);
        }
        let room = PAGE_BYTES.saturating_sub(self.in_flight.bytes);
        let mut bytes = 0;
        let mut fits = page
            .rows
            .iter()
            .take_while(|row| {
                bytes += size(row);
                bytes <= room
            })
            .count();
        if fits == 0 && !page.rows.is_empty() {
            if !self.in_flight.pages.is_empty() {
                self.full = true;
                return Ok(None);
            }
            fits = 1;
        }
        let is_cut = fits < page.rows.len();
        if is_cut {
            page.rows.truncate(fits);
            page.more = true;
        }
        if let Some(last) = page.rows.last() {
            if size(last) > MAX_BODY - FRAME_OVERHEAD {
                self.wanted = false;
                return Err(last.revision.0);
            }
            page.cursor = last.cursor();
        } else {
            page.cursor = self.sent;
            page.more = false;
            if !self.beginning {
                self.wanted = self.changed;
                return Ok(None);
            }
        }
        self.beginning = false;
        self.full = is_cut;
        self.wanted = page.more || self.changed;
        self.sent = page.cursor;
        self.in_flight.add(&page);
        Ok(Some(wire::to_bytes(&page)))
    }

    /// Begins anew, unless a page is in flight.
    pub(crate) fn start_over(&mut self) -> bool {
        let free = self.in_flight.pages.is_empty();
        if free {
            *self = Self::new(FeedCursor::default(), self.limit);
        }
        free
    }

    /// The agent has the oldest page in flight on disk. It stores them in order, so another one makes no sense.
    pub(crate) fn stored(&mut self, cursor: FeedCursor) -> Result<(), FrameError> {
        if !self.in_flight.done(cursor) {
            return Err(FrameError::BadBody(Kind::PageStored.number()));
        }
        self.full = false;
        Ok(())
    }

    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.in_flight.pages.capacity()
    }
}

/// The agent's side.
#[derive(Debug)]
pub(crate) struct Reading {
    /// The end of what is on disk.
    stored: FeedCursor,
    /// The end of what has come.
    came: FeedCursor,
    in_hand: InFlight,
}

impl Reading {
    pub(crate) fn new(stored: FeedCursor) -> Self {
        Self {
            stored,
            came: stored,
            in_hand: InFlight::default(),
        }
    }

    pub(crate) const fn position(&self) -> FeedCursor {
        self.stored
    }

    pub(crate) fn arrive(&mut self, page: &Page, limit: u8) -> Result<(), FrameError> {
        if self.is_busy()
            && (self.in_hand.pages.len() >= usize::from(limit.max(1))
                || self.in_hand.bytes + page.rows.iter().map(size).sum::<usize>() > PAGE_BYTES)
        {
            return Err(FrameError::Window);
        }
        let mut place = self.came;
        let rising = page.rows.iter().all(|row| {
            let higher = row.cursor() > place;
            place = row.cursor();
            higher
        });
        let empty = page.rows.is_empty() && self.came != FeedCursor::default();
        if !rising || empty || place != page.cursor {
            return Err(FrameError::BadBody(Kind::Page.number()));
        }
        self.came = page.cursor;
        self.in_hand.add(page);
        Ok(())
    }

    /// Whether a page is on its way to the disk.
    pub(crate) fn is_busy(&self) -> bool {
        !self.in_hand.pages.is_empty()
    }

    /// Whether everything up to here, and nothing after it, is on disk.
    pub(crate) fn is_at(&self, cursor: FeedCursor) -> bool {
        !self.is_busy() && self.stored == cursor
    }

    /// True when this was the oldest page in hand.
    pub(crate) fn stored(&mut self, cursor: FeedCursor) -> bool {
        let taken = self.in_hand.done(cursor);
        if taken {
            self.stored = cursor;
        }
        taken
    }

    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.in_hand.pages.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Revision;

    fn page(first: u64, sizes: &[usize]) -> Page {
        let rows: Vec<FeedRow> = (first..)
            .zip(sizes)
            .map(|(revision, &size)| FeedRow {
                kind: 1,
                id: [1; 16],
                revision: Revision(revision),
                deleted: false,
                body: vec![7; size],
            })
            .collect();
        Page {
            cursor: rows
                .last()
                .map_or_else(FeedCursor::default, FeedRow::cursor),
            rows,
            more: false,
        }
    }

    fn offered(feed: &mut Feed, page: Page) -> Option<Page> {
        let body = feed.offer(page).unwrap()?;
        Some(minicbor::decode(&body).unwrap())
    }

    #[test]
    fn pages_in_flight_share_their_bytes_and_what_is_left_is_asked_for_again() {
        let mut feed = Feed::new(FeedCursor::default(), 8);
        let first = offered(&mut feed, page(1, &[40_000])).unwrap();
        feed.changed();
        assert_eq!(feed.take_wanted(), Some(first.cursor));
        let second = offered(&mut feed, page(2, &[20_000, 20_000])).unwrap();
        assert_eq!((second.rows.len(), second.more), (1, true));
        assert_eq!(feed.take_wanted(), None, "the rest has no room");

        feed.stored(first.cursor).unwrap();
        assert_eq!(feed.take_wanted(), Some(second.cursor));
        assert!(offered(&mut feed, page(3, &[20_000])).is_some());
        assert_eq!(feed.take_wanted(), None, "that was all");

        feed.changed();
        assert!(offered(&mut feed, page(4, &[100_000])).is_none());
        assert_eq!(feed.take_wanted(), None, "a long row goes alone");
        feed.stored(second.cursor).unwrap();
        assert!(feed.take_wanted().is_some());
        assert!(offered(&mut feed, page(4, &[100_000])).is_none());
        feed.stored(page(3, &[1]).cursor).unwrap();
        let long = offered(&mut feed, page(4, &[100_000])).unwrap();
        assert_eq!(long.rows.len(), 1);
    }

    #[test]
    fn a_row_that_no_frame_holds_waits_alone_and_stops_nothing_but_the_feed() {
        let mut feed = Feed::new(FeedCursor::default(), 8);
        assert_eq!(feed.offer(page(9, &[MAX_BODY, 1])), Err(9));
        assert_eq!(feed.take_wanted(), None);
        feed.changed();
        assert!(feed.take_wanted().is_some(), "it may have been replaced");
    }

    #[test]
    fn the_agent_stores_in_order_and_takes_no_more_than_it_said() {
        let mut reading = Reading::new(FeedCursor::default());
        let [one, two, three] = [1, 2, 3].map(|first| page(first, &[30_000]));
        reading.arrive(&one, 3).unwrap();
        reading.arrive(&two, 3).unwrap();
        assert_eq!(reading.arrive(&three, 3), Err(FrameError::Window), "bytes");
        let small = page(3, &[1]);
        assert_eq!(reading.arrive(&small, 2), Err(FrameError::Window), "pages");
        assert!(reading.arrive(&one, 3).is_err(), "it came before");

        assert!(!reading.stored(two.cursor), "the first is not stored yet");
        assert_eq!(reading.position(), FeedCursor::default());
        assert!(reading.stored(one.cursor));
        assert!(!reading.is_at(one.cursor), "one more is in hand");
        assert!(reading.stored(two.cursor));
        assert!(reading.is_at(two.cursor));
        assert!(!reading.stored(two.cursor), "once");
        reading.arrive(&three, 3).unwrap();
    }
}
