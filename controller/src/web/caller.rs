//! The address a request comes from. Proxies are believed only when the configuration names them.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use super::Problem;
use crate::app::App;
use crate::config::Network;

/// The address of whoever sent the request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Caller(pub IpAddr);

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let ConnectInfo(peer) = peer.ok_or_else(Problem::internal)?;
        Ok(Self(behind(
            peer.ip(),
            &parts.headers,
            &app.config.web.trusted_proxies,
        )))
    }
}

/// The last address of the chain that no trusted proxy has.
fn behind(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let chain = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    let mut nearest = peer.to_canonical();
    for hop in chain.collect::<Vec<_>>().into_iter().rev() {
        if !trusted.iter().any(|network| network.contains(nearest)) {
            break;
        }
        let Ok(address) = hop.trim().parse::<IpAddr>() else {
            break;
        };
        nearest = address.to_canonical();
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_named_proxies_are_believed() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let named = |text: &str| text.parse::<Network>().unwrap();
        let mut headers = HeaderMap::new();
        headers.append(
            "x-forwarded-for",
            "203.0.113.9, 198.51.100.4".parse().unwrap(),
        );
        headers.append("x-forwarded-for", "10.0.0.2".parse().unwrap());
        let (proxy, inner) = (ip("10.0.0.1"), ip("10.0.0.2"));
        let (one, other) = (named("10.0.0.1"), named("10.0.0.2"));
        assert_eq!(behind(ip("192.0.2.1"), &headers, &[one]), ip("192.0.2.1"));
        assert_eq!(behind(proxy, &headers, &[one]), inner);
        assert_eq!(
            behind(proxy, &headers, &[one, other]),
            ip("198.51.100.4"),
            "what stands left of it was written by the caller"
        );
        assert_eq!(
            behind(ip("::ffff:10.0.0.1"), &HeaderMap::new(), &[one]),
            proxy
        );
    }

    #[test]
    fn a_named_network_is_believed_and_its_neighbour_is_not() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let network = "10.244.0.0/16".parse::<Network>().unwrap();
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", "203.0.113.9".parse().unwrap());
        for proxy in [ip("10.244.3.7"), ip("::ffff:10.244.0.1")] {
            assert_eq!(behind(proxy, &headers, &[network]), ip("203.0.113.9"));
        }
        let neighbour = ip("10.245.0.1");
        assert_eq!(behind(neighbour, &headers, &[network]), neighbour);
    }
}
