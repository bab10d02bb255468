//! Waiting for what a simulator sees.

use std::time::Duration;

use tokio::sync::watch;

/// How long a wait for an event may take in real time before it is called a failure.
const PATIENCE: Duration = Duration::from_secs(30);

/// What was waited for did not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("waited {PATIENCE:?} in vain for {0}")]
pub struct InVain(&'static str);

/// Looks again whenever something has changed, until there is something to be seen.
pub(crate) async fn wait<T>(
    changed: &watch::Sender<u64>,
    what: &'static str,
    mut look: impl FnMut() -> Option<T>,
) -> Result<T, InVain> {
    let mut changes = changed.subscribe();
    let seen = async {
        loop {
            changes.borrow_and_update();
            if let Some(found) = look() {
                return found;
            }
            // The sender is borrowed, so the wait cannot fail while we are here.
            let _ = changes.changed().await;
        }
    };
    tokio::time::timeout(PATIENCE, seen)
        .await
        .map_err(|_| InVain(what))
}
