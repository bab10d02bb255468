//! The page that leads everywhere, for phones, whose screens have no room for all of it above every page.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::frame::Frame;
use super::places::{Link, Part};
use super::words::Words;
use crate::web::page::html;

#[derive(Template)]
#[template(path = "more.html")]
struct MorePage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    parts: Vec<(&'static str, Vec<Link>)>,
}

/// Shows where one can go.
pub async fn more(frame: Frame) -> Response {
    let w = frame.words();
    let of = |part: Part| {
        let places = frame.places().into_iter();
        places.filter(|link| link.part == part).collect::<Vec<_>>()
    };
    let parts = vec![
        (w.frame.day, of(Part::Day)),
        (w.frame.platform, of(Part::Platform)),
        (w.frame.set_up, of(Part::Setting)),
    ];
    let page = MorePage {
        frame: &frame,
        w,
        parts,
    };
    html(StatusCode::OK, &page)
}
