//! `mnara-controller db`: what an owner of the database does before the controller may use it, and so that it is not lost.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use mnara_protocol::clock::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::postgres::PgConnectOptions;

use crate::clock::Clock;
use crate::config::DatabaseConfig;
use crate::db::backup::{Server, backup, bring, put_in_place};
use crate::db::{self, APP_ROLE, Db};
use crate::devdb::{self, DevDb};
use crate::fleet::restored::{Restored, restored};

/// What can be done to a database.
#[derive(Debug, Subcommand)]
pub enum DbCommand {
    /// Makes the roles `mnara_owner` and `mnara_app`; with the password of `DATABASE_URL` if that logs in as `mnara_app`.
    Prepare,
    /// Brings the schema to this program's version.
    Migrate,
    /// Writes the whole database to a file, while the controller runs. The file is worth nothing without `ENCRYPTION_KEY`, which is not in
    /// it; it holds phone numbers and codes, so keep it where nobody else reads.
    Backup {
        /// The file; it is replaced only by a backup that can be read.
        #[arg(long)]
        to: PathBuf,
    },
    /// Brings a backup back in the place of the database, which is kept under another name. Stop every controller first. Sites send again
    /// what came after the backup and read their feeds from the start.
    Restore {
        /// The file that `db backup` wrote.
        #[arg(long)]
        from: PathBuf,
    },
    /// To be run once after the database was brought back to an older state by any other means than `db restore`, before a controller starts.
    Restored,
}

/// Runs the command.
///
/// # Errors
/// When the database refuses.
pub async fn run(command: DbCommand, config: &DatabaseConfig) -> anyhow::Result<()> {
    match command {
        DbCommand::Prepare => {
            let password = app_password(config)?;
            db::prepare::prepare(
                &admin(config)?,
                password.as_ref().map(|password| password.expose_secret()),
            )
            .await?;
            println!("The roles are ready. Next: mnara-controller db migrate");
        }
        DbCommand::Migrate => {
            db::migrate(&admin(config)?).await?;
            println!("The database is at this program's version.");
        }
        DbCommand::Backup { to } => {
            with_server(config, async |server, _| Ok(backup(server, &to).await?)).await?;
            println!("{}", to.display());
        }
        DbCommand::Restore { from } => {
            with_server(config, async |server, app| {
                restore(server, app, &from).await
            })
            .await?;
        }
        DbCommand::Restored => {
            with_server(config, async |_, app| {
                tell(&raise(app.clone(), Clock::system().now()).await?);
                Ok(())
            })
            .await?;
        }
    }
    Ok(())
}

/// Does something with the database as its superuser and as the application: the one given, or the private one, which is started for it when
/// no controller runs.
async fn with_server(
    config: &DatabaseConfig,
    act: impl AsyncFnOnce(&Server, &PgConnectOptions) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if let Some(url) = &config.url {
        // Only the application's own log-in is needed after a restore by other means.
        let owner = config.admin_url.as_ref().unwrap_or(url);
        let server = Server {
            programs: devdb::programs().ok(),
            address: without_password(owner),
            password: any_password(owner),
            admin: match &config.admin_url {
                Some(_) => admin(config)?,
                None => application(url)?,
            },
        };
        return act(&server, &application(url)?).await;
    }
    if config.admin_url.is_some() {
        bail!("give the application's address in DATABASE_URL too");
    }
    let private = DevDb::attach(&config.folder()).await?;
    let acted = act(&private.server()?, &private.options()).await;
    private
        .stop()
        .await
        .context("the private database did not stop in order")?;
    acted
}

async fn restore(server: &Server, app: &PgConnectOptions, from: &Path) -> anyhow::Result<()> {
    let now = Clock::system().now();
    let beside = bring(server, from, now).await?;
    // Before it is in place: no controller may ever see it without.
    let raised = raise(app.clone().database(&beside.name), now).await?;
    let old = put_in_place(server, &beside, now).await?;
    tell(&raised);
    println!("What was there before is the database {old} now: drop it when all is well.");
    Ok(())
}

async fn raise(app: PgConnectOptions, now: Timestamp) -> anyhow::Result<Restored> {
    let db = Db::connect(app, db::FEWEST).await?;
    let raised = restored(&db, now).await;
    db.close().await;
    raised.context("the feeds could not be raised")
}

fn tell(raised: &Restored) {
    println!(
        "The feeds of {} sites begin anew, {} agents keep their place, {} unspent claim codes are good no more.",
        raised.sites, raised.agents, raised.claims
    );
}

fn admin(config: &DatabaseConfig) -> anyhow::Result<PgConnectOptions> {
    let url = config
        .admin_url
        .as_ref()
        .context("give the database's address as its owner or a superuser in DATABASE_ADMIN_URL (the private database needs neither command)")?;
    db::options(url).context("DATABASE_ADMIN_URL")
}

fn application(url: &SecretString) -> anyhow::Result<PgConnectOptions> {
    db::options(url).context("DATABASE_URL")
}

/// The password that the application's role is to have, if its address gives one.
fn app_password(config: &DatabaseConfig) -> anyhow::Result<Option<SecretString>> {
    let Some(url) = &config.url else {
        return Ok(None);
    };
    // By one that cannot be read the role would be left without.
    application(url)?;
    Ok(password(url))
}

/// The password in an address that logs in as the application.
fn password(url: &SecretString) -> Option<SecretString> {
    let login = url::Url::parse(url.expose_secret()).ok()?;
    (login.username() == APP_ROLE)
        .then(|| any_password(url))
        .flatten()
}

/// The address without the password, as a process list may show it.
fn without_password(url: &SecretString) -> String {
    url::Url::parse(url.expose_secret()).map_or_else(
        |_| String::new(),
        |mut url| {
            // An address without a host holds none.
            let _ = url.set_password(None);
            url.to_string()
        },
    )
}

/// The password in an address.
fn any_password(url: &SecretString) -> Option<SecretString> {
    let url = url::Url::parse(url.expose_secret()).ok()?;
    let written = url.password()?;
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

    #[test]
    fn an_address_that_cannot_be_read_is_named_and_not_shown() {
        let address = |text: &str| Some(SecretString::from(text));
        let config = DatabaseConfig {
            url: address("postgres://mnara_app:hush/hush@db/mnara"),
            admin_url: address("postgres://postgres:hush/hush@db/mnara"),
            data_dir: None,
            connections: 22,
        };
        for (fault, setting) in [
            (admin(&config).unwrap_err(), "DATABASE_ADMIN_URL: "),
            (app_password(&config).unwrap_err(), "DATABASE_URL: "),
        ] {
            let said = format!("{fault:#}");
            assert!(
                said.starts_with(setting) && !said.contains("hush"),
                "{said}"
            );
            assert_eq!(said.matches("DATABASE_").count(), 1, "{said}");
        }
    }
}
