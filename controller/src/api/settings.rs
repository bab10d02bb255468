//! `/api/v1/settings`: the portal's look, and who is told what.

use axum::extract::State;
use axum::http::StatusCode;
use mnara_protocol::ids::{ProviderId, StaffId};
use mnara_protocol::message::Spoken;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::cursor::{Asked, Cursor, List, Listing, Part};
use super::gate::Key;
use super::operation::Operation;
use super::plan_parts::colour;
use super::types::named;
use crate::app::App;
use crate::captive::look::{self, NotKept};
use crate::providers::look::{BadLook, Draft, Kept, Trial};
use crate::providers::notices::choose::{NotChosen, choose_for};
use crate::providers::notices::{Colleague, Topic, store as notices};
use crate::providers::staff::By;
use crate::providers::staff::roles::Role;
use crate::web::{Answer, Json, Path, Problem};

/// How the portal looks.
#[derive(Debug, Serialize, ToSchema)]
pub struct Portal {
    /// What stands at its top.
    business_name: String,
    /// The brand's colour, such as `0a7d4b`.
    colour: String,
    /// The colour of buttons; null for the brand's.
    button_colour: Option<String>,
    /// A number customers can call.
    help_phone: Option<String>,
    /// What is said above the plans.
    welcome: InBoth,
    /// What everybody should know now.
    banner: InBoth,
    /// What a buyer accepts.
    terms: InBoth,
    /// What it gives away to try.
    trial: FreeTrial,
    /// Whether there is a logo; it is set on the page.
    has_logo: bool,
}

/// The same in both languages; empty where nothing is said.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct InBoth {
    /// In English.
    #[schema(max_length = 4_000)]
    english: String,
    /// In Kiswahili.
    #[schema(max_length = 4_000)]
    kiswahili: String,
}

impl From<Spoken> for InBoth {
    fn from(spoken: Spoken) -> Self {
        Self {
            english: spoken.english,
            kiswahili: spoken.swahili,
        }
    }
}

impl From<InBoth> for Spoken {
    fn from(both: InBoth) -> Self {
        let said = |text: &str| text.trim().replace('\r', "");
        Self {
            english: said(&both.english),
            swahili: said(&both.kiswahili),
        }
    }
}

/// What the portal gives away to try.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FreeTrial {
    /// Whether anything is given away.
    is_on: bool,
    /// How long it lasts.
    #[schema(minimum = 5, maximum = 240)]
    minutes: u16,
    /// How much it moves at most, in megabytes; no limit if nothing is said.
    #[schema(minimum = 1, maximum = 100_000)]
    data_mb: Option<u32>,
    /// How fast it is both ways, in megabits per second; no limit if nothing is said.
    #[schema(minimum = 1, maximum = 1_000)]
    mbps: Option<u16>,
    /// The same device again after so many days.
    #[schema(minimum = 1, maximum = 60)]
    every_days: u16,
    /// So many on one day at one site.
    #[schema(minimum = 1, maximum = 200)]
    a_day: u16,
}

impl From<Trial> for FreeTrial {
    fn from(trial: Trial) -> Self {
        Self {
            is_on: trial.is_on,
            minutes: trial.minutes,
            data_mb: trial.data_mb,
            mbps: trial.mbps,
            every_days: trial.every_days,
            a_day: trial.a_day,
        }
    }
}

impl From<FreeTrial> for Trial {
    fn from(free: FreeTrial) -> Self {
        Self {
            is_on: free.is_on,
            minutes: free.minutes,
            data_mb: free.data_mb,
            mbps: free.mbps,
            every_days: free.every_days,
            a_day: free.a_day,
        }
    }
}

impl Portal {
    fn new(business_name: String, kept: Kept) -> Self {
        let Kept { draft, logo } = kept;
        let colour = |colour: u32| format!("{colour:06x}");
        Self {
            business_name,
            colour: colour(draft.colour),
            button_colour: draft.button.map(colour),
            help_phone: draft.help_phone,
            welcome: draft.welcome.into(),
            banner: draft.banner.into(),
            terms: draft.terms.into(),
            trial: draft.trial.into(),
            has_logo: logo.is_some(),
        }
    }
}

async fn portal_now(conn: &mut PgConnection, provider: ProviderId) -> Answer<Json<Portal>> {
    let found = look::current(conn, provider).await?;
    let (name, kept) = found.ok_or_else(Problem::not_found)?;
    Ok(Json(Portal::new(name, kept)))
}

pub(super) fn portal_showing() -> Operation {
    Operation::new("getPortal", "Show how the portal looks", "").answers::<Portal>(200)
}

/// Shows how the portal looks.
///
/// # Errors
/// A problem document.
pub async fn portal(State(app): State<App>, key: Key) -> Answer<Json<Portal>> {
    let mut tx = app.db.tenant(key.provider()).await?;
    portal_now(&mut tx, key.provider()).await
}

/// How the portal is to look.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PortalDraft {
    /// The brand's colour.
    #[schema(pattern = "^[0-9a-fA-F]{6}$")]
    colour: String,
    /// The colour of buttons; the brand's if nothing is said.
    #[schema(pattern = "^[0-9a-fA-F]{6}$")]
    button_colour: Option<String>,
    /// A number customers can call: digits, with what usually stands between them.
    #[schema(pattern = "^[0-9 +()/-]{1,20}$")]
    help_phone: Option<String>,
    /// What is said above the plans; 200 letters at most.
    #[serde(default)]
    welcome: InBoth,
    /// What everybody should know now; 160 letters at most.
    #[serde(default)]
    banner: InBoth,
    /// What a buyer accepts; 4,000 letters at most.
    #[serde(default)]
    terms: InBoth,
    /// What it gives away to try; stays as it is if nothing is said.
    trial: Option<FreeTrial>,
}

pub(super) fn portal_changing() -> Operation {
    Operation::new(
        "replacePortal",
        "Change how the portal looks",
        "The body is the whole look as it is to be, without the logo, which stays. All sites are told at once.",
    )
    .body::<PortalDraft>(json!({"colour": "0a7d4b", "help_phone": "0712 000 000",
        "welcome": {"english": "Welcome!", "kiswahili": "Karibu!"}}))
    .answers::<Portal>(200)
}

/// Changes how the portal looks.
///
/// # Errors
/// A problem document.
pub async fn change_portal(
    State(app): State<App>,
    key: Key,
    Json(draft): Json<PortalDraft>,
) -> Answer<Json<Portal>> {
    let trial = match draft.trial {
        Some(trial) => trial.into(),
        None => {
            let mut tx = app.db.tenant(key.provider()).await?;
            let found = look::current(&mut tx, key.provider()).await?;
            found.ok_or_else(Problem::not_found)?.1.draft.trial
        }
    };
    let draft = Draft {
        trial,
        colour: colour(&draft.colour)?,
        button: draft.button_colour.as_deref().map(colour).transpose()?,
        help_phone: draft.help_phone,
        welcome: draft.welcome.into(),
        banner: draft.banner.into(),
        terms: draft.terms.into(),
    };
    look::change(&app, key.provider(), &draft, key.actor())
        .await
        .map_err(not_kept)?;
    let mut tx = app.db.tenant(key.provider()).await?;
    portal_now(&mut tx, key.provider()).await
}

/// Why a look was not kept.
pub(super) fn not_kept(error: NotKept) -> Problem {
    match error {
        NotKept::Look(bad) => {
            let field = match bad {
                BadLook::Colour => "colour, button_colour",
                BadLook::HelpPhone => "help_phone",
                BadLook::Welcome => "welcome",
                BadLook::Banner => "banner",
                BadLook::Terms => "terms",
                BadLook::Trial(_) => "trial",
            };
            Problem::bad_field(format!("{field}: {bad}."))
        }
        NotKept::Logo(error) => anyhow::Error::new(error).into(),
        NotKept::Feed(error) => anyhow::Error::new(error).into(),
        NotKept::Database(error) => error.into(),
    }
}

/// What somebody who works here is told by mail.
#[derive(Debug, Serialize, ToSchema)]
pub struct Told {
    /// Their place here, as the list of staff has it.
    id: String,
    /// What they are called.
    name: String,
    /// What they are.
    role: &'static str,
    /// Whether there is an address to write to.
    has_address: bool,
    /// A site that is away, and one that is back.
    site: bool,
    /// Money a person should look at.
    money: bool,
    /// How the day went.
    summary: bool,
    /// How the month went, as files.
    month: bool,
}

impl From<Colleague> for Told {
    fn from(colleague: Colleague) -> Self {
        let hears = |topic| colleague.hears(topic);
        Self {
            id: colleague.staff.to_string(),
            role: colleague.role.word(),
            has_address: colleague.email.is_some(),
            site: hears(Topic::Site),
            money: hears(Topic::Money),
            summary: hears(Topic::Summary),
            month: hears(Topic::Month),
            name: colleague.name,
        }
    }
}

pub(super) fn notices_listing() -> Operation {
    Operation::new(
        "listNotices",
        "List who is told what by mail",
        "What concerns security goes to all owners and is not chosen.",
    )
    .query::<Listing>()
    .lists::<Told>()
}

/// Lists who is told what.
///
/// # Errors
/// A problem document.
pub async fn list_notices(
    State(app): State<App>,
    key: Key,
    Asked(asked): Asked<Listing>,
) -> Answer<Json<List<Told>>> {
    let (limit, cursor) = asked.part();
    let part = Part::read(limit, cursor)?;
    let mut tx = app.db.tenant(key.provider()).await?;
    let mut found = notices::colleagues(&mut tx, key.provider()).await?;
    // An id begins with its time, so this is the order in which they came.
    found.sort_by_key(|one| *one.staff.as_bytes());
    let place = |one: &Colleague| Cursor {
        place: 0,
        id: *one.staff.as_bytes(),
    };
    Ok(Json(part.list(part.rest(found, place), place, Told::from)))
}

/// What somebody is to be told by mail.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ToldDraft {
    /// A site that is away, and one that is back.
    site: bool,
    /// Money a person should look at.
    money: bool,
    /// How the day went.
    summary: bool,
    /// How the month went, as files; stays as it is if nothing is said.
    month: Option<bool>,
}

pub(super) fn notices_changing() -> Operation {
    Operation::new(
        "replaceNotices",
        "Choose what somebody is told by mail",
        "Not for owners, who choose for themselves. What somebody's role may not see stays off, whatever is sent.",
    )
    .of(StaffId::PREFIX)
    .body::<ToldDraft>(json!({"site": true, "money": false, "summary": true, "month": false}))
    .answers::<Told>(200)
    .problem(409)
}

/// Chooses what somebody is told.
///
/// # Errors
/// A problem document.
pub async fn change_notices(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
    Json(draft): Json<ToldDraft>,
) -> Answer<Json<Told>> {
    let mut wanted = vec![
        (Topic::Site, draft.site),
        (Topic::Money, draft.money),
        (Topic::Summary, draft.summary),
    ];
    wanted.extend(draft.month.map(|month| (Topic::Month, month)));
    // A program may what a manager may.
    let by = By {
        actor: key.actor(),
        role: Role::Manager,
    };
    choose_for(&app, key.provider(), by, named(&id)?, &wanted)
        .await
        .map(|colleague| Json(colleague.into()))
        .map_err(|error| match error {
            NotChosen::Missing => Problem::not_found(),
            NotChosen::Owner => Problem::new(
                StatusCode::CONFLICT,
                "owners-choose",
                "An owner chooses what they are told.",
            ),
            NotChosen::NoAddress => Problem::new(
                StatusCode::CONFLICT,
                "no-address",
                "They have no e-mail address to be told at.",
            ),
            NotChosen::Database(error) => error.into(),
        })
}
