//! What a site's portal hands to a browser so that it may talk to the controller's public endpoints.
//!
//! It says "this device, at this site", lives for a quarter of an hour at most and is signed by the site's agent. It opens no session
//! and is no ticket.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use thiserror::Error;

use crate::clock::Timestamp;
use crate::ids::{Mac, SiteId};

const CONTEXT: &[u8] = b"mnara device token 1";
/// The first byte of every token: Ed25519 over the layout below.
const SUITE: u8 = 1;
const COVERED: usize = 1 + 16 + 6 + 8;
const WHOLE: usize = COVERED + 64;
/// No token is good for longer than this.
pub const LONGEST_SECS: i64 = 15 * 60;
/// How far the agent's clock may be ahead of the controller's.
const SKEW_SECS: i64 = 60;

/// A device at a site, vouched for by the site's agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceToken {
    /// The site.
    pub site: SiteId,
    /// The device, from the router's host table.
    pub mac: Mac,
    /// Until when.
    pub expires: Timestamp,
}

/// Why a text is no good token.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum BadToken {
    /// It is no token at all.
    #[error("not a device token")]
    Malformed,
    /// Another key signed it, or it was altered.
    #[error("the device token is not signed by this site's agent")]
    BadSignature,
    /// Its time is over.
    #[error("the device token has expired")]
    Expired,
    /// It claims a longer life than any token has.
    #[error("the device token claims to live longer than any may")]
    TooLong,
}

impl DeviceToken {
    /// Base64url without padding of: suite byte ‖ site ‖ MAC ‖ milliseconds since 1970 (big-endian) ‖ signature over context and those.
    #[must_use]
    pub fn sign(&self, key: &SigningKey) -> String {
        let mut signed = Vec::with_capacity(CONTEXT.len() + WHOLE);
        signed.extend_from_slice(CONTEXT);
        signed.push(SUITE);
        signed.extend_from_slice(self.site.as_bytes());
        signed.extend_from_slice(self.mac.as_bytes());
        signed.extend_from_slice(&self.expires.as_millis().to_be_bytes());
        let signature = key.sign(&signed).to_bytes();
        signed.extend_from_slice(&signature);
        URL_SAFE_NO_PAD.encode(&signed[CONTEXT.len()..])
    }

    /// The site a token names, unproven: for finding the key to verify it with.
    ///
    /// # Errors
    /// [`BadToken::Malformed`].
    pub fn peek_site(text: &str) -> Result<SiteId, BadToken> {
        read(text).map(|(token, _)| token.site)
    }

    /// Reads a token that this key signed and that has not expired.
    ///
    /// # Errors
    /// [`BadToken`] says why not; callers from outside need not hear which.
    pub fn verify(text: &str, key: &VerifyingKey, now: Timestamp) -> Result<Self, BadToken> {
        let (token, bytes) = read(text)?;
        let (covered, signature) = bytes.split_at(COVERED);
        let signature = Signature::from_slice(signature).map_err(|_| BadToken::Malformed)?;
        key.verify_strict(&[CONTEXT, covered].concat(), &signature)
            .map_err(|_| BadToken::BadSignature)?;
        if token.expires <= now {
            Err(BadToken::Expired)
        } else if token.expires > now.plus_secs(LONGEST_SECS + SKEW_SECS) {
            Err(BadToken::TooLong)
        } else {
            Ok(token)
        }
    }
}

fn read(text: &str) -> Result<(DeviceToken, [u8; WHOLE]), BadToken> {
    let mut bytes = [0; WHOLE];
    let length = URL_SAFE_NO_PAD
        .decode_slice(text, &mut bytes)
        .map_err(|_| BadToken::Malformed)?;
    if length != WHOLE || bytes[0] != SUITE {
        return Err(BadToken::Malformed);
    }
    let mut site = [0; 16];
    site.copy_from_slice(&bytes[1..17]);
    let mut mac = [0; 6];
    mac.copy_from_slice(&bytes[17..23]);
    let mut millis = [0; 8];
    millis.copy_from_slice(&bytes[23..COVERED]);
    let token = DeviceToken {
        site: SiteId::from_bytes(site),
        mac: Mac::from_bytes(mac),
        expires: Timestamp::from_millis(i64::from_be_bytes(millis)),
    };
    Ok((token, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_790_000_000);

    fn token() -> DeviceToken {
        DeviceToken {
            site: SiteId::from_bytes([4; 16]),
            mac: Mac::from_bytes([2, 0, 0, 0, 0, 9]),
            expires: NOW.plus_secs(LONGEST_SECS),
        }
    }

    #[test]
    fn a_token_reads_back_until_it_expires() {
        let key = SigningKey::from_bytes(&[1; 32]);
        let text = token().sign(&key);
        let peer = key.verifying_key();
        assert_eq!(DeviceToken::peek_site(&text), Ok(token().site));
        assert_eq!(DeviceToken::verify(&text, &peer, NOW), Ok(token()));
        assert_eq!(
            DeviceToken::verify(&text, &peer, token().expires),
            Err(BadToken::Expired)
        );
        assert_eq!(
            DeviceToken::verify(&text, &peer, NOW.plus_secs(-SKEW_SECS - 1)),
            Err(BadToken::TooLong)
        );
    }

    #[test]
    fn what_is_altered_or_foreign_is_refused() {
        let key = SigningKey::from_bytes(&[1; 32]);
        let text = token().sign(&key);
        let other = SigningKey::from_bytes(&[2; 32]).verifying_key();
        assert_eq!(
            DeviceToken::verify(&text, &other, NOW),
            Err(BadToken::BadSignature)
        );
        for place in 0..text.len() {
            let mut letters = text.clone().into_bytes();
            letters[place] = if letters[place] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(letters).unwrap();
            assert!(
                DeviceToken::verify(&altered, &key.verifying_key(), NOW).is_err(),
                "letter {place}"
            );
        }
        let longer = format!("{text}AAAA");
        for bad in [
            "",
            "AAAA",
            &text[1..],
            longer.as_str(),
            "not/base64url+at=all",
        ] {
            assert_eq!(
                DeviceToken::verify(bad, &key.verifying_key(), NOW),
                Err(BadToken::Malformed),
                "{bad}"
            );
        }
    }
}
