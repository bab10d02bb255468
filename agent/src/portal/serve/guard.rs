//! Whether a form came from our own page. Captive browsers keep no cookies and often do not say where a form came from, so each form
//! carries a seal over the address it was shown to; what a browser does say is believed when it speaks against the form.

use std::net::IpAddr;

use hmac::{Hmac, KeyInit, Mac};
use hyper::HeaderMap;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::super::trouble::Trouble;

/// What the browser says of the page a form was on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Nothing: many captive browsers.
    Unsaid,
    /// It will not say: a page without an origin, or one that forbids to tell.
    Hidden,
    /// This portal.
    Ours,
    /// Another site.
    Elsewhere,
}

impl Origin {
    /// Reads the headers.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let says = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or(""));
        match says("sec-fetch-site") {
            Some("same-origin") => return Self::Ours,
            Some("none") | None => {}
            Some(_) => return Self::Elsewhere,
        }
        match says("origin") {
            None => Self::Unsaid,
            Some("null") => Self::Hidden,
            Some(origin) => {
                let host = origin.split_once("://").map(|(_, host)| host);
                if host.is_some() && host == says("host") {
                    Self::Ours
                } else {
                    Self::Elsewhere
                }
            }
        }
    }
}

/// Seals of forms.
pub(super) struct Seals {
    secret: [u8; 32],
}

impl Seals {
    pub(super) const fn new(secret: [u8; 32]) -> Self {
        Self { secret }
    }

    /// The seal for the forms of a peer.
    pub(super) fn seal(&self, peer: IpAddr) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.secret) else {
            unreachable!("HMAC takes a key of any length");
        };
        mac.update(peer.to_string().as_bytes());
        hex::encode(&mac.finalize().into_bytes()[..16])
    }

    /// What speaks against a form.
    pub(super) fn objection(
        &self,
        peer: IpAddr,
        origin: Origin,
        seal: Option<&str>,
    ) -> Option<Trouble> {
        let is_sealed =
            seal.map(|seal| bool::from(self.seal(peer).as_bytes().ct_eq(seal.as_bytes())));
        match (origin, is_sealed) {
            (Origin::Elsewhere, _) | (Origin::Hidden, None) => Some(Trouble::Elsewhere),
            (_, Some(false)) => Some(Trouble::Stale),
            (_, Some(true)) | (Origin::Unsaid | Origin::Ours, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn origin(headers: &[(&'static str, &'static str)]) -> Origin {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, HeaderValue::from_static(value));
        }
        Origin::of(&map)
    }

    #[test]
    fn browsers_are_believed_when_they_speak_against_a_form() {
        assert_eq!(origin(&[]), Origin::Unsaid);
        assert_eq!(origin(&[("origin", "null")]), Origin::Hidden);
        let ours = [
            ("origin", "http://10.5.50.1:8080"),
            ("host", "10.5.50.1:8080"),
        ];
        assert_eq!(origin(&ours), Origin::Ours);
        let other = [
            ("origin", "http://evil.example"),
            ("host", "10.5.50.1:8080"),
        ];
        assert_eq!(origin(&other), Origin::Elsewhere);
        assert_eq!(
            origin(&[("origin", "http://evil.example")]),
            Origin::Elsewhere
        );
        assert_eq!(
            origin(&[("sec-fetch-site", "same-site")]),
            Origin::Elsewhere
        );
        assert_eq!(origin(&[("sec-fetch-site", "same-origin")]), Origin::Ours);
        assert_eq!(origin(&[("sec-fetch-site", "none")]), Origin::Unsaid);
    }

    #[test]
    fn a_seal_is_good_for_one_phone_and_one_start() {
        let [one, other] = ["10.0.0.1", "10.0.0.2"].map(|peer| peer.parse::<IpAddr>().unwrap());
        let seals = Seals::new([1; 32]);
        let seal = seals.seal(one);
        let says = |peer, origin| seals.objection(peer, origin, Some(&seal));
        assert_eq!(says(one, Origin::Unsaid), None);
        assert_eq!(says(one, Origin::Hidden), None);
        assert_eq!(says(other, Origin::Ours), Some(Trouble::Stale));
        assert_eq!(says(one, Origin::Elsewhere), Some(Trouble::Elsewhere));
        let later = Seals::new([2; 32]);
        assert_eq!(
            later.objection(one, Origin::Ours, Some(&seal)),
            Some(Trouble::Stale)
        );
        assert_eq!(
            seals.objection(one, Origin::Hidden, None),
            Some(Trouble::Elsewhere)
        );
        assert_eq!(seals.objection(one, Origin::Unsaid, None), None);
    }
}
