//! Tokens of the gateways: fetched once by however many callers wait for one, used until they end, thrown away when refused.
//!
//! A new token may make the one before it invalid, so there is never more than one for a key here; another replica may still take it away
//! from us. How a token is fetched, and how long it is good, is its rail's.

use std::collections::BTreeMap;
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
    /// The current token, fetched if there is none; callers that arrive meanwhile share the fetch.
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
            let token = cell.get_or_try_init(&fetch).await?;
            if clock.monotonic() < token.good_until {
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
