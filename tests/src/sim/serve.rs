//! How every simulator that speaks HTTP serves.

use std::future::IntoFuture;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How long open connections may take to end.
const GRACE: Duration = Duration::from_millis(500);

/// Serves until told to stop; `what` names the port in the log, should it stop by itself.
pub(crate) async fn serve(
    listener: TcpListener,
    routes: Router,
    stop: CancellationToken,
    what: &'static str,
) {
    let served =
        axum::serve(listener, routes).with_graceful_shutdown(stop.clone().cancelled_owned());
    let overdue = async {
        stop.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = served.into_future() => if let Err(error) = served {
            tracing::error!(%error, what, "a simulator stopped serving");
        },
        () = overdue => {}
    }
}
