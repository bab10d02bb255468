//! The `DevTools` protocol of Chromium: commands with their answers, and the events that tabs wait for. What people do in a tab is in `tab.rs`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, anyhow, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::world::program::PATIENCE;

/// Events kept for a tab that does not look at once.
const EVENTS: usize = 1_024;
/// Commands on their way.
const COMMANDS: usize = 64;

type Answers = Arc<Mutex<BTreeMap<u64, oneshot::Sender<Value>>>>;

/// Something the browser told without being asked.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// In which session.
    pub(super) session: String,
    /// What.
    pub(super) method: String,
    /// Which document it put into the tab itself, if it did that.
    pub(super) document: Option<String>,
}

impl Event {
    fn of(said: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let frame = &said["params"]["frame"];
        let is_new = said["method"] == "Page.frameNavigated" && frame["parentId"].is_null();
        Self {
            session: text(&said["sessionId"]),
            method: text(&said["method"]),
            document: is_new.then(|| text(&frame["loaderId"])),
        }
    }
}

/// A connection to a browser; cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    commands: mpsc::Sender<(Value, oneshot::Sender<Value>)>,
    events: broadcast::Sender<Event>,
}

impl Wire {
    /// Connects to the address a browser prints.
    pub(super) async fn open(address: &str) -> Result<Self> {
        let url = url::Url::parse(address).context("the browser printed no address")?;
        let host = (
            url.host_str().unwrap_or_default(),
            url.port().unwrap_or_default(),
        );
        let stream = TcpStream::connect(host)
            .await
            .context("connecting to the browser")?;
        let (socket, _) = client_async(address, stream)
            .await
            .context("talking to the browser")?;
        let (commands, waiting) = mpsc::channel(COMMANDS);
        let events = broadcast::Sender::new(EVENTS);
        tokio::spawn(carry(socket, waiting, events.clone()));
        Ok(Self { commands, events })
    }

    /// Hears what is told from now on.
    pub(super) fn listen(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Sends a command, to the browser itself or to a session, and waits for its answer.
    pub(super) async fn call(
        &self,
        session: Option<&str>,
        method: &str,
        values: Value,
    ) -> Result<Value> {
        let mut command = json!({"method": method, "params": values});
        if let Some(session) = session {
            command["sessionId"] = json!(session);
        }
        let (answer, answered) = oneshot::channel();
        let sent = self.commands.send((command, answer)).await;
        sent.map_err(|_| anyhow!("the browser is gone"))?;
        let answer = tokio::time::timeout(PATIENCE, answered)
            .await
            .with_context(|| format!("the browser did not answer {method}"))?
            .with_context(|| format!("the browser was gone before it answered {method}"))?;
        match answer.get("error") {
            Some(error) => bail!("the browser refused {method}: {error}"),
            None => Ok(answer["result"].clone()),
        }
    }
}

async fn carry(
    socket: WebSocketStream<TcpStream>,
    mut waiting: mpsc::Receiver<(Value, oneshot::Sender<Value>)>,
    events: broadcast::Sender<Event>,
) {
    let (mut out, mut incoming) = socket.split();
    let answers = Answers::default();
    let mut number = 0;
    loop {
        tokio::select! {
            command = waiting.recv() => {
                let Some((mut command, answer)) = command else { return };
                number += 1;
                command["id"] = json!(number);
                lock(&answers).insert(number, answer);
                if out.send(Message::text(command.to_string())).await.is_err() {
                    return;
                }
            }
            message = incoming.next() => {
                let Some(Ok(message)) = message else { return };
                let Ok(Ok(said)) = message.to_text().map(serde_json::from_str::<Value>) else { continue };
                match said["id"].as_u64() {
                    Some(id) => {
                        if let Some(answer) = lock(&answers).remove(&id) {
                            // Whoever asked may have given up.
                            let _ = answer.send(said);
                        }
                    }
                    None => {
                        // Nobody may be listening.
                        let _ = events.send(Event::of(&said));
                    }
                }
            }
        }
    }
}

fn lock(answers: &Answers) -> std::sync::MutexGuard<'_, BTreeMap<u64, oneshot::Sender<Value>>> {
    answers.lock().unwrap_or_else(PoisonError::into_inner)
}
