//! The page on which it is chosen who is told what.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::ids::StaffId;
use serde::Deserialize;

use super::choose::{choose, may_choose};
use super::{Colleague, Topic, store};
use crate::app::App;
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::providers::staff::roles::Role;
use crate::web::page::{html, onward};

/// One person and what they hear.
struct Row {
    staff: StaffId,
    name: String,
    role: Role,
    /// Why nothing can be chosen for them.
    why_not: Option<&'static str>,
    topics: Vec<Choice>,
}

/// One topic of one person.
struct Choice {
    topic: Topic,
    is_on: bool,
    /// Whether they may see such things at all.
    may: bool,
}

#[derive(Template)]
#[template(path = "notices.html")]
struct NoticesPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    rows: Vec<Row>,
    topics: [Topic; 3],
    is_set_up: bool,
    done: Option<&'static str>,
    fault: Option<&'static str>,
}

/// What was done just before, as the address says it.
#[derive(Debug, Default, Deserialize)]
pub struct Done {
    done: Option<String>,
}

/// Shows who is told what.
///
/// # Errors
/// When the database is away.
pub async fn form(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Query(done): Query<Done>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let mut tx = app.db.tenant(seat.provider()).await?;
    let colleagues = store::colleagues(&mut tx, seat.provider()).await?;
    drop(tx);
    let row = |colleague: Colleague| Row {
        staff: colleague.staff,
        role: colleague.role,
        why_not: if colleague.email.is_none() {
            Some(w.notices.no_address)
        } else if may_choose(seat.place.role, &colleague) {
            None
        } else {
            Some(w.notices.owners_only)
        },
        topics: Topic::ALL
            .into_iter()
            .map(|topic| Choice {
                topic,
                is_on: colleague.hears(topic),
                may: colleague.role.may(topic.needs()),
            })
            .collect(),
        name: colleague.name,
    };
    let page = NoticesPage {
        frame: &frame,
        w,
        rows: colleagues.into_iter().map(row).collect(),
        topics: Topic::ALL,
        is_set_up: app.rails.mail.is_set_up(),
        done: (done.done.as_deref() == Some("saved")).then_some(w.notices.saved),
        fault: None,
    };
    Ok(html(StatusCode::OK, &page))
}

/// Takes the form: a pair for each box that is ticked, somebody's place and a topic.
///
/// # Errors
/// When the database is away.
pub async fn take(
    State(app): State<App>,
    seat: Seat,
    Form(ticked): Form<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let wanted: BTreeSet<(StaffId, &'static str)> = ticked
        .iter()
        .filter_map(|(staff, word)| {
            let topic = Topic::ALL.into_iter().find(|topic| topic.word() == word)?;
            Some((staff.parse().ok()?, topic.word()))
        })
        .collect();
    choose(&app, seat.provider(), seat.by(), &wanted).await?;
    Ok(onward("/settings/notices?done=saved"))
}
