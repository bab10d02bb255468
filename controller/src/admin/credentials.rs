//! Keys that are in use for long: owners are reminded of theirs once a quarter, and those who work for the platform of its own.

use std::time::Duration;

use futures_util::future::BoxFuture;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::ProviderId;
use secrecy::ExposeSecret as _;
use sha2::{Digest as _, Sha256};

use super::store::{keys as store, people};
use crate::app::App;
use crate::db::Reason;
use crate::jobs::{Job, Next};
use crate::providers::mail::{self, Letter, NewMail, fill, post};
use crate::providers::notices::{Notice, OldKey, tell_owners_once};
use crate::providers::pages::words::Words;
use crate::vault::Fingerprint;

/// The kind of the job.
pub const AGE: &str = "key-age";

const DAY: i64 = 86_400;
/// A key that is in use for longer should be changed.
pub const OLD_SECS: i64 = 365 * DAY;
/// Owners are reminded once in so long.
const AGAIN_SECS: i64 = 90 * DAY;
/// A reminder that could not leave for so long is told again the next quarter.
const GOOD_FOR: Duration = Duration::from_secs(7 * 86_400);
/// Those who work for the platform that are written to.
const ADMINS: u16 = 100;
/// Businesses asked for at once.
const PAGE: i64 = 100;

/// A key of the platform's own at somebody else, which is a setting.
#[derive(Clone, Debug)]
pub struct AccountKey {
    /// Its name in the table: `pesapal`, `africastalking` or `smtp`.
    pub name: &'static str,
    /// What tells it from others.
    pub print: Fingerprint,
}

/// Those that are set.
#[must_use]
pub fn accounts(app: &App) -> Vec<AccountKey> {
    let pesapal = app.config.pesapal.account().map(|account| {
        let (key, secret) = (account.consumer_key, account.consumer_secret);
        ("pesapal", vec![key.expose_secret(), secret.expose_secret()])
    });
    let sms = app.config.sms.account();
    let sms = sms.map(|account| ("africastalking", vec![account.key.expose_secret()]));
    let mail = app.config.mail.smtp_url.as_ref();
    let mail = mail.and_then(|server| server.log_in());
    let mail = mail.map(|(name, password)| ("smtp", vec![name, password.expose_secret()]));
    pesapal
        .into_iter()
        .chain(sms)
        .chain(mail)
        .map(|(name, parts)| {
            let mut print = app.vault.fingerprint(&[&[name][..], &parts].concat());
            // As the first lines of the table have it.
            print.older.push(unkeyed(&parts));
            AccountKey { name, print }
        })
        .collect()
}

fn unkeyed(parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0_u8]);
    }
    hash.finalize().into()
}

/// Notes the keys at others that are set; one that is there already keeps its time, by whichever key of the vault it is known.
///
/// # Errors
/// When the database refuses.
pub async fn note(app: &App) -> sqlx::Result<()> {
    let mut tx = app.db.platform(Reason::Admin).await?;
    for key in accounts(app) {
        store::note_account(&mut tx, key.name, &key.print, app.clock.now()).await?;
    }
    tx.commit().await
}

/// Reminds owners of old keys, once a day; each is told once a quarter.
pub fn remind<'a>(app: &'a App, _: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    Box::pin(async move {
        let now = app.clock.now();
        let before = Timestamp::from_secs(now.as_secs() - OLD_SECS);
        let (mut after, mut failed) = (None, None);
        loop {
            let mut tx = app.db.platform(Reason::Admin).await?;
            let page = store::businesses(&mut tx, before, now, after, PAGE).await?;
            drop(tx);
            for provider in &page {
                // One that cannot be told keeps nobody else waiting.
                if let Err(error) = one(app, *provider, before, now).await {
                    tracing::warn!(provider.id = %provider, error = &error as &dyn std::error::Error, "owners could not be told of old keys");
                    failed = Some(error);
                }
            }
            after = page.last().copied();
            if i64::try_from(page.len()).unwrap_or(PAGE) < PAGE {
                platform(app, now).await?;
                // What was told is told once: the next try is for those that failed.
                return match failed {
                    Some(error) => Err(error.into()),
                    None => Ok(Next::Again(now.plus_secs(DAY))),
                };
            }
        }
    })
}

async fn one(
    app: &App,
    provider: ProviderId,
    before: Timestamp,
    now: Timestamp,
) -> sqlx::Result<()> {
    let mut tx = app.db.tenant(provider).await?;
    let old = store::old(&mut tx, provider, before, now).await?;
    let keys: Vec<_> = old
        .iter()
        .map(|key| {
            let which = match key.kind.as_str() {
                "api" => OldKey::Api(&key.name),
                "webhook" => OldKey::Webhook(&key.name),
                "operator" => OldKey::Operator(&key.name),
                _ => OldKey::Mpesa,
            };
            (which, key.since)
        })
        .collect();
    if !keys.is_empty() {
        let quarter = now.as_secs().div_euclid(AGAIN_SECS);
        let once = format!("keys:{provider}:{quarter}");
        let notice = Notice::KeysOld { keys: &keys };
        tell_owners_once(app, &mut tx, provider, &notice, &once).await?;
    }
    tx.commit().await
}

/// Notes keys that are new, and reminds those who work for the platform of its own; each is told once a quarter of each key.
async fn platform(app: &App, now: Timestamp) -> sqlx::Result<()> {
    note(app).await?;
    let mut tx = app.db.platform(Reason::Admin).await?;
    let (vault, identity) = store::platform(&mut tx, app.vault.mark()).await?;
    let mut keys = vec![("vault", vault), ("identity", identity)];
    for key in accounts(app) {
        let since = store::account_since(&mut tx, key.name, &key.print).await?;
        keys.push((key.name, since));
    }
    let is_old = |since: &Timestamp| now.as_secs() - since.as_secs() > OLD_SECS;
    let old: Vec<_> = keys
        .into_iter()
        .filter_map(|(word, since)| Some((word, since.filter(is_old)?)))
        .collect();
    if old.is_empty() {
        return tx.commit().await;
    }
    for person in people::working(&mut tx, ADMINS).await? {
        let Some(reader) = mail::store::reader(&mut tx, person).await? else {
            continue;
        };
        let words = Words::of(reader.language);
        for (word, since) in &old {
            let said = match *word {
                "vault" => words.mail.platform_vault_text,
                "pesapal" => words.mail.platform_pesapal_text,
                "africastalking" => words.mail.platform_sms_text,
                "smtp" => words.mail.platform_smtp_text,
                _ => words.mail.platform_identity_text,
            };
            let since = words.calendar.day(*since);
            let letter = Letter {
                subject: words.mail.platform_keys.to_owned(),
                lines: vec![
                    fill(words.mail.hello, &[("name", &reader.name)]),
                    fill(said, &[("since", &since)]),
                ],
                link: Some((
                    words.mail.to_work.to_owned(),
                    app.config.web.public().join("/admin/jobs"),
                )),
                foot: words.mail.foot_account.to_owned(),
            };
            let quarter = now.as_secs().div_euclid(AGAIN_SECS);
            let news = NewMail {
                provider: None,
                to: &reader,
                kind: "platform-keys",
                once: Some(format!("platform-keys:{word}:{person}:{quarter}")),
                good_for: GOOD_FOR,
                letter,
            };
            post(app, &mut tx, news).await?;
        }
    }
    tx.commit().await
}
