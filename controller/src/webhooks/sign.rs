//! How messages are signed, as the Standard Webhooks have it: three headers, an HMAC over id, time and body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use mnara_protocol::clock::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

use crate::app::App;

/// What every secret begins with.
const MARK: &str = "whsec_";

/// Draws a secret: 256 bits in base64.
#[must_use]
pub fn draw(app: &App) -> SecretString {
    SecretString::from(format!(
        "{MARK}{}",
        STANDARD.encode(app.entropy.bytes::<32>())
    ))
}

/// The signature of a message for the header `webhook-signature`; `None` for what is no secret.
#[must_use]
pub fn signature(secret: &SecretString, id: &str, at: Timestamp, body: &str) -> Option<String> {
    let key = STANDARD
        .decode(secret.expose_secret().strip_prefix(MARK)?)
        .ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{}.{body}", at.as_secs()).as_bytes());
    Some(format!(
        "v1,{}",
        STANDARD.encode(mac.finalize().into_bytes())
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_signed_as_the_standard_says() {
        // The example of the specification.
        let secret = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let signed = signature(
            &secret,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            Timestamp::from_secs(1_614_265_330),
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(
            signed.as_deref(),
            Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        );
        assert_eq!(
            signature(&SecretString::from("x"), "m", Timestamp::from_secs(0), "{}"),
            None
        );
    }
}
