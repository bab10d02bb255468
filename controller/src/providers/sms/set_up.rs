//! Whether SMS is set up is read at start, and sites go by it: their pages offer the code by SMS only where it can leave.

use serde_json::json;

use super::{TELL_SITES, store};
use crate::app::App;
use crate::db::Reason;
use crate::jobs::{NewJob, enqueue};

/// Businesses read at once.
const PAGE: u16 = 200;

/// Tells the sites of businesses whose buyers may ask for the code, if SMS is set up otherwise than when it was last noted.
///
/// # Errors
/// When the database refuses.
pub async fn tell_if_changed(app: &App) -> sqlx::Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.platform(Reason::Jobs).await?;
    if !store::note_set_up(&mut tx, app.rails.sms.is_set_up(), now).await? {
        return Ok(());
    }
    let mut after = None;
    loop {
        let page = store::asked(&mut tx, after, PAGE).await?;
        for provider in &page {
            let job = NewJob {
                kind: TELL_SITES,
                key: &provider.to_string(),
                payload: json!({}),
                run_at: now,
            };
            enqueue(&mut tx, Some(*provider), job, app).await?;
        }
        after = page.last().copied();
        if page.len() < usize::from(PAGE) {
            break;
        }
    }
    tx.commit().await
}
