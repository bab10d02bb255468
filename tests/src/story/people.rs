//! Who may log in at the demo: an owner, a cashier and somebody of the platform, each made as they would be in earnest.

use anyhow::{Context, Result, ensure};
use reqwest::StatusCode;

use crate::world::World;
use crate::world::controller::Controller;
use crate::world::http::Caller;

/// The password of everybody in the demo.
pub const PASSWORD: &str = "mango rain tower";

/// With what the owner of the demo's business logs in, and what they are called. They have been there for longer than the demo.
pub(super) const OWNER: (&str, &str) = ("owner@example.com", "Njeri Wanjiru");

/// Those who may log in, each by what they are and what they log in with.
#[derive(Debug)]
pub struct People(Vec<(&'static str, &'static str)>);

impl People {
    /// Makes them.
    ///
    /// # Errors
    /// When a command fails or the page refuses one of them.
    pub async fn hire(world: &World) -> Result<Self> {
        let mut people = vec![("owner", OWNER.0)];
        let (role, contact) = ("cashier", "cashier@example.com");
        join(world, role, contact, "Otieno Ouma").await?;
        people.push((role, contact));
        let file = world.folder().join("admin.password");
        std::fs::write(&file, PASSWORD).context("writing down a password")?;
        let file = file.display().to_string();
        let words = ["admin", "create", "--name", "Amina Hassan"];
        let words = [
            &words[..],
            &["--contact", "admin@example.com", "--password", &file],
        ]
        .concat();
        world.controller.command(&words).await?;
        people.push(("admin", "admin@example.com"));
        Ok(Self(people))
    }

    /// Each by what they are and what they log in with.
    #[must_use]
    pub fn who(&self) -> &[(&'static str, &'static str)] {
        &self.0
    }

    /// A line for each.
    #[must_use]
    pub fn list(&self) -> String {
        let lines = self
            .0
            .iter()
            .map(|(role, contact)| format!("  {role:<10} {contact}\n"));
        let note = "  (the admin needs a second factor only outside the demo, which sets MNARA_ADMIN_SECOND_FACTOR=optional)\n";
        lines.chain([note.to_owned()]).collect()
    }
}

/// Somebody joins the demo's business by an invitation.
///
/// # Errors
/// When the command fails or the page refuses them.
pub async fn join(world: &World, role: &str, contact: &str, name: &str) -> Result<()> {
    let provider = &world.business.provider;
    join_at(&world.controller, provider, role, (contact, name)).await
}

/// Somebody joins a business by an invitation.
pub(super) async fn join_at(
    controller: &Controller,
    provider: &str,
    role: &str,
    (contact, name): (&str, &str),
) -> Result<()> {
    let words = ["provider", "invite", provider, "--name", name];
    let words = [&words[..], &["--role", role]].concat();
    let address = controller.command(&words).await?;
    let form = [("name", name), ("who", contact), ("password", PASSWORD)];
    let answer = Caller::program()?.form(address.trim(), &form).await?;
    ensure!(
        answer.status == StatusCode::SEE_OTHER,
        "{name} cannot join: {}",
        answer.text
    );
    Ok(())
}
