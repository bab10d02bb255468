//! What the parts of one running simulator share: the device behind a lock, time, faults, open connections.
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Config;
use super::clock::Clock;
use super::device::Device;
use super::faults::{Faults, Throttle};
use super::hotspot::Reboot;
use super::servlet::Site;

/// One open connection of the API.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) service: &'static str,
    pub(crate) close: CancellationToken,
    /// Set when the other side still believes in the connection and nothing goes through.
    pub(crate) dead: watch::Sender<bool>,
}

/// The state of one simulator.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    device: Mutex<Device>,
    pub(crate) changed: watch::Sender<u64>,
    pub(crate) faults: watch::Sender<Faults>,
    pub(crate) throttle: Mutex<Throttle>,
    pub(crate) lines: Mutex<BTreeMap<u64, Line>>,
    /// Whether the router runs.
    pub(crate) power: watch::Sender<bool>,
    /// How many of the router's ports listen.
    pub(crate) listening: watch::Sender<usize>,
    pub(crate) site: Mutex<Site>,
    /// Where the hotspot's own pages are.
    pub(crate) http: SocketAddr,
    /// The forwarding ports of phones by MAC.
    pub(crate) forwards: Mutex<BTreeMap<String, SocketAddr>>,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl Shared {
    pub(crate) fn new(config: Config, clock: Clock, device: Device, http: SocketAddr) -> Self {
        let site = Site::new(config.portal);
        Self {
            config,
            clock,
            device: Mutex::new(device),
            changed: watch::Sender::new(0),
            faults: watch::Sender::new(Faults::default()),
            throttle: Mutex::default(),
            lines: Mutex::default(),
            power: watch::Sender::new(true),
            listening: watch::Sender::new(0),
            site: Mutex::new(site),
            http,
            forwards: Mutex::default(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    /// Looks at or changes the device as it is at this moment, then wakes listeners.
    pub(crate) fn with<R>(&self, act: impl FnOnce(&mut Device) -> R) -> R {
        let (result, revision, ended) = {
            let mut device = lock(&self.device);
            let now = self.clock.now();
            device.settle(now);
            let result = act(&mut device);
            (result, device.revision(), std::mem::take(&mut device.ended))
        };
        for id in ended {
            if let Some(line) = lock(&self.lines).get(&id) {
                line.close.cancel();
            }
        }
        self.changed
            .send_if_modified(|seen| std::mem::replace(seen, revision) != revision);
        result
    }

    /// Takes the router down and, after its boot time, up again. One that was shut down only comes up.
    pub(crate) fn reboot(self: &Arc<Self>, kind: Reboot) {
        let up = *self.power.borrow();
        if up {
            let lines = self.go_down(kind);
            self.come_up(kind, lines);
        } else if self.with(|device| std::mem::take(&mut device.shut_down)) {
            self.come_up(kind, Vec::new());
        }
    }

    /// Takes the router down for good, as far as it is concerned.
    pub(crate) fn shut_down(&self) {
        let up = *self.power.borrow();
        if up {
            self.go_down(Reboot::Graceful);
            self.with(|device| device.shut_down = true);
        }
    }

    fn go_down(&self, kind: Reboot) -> Vec<Line> {
        self.with(|device| device.power_down(kind));
        self.power.send_replace(false);
        let lines: Vec<Line> = lock(&self.lines).values().cloned().collect();
        for line in &lines {
            match kind {
                Reboot::Graceful => line.close.cancel(),
                Reboot::PowerCut => {
                    line.dead.send_replace(true);
                }
            }
        }
        lines
    }

    fn come_up(self: &Arc<Self>, kind: Reboot, lines: Vec<Line>) {
        let booted = self.with(|device| device.now) + self.config.boot_ms();
        let shared = Arc::clone(self);
        self.tasks.spawn(async move {
            tokio::select! {
                () = shared.clock.reach(booted) => {}
                () = shared.stop.cancelled() => return,
            }
            for line in &lines {
                line.close.cancel();
            }
            shared.with(|device| device.power_up(kind));
            shared.power.send_replace(true);
        });
    }
}

/// Locks, also after a panic elsewhere: a test that failed should not hide behind a second failure.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until a switch stands so; for ever if nobody can move it any more.
pub(crate) async fn stands(switch: &mut watch::Receiver<bool>, so: bool) {
    let gone = switch.wait_for(|now| *now == so).await.is_err();
    if gone {
        std::future::pending::<()>().await;
    }
}
