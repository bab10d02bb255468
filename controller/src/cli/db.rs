//! `mnara-controller db`: what an owner of the database does before the controller may use it.

use anyhow::Context as _;
use clap::Subcommand;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::postgres::PgConnectOptions;

use crate::config::DatabaseConfig;
use crate::db::{self, APP_ROLE};

/// What can be done to a database.
#[derive(Debug, Subcommand)]
pub enum DbCommand {
    /// Makes the roles `mnara_owner` and `mnara_app`; with the password of `DATABASE_URL` if that logs in as `mnara_app`.
    Prepare,
    /// Brings the schema to this program's version.
    Migrate,
}

/// Runs the command.
///
/// # Errors
/// When the database refuses.
pub async fn run(command: &DbCommand, config: &DatabaseConfig) -> anyhow::Result<()> {
    let admin = admin(config)?;
    match command {
        DbCommand::Prepare => {
            let password = config.url.as_ref().and_then(password);
            db::prepare::prepare(
                &admin,
                password.as_ref().map(|password| password.expose_secret()),
            )
            .await?;
            println!("The roles are ready. Next: mnara-controller db migrate");
        }
        DbCommand::Migrate => {
            db::migrate(&admin).await?;
            println!("The database is at this program's version.");
        }
    }
    Ok(())
}

fn admin(config: &DatabaseConfig) -> anyhow::Result<PgConnectOptions> {
    let url = config
        .admin_url
        .as_ref()
        .context("give the database's address as its owner or a superuser in DATABASE_ADMIN_URL (the private database needs neither command)")?;
    Ok(db::options(url)?)
}

/// The password in an address that logs in as the application.
fn password(url: &SecretString) -> Option<SecretString> {
    let url = url::Url::parse(url.expose_secret()).ok()?;
    let written = url.password().filter(|_| url.username() == APP_ROLE)?;
    let mut bytes = Vec::with_capacity(written.len());
    let mut rest = written.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after
            .get(..2)
            .and_then(|pair| std::str::from_utf8(pair).ok());
        match hex
            .and_then(|pair| u8::from_str_radix(pair, 16).ok())
            .filter(|_| *first == b'%')
        {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).ok().map(SecretString::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_read_as_it_was_meant() {
        let find = |url: &str| {
            password(&SecretString::from(url)).map(|found| found.expose_secret().to_owned())
        };
        assert_eq!(
            find("postgres://mnara_app:p%40ss%25@db/mnara").as_deref(),
            Some("p@ss%")
        );
        assert_eq!(find("postgres://someone:pass@db/mnara"), None);
        assert_eq!(find("postgres://mnara_app@db/mnara"), None);
    }
}
