//! The demo's Wi-Fi desk: a page where somebody brings the line that enrols an agent, lets time pass, and finds the phones on each Wi-Fi.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::extract::{Form, State};
use axum::response::{Html, Redirect};
use axum::routing::{get, post};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::sim::escaped;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:560px;margin:0 auto;padding:16px;color-scheme:light dark}\
ul{list-style:none;padding:0}li{border:1px solid #8886;border-radius:12px;padding:10px 14px;margin:0 0 10px}small{opacity:.75}\
textarea{font:inherit;width:100%;box-sizing:border-box}button{font:inherit;min-height:44px;padding:0 18px}a{overflow-wrap:anywhere}";

/// The desk, on a port of its own.
#[derive(Clone, Debug)]
pub struct Desk {
    address: SocketAddr,
    board: Arc<Mutex<Board>>,
    lines: mpsc::Sender<Brought>,
    stop: CancellationToken,
}

/// What somebody brings.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Brought {
    /// The line of a site.
    Line(String),
    /// Time, which is to pass.
    Time(Duration),
}

#[derive(Debug, Default)]
struct Board {
    /// Each phone: where it is, and the address of its browser.
    phones: Vec<(String, String)>,
    /// Where the prompts appear.
    prompts: String,
    /// What came of the last that was brought; nothing while that is not known.
    said: Option<String>,
    /// What is being done about it.
    doing: Option<&'static str>,
}

#[derive(Deserialize)]
struct Line {
    line: String,
}

#[derive(Deserialize)]
struct Time {
    pass: Pass,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Pass {
    Hour,
    Day,
    Week,
}

impl Pass {
    const fn takes(self) -> Duration {
        const HOUR: u64 = 3_600;
        Duration::from_secs(match self {
            Self::Hour => HOUR,
            Self::Day => 24 * HOUR,
            Self::Week => 7 * 24 * HOUR,
        })
    }
}

impl Desk {
    /// Opens it; what is brought goes to whoever holds the other end of `lines`.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn open(lines: mpsc::Sender<Brought>) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("opening the desk's port")?;
        let desk = Self {
            address: listener.local_addr()?,
            board: Arc::default(),
            lines,
            stop: CancellationToken::new(),
        };
        let pages = Router::new()
            .route("/", get(show).post(bring))
            .route("/time", post(pass))
            .with_state(desk.clone());
        let stop = desk.stop.clone();
        tokio::spawn(async move {
            let stopped = stop.cancelled_owned();
            axum::serve(listener, pages)
                .with_graceful_shutdown(stopped)
                .await
        });
        Ok(desk)
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where lines go: whoever holds it brings some as well.
    #[must_use]
    pub fn lines(&self) -> mpsc::Sender<Brought> {
        self.lines.clone()
    }

    /// Says where prompts appear.
    pub fn prompts_at(&self, address: String) {
        self.board().prompts = address;
    }

    /// Lists a phone.
    pub fn list(&self, place: &str, phone: SocketAddr) {
        let phone = format!("http://{phone}/");
        self.board().phones.push((place.to_owned(), phone));
    }

    /// Says what came of the last that was brought.
    pub fn say(&self, said: &str) {
        let mut board = self.board();
        board.said = Some(said.to_owned());
        board.doing = None;
    }

    /// Closes it.
    pub fn close(&self) {
        self.stop.cancel();
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn hand_on(&self, brought: Brought, doing: &'static str) -> Redirect {
        {
            let mut board = self.board();
            board.doing = Some(doing);
            board.said = None;
        }
        if self.lines.send(brought).await.is_err() {
            self.say("The demo is ending.");
        }
        Redirect::to("/")
    }
}

async fn bring(State(desk): State<Desk>, Form(brought): Form<Line>) -> Redirect {
    let doing = "A router and its agent are coming up.";
    desk.hand_on(Brought::Line(brought.line), doing).await
}

async fn pass(State(desk): State<Desk>, Form(time): Form<Time>) -> Redirect {
    let brought = Brought::Time(time.pass.takes());
    desk.hand_on(brought, "Time passes.").await
}

async fn show(State(desk): State<Desk>) -> Html<String> {
    let board = desk.board();
    let mut body = String::from("<h1>Your Wi-Fi</h1>");
    let again = if let Some(doing) = board.doing {
        let _ = write!(
            body,
            "<p role=\"status\">{doing} This page looks again by itself.</p>"
        );
        "<meta http-equiv=\"refresh\" content=\"1\">"
    } else {
        ""
    };
    if let Some(said) = &board.said {
        let _ = write!(body, "<p role=\"status\">{}</p>", escaped(said));
    }
    body.push_str("<h2>Phones on it</h2>");
    if board.phones.is_empty() {
        body.push_str("<p>None yet. Bring a site's line below.</p>");
    }
    body.push_str("<ul>");
    for (place, phone) in board.phones.iter().rev() {
        let phone = escaped(phone);
        let _ = write!(
            body,
            "<li><small>{}</small><br><a href=\"{phone}\">{phone}</a></li>",
            escaped(place)
        );
    }
    let _ = write!(
        body,
        "</ul><p>Open one, choose a plan, type a number such as 0733111222 and press Pay. The prompt appears on \
         <a href=\"{0}/phone\">{0}/phone</a>.</p>\
         <h2>Bring a router up</h2><form method=\"post\"><p><label for=\"line\">The line that your site's page shows under \"Enrol the agent\"</label></p>\
         <p><textarea id=\"line\" name=\"line\" rows=\"4\" required></textarea></p><p><button>Bring it up</button></p></form>\
         <h2>Let time pass</h2><p>For everything here alike: the cloud, the sites with their routers, M-PESA, Pesapal.</p>\
         <form method=\"post\" action=\"/time\"><p><button name=\"pass\" value=\"hour\">An hour passes</button> \
         <button name=\"pass\" value=\"day\">A day passes</button> <button name=\"pass\" value=\"week\">A week passes</button></p></form>",
        escaped(&board.prompts)
    );
    Html(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         {again}<title>Your Wi-Fi</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>"
    ))
}
