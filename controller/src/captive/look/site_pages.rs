//! The page of one site's own look, beside that site's portal.

use askama::Template;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Form, Multipart, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::ids::SiteId;
use mnara_protocol::message::Spoken;
use mnara_protocol::portal::{PlanView, Trial};
use serde::Deserialize;

use super::pages::{Asked, Done, current, sent};
use super::{NotKept, site};
use crate::app::App;
use crate::fleet::{Site, store as sites};
use crate::plans;
use crate::providers::gate::Seat;
use crate::providers::look::preview::{Part, Preview, language};
use crate::providers::look::store::overs;
use crate::providers::look::{
    BANNER, BadLook, Kept, KeptOver, Logo, MOST_BYTES, Over, TERMS, WELCOME,
};
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::providers::parse_colour;
use crate::web::Path;
use crate::web::page::{html, onward};

/// What the form holds, as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Filled {
    own_colour: Option<String>,
    colour: String,
    own_button: Option<String>,
    button: String,
    welcome_en: String,
    welcome_sw: String,
    banner_en: String,
    banner_sw: String,
    terms_en: String,
    terms_sw: String,
    /// The language of a preview.
    lang: Option<String>,
}

impl Filled {
    /// What a site's own look is in the form; colours that are the business's stand there to begin from.
    fn of(over: &Over, business: &Kept) -> Self {
        let all = &business.draft;
        let shown = |colour: u32| format!("#{colour:06x}");
        let on = |is: bool| is.then(|| "on".to_owned());
        Self {
            own_colour: on(over.colour.is_some()),
            colour: shown(over.colour.unwrap_or(all.colour)),
            own_button: on(over.button.is_some()),
            button: shown(over.button.or(all.button).unwrap_or(all.colour)),
            welcome_en: over.welcome.english.clone(),
            welcome_sw: over.welcome.swahili.clone(),
            banner_en: over.banner.english.clone(),
            banner_sw: over.banner.swahili.clone(),
            terms_en: over.terms.english.clone(),
            terms_sw: over.terms.swahili.clone(),
            lang: None,
        }
    }

    /// Reads what was typed.
    fn over(&self) -> Result<Over, BadLook> {
        let colour = |own: &Option<String>, text: &str| match own {
            Some(_) => parse_colour(text.trim())
                .map(Some)
                .map_err(|_| BadLook::Colour),
            None => Ok(None),
        };
        let said = |text: &str| text.trim().replace('\r', "");
        let spoken = |english: &str, swahili: &str| Spoken {
            english: said(english),
            swahili: said(swahili),
        };
        Ok(Over {
            colour: colour(&self.own_colour, &self.colour)?,
            button: colour(&self.own_button, &self.button)?,
            welcome: spoken(&self.welcome_en, &self.welcome_sw),
            banner: spoken(&self.banner_en, &self.banner_sw),
            terms: spoken(&self.terms_en, &self.terms_sw),
        })
    }
}

#[derive(Template)]
#[template(path = "look/site_look.html")]
struct LookPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    id: SiteId,
    name: String,
    filled: &'a Filled,
    has_logo: bool,
    most_kilobytes: usize,
    limits: [usize; 3],
    done: Option<&'static str>,
    fault: Option<&'static str>,
}

/// A site with its own look and the business's.
struct Known {
    site: Site,
    business_name: String,
    business: Kept,
    own: KeptOver,
}

async fn known(app: &App, seat: &Seat, id: &str) -> Result<Known, Trouble> {
    let id = id.parse().map_err(|_| Trouble::Nothing)?;
    let (business_name, business) = current(app, seat).await?;
    let mut tx = app.db.tenant(seat.provider()).await?;
    let site = sites::open_site(&mut tx, seat.provider(), id)
        .await?
        .ok_or(Trouble::Nothing)?;
    let own = overs::over(&mut tx, seat.provider(), id).await?;
    Ok(Known {
        site,
        business_name,
        business,
        own: own.unwrap_or_default(),
    })
}

fn shown(
    frame: &Frame,
    known: Known,
    filled: Option<&Filled>,
    done: Option<&'static str>,
    fault: Option<&'static str>,
) -> Response {
    let stored = Filled::of(&known.own.over, &known.business);
    let page = LookPage {
        frame,
        w: frame.words(),
        id: known.site.id,
        name: known.site.name,
        filled: filled.unwrap_or(&stored),
        has_logo: known.own.logo.is_some(),
        most_kilobytes: MOST_BYTES / 1024,
        limits: [WELCOME, BANNER, TERMS],
        done,
        fault,
    };
    let status = match fault {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    html(status, &page)
}

/// Shows the form.
///
/// # Errors
/// When there is no such site, or the database is away.
pub async fn form(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, Trouble> {
    let known = known(&app, &seat, &id).await?;
    let done = done.done.is_some().then_some(frame.words().plans.kept);
    Ok(shown(&frame, known, None, done, None))
}

/// Keeps colours and words.
///
/// # Errors
/// When there is no such site, or the database is away.
pub async fn take(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let known = known(&app, &seat, &id).await?;
    let place = (seat.provider(), known.site.id);
    let changed = match filled.over() {
        Ok(over) => site::change(&app, place, &known.business.draft, &over, seat.actor()).await,
        Err(bad) => Err(bad.into()),
    };
    answer(&frame, known, Some(&filled), changed)
}

/// Keeps a logo.
///
/// # Errors
/// When there is no such site, or the database is away.
pub async fn logo(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Response, Trouble> {
    let known = known(&app, &seat, &id).await?;
    let place = (seat.provider(), known.site.id);
    let set = match sent(form).await {
        Ok(picture) => site::set_logo(&app, place, Some(&picture), seat.actor()).await,
        Err(bad) => Err(bad.into()),
    };
    answer(&frame, known, None, set)
}

/// Gives the site the business's logo again.
///
/// # Errors
/// When there is no such site, or the database is away.
pub async fn logo_end(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let known = known(&app, &seat, &id).await?;
    let place = (seat.provider(), known.site.id);
    let set = site::set_logo(&app, place, None, seat.actor()).await;
    answer(&frame, known, None, set)
}

fn answer(
    frame: &Frame,
    known: Known,
    filled: Option<&Filled>,
    done: Result<(), NotKept>,
) -> Result<Response, Trouble> {
    let w = &frame.words().portal;
    let fault = match done {
        Ok(()) => return Ok(onward(&format!("/sites/{}/look?done=kept", known.site.id))),
        Err(NotKept::Look(bad)) => w.bad(bad),
        Err(NotKept::Logo(bad)) => w.bad_logo(bad),
        Err(NotKept::Database(error)) => return Err(error.into()),
        Err(NotKept::Feed(error)) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a site could not be told of its look"
            );
            return Err(Trouble::Inside);
        }
    };
    Ok(shown(frame, known, filled, None, Some(fault)))
}

/// Shows the site's portal as it is kept.
///
/// # Errors
/// When there is no such site, or the database is away.
pub async fn kept(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    drawn(&app, &frame, &seat, &id, None, asked.lang.as_deref()).await
}

/// Shows it as it was typed.
///
/// # Errors
/// When there is no such site, or the database is away.
pub async fn typed(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let asked = filled.lang.as_deref();
    drawn(&app, &frame, &seat, &id, Some(&filled), asked).await
}

async fn drawn(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    id: &str,
    filled: Option<&Filled>,
    asked: Option<&str>,
) -> Result<Response, Trouble> {
    let mut known = known(app, seat, id).await?;
    let mut tx = app.db.tenant(seat.provider()).await?;
    let plans = plans::store::plans(&mut tx, seat.provider(), plans::edit::MOST).await?;
    drop(tx);
    let now = app.clock.now();
    let views: Vec<PlanView> = plans
        .iter()
        .filter(|plan| plan.on_sale)
        .map(|plan| PlanView::of(plan, now))
        .collect();
    let mut fault = None;
    if let Some(filled) = filled {
        let typed = filled.over();
        let typed = typed.and_then(|over| over.check(&known.business.draft).map(|()| over));
        match typed {
            Ok(over) => known.own.over = over,
            Err(bad) => fault = Some(frame.words().portal.bad(bad)),
        }
    }
    let whole = known.own.onto(known.business);
    let mut look = whole
        .draft
        .look(&known.business_name, whole.logo.as_ref().map(Logo::id));
    look.site = known.site.name;
    let trial = whole.draft.trial.row().as_ref().map(Trial::from);
    let preview = Preview {
        look: &look,
        trial: trial.as_ref(),
        logo: whole.logo.as_ref(),
        plans: &views,
        language: language(asked, frame.language),
        part: Part::Home,
        fault,
    };
    Ok(preview.draw())
}
