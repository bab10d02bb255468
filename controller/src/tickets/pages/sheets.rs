//! Vouchers to be printed: pages that a browser prints, and PDF. Each shows some hundreds and leads to the next, so that none grows with
//! its series.

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mnara_protocol::ids::SeriesId;
use mnara_protocol::ticket::code::TicketCode;
use serde::Deserialize;
use sqlx::PgConnection;

use super::super::counter;
use super::super::paper::{self, Layout, OF_PDF, Picture, Print};
use super::super::store::{self, SeriesRow, listed};
use super::number;
use super::series::{name, note_seen};
use crate::app::App;
use crate::plans::form::gives;
use crate::providers;
use crate::providers::gate::Seat;
use crate::providers::look::{Logo, store as looks};
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::web::page::{html, onward};
use crate::web::{Path, Query, csv, show};

/// What is to be printed how, from which number on and below which.
#[derive(Debug, Default, Deserialize)]
pub struct Wish {
    #[serde(rename = "as")]
    layout: Option<String>,
    from: Option<u32>,
    below: Option<u32>,
}

impl Wish {
    fn layout(&self) -> Layout {
        let word = self.layout.as_deref().unwrap_or_default();
        Layout::parse(word).unwrap_or(Layout::TwentyFour)
    }
}

/// Vouchers of a series that can be sold.
struct Sheaf {
    id: SeriesId,
    layout: Layout,
    print: Print,
    codes: Vec<TicketCode>,
    first: u32,
    /// The number after its last.
    below: u32,
    next: Option<u32>,
}

/// What is made of vouchers.
#[derive(Clone, Copy)]
enum Paper {
    /// A page that a browser prints: so many that can be sold, within the stretch that was named.
    Browser,
    /// A PDF: those of a stretch of numbers that can be sold, or of a browser's page and no other's.
    Pdf,
}

/// Takes vouchers to be printed, and writes down who did.
async fn sheaf(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    id: &str,
    wish: &Wish,
    paper: Paper,
) -> Result<Sheaf, Trouble> {
    let id: SeriesId = id.parse().map_err(|_| Trouble::Nothing)?;
    let (now, provider, layout) = (app.clock.now(), seat.provider(), wish.layout());
    let mut tx = app.db.tenant(provider).await?;
    let print = of_series(&mut tx, seat, id, frame.words()).await?;
    let mut from = wish.from.unwrap_or(0);
    if matches!(paper, Paper::Pdf) && wish.from.is_none() {
        // The first stretch of which something is left. One that is named gives no other's codes, or they would be on two papers.
        let next = listed::unused_codes(&mut tx, provider, id, from..u32::MAX, 1, now).await?;
        if let Some(next) = next.first() {
            from = next.index - next.index % u32::from(OF_PDF);
        }
    }
    let of = u32::from(OF_PDF);
    let (how, most, end) = match paper {
        Paper::Browser => {
            let end = |from: u32| (from / of + 1).saturating_mul(of);
            ("sheet", layout.at_once(), wish.from.map_or(u32::MAX, end))
        }
        Paper::Pdf => {
            let end = from.saturating_add(of);
            (
                "pdf",
                OF_PDF,
                wish.below.map_or(end, |below| below.min(end)),
            )
        }
    };
    let mut codes = listed::unused_codes(&mut tx, provider, id, from..end, most + 1, now).await?;
    let next = codes.get(usize::from(most)).map(|code| code.index);
    codes.truncate(usize::from(most));
    let first = codes.first().map_or(from, |code| code.index);
    let below = codes
        .last()
        .map_or(from, |code| code.index.saturating_add(1));
    if !codes.is_empty() {
        note_seen(app, &mut tx, seat, id, (how, first, codes.len())).await?;
        counter::store::shown(&mut tx, provider, id, below).await?;
    }
    tx.commit().await?;
    Ok(Sheaf {
        id,
        layout,
        print,
        codes: codes.into_iter().map(|code| code.code).collect(),
        first,
        below,
        next,
    })
}

/// What stands on every voucher.
fn on_each(
    series: &SeriesRow,
    business: providers::Provider,
    logo: Option<Logo>,
    w: &Words,
) -> Print {
    let until = series.sell_by.map(|at| w.calendar.moment(at));
    let help = business.help_phone;
    Print {
        logo,
        colour: business.colour,
        business: business.business_name,
        plan: series.plan_name.clone(),
        gives: gives(&series.terms, w),
        price: show::money(series.price),
        until: until.map(|at| format!("{} {at}", w.vouchers.paper_until)),
        help: help.map(|phone| format!("{} {phone}", w.vouchers.paper_help)),
        how: [w.vouchers.paper_how, w.vouchers.paper_how_short],
    }
}

/// One voucher of a page.
struct Card {
    code: String,
    count: u8,
    path: String,
}

/// A way on from vouchers on paper.
pub(crate) struct Link {
    /// Its path.
    pub(crate) path: String,
    /// Its name.
    pub(crate) name: &'static str,
}

/// The logo as it stands once in a page.
struct Drawn {
    width: u32,
    height: u32,
    /// The picture itself, as an address.
    href: String,
}

impl Drawn {
    fn of(logo: &Logo) -> Option<Self> {
        let (width, height) = logo.size()?;
        let kind = logo.kind.media_type()?;
        Some(Self {
            width,
            height,
            href: format!("data:{kind};base64,{}", STANDARD.encode(&logo.picture)),
        })
    }
}

#[derive(Template)]
#[template(path = "vouchers/sheets.html")]
struct SheetsPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    layout: Layout,
    name: String,
    words: Vec<String>,
    print: Print,
    logo: Option<Drawn>,
    colour: String,
    sheets: Vec<Vec<Card>>,
    shown: String,
    links: Vec<Link>,
}

/// Shows vouchers for a browser to print.
///
/// # Errors
/// When there is no such series, or the database is away.
pub async fn page(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
    Query(wish): Query<Wish>,
) -> Result<Response, Trouble> {
    let sheaf = sheaf(&app, &frame, &seat, &id, &wish, Paper::Browser).await?;
    let (w, series, word) = (frame.words(), sheaf.id, sheaf.layout.word());
    let further = sheaf.next.map(|next| Link {
        path: format!("/vouchers/series/{series}/sheets?as={word}&from={next}"),
        name: w.vouchers.sheet_next,
    });
    let pdf = (!sheaf.codes.is_empty()).then(|| Link {
        path: format!(
            "/vouchers/series/{series}/pdf?as={word}&from={}&below={}",
            sheaf.first, sheaf.below
        ),
        name: w.vouchers.as_pdf,
    });
    let back = Link {
        path: format!("/vouchers/series/{series}"),
        name: w.vouchers.to_series,
    };
    let links = further.into_iter().chain(pdf).chain([back]).collect();
    drawn(&frame, sheaf.layout, sheaf.print, sheaf.codes, links).await
}

/// Draws vouchers as a page for a browser to print.
pub(crate) async fn drawn(
    frame: &Frame,
    layout: Layout,
    print: Print,
    codes: Vec<TicketCode>,
    links: Vec<Link>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let count = u32::try_from(codes.len()).unwrap_or(u32::MAX);
    let of_sheet = usize::from(layout.of_sheet());
    let cards = move |codes: &[TicketCode]| {
        let cards = codes.iter().filter_map(|code| {
            let picture = Picture::of(code)?;
            Some(Card {
                code: code.shown(),
                count: picture.count(),
                path: picture.path(),
            })
        });
        cards.collect()
    };
    // Pictures of some hundred codes take a while.
    let sheets = tokio::task::spawn_blocking(move || codes.chunks(of_sheet).map(cards).collect())
        .await
        .map_err(|_| Trouble::Inside)?;
    let page = SheetsPage {
        frame,
        w,
        layout,
        name: name(layout, w),
        logo: print
            .logo
            .as_ref()
            .filter(|_| !layout.is_roll())
            .and_then(Drawn::of),
        colour: format!("#{:06x}", print.colour & 0x00FF_FFFF),
        words: layout
            .words(&print)
            .into_iter()
            .map(str::to_owned)
            .collect(),
        print,
        sheets,
        shown: number(count),
        links,
    };
    Ok(html(StatusCode::OK, &page))
}

/// What stands on every voucher of a series.
pub(crate) async fn of_series(
    conn: &mut PgConnection,
    seat: &Seat,
    id: SeriesId,
    w: &Words,
) -> Result<Print, Trouble> {
    let series = store::series_row(conn, seat.provider(), id)
        .await?
        .ok_or(Trouble::Nothing)?;
    let business = providers::store::provider(conn, seat.provider())
        .await?
        .ok_or(Trouble::Nothing)?;
    let look = looks::look(conn, seat.provider()).await?;
    Ok(on_each(
        &series,
        business,
        look.and_then(|look| look.logo),
        w,
    ))
}

/// Gives vouchers as PDF; of a series that has none left the page says so.
///
/// # Errors
/// When there is no such series, or the database is away.
pub async fn pdf(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
    Query(wish): Query<Wish>,
) -> Result<Response, Trouble> {
    let sheaf = sheaf(&app, &frame, &seat, &id, &wish, Paper::Pdf).await?;
    if sheaf.codes.is_empty() {
        return Ok(onward(&format!("/vouchers/series/{}?done=none", sheaf.id)));
    }
    let title = format!(
        "{} · {}",
        sheaf.print.business,
        frame.words().vouchers.title
    );
    let language = frame.language.tag();
    let file = csv::as_file(&format!("vouchers-{}-{}.pdf", sheaf.id, sheaf.first + 1));
    let made = tokio::task::spawn_blocking(move || {
        paper::pdf(&title, language, sheaf.layout, &sheaf.print, &sheaf.codes)
    });
    let body = made.await.map_err(|_| Trouble::Inside)?;
    let headers = [
        (header::CONTENT_TYPE, "application/pdf"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_DISPOSITION, file.as_str()),
    ];
    Ok((headers, body).into_response())
}
