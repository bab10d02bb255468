//! An invoice as a file.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::subscriptions::invoice::{named, paper};
use crate::subscriptions::store::invoices as store;
use crate::web::Path;
use crate::web::csv::as_file;

/// Gives one of the business's own.
///
/// # Errors
/// When there is none such, or the database is away.
pub async fn pdf(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path(number): Path<String>,
) -> Result<Response, Trouble> {
    let number: i64 = number.parse().map_err(|_| Trouble::Nothing)?;
    let mut tx = app.db.tenant(seat.provider()).await?;
    let invoice = store::one(&mut tx, seat.provider(), number).await?;
    let invoice = invoice.ok_or(Trouble::Nothing)?;
    let issuer = match &invoice.issuer {
        Some(kept) => kept.clone(),
        None => store::issuer(&mut tx).await?,
    };
    drop(tx);
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            as_file(&format!("{}.pdf", named(number))),
        ),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, paper(&invoice, &issuer, frame.language)).into_response())
}
