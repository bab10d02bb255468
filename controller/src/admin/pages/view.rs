//! Looking at a business as its owner sees it, and stopping.

use axum::extract::State;
use axum::response::Response;
use mnara_protocol::ids::ProviderId;

use crate::app::App;
use crate::providers::log_in::{Visit, view};
use crate::providers::pages::trouble::Trouble;
use crate::web::Path;
use crate::web::page::onward;

/// Begins to look.
///
/// # Errors
/// When there is no such business, or the database is away.
pub async fn begin(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let provider: ProviderId = id.parse().map_err(|_| Trouble::Nothing)?;
    if view::begin(&app, &visit, provider).await? {
        Ok(onward("/home"))
    } else {
        Err(Trouble::Nothing)
    }
}

/// Stops looking; whoever looks at nothing is sent to the list.
///
/// # Errors
/// When the database is away.
pub async fn end(State(app): State<App>, visit: Visit) -> Result<Response, Trouble> {
    match view::end(&app, &visit).await? {
        Some(provider) => Ok(onward(&format!("/admin/providers/{provider}"))),
        None => Ok(onward("/admin/providers")),
    }
}
