//! A device with passkeys in the browser, which says yes to whatever it is asked.

use anyhow::{Context, Result};
use serde_json::json;

use super::Tab;

impl Tab {
    /// Gives the tab a device that keeps passkeys and knows its owner.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn has_passkeys(&self) -> Result<String> {
        self.call("WebAuthn.enable", json!({})).await?;
        let options = json!({
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": true,
            "hasUserVerification": true,
            "isUserVerified": true,
            "automaticPresenceSimulation": true,
        });
        let made = self
            .call(
                "WebAuthn.addVirtualAuthenticator",
                json!({"options": options}),
            )
            .await?;
        let id = made["authenticatorId"].as_str().context("no device")?;
        Ok(id.to_owned())
    }

    /// How many passkeys the device holds.
    ///
    /// # Errors
    /// When there is no such device.
    pub async fn passkeys(&self, device: &str) -> Result<usize> {
        let of = json!({"authenticatorId": device});
        let found = self.call("WebAuthn.getCredentials", of).await?;
        Ok(found["credentials"].as_array().map_or(0, Vec::len))
    }
}
