//! The portal's door: few connections, none for long, and no phone may take all of them. What is asked is answered in `answer`.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::header::{CONNECTION, HeaderValue};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::PortalAsk;
use answer::{ANSWER, HEAD, Portal};

pub use answer::Settings;

mod answer;
mod guard;
mod reply;

/// Connections at once; more wait in the listen queue.
const CONNECTIONS: usize = 256;
/// Connections of one phone at once; a browser opens six.
const OF_ONE: usize = 64;
/// With fewer places left than this, a connection ends with its answer.
const CROWDED: usize = 64;
/// How long a connection may be used.
const LIFETIME: Duration = Duration::from_secs(60);
/// How long answers under way have when the agent stops.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// The longest head of a request.
const HEAD_BYTES: usize = 16 * 1024;

/// Serves the portal until told to stop.
pub async fn serve(
    listener: TcpListener,
    asks: mpsc::Sender<PortalAsk>,
    settings: Settings,
    stop: CancellationToken,
) {
    let portal = Arc::new(Portal::new(asks, settings));
    let doors = Doors::default();
    let open = TaskTracker::new();
    loop {
        let entered = tokio::select! {
            () = stop.cancelled() => break,
            entered = doors.enter(&listener) => entered,
        };
        match entered {
            Ok(Some((stream, place))) => {
                open.spawn(connection(Arc::clone(&portal), stream, place, stop.clone()));
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%error, "a phone could not be let in to the portal");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    open.close();
    open.wait().await;
}

async fn connection(portal: Arc<Portal>, stream: TcpStream, place: Place, stop: CancellationToken) {
    let place = &place;
    let service = service_fn(move |request| {
        let portal = Arc::clone(&portal);
        async move {
            let mut answer = portal.answer(request, place.peer).await;
            if place.is_crowded() {
                let headers = answer.headers_mut();
                headers.insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(answer)
        }
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_BYTES);
    let mut served = pin!(http.serve_connection(TokioIo::new(stream), service));
    let patience = tokio::select! {
        served = served.as_mut() => {
            if let Err(error) = served {
                tracing::debug!(%error, "a phone left in mid-sentence");
            }
            return;
        }
        () = stop.cancelled() => LAST_WORDS,
        () = tokio::time::sleep(LIFETIME) => ANSWER,
    };
    served.as_mut().graceful_shutdown();
    if tokio::time::timeout(patience, served).await.is_err() {
        tracing::debug!("a phone was not waited for any longer");
    }
}

/// The places there are, and who has them.
#[derive(Clone)]
struct Doors {
    places: Arc<Semaphore>,
    of: Arc<Mutex<BTreeMap<IpAddr, usize>>>,
}

impl Default for Doors {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(CONNECTIONS)),
            of: Arc::default(),
        }
    }
}

impl Doors {
    /// Waits for a place and then for a phone; a phone with too many is turned away.
    async fn enter(&self, listener: &TcpListener) -> std::io::Result<Option<(TcpStream, Place)>> {
        let Ok(permit) = Arc::clone(&self.places).acquire_owned().await else {
            return Ok(None);
        };
        let (stream, peer): (TcpStream, SocketAddr) = listener.accept().await?;
        // A phone with IPv4 is the same phone on a socket that speaks both.
        let peer = peer.ip().to_canonical();
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        let has = of.entry(peer).or_default();
        if *has >= OF_ONE {
            return Ok(None);
        }
        *has += 1;
        let place = Place {
            doors: self.clone(),
            peer,
            _permit: permit,
        };
        Ok(Some((stream, place)))
    }
}

/// One connection's place; dropping it makes room.
struct Place {
    doors: Doors,
    peer: IpAddr,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    fn is_crowded(&self) -> bool {
        self.doors.places.available_permits() < CROWDED
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut of = self.doors.of.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(has) = of.get_mut(&self.peer) {
            *has -= 1;
            if *has == 0 {
                of.remove(&self.peer);
            }
        }
    }
}
