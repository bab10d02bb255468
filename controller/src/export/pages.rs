//! The page on which an owner takes all data out.

use askama::Template;
use axum::body::Body;
use axum::extract::{Form, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use secrecy::SecretString;
use serde::Deserialize;

use super::{ask, file, take};
use crate::app::App;
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::proof::{Fault, proved};
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::web::Path;
use crate::web::page::html;

#[derive(Template)]
#[template(path = "programs/export.html")]
struct ExportPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    link: Option<&'a str>,
    done: Option<&'static str>,
    fault: Option<String>,
}

/// Shows what can be taken out, and how.
pub async fn form(frame: Frame) -> Response {
    shown(&frame, None, None)
}

fn shown(frame: &Frame, link: Option<&str>, fault: Option<Fault>) -> Response {
    let (status, fault) = fault.map_or((StatusCode::OK, None), |(status, fault)| {
        (status, Some(fault))
    });
    let page = ExportPage {
        frame,
        w: frame.words(),
        link,
        done: None,
        fault,
    };
    html(status, &page)
}

/// The form of the proof.
#[derive(Deserialize)]
pub struct Filled {
    password: SecretString,
    #[serde(default)]
    digits: String,
}

/// Makes the link.
///
/// # Errors
/// When the database is away.
pub async fn make(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    if let Some(fault) = proved(&app, &frame, &seat, filled.password, &filled.digits).await? {
        return Ok(shown(&frame, None, Some(fault)));
    }
    let link = ask(&app, &seat).await?;
    Ok(shown(&frame, Some(&link), None))
}

/// Gives the file, once for each link.
///
/// # Errors
/// When the link is not good, or the database is away.
pub async fn download(
    State(app): State<App>,
    seat: Seat,
    Path(link): Path<String>,
) -> Result<Response, Trouble> {
    if !take(&app, &seat, &link).await? {
        return Err(Trouble::Nothing);
    }
    let headers = [
        (header::CONTENT_TYPE, "application/zip"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"mnara.zip\"",
        ),
        (header::CACHE_CONTROL, "no-store"),
    ];
    let body = Body::from_stream(file(&app, seat.provider()));
    Ok((headers, body).into_response())
}
