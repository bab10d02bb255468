//! What a tab's page is on paper, and what it gives to be kept.

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::Tab;

/// Dots of a picture for each of the page's own, so that small print can be read.
const CLOSE: u32 = 6;

impl Tab {
    /// Shows the page as it would be printed.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn look_as_paper(&self) -> Result<()> {
        let media = json!({"media": "print"});
        self.call("Emulation.setEmulatedMedia", media)
            .await
            .map(drop)
    }

    /// Prints the page into a PDF, on the paper that the page asks for.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn print(&self) -> Result<Vec<u8>> {
        let how = json!({"printBackground": true, "preferCSSPageSize": true});
        let printed = self.call("Page.printToPDF", how).await?;
        bytes(&printed["data"])
    }

    /// A picture of one thing on the page, close by, as PNG.
    ///
    /// # Errors
    /// When it is not there, or the browser refuses.
    pub async fn close_up(&self, selector: &str) -> Result<Vec<u8>> {
        let find = format!(
            "(e => e && (b => ({{x: b.x + scrollX, y: b.y + scrollY, width: b.width, height: b.height}}))(e.getBoundingClientRect()))(document.querySelector({}))",
            json!(selector)
        );
        let mut clip = self.eval(&find).await?;
        ensure!(clip.is_object(), "{selector} is not on the page");
        clip["scale"] = json!(CLOSE);
        let how = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        bytes(&self.call("Page.captureScreenshot", how).await?["data"])
    }

    /// What an address gives to whoever is logged in here, as a download would be.
    ///
    /// # Errors
    /// When it gives nothing.
    pub async fn download(&self, address: &str) -> Result<Vec<u8>> {
        let fetch = format!(
            "fetch({}).then(a => a.ok ? a.blob() : null).then(b => b && new Promise(done => {{
                const r = new FileReader(); r.onload = () => done(r.result.split(',')[1]); r.readAsDataURL(b); }}))",
            json!(address)
        );
        bytes(&self.eval(&fetch).await?).with_context(|| format!("{address} gives nothing"))
    }
}

fn bytes(data: &Value) -> Result<Vec<u8>> {
    let data = data.as_str().context("the browser gave no bytes")?;
    BASE64_STANDARD
        .decode(data)
        .context("the bytes are damaged")
}
