//! How many jobs wait, and how many wait for a person.

use crate::app::App;
use crate::db::{At, Reason};

/// How the table stands.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Jobs that should run now.
    pub due: f64,
    /// Jobs left for a person to look at.
    pub given_up: f64,
}

/// Counts what waits.
///
/// # Errors
/// When the table cannot be read.
pub async fn standing(app: &App) -> Result<Standing, sqlx::Error> {
    let mut tx = app.db.platform(Reason::Jobs).await?;
    let row = sqlx::query!(
        r#"SELECT (count(*) FILTER (WHERE dead_at IS NULL AND run_at <= $1))::float8 AS "due!",
                  (count(*) FILTER (WHERE dead_at IS NOT NULL))::float8 AS "given_up!" FROM jobs"#,
        At(app.clock.now()),
    )
    .fetch_one(&mut *tx)
    .await?;
    Ok(Standing {
        due: row.due,
        given_up: row.given_up,
    })
}
