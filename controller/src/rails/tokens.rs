//! Tokens of the gateways: fetched once by however many callers wait for one, used until they end, thrown away when refused.
//!
//! A new token may make the one before it invalid, so there is never more than one for a key here; another replica may still take it away
//! from us. How a token is fetched, and how long it is good, is its rail's.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use mnara_protocol::clock::Ticks;
use secrecy::SecretString;
use tokio::sync::OnceCell;

use crate::clock::Clock;

/// Keys remembered; past it one is forgotten and fetches again.
const MOST: usize = 10_000;

/// The tokens of one rail, each by whose it is.
pub(super) struct Tokens<K> {
    cells: Mutex<BTreeMap<K, Arc<OnceCell<Token>>>>,
}

/// A token as its rail gave it.
pub(super) struct Token {
    pub(super) value: SecretString,
    pub(super) good_until: Ticks,
}

/// A token in use; it keeps the cell it came from, so that only this one is thrown away when it is refused.
pub(super) struct InUse {
    cell: Arc<OnceCell<Token>>,
    value: SecretString,
}

impl InUse {
    pub(super) const fn value(&self) -> &SecretString {
        &self.value
    }
}

impl<K> Default for Tokens<K> {
    fn default() -> Self {
        Self {
            cells: Mutex::default(),
        }
    }
}

impl<K: Copy + Ord> Tokens<K> {
    /// The current token, fetched if there is none; callers that arrive meanwhile share the fetch. One that was fetched just now is used, however
    /// soon it ends: where fetching takes longer than a token lives, no other would be better.
    pub(super) async fn current<E, F>(
        &self,
        key: K,
        clock: &Clock,
        fetch: impl Fn() -> F,
    ) -> Result<InUse, E>
    where
        F: Future<Output = Result<Token, E>>,
    {
        loop {
            let cell = self.cell(key);
            let is_new = AtomicBool::new(false);
            let fetched = || {
                is_new.store(true, Ordering::Relaxed);
                fetch()
            };
            let token = cell.get_or_try_init(fetched).await?;
            if is_new.load(Ordering::Relaxed) || clock.monotonic() < token.good_until {
                let value = token.value.clone();
                return Ok(InUse { cell, value });
            }
            self.replace(key, &cell);
        }
    }

    /// Throws away whatever is remembered.
    pub(super) fn forget(&self, key: K) {
        self.replace(key, &self.cell(key));
    }

    /// Throws away a refused token, unless somebody has already renewed it.
    pub(super) fn discard(&self, key: K, token: &InUse) {
        self.replace(key, &token.cell);
    }

    fn cell(&self, key: K) -> Arc<OnceCell<Token>> {
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        if cells.len() >= MOST && !cells.contains_key(&key) {
            cells.pop_first();
        }
        Arc::clone(cells.entry(key).or_default())
    }

    fn replace(&self, key: K, old: &Arc<OnceCell<Token>>) {
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        if cells.get(&key).is_some_and(|cell| Arc::ptr_eq(cell, old)) {
            cells.insert(key, Arc::default());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::AtomicUsize;
    use std::time::Duration;

    use mnara_protocol::clock::Timestamp;

    use super::*;

    #[tokio::test]
    async fn a_token_that_took_longer_to_come_than_it_lives_is_used_once() {
        let clock = Clock::still(Timestamp::from_secs(1_800_000_000));
        let tokens = Tokens::<()>::default();
        let asked = AtomicUsize::new(0);
        let fetch = || {
            let at = clock.monotonic();
            clock.advance(Duration::from_secs(20));
            let before = asked.fetch_add(1, Ordering::Relaxed);
            assert!(before < 2, "a token is asked for again and again");
            async move {
                Ok::<_, Infallible>(Token {
                    value: SecretString::from("t"),
                    good_until: at + Duration::from_secs(10),
                })
            }
        };
        for count in 1..=2 {
            tokens.current((), &clock, fetch).await.unwrap();
            assert_eq!(asked.load(Ordering::Relaxed), count);
        }
    }
}
