//! The page of the portal's look: colours, words and the logo, beside the portal itself.

use askama::Template;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Form, Multipart, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::message::Spoken;
use mnara_protocol::portal::{PlanView, Trial, is_lost_on_white};
use serde::Deserialize;

use super::{NotKept, change, set_logo, trial};
use crate::app::App;
use crate::plans;
use crate::providers::gate::Seat;
use crate::providers::look::preview::{Part, Preview, language};
use crate::providers::look::{
    BANNER, BadLogo, BadLook, BadTrial, Draft, Kept, Logo, MOST_BYTES, TERMS, WELCOME,
};
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::{PortalWords, Words};
use crate::providers::parse_colour;
use crate::web::Path;
use crate::web::page::{html, onward};

/// What the form holds, as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Filled {
    colour: String,
    own_button: Option<String>,
    button: String,
    help_phone: String,
    welcome_en: String,
    welcome_sw: String,
    banner_en: String,
    banner_sw: String,
    terms_en: String,
    terms_sw: String,
    #[serde(flatten)]
    free: trial::Filled,
    /// The language of a preview.
    lang: Option<String>,
}

impl Filled {
    /// What a look is in the form.
    fn of(draft: &Draft) -> Self {
        let colour = |colour: u32| format!("#{colour:06x}");
        Self {
            colour: colour(draft.colour),
            own_button: draft.button.map(|_| "on".to_owned()),
            button: colour(draft.button.unwrap_or(draft.colour)),
            help_phone: draft.help_phone.clone().unwrap_or_default(),
            welcome_en: draft.welcome.english.clone(),
            welcome_sw: draft.welcome.swahili.clone(),
            banner_en: draft.banner.english.clone(),
            banner_sw: draft.banner.swahili.clone(),
            terms_en: draft.terms.english.clone(),
            terms_sw: draft.terms.swahili.clone(),
            free: trial::Filled::of(&draft.trial),
            lang: None,
        }
    }

    /// Reads what was typed.
    fn draft(&self) -> Result<Draft, BadLook> {
        let colour = |text: &str| parse_colour(text.trim()).map_err(|_| BadLook::Colour);
        let said = |text: &str| text.trim().replace('\r', "");
        let spoken = |english: &str, swahili: &str| Spoken {
            english: said(english),
            swahili: said(swahili),
        };
        let phone = self.help_phone.trim();
        let draft = Draft {
            colour: colour(&self.colour)?,
            button: match self.own_button {
                Some(_) => Some(colour(&self.button)?),
                None => None,
            },
            help_phone: (!phone.is_empty()).then(|| phone.to_owned()),
            welcome: spoken(&self.welcome_en, &self.welcome_sw),
            banner: spoken(&self.banner_en, &self.banner_sw),
            terms: spoken(&self.terms_en, &self.terms_sw),
            trial: self.free.read()?,
        };
        draft.check()?;
        Ok(draft)
    }
}

#[derive(Template)]
#[template(path = "look/portal.html")]
struct PortalPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    filled: &'a Filled,
    has_logo: bool,
    most_kilobytes: usize,
    limits: [usize; 3],
    /// Whether lines on the page cannot have the colour that was chosen.
    is_light: bool,
    done: Option<&'static str>,
    fault: Option<&'static str>,
}

/// The look as it is, with the business's name.
pub(super) async fn current(app: &App, seat: &Seat) -> Result<(String, Kept), Trouble> {
    let mut tx = app.db.tenant(seat.provider()).await?;
    let found = super::current(&mut tx, seat.provider()).await?;
    found.ok_or(Trouble::Nothing)
}

struct Said<'a> {
    status: StatusCode,
    filled: Option<&'a Filled>,
    done: Option<&'static str>,
    fault: Option<&'static str>,
}

async fn shown(app: &App, frame: &Frame, seat: &Seat, said: Said<'_>) -> Result<Response, Trouble> {
    let (_, kept) = current(app, seat).await?;
    let stored = Filled::of(&kept.draft);
    let page = PortalPage {
        frame,
        w: frame.words(),
        filled: said.filled.unwrap_or(&stored),
        has_logo: kept.logo.is_some(),
        most_kilobytes: MOST_BYTES / 1024,
        limits: [WELCOME, BANNER, TERMS],
        is_light: is_lost_on_white(kept.draft.button.unwrap_or(kept.draft.colour)),
        done: said.done,
        fault: said.fault,
    };
    Ok(html(said.status, &page))
}

/// What was done just before, as the address says it.
#[derive(Debug, Default, Deserialize)]
pub struct Done {
    pub(super) done: Option<String>,
}

/// Shows the form.
///
/// # Errors
/// When the database is away.
pub async fn form(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Query(done): Query<Done>,
) -> Result<Response, Trouble> {
    let said = Said {
        status: StatusCode::OK,
        filled: None,
        done: done.done.map(|_| frame.words().plans.kept),
        fault: None,
    };
    shown(&app, &frame, &seat, said).await
}

/// Keeps colours and words.
///
/// # Errors
/// When the database is away.
pub async fn take(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let changed = match filled.draft() {
        Ok(draft) => change(&app, seat.provider(), &draft, seat.actor()).await,
        Err(bad) => Err(bad.into()),
    };
    answer(&app, &frame, &seat, Some(&filled), changed).await
}

/// Keeps a logo.
///
/// # Errors
/// When the database is away.
pub async fn logo(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Response, Trouble> {
    let set = match sent(form).await {
        Ok(picture) => set_logo(&app, seat.provider(), Some(&picture), seat.actor()).await,
        Err(bad) => Err(bad.into()),
    };
    answer(&app, &frame, &seat, None, set).await
}

/// The file of a form.
pub(super) async fn sent(form: Result<Multipart, MultipartRejection>) -> Result<Vec<u8>, BadLogo> {
    let mut form = form.map_err(|_| BadLogo::Missing)?;
    // What is larger than any body of ours ends in the middle.
    while let Some(mut field) = form.next_field().await.map_err(|_| BadLogo::Large)? {
        if field.name() != Some("logo") {
            continue;
        }
        let mut picture = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(|_| BadLogo::Large)? {
            picture.extend_from_slice(&chunk);
            if picture.len() > MOST_BYTES {
                return Err(BadLogo::Large);
            }
        }
        return Ok(picture);
    }
    Err(BadLogo::Missing)
}

/// Takes the logo away.
///
/// # Errors
/// When the database is away.
pub async fn logo_end(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
) -> Result<Response, Trouble> {
    let set = set_logo(&app, seat.provider(), None, seat.actor()).await;
    answer(&app, &frame, &seat, None, set).await
}

async fn answer(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    filled: Option<&Filled>,
    done: Result<(), NotKept>,
) -> Result<Response, Trouble> {
    let w = &frame.words().portal;
    let fault = match done {
        Ok(()) => return Ok(onward("/settings/portal?done=kept")),
        Err(NotKept::Look(bad)) => w.bad(bad),
        Err(NotKept::Logo(bad)) => w.bad_logo(bad),
        Err(NotKept::Database(error)) => return Err(error.into()),
        Err(NotKept::Feed(error)) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "sites could not be told of a look"
            );
            return Err(Trouble::Inside);
        }
    };
    let said = Said {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        filled,
        done: None,
        fault: Some(fault),
    };
    shown(app, frame, seat, said).await
}

/// The language of a preview.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    pub(super) lang: Option<String>,
}

/// Shows the portal as it is kept.
///
/// # Errors
/// When there is no such part, or the database is away.
pub async fn kept(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path(part): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let part = Part::at(&part).ok_or(Trouble::Nothing)?;
    drawn(&app, &frame, &seat, part, None, asked.lang.as_deref()).await
}

/// Shows the portal as it was typed, before it is anybody's.
///
/// # Errors
/// When there is no such part, or the database is away.
pub async fn typed(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path(part): Path<String>,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let part = Part::at(&part).ok_or(Trouble::Nothing)?;
    let asked = filled.lang.as_deref();
    drawn(&app, &frame, &seat, part, Some(&filled), asked).await
}

async fn drawn(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    part: Part,
    filled: Option<&Filled>,
    asked: Option<&str>,
) -> Result<Response, Trouble> {
    let (business, kept) = current(app, seat).await?;
    let mut tx = app.db.tenant(seat.provider()).await?;
    let plans = plans::store::plans(&mut tx, seat.provider(), plans::edit::MOST).await?;
    drop(tx);
    let now = app.clock.now();
    let views: Vec<PlanView> = plans
        .iter()
        .filter(|plan| plan.on_sale)
        .map(|plan| PlanView::of(plan, now))
        .collect();
    let (draft, fault) = match filled.map(Filled::draft) {
        None => (kept.draft, None),
        Some(Ok(draft)) => (draft, None),
        Some(Err(bad)) => (kept.draft, Some(frame.words().portal.bad(bad))),
    };
    let look = draft.look(&business, kept.logo.as_ref().map(Logo::id));
    let trial = draft.trial.row().as_ref().map(Trial::from);
    let preview = Preview {
        look: &look,
        trial: trial.as_ref(),
        logo: kept.logo.as_ref(),
        plans: &views,
        language: language(asked, frame.language),
        part,
        fault,
    };
    Ok(preview.draw())
}

impl PortalWords {
    /// What is wrong with a look.
    pub(super) const fn bad(&self, error: BadLook) -> &'static str {
        match error {
            BadLook::Colour => self.bad_colour,
            BadLook::HelpPhone => self.bad_help_phone,
            BadLook::Welcome => self.bad_welcome,
            BadLook::Banner => self.bad_banner,
            BadLook::Terms => self.bad_terms,
            BadLook::Trial(BadTrial::Minutes) => self.bad_trial_minutes,
            BadLook::Trial(BadTrial::Data) => self.bad_trial_data,
            BadLook::Trial(BadTrial::Speed) => self.bad_trial_speed,
            BadLook::Trial(BadTrial::Days) => self.bad_trial_days,
            BadLook::Trial(BadTrial::ADay) => self.bad_trial_a_day,
        }
    }

    /// What is wrong with a picture.
    pub(super) const fn bad_logo(&self, error: BadLogo) -> &'static str {
        match error {
            BadLogo::Missing => self.logo_missing,
            BadLogo::Large => self.logo_large,
            BadLogo::Svg => self.logo_svg,
            BadLogo::Kind => self.logo_kind,
            BadLogo::Damaged => self.logo_damaged,
        }
    }
}
