//! One person's tab: opens, reads, presses and fills in as people do, by what stands on the page and not by how it is built.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tokio::sync::broadcast;

use super::Screen;
use super::wire::{Event, Wire};
use crate::measure::now;
use crate::world::program::PATIENCE;

/// How long a page that tells nothing is left alone before it is looked at again.
const LOOK: Duration = Duration::from_millis(100);
/// Deque's accessibility rules.
const AXE: &str = include_str!("axe.min.js");
/// Finds what people see, each by the words on it.
const FIND: &str = include_str!("find.js");

/// A tab.
#[derive(Debug)]
pub struct Tab {
    wire: Wire,
    session: String,
}

impl Tab {
    pub(super) const fn new(wire: Wire, session: String) -> Self {
        Self { wire, session }
    }

    pub(super) async fn begin(&self, screen: Screen) -> Result<()> {
        self.call("Page.enable", json!({})).await?;
        self.call("Runtime.enable", json!({})).await?;
        self.look_with(screen).await
    }

    pub(super) async fn call(&self, method: &str, values: Value) -> Result<Value> {
        self.wire.call(Some(&self.session), method, values).await
    }

    /// Changes the screen.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn look_with(&self, screen: Screen) -> Result<()> {
        let metrics = json!({
            "width": screen.width,
            "height": screen.height,
            "deviceScaleFactor": 1,
            "mobile": screen.is_phone,
        });
        self.call("Emulation.setDeviceMetricsOverride", metrics)
            .await?;
        let scheme = if screen.is_dark { "dark" } else { "light" };
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.call("Emulation.setEmulatedMedia", features).await?;
        let touch = json!({"enabled": screen.is_phone});
        self.call("Emulation.setTouchEmulationEnabled", touch)
            .await?;
        Ok(())
    }

    /// Switches the script of pages off.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn without_script(&self) -> Result<()> {
        let off = json!({"value": true});
        self.call("Emulation.setScriptExecutionDisabled", off)
            .await
            .map(drop)
    }

    /// Opens an address and waits until it is there.
    ///
    /// # Errors
    /// When it cannot be reached or does not come.
    pub async fn open(&self, address: &str) -> Result<()> {
        let events = self.wire.listen();
        let gone = self.call("Page.navigate", json!({"url": address})).await?;
        if let Some(error) = gone.get("errorText") {
            bail!("{address} cannot be opened: {error}");
        }
        self.loaded(events, gone["loaderId"].as_str()).await
    }

    /// Where the links of the page lead.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn links(&self) -> Result<Vec<String>> {
        let links = self
            .eval("[...document.querySelectorAll('a[href]:not([download])')].map(a => a.href)")
            .await?;
        serde_json::from_value(links).context("the links are no list")
    }

    /// Waits until the tab has another document, the named one if one is named, and that or what it leads to by itself is whole. The document
    /// before may have been seen before it was whole, and is so in the meantime.
    async fn loaded(
        &self,
        mut events: broadcast::Receiver<Event>,
        document: Option<&str>,
    ) -> Result<()> {
        let load = async {
            let mut is_other = false;
            loop {
                match events.recv().await {
                    Ok(event) if event.session == self.session => {
                        let new = event.document.as_deref();
                        is_other |= new.is_some() && (document.is_none() || new == document);
                        if is_other && event.method == "Page.loadEventFired" {
                            return Ok(());
                        }
                    }
                    // Events of other tabs may have pushed ours out, so the page itself is looked at below.
                    Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => bail!("the browser is gone"),
                }
            }
        };
        match tokio::time::timeout(PATIENCE, load).await {
            Ok(loaded) => loaded,
            Err(_) => bail!("no page came; this one stays:\n{}", self.text().await?),
        }
    }

    /// What an expression of the page's own language gives.
    ///
    /// # Errors
    /// When it throws or the browser refuses.
    pub async fn eval(&self, expression: &str) -> Result<Value> {
        let values = json!({
            "expression": expression,
            "returnByValue": true,
            "awaitPromise": true,
            "userGesture": true,
        });
        let mut answer = self.call("Runtime.evaluate", values).await?;
        if let Some(thrown) = answer.get("exceptionDetails") {
            bail!(
                "the page threw: {}",
                thrown["exception"]["description"]
                    .as_str()
                    .unwrap_or_default()
            );
        }
        Ok(answer["result"]["value"].take())
    }

    /// Waits until an expression gives something.
    async fn until(&self, what: &str, expression: &str) -> Result<Value> {
        let mut events = self.wire.listen();
        let start = now();
        loop {
            // While a page goes and the next comes there is nothing to ask.
            let found = self.eval(expression).await.unwrap_or(Value::Null);
            if !matches!(found, Value::Null | Value::Bool(false)) {
                return Ok(found);
            }
            ensure!(
                start.elapsed() < PATIENCE,
                "{what} is not on {}:\n{}",
                self.address().await?,
                self.text().await?
            );
            // Either something happened or some time passed; both mean looking again.
            let _ = tokio::time::timeout(LOOK, events.recv()).await;
        }
    }

    async fn find(&self, kind: &str, words: &str) -> Result<Value> {
        let words_json = json!(words);
        let expression = format!("({FIND})({}, {words_json})", json!(kind));
        self.until(&format!("{kind} {words:?}"), &expression).await
    }

    /// What stands on the page.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn text(&self) -> Result<String> {
        let text = self
            .eval("document.body ? document.body.innerText : ''")
            .await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Where the tab is.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn address(&self) -> Result<String> {
        let address = self.eval("location.href").await?;
        Ok(address.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until the page says something.
    ///
    /// # Errors
    /// When it does not.
    pub async fn sees(&self, words: &str) -> Result<()> {
        self.find("text", words).await.map(drop)
    }

    /// Whether the page says something now.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn says(&self, words: &str) -> Result<bool> {
        let expression = format!("({FIND})('text', {})", json!(words));
        Ok(!matches!(
            self.eval(&expression).await?,
            Value::Null | Value::Bool(false)
        ))
    }

    /// Presses a button or link and waits for the page it leads to.
    ///
    /// # Errors
    /// When there is none, or it leads nowhere.
    pub async fn press(&self, words: &str) -> Result<()> {
        let at = self.find("button", words).await?;
        let events = self.wire.listen();
        self.click(&at).await?;
        self.loaded(events, None)
            .await
            .with_context(|| format!("pressing {words:?}"))
    }

    /// Presses a button that works on the page itself.
    ///
    /// # Errors
    /// When there is none.
    pub async fn touch(&self, words: &str) -> Result<()> {
        let at = self.find("button", words).await?;
        self.click(&at).await
    }

    async fn click(&self, at: &Value) -> Result<()> {
        for kind in ["mousePressed", "mouseReleased"] {
            let mouse = json!({"type": kind, "x": at["x"], "y": at["y"], "button": "left", "clickCount": 1});
            self.call("Input.dispatchMouseEvent", mouse).await?;
        }
        Ok(())
    }

    /// Writes into the field with a label, in place of what is in there.
    ///
    /// # Errors
    /// When there is none.
    pub async fn fill(&self, label: &str, text: &str) -> Result<()> {
        self.find("field", label).await?;
        self.types(text).await
    }

    /// Writes where the cursor is.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn types(&self, text: &str) -> Result<()> {
        let text = json!({"text": text});
        self.call("Input.insertText", text).await.map(drop)
    }

    /// Ticks the box, or chooses the choice, with a label.
    ///
    /// # Errors
    /// When there is none.
    pub async fn tick(&self, label: &str) -> Result<()> {
        self.find("field", label).await?;
        self.eval("document.activeElement.click()").await.map(drop)
    }

    /// Chooses what has these words from the list with a label.
    ///
    /// # Errors
    /// When there is none, or nothing of that name in it.
    pub async fn choose(&self, label: &str, words: &str) -> Result<()> {
        self.find("field", label).await?;
        let choose = format!(
            "(words => {{ const list = document.activeElement; \
             const one = [...list.options].find(one => one.text.replace(/\\s+/g, ' ').trim() === words); \
             if (one) list.value = one.value; return Boolean(one); }})({})",
            json!(words)
        );
        let is_there = self.eval(&choose).await?;
        ensure!(is_there == true, "{label:?} offers no {words:?}");
        Ok(())
    }

    /// Presses Enter in the field with a label and waits for the page it leads to.
    ///
    /// # Errors
    /// When there is none, or it leads nowhere.
    pub async fn enter(&self, label: &str) -> Result<()> {
        self.find("field", label).await?;
        let events = self.wire.listen();
        let mut key = json!({"type": "keyDown", "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"});
        self.call("Input.dispatchKeyEvent", key.clone()).await?;
        key["type"] = json!("keyUp");
        self.call("Input.dispatchKeyEvent", key).await?;
        self.loaded(events, None)
            .await
            .with_context(|| format!("pressing Enter in {label:?}"))
    }

    /// What of the page breaks a rule for people who see, hear or move otherwise than most; a line each. Also a page that is wider than the
    /// screen.
    ///
    /// # Errors
    /// When the rules cannot be run.
    pub async fn faults(&self) -> Result<Vec<String>> {
        let run = "axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map(v => \
                   v.id + ': ' + v.help + ' at ' + v.nodes.map(n => n.target.join(' ')).slice(0, 3).join(', ')))";
        // At once, so that both are in one page.
        let found = self.eval(&format!("{AXE}\n;{run}")).await?;
        let mut faults: Vec<String> =
            serde_json::from_value(found).context("the rules gave no list")?;
        let wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth ? \
                    document.documentElement.scrollWidth : null";
        if let Some(width) = self.eval(wide).await?.as_i64() {
            faults.push(format!(
                "the page is {width} pixels wide, wider than the screen"
            ));
        }
        Ok(faults)
    }

    /// Loads every page within the page anew and waits for it.
    ///
    /// Each is drawn by a process of its own, which paints nothing that is off the screen and hears late of another screen: so this comes after
    /// the last change of the screen.
    async fn frames(&self) -> Result<()> {
        let load = "Promise.all([...document.querySelectorAll('iframe[src]')].map(frame => new Promise(done => {\
                    frame.addEventListener('load', done, {once: true}); frame.src = frame.src;})))\
                    .then(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))).then(() => null)";
        self.eval(load).await.map(drop)
    }

    /// Keeps a picture of the whole page, as it is on a screen.
    ///
    /// # Errors
    /// When the browser refuses or the file cannot be written.
    pub async fn picture(&self, screen: Screen, file: &Path) -> Result<()> {
        self.look_with(screen).await?;
        // On a screen as high as the page, what keeps to an edge of the screen is at that edge of the picture.
        let size = self.call("Page.getLayoutMetrics", json!({})).await?["cssContentSize"].take();
        let height = size["height"].as_u64().unwrap_or_default();
        let whole = Screen {
            height: screen.height.max(u32::try_from(height)?),
            ..screen
        };
        self.look_with(whole).await?;
        self.frames().await?;
        let clip =
            json!({"x": 0, "y": 0, "width": screen.width, "height": whole.height, "scale": 1});
        let values = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        let picture = self.call("Page.captureScreenshot", values).await?;
        let bytes = BASE64_STANDARD
            .decode(picture["data"].as_str().unwrap_or_default())
            .context("the picture is damaged")?;
        std::fs::write(file, bytes).with_context(|| format!("writing {}", file.display()))
    }
}
