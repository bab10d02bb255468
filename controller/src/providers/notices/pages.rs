//! The page on which it is chosen who is told what.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::ids::StaffId;
use serde::Deserialize;

use super::choose::{BadPhone, Wanted, choose, may_choose};
use super::{Colleague, Topic, Way, store};
use crate::app::App;
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::providers::staff::roles::Role;
use crate::web::page::{html, onward};
use crate::web::show;

/// One person and what they hear.
struct Row {
    staff: StaffId,
    name: String,
    role: Role,
    /// Why nothing can be chosen for them.
    why_not: Option<&'static str>,
    has_address: bool,
    phone: String,
    is_bad_phone: bool,
    topics: Vec<Choice>,
}

/// One topic of one person.
struct Choice {
    topic: Topic,
    by_mail: bool,
    by_sms: bool,
    /// Whether by mail it cannot be switched off.
    is_mailed: bool,
    /// Whether by SMS it cannot be switched off.
    is_texted: bool,
    /// Whether they may see such things at all.
    may: bool,
}

#[derive(Template)]
#[template(path = "messages/notices.html")]
struct NoticesPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    rows: Vec<Row>,
    topics: Vec<Topic>,
    has_mail: bool,
    has_sms: bool,
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
    let done = done.done.as_deref() == Some("saved");
    shown(&app, &frame, &seat, done, None).await
}

async fn shown(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    is_saved: bool,
    typed: Option<(&Wanted, BadPhone)>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let mut tx = app.db.tenant(seat.provider()).await?;
    let colleagues = store::colleagues(&mut tx, seat.provider()).await?;
    drop(tx);
    let topics: Vec<Topic> = Topic::ALL
        .iter()
        .copied()
        .filter(|topic| topic.is_here(app))
        .collect();
    let ticked = |colleague: &Colleague, topic: Topic, way: Way| match typed {
        Some((wanted, _)) if !colleague.is_fixed(topic, way) => {
            let one = (colleague.staff, topic.word(), way);
            wanted.ticked.contains(&one)
        }
        _ => {
            let ways = colleague.ways(topic);
            match way {
                Way::Mail => ways.by_mail,
                Way::Sms => ways.by_sms,
            }
        }
    };
    let row = |colleague: Colleague| {
        let typed_phone = typed.and_then(|(wanted, _)| wanted.phones.get(&colleague.staff));
        Row {
            staff: colleague.staff,
            role: colleague.role,
            why_not: (!may_choose(seat.place.role, &colleague)).then_some(w.notices.owners_only),
            has_address: colleague.email.is_some(),
            phone: typed_phone.cloned().unwrap_or_else(|| {
                let digits = colleague.phone.map(|phone| phone.digits());
                digits.map_or_else(String::new, |digits| show::typed_phone(&digits))
            }),
            is_bad_phone: typed.is_some_and(|(_, bad)| bad.staff() == colleague.staff),
            topics: topics
                .iter()
                .map(|topic| Choice {
                    topic: *topic,
                    by_mail: ticked(&colleague, *topic, Way::Mail),
                    by_sms: ticked(&colleague, *topic, Way::Sms),
                    is_mailed: colleague.is_fixed(*topic, Way::Mail),
                    is_texted: colleague.is_fixed(*topic, Way::Sms),
                    may: colleague.role.may(topic.needs()),
                })
                .collect(),
            name: colleague.name,
        }
    };
    let page = NoticesPage {
        frame,
        w,
        rows: colleagues.into_iter().map(row).collect(),
        topics,
        has_mail: app.rails.mail.is_set_up(),
        has_sms: app.rails.sms.is_set_up(),
        done: is_saved.then_some(w.notices.saved),
        fault: typed.map(|(_, bad)| match bad {
            BadPhone::Wrong(_) => w.notices.bad_phone,
            BadPhone::Missing(_) => w.notices.no_phone,
        }),
    };
    let status = match typed {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    Ok(html(status, &page))
}

/// Takes the form: a pair for each box that is ticked, somebody's place and a topic with its way, and a phone for each who may have one.
///
/// # Errors
/// When the database is away.
pub async fn take(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let mut wanted = Wanted::default();
    for (name, value) in pairs {
        if let Some(staff) = name.strip_prefix("phone-") {
            if let Ok(staff) = staff.parse() {
                wanted
                    .phones
                    .insert(staff, value.chars().take(40).collect());
            }
            continue;
        }
        let (word, way) = match value.strip_suffix("-sms") {
            Some(word) => (word, Way::Sms),
            None => (value.as_str(), Way::Mail),
        };
        let topic = Topic::ALL.iter().find(|topic| topic.word() == word);
        if let (Some(topic), Ok(staff)) = (topic, name.parse()) {
            wanted.ticked.insert((staff, topic.word(), way));
        }
    }
    match choose(&app, seat.provider(), seat.by(), &wanted).await? {
        Ok(()) => Ok(onward("/settings/notices?done=saved")),
        Err(bad) => shown(&app, &frame, &seat, false, Some((&wanted, bad))).await,
    }
}
