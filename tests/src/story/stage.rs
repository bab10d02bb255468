//! The world of the demo: three phones, three plans, printed codes, and the guide that says what to open.

use std::fmt::Write;
use std::net::SocketAddr;

use anyhow::{Context, Result};

use crate::sim::daraja;
use crate::world::phone::Phone;
use crate::world::{Setup, World};

/// The world of the demo, up and running.
#[derive(Debug)]
pub struct Stage {
    /// Everything.
    pub world: World,
    /// Phones on the Wi-Fi, each with a port through which a browser on this machine sees what it sees.
    pub phones: Vec<(Phone, SocketAddr)>,
    /// Printed codes for an hour.
    pub hours: Vec<String>,
    /// Printed codes for ten megabytes.
    pub megabytes: Vec<String>,
}

/// Sets the stage.
///
/// # Errors
/// When anything does not come up.
pub async fn stage() -> Result<Stage> {
    let mut setup = Setup::default();
    setup.daraja.knobs.mode = daraja::Mode::Hand;
    let world = World::start(setup).await?;
    let mut phones = Vec::new();
    for _ in 0..3 {
        let phone = world.site.join()?;
        let port = world
            .site
            .router
            .forward(&phone.mac, 0)
            .context("opening a phone's port")?;
        phones.push((phone, port));
    }
    let controller = &world.controller;
    let hours = world
        .business
        .print(controller, "One hour", 10, &[])
        .await?;
    let megabytes = world
        .business
        .print(controller, "Ten megabytes", 10, &[])
        .await?;
    Ok(Stage {
        world,
        phones,
        hours,
        megabytes,
    })
}

impl Stage {
    /// What to open, for a person at this machine.
    #[must_use]
    pub fn guide(&self) -> String {
        let mut text = String::from("\nA hotspot business is running on this machine. Open:\n\n");
        for (index, (phone, port)) in self.phones.iter().enumerate() {
            let _ = writeln!(
                text,
                "  phone {}          http://{port}/    what {} sees on the Wi-Fi",
                index + 1,
                phone.mac
            );
        }
        let _ = write!(
            text,
            "  M-PESA prompts   {}/phone    answer them as the customer: accept, wrong PIN, cancel, no answer\n\
             \n  printed codes    {}   (one hour)\n                   {}   (ten megabytes)\n\
             \n  API              {}    for example\n                   \
             GET {}\n\
             \n  router           API {} (TLS {}), control http://{}/state\n\
             \n  Any number like 0712345678 will do. Ctrl-C ends everything and leaves nothing behind.\n",
            self.world.daraja.control_url(),
            self.hours[..3].join("  "),
            self.megabytes[..3].join("  "),
            self.world.controller.url("/"),
            self.world.controller.url(&format!(
                "/api/captive/{}/plans",
                self.world.business.provider
            )),
            self.world.site.router.api(),
            self.world.site.router.api_tls(),
            self.world.site.router.control(),
        );
        text
    }

    /// Ends everything.
    ///
    /// # Errors
    /// When a program does not end well, or said that something went wrong.
    pub async fn end(self) -> Result<()> {
        self.world.end().await
    }
}
