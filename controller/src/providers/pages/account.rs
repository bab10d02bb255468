//! One's own account: where one is logged in, the password, the second factor.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::CookieJar;
use mnara_protocol::ids::LogInId;
use secrecy::SecretString;
use serde::Deserialize;

use super::enter::browser;
use super::frame::Frame;
use super::second::fault as second_fault;
use super::trouble::Trouble;
use super::words::Words;
use crate::app::App;
use crate::config::SecondFactor;
use crate::db::Reason;
use crate::providers::cookies;
use crate::providers::log_in::leave::{self, NotChanged, change_password};
use crate::providers::log_in::{Visit, second, store};
use crate::providers::passkeys;
use crate::providers::people;
use crate::providers::people::Contact;
use crate::web::page::{html, onward};
use crate::web::{Caller, Path};

/// One browser in the list.
struct Row {
    id: LogInId,
    device: String,
    since: String,
    seen: String,
    is_this: bool,
}

#[derive(Template)]
#[template(path = "people/account.html")]
struct AccountPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    name: String,
    /// The address and the number, those there are.
    contacts: Vec<String>,
    /// Whether there is another business of theirs to look at.
    has_others: bool,
    /// Another one, as typed into a form that was refused.
    who: &'a str,
    browsers: Vec<Row>,
    has_second: bool,
    codes_left: i64,
    done: Option<&'static str>,
    fault: Option<String>,
}

/// What was done just before, as the address says it.
#[derive(Debug, Default, Deserialize)]
pub struct Done {
    done: Option<String>,
}

/// Shows the account.
///
/// # Errors
/// When the database is away.
pub async fn form(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(done): Query<Done>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let done = match done.done.as_deref() {
        Some("password") => Some(w.account.password_changed),
        Some("second") => Some(w.account.second_gone),
        Some("browser") => Some(w.account.browser_out),
        Some("contact") => Some(w.account.contact_changed),
        Some("mailed") => Some(w.account.contact_mailed),
        Some("texted") => Some(w.account.contact_texted),
        _ => None,
    };
    shown(&app, &frame, &visit, StatusCode::OK, done, None, "").await
}

pub(super) async fn shown(
    app: &App,
    frame: &Frame,
    visit: &Visit,
    status: StatusCode,
    done: Option<&'static str>,
    fault: Option<String>,
    who: &str,
) -> Result<Response, Trouble> {
    let mut tx = app.db.platform(Reason::Login).await?;
    let person = people::store::person(&mut tx, visit.person).await?;
    let proofs = people::store::proofs(&mut tx, visit.person).await?;
    let (Some(person), Some(proofs)) = (person, proofs) else {
        return Err(Trouble::Nothing);
    };
    let (email, phone) = people::store::contacts(&mut tx, visit.person).await?;
    let phone = phone.and_then(|phone| phone.parse().ok().map(Contact::Phone));
    let proven = people::store::proven(&mut tx, visit.person).await?;
    let w = frame.words();
    // Only where a link can go there does it help to say so.
    let email = email.map(|email| {
        if app.rails.mail.is_set_up() && !proven.email {
            format!("{email} ({})", w.account.contact_unproven_mail)
        } else {
            email
        }
    });
    let phone = phone.map(|phone| match phone.written() {
        number if app.rails.sms.is_set_up() && !proven.phone => {
            format!("{number} ({})", w.account.contact_unproven)
        }
        number => number,
    });
    let here = visit.place.as_ref().map(|place| place.provider);
    let workplaces = store::workplaces(&mut tx, visit.person).await?;
    let browsers = store::browsers(&mut tx, visit.person, app.clock.now()).await?;
    let codes_left = people::store::recovery_codes_left(&mut tx, visit.person).await?;
    let page = AccountPage {
        frame,
        w,
        name: person.name,
        contacts: email.into_iter().chain(phone).collect(),
        has_others: workplaces
            .iter()
            .any(|workplace| here != Some(workplace.provider)),
        who,
        browsers: browsers
            .into_iter()
            .map(|browser| Row {
                is_this: browser.id == visit.log_in,
                id: browser.id,
                device: match browser.device.as_str() {
                    "" => frame.words().account.unknown.to_owned(),
                    _ => browser.device,
                },
                since: frame.words().calendar.moment(browser.since),
                seen: frame.words().calendar.moment(browser.seen),
            })
            .collect(),
        has_second: proofs.totp.is_some(),
        codes_left,
        done,
        fault,
    };
    Ok(html(status, &page))
}

/// Logs one of one's browsers out.
///
/// # Errors
/// When the database is away.
pub async fn out(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let id = id.parse().map_err(|_| Trouble::Nothing)?;
    leave::leave(&app, &visit, id).await?;
    Ok(onward("/account?done=browser"))
}

/// The form of the password.
#[derive(Deserialize)]
pub struct Passwords {
    old: SecretString,
    new: SecretString,
}

/// Changes the password.
///
/// # Errors
/// When the database is away.
pub async fn password(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Form(filled): Form<Passwords>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let (status, fault) = match change_password(&app, &visit, filled.old, filled.new).await {
        Ok(()) => return Ok(onward("/account?done=password")),
        Err(NotChanged::Wrong) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            w.account.wrong_password.to_owned(),
        ),
        Err(NotChanged::Bad(error)) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            w.people.bad(error).to_owned(),
        ),
        Err(NotChanged::TooMany(too)) => (StatusCode::TOO_MANY_REQUESTS, w.people.wait(too.wait)),
        Err(NotChanged::Ending(error)) => return Err(error.into()),
        Err(NotChanged::Database(error)) => return Err(error.into()),
    };
    shown(&app, &frame, &visit, status, None, Some(fault), "").await
}

#[derive(Template)]
#[template(path = "people/second_set_up.html")]
struct SetUpPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    sealed: &'a str,
    typed: String,
    address: String,
    picture: String,
    must: bool,
    fault: Option<String>,
}

/// What somebody sees who has a passkey and came in without it.
#[derive(Template)]
#[template(path = "people/second_missed.html")]
struct MissedPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
}

/// Shows how to set the second factor up: a secret that counts once its first digits came back.
///
/// # Errors
/// When the database is away.
pub async fn second_form(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
) -> Result<Response, Trouble> {
    if passkeys::is_missed(&app, &visit).await? {
        let w = frame.words();
        return Ok(html(StatusCode::OK, &MissedPage { frame: &frame, w }));
    }
    second_shown(&app, &frame, &visit, StatusCode::OK, None, None).await
}

async fn second_shown(
    app: &App,
    frame: &Frame,
    visit: &Visit,
    status: StatusCode,
    again: Option<&str>,
    fault: Option<String>,
) -> Result<Response, Trouble> {
    let mut tx = app.db.platform(Reason::Login).await?;
    let person = people::store::person(&mut tx, visit.person).await?;
    let proofs = people::store::proofs(&mut tx, visit.person).await?;
    drop(tx);
    let person = person.ok_or(Trouble::Nothing)?;
    if proofs.is_none_or(|proofs| proofs.totp.is_some()) {
        return Ok(onward("/account"));
    }
    let account = person.contact.written();
    let set_up = match again {
        // The same secret once more: it is in the person's authenticator already.
        Some(sealed) => second::again(app, visit.person, &account, sealed),
        None => Some(second::begin(app, visit.person, &account)),
    };
    let set_up = set_up.ok_or(Trouble::Nothing)?;
    let page = SetUpPage {
        frame,
        w: frame.words(),
        picture: picture(&set_up.address),
        typed: in_fours(&set_up.typed),
        address: set_up.address.clone(),
        sealed: &set_up.sealed,
        must: visit.is_admin && app.config.people.admin_second_factor == SecondFactor::Required,
        fault,
    };
    Ok(html(status, &page))
}

/// A secret as it is read off one screen and typed on another; authenticators take the spaces out.
fn in_fours(secret: &str) -> String {
    let letters: Vec<char> = secret.chars().collect();
    let fours: Vec<String> = letters
        .chunks(4)
        .map(|four| four.iter().collect())
        .collect();
    fours.join(" ")
}

/// A QR code as the address of a picture.
fn picture(text: &str) -> String {
    use base64::Engine as _;
    use fast_qr::convert::Builder as _;
    let Ok(code) = fast_qr::QRBuilder::new(text).build() else {
        return String::new();
    };
    let svg = fast_qr::convert::svg::SvgBuilder::default()
        .margin(2)
        .to_str(&code);
    let encoded = base64::engine::general_purpose::STANDARD.encode(svg);
    format!("data:image/svg+xml;base64,{encoded}")
}

/// The form of the second factor.
#[derive(Deserialize)]
pub struct Second {
    #[serde(default)]
    sealed: String,
    #[serde(default)]
    password: SecretString,
    digits: String,
}

#[derive(Template)]
#[template(path = "people/codes.html")]
struct CodesPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    codes: Vec<String>,
}

/// Takes the first digits and shows the codes for paper.
///
/// # Errors
/// When the database is away.
pub async fn second_take(
    State(app): State<App>,
    caller: Caller,
    frame: Frame,
    visit: Visit,
    jar: CookieJar,
    headers: HeaderMap,
    Form(filled): Form<Second>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    if passkeys::is_missed(&app, &visit).await? {
        return Ok(html(
            StatusCode::FORBIDDEN,
            &MissedPage { frame: &frame, w },
        ));
    }
    let browser = browser(&app, caller, &headers, &jar);
    let typed = (filled.sealed.as_str(), filled.digits.as_str());
    match second::set_up(&app, &visit, &browser, filled.password, typed).await {
        Ok((codes, mark)) => {
            let page = CodesPage {
                frame: &frame,
                w,
                codes,
            };
            let jar = cookies::give_mark(jar, &app, mark.as_ref());
            Ok((jar, html(StatusCode::OK, &page)).into_response())
        }
        Err(error) => {
            let (status, fault) = second_fault(error, w)?;
            second_shown(
                &app,
                &frame,
                &visit,
                status,
                Some(&filled.sealed),
                Some(fault),
            )
            .await
        }
    }
}

/// Takes the second factor away.
///
/// # Errors
/// When the database is away.
pub async fn second_end(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Form(filled): Form<Second>,
) -> Result<Response, Trouble> {
    match second::take_away(&app, &visit, &filled.digits).await {
        Ok(()) => Ok(onward("/account?done=second")),
        Err(error) => {
            let (status, fault) = second_fault(error, frame.words())?;
            shown(&app, &frame, &visit, status, None, Some(fault), "").await
        }
    }
}
