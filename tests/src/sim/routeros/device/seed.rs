//! What a router holds when it leaves the box with a hotspot set up on its bridge.
use std::net::SocketAddr;

use super::super::Config;
use super::super::menu::{self, Shape};
use super::{Device, Table};

/// When the system was built, in the form of every version.
pub(super) const BUILD_TIME: &str = "2026-07-16 10:21:41";

impl Device {
    /// Fills every stored menu.
    pub(super) fn seed(&mut self) {
        for menu in menu::all().filter(|menu| menu.shape != Shape::Live) {
            let mut table = Table::new(menu);
            if menu.shape == Shape::Single {
                table.seed(Some(0), &[]);
            }
            self.tables.insert(menu.path, table);
        }
        self.seed_hotspot();
        self.seed_system();
    }

    fn seed_hotspot(&mut self) {
        self.table_mut("/ip/hotspot/profile")
            .seed(Some(0), &[("name", "default")]);
        self.table_mut("/ip/hotspot/user/profile")
            .seed(Some(0), &[("name", "default")]);
        self.table_mut("/ip/hotspot/user").seed(
            Some(0),
            &[
                ("name", "default-trial"),
                ("comment", "counters and limits for trial users"),
            ],
        );
        self.table_mut("/ip/hotspot/profile").seed(
            None,
            &[
                ("name", "hsprof1"),
                ("hotspot-address", "10.5.50.1"),
                ("dns-name", "login.hotspot.example"),
                ("login-by", "http-chap,http-pap,mac-cookie"),
            ],
        );
        self.table_mut("/ip/hotspot").seed(
            None,
            &[
                ("name", "hotspot1"),
                ("interface", "bridge-hotspot"),
                ("profile", "hsprof1"),
                ("disabled", "false"),
            ],
        );
        for (name, ports) in [("ftp", "21"), ("sip", "5060,5061")] {
            self.table_mut("/ip/hotspot/service-port")
                .seed(None, &[("name", name), ("ports", ports)]);
        }
    }

    fn seed_system(&mut self) {
        for (name, kind, mac) in [
            ("ether1", "ether", "02:00:00:00:00:01"),
            ("ether2", "ether", "02:00:00:00:00:02"),
            ("bridge-hotspot", "bridge", "02:00:00:00:00:02"),
        ] {
            let default_name = if kind == "ether" { name } else { "" };
            self.table_mut("/interface").seed(
                None,
                &[
                    ("name", name),
                    ("default-name", default_name),
                    ("type", kind),
                    ("mac-address", mac),
                ],
            );
        }
        self.table_mut("/ip/address").seed(
            None,
            &[
                ("address", "10.5.50.1/24"),
                ("network", "10.5.50.0"),
                ("interface", "bridge-hotspot"),
                ("actual-interface", "bridge-hotspot"),
            ],
        );
        for (name, port, off) in [
            ("telnet", "23", "true"),
            ("ftp", "21", "true"),
            ("www", "80", "true"),
            ("ssh", "22", "true"),
            ("www-ssl", "443", "true"),
            ("api", "8728", "false"),
            ("winbox", "8291", "true"),
            ("api-ssl", "8729", "false"),
        ] {
            self.table_mut("/ip/service")
                .seed(None, &[("name", name), ("port", port), ("disabled", off)]);
        }
        let version = self.version.to_string();
        self.table_mut("/system/package").seed(
            None,
            &[
                ("name", "routeros"),
                ("version", &version),
                ("build-time", BUILD_TIME),
                ("size", "12345344"),
            ],
        );
        if let Some(row) = self.table_mut("/system/package/update").by_id_mut(0) {
            row.values.insert("installed-version", version.into_bytes());
        }
        if !self.version.at_least((7, 17))
            && let Some(row) = self.table_mut("/system/device-mode").by_id_mut(0)
        {
            row.values.insert("mode", b"enterprise".to_vec());
        }
        self.table_mut("/ip/pool").seed(
            None,
            &[("name", "hs-pool-1"), ("ranges", "10.5.50.2-10.5.50.254")],
        );
        for (name, policy) in [
            (
                "read",
                "local,telnet,ssh,reboot,read,test,winbox,password,web,sniff,sensitive,api,romon,rest-api,!ftp,!write,!policy",
            ),
            (
                "write",
                "local,telnet,ssh,reboot,read,write,test,winbox,password,web,sniff,sensitive,api,romon,rest-api,!ftp,!policy",
            ),
            (
                "full",
                "local,telnet,ssh,ftp,reboot,read,write,policy,test,winbox,password,web,sniff,sensitive,api,romon,rest-api",
            ),
        ] {
            self.table_mut("/user/group")
                .seed(None, &[("name", name), ("policy", policy)]);
        }
    }

    /// Puts in what this router in particular has.
    pub(crate) fn set_up(&mut self, config: &Config) {
        for (name, password, group) in &config.users {
            self.table_mut("/user").seed(
                None,
                &[("name", name), ("password", password), ("group", group)],
            );
        }
        if let Some(row) = self.table_mut("/system/identity").by_id_mut(0) {
            row.values
                .insert("name", config.identity.clone().into_bytes());
        }
    }

    /// Puts the pages for a portal in place and lets phones reach it without being logged in; without one, takes both away.
    pub(crate) fn install_portal(&mut self, portal: Option<SocketAddr>, url: &str) {
        const OURS: &str = "mnara:portal";
        let garden = self.table_mut("/ip/hotspot/walled-garden/ip");
        garden
            .rows
            .retain(|row| row.raw("comment") != OURS.as_bytes());
        self.put_stock_pages(super::super::servlet::FOLDER);
        if let Some(portal) = portal {
            self.put_own_pages(url);
            let garden = self.table_mut("/ip/hotspot/walled-garden/ip");
            let (address, port) = (portal.ip().to_string(), portal.port().to_string());
            garden.seed(
                None,
                &[
                    ("dst-address", &address),
                    ("protocol", "tcp"),
                    ("dst-port", &port),
                    ("comment", OURS),
                ],
            );
        }
        self.touch("/ip/hotspot/walled-garden/ip");
    }
}
