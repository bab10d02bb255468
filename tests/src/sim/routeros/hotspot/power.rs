//! What a reboot does to the state. Ports and connections are in `server.rs`.
use super::super::device::Device;
use super::Cause;

/// How a router goes down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reboot {
    /// `/system/reboot`: users are logged out first and counters kept.
    Graceful,
    /// The plug: running sessions lose what they used, the clock falls back to 1970.
    PowerCut,
}

/// Seconds since 1970 of a router that knows no date: 2 January 1970.
const NO_DATE: i64 = 86_400;

impl Device {
    /// Takes the router down.
    pub(crate) fn power_down(&mut self, kind: Reboot) {
        if kind == Reboot::Graceful {
            let addresses: Vec<_> = self.sessions.keys().copied().collect();
            for address in addresses {
                self.log_out(address, Cause::ShuttingDown);
            }
        }
        self.calendar = match kind {
            Reboot::Graceful => self.calendar_now(),
            Reboot::PowerCut => NO_DATE,
        };
        self.booted = self.now;
        self.sessions.clear();
        self.hosts.clear();
        self.members.clear();
        self.log.clear();
        self.trials.clear();
        if !self.knobs.cookies_survive_reboot {
            self.cookies.clear();
        }
        self.up = false;
        for menu in [
            "/ip/hotspot/active",
            "/ip/hotspot/host",
            "/ip/hotspot/cookie",
            "/log",
            "/queue/simple",
        ] {
            self.touch(menu);
        }
    }

    /// Brings the router up again; phones that are awake join anew.
    pub(crate) fn power_up(&mut self, kind: Reboot) {
        if kind == Reboot::Graceful {
            self.calendar = self.calendar_now();
        }
        self.booted = self.now;
        self.up = true;
        self.note("system,info", "router rebooted");
        let macs: Vec<String> = self.stations.keys().cloned().collect();
        for mac in macs {
            self.appear(&mac);
        }
    }
}
