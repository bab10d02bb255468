//! Changing the controller's identity key so that no agent is lost: each step is a statement signed by a key that agents trust already,
//! kept for those that are away.

use ed25519_dalek::{SigningKey, VerifyingKey};
use mnara_protocol::clock::Timestamp;
use mnara_protocol::frame::{KeyId, KeyStatement};
use thiserror::Error;

use super::identity::{IdentityError, SECRET, open, public};
use super::store::identity::{self as store, KeyRow, Role};
use crate::app::App;
use crate::db::{Reason, Tx};
use crate::vault::Owner;

/// Why keys were not changed.
#[derive(Debug, Error)]
pub enum RotateError {
    /// The keys cannot be used.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// There is nothing to change yet.
    #[error("there is no identity key yet: it is made when the first site is claimed")]
    NoKey,
    /// It is not a key that can be retired.
    #[error("there is no previous or spare key of that name: see `mnara-controller identity show`")]
    NoSuchKey,
    /// The key in use cannot go without another.
    #[error("that key is in use: rotate first, then retire it")]
    InUse,
    /// What was given is not the spare.
    #[error("this is not the secret of the spare key: agents would not believe it")]
    NotTheSpare,
    /// The database refused.
    #[error("the keys could not be stored")]
    Database(#[from] sqlx::Error),
}

/// A step under way: the keys are locked, and statements get their numbers.
struct Step<'a> {
    app: &'a App,
    tx: Tx,
    rows: Vec<KeyRow>,
    serial: i64,
    now: Timestamp,
}

impl<'a> Step<'a> {
    async fn begin(app: &'a App) -> Result<Self, RotateError> {
        let mut tx = app.db.platform(Reason::Admin).await?;
        let rows = store::lock_keys(&mut tx).await?;
        let now = app.clock.now();
        // No number may come twice, also not from a database restored to an older state, or agents would pass over it.
        let serial = store::last_serial(&mut tx).await?.max(now.as_secs());
        Ok(Self {
            app,
            tx,
            rows,
            serial,
            now,
        })
    }

    fn row(&self, role: Role) -> Option<&KeyRow> {
        self.rows.iter().find(|row| row.role == role)
    }

    fn key(&self, role: Role) -> Result<Option<VerifyingKey>, RotateError> {
        Ok(self.row(role).map(public).transpose()?)
    }

    fn signing(&self) -> Result<SigningKey, RotateError> {
        let current = self.row(Role::Current).ok_or(RotateError::NoKey)?;
        Ok(open(self.app, current)?)
    }

    async fn say(
        &mut self,
        by: &SigningKey,
        adds: Option<&VerifyingKey>,
        retires: Option<&VerifyingKey>,
    ) -> Result<(), RotateError> {
        self.serial += 1;
        let statement = KeyStatement::sign(by, self.serial.unsigned_abs(), adds, retires);
        let bytes = minicbor::to_vec(&statement).map_err(|_| IdentityError::Damaged)?;
        store::insert_statement(&mut self.tx, self.serial, &bytes, self.now).await?;
        Ok(())
    }

    async fn set(&mut self, key: &VerifyingKey, role: Role) -> Result<(), RotateError> {
        store::set_role(&mut self.tx, key.as_bytes(), role, self.now).await?;
        Ok(())
    }

    /// Puts a fresh key in the current one's place.
    async fn succeed(&mut self) -> Result<SigningKey, RotateError> {
        let made = SigningKey::from_bytes(&self.app.entropy.bytes());
        let sealed = self
            .app
            .vault
            .seal(Owner::Platform, SECRET, made.as_bytes());
        let public = made.verifying_key().to_bytes();
        store::insert_key(
            &mut self.tx,
            &public,
            Some(&sealed),
            Role::Current,
            self.now,
        )
        .await?;
        Ok(made)
    }
}

/// Puts a new key in the place of the current one, which agents go on trusting until the next rotation or until it is retired.
///
/// # Errors
/// [`RotateError`].
pub async fn rotate(app: &App) -> Result<VerifyingKey, RotateError> {
    let mut step = Step::begin(app).await?;
    let old = step.signing()?;
    // Agents pin four keys at most: the one before the last goes as the next one comes.
    let before = step.key(Role::Previous)?;
    if let Some(before) = &before {
        step.set(before, Role::Retired).await?;
    }
    step.set(&old.verifying_key(), Role::Previous).await?;
    let new = step.succeed().await?;
    let public = new.verifying_key();
    step.say(&old, Some(&public), before.as_ref()).await?;
    if let Some(spare) = step.key(Role::Spare)? {
        // Whoever enrols from now on knows the new key alone, and takes the spare by its word.
        step.say(&new, Some(&spare), None).await?;
    }
    step.tx.commit().await?;
    Ok(public)
}

/// Makes a spare key to be kept offline, in the place of an older one. Its secret is given back and stored nowhere.
///
/// # Errors
/// [`RotateError`].
pub async fn spare(app: &App) -> Result<SigningKey, RotateError> {
    let mut step = Step::begin(app).await?;
    let signing = step.signing()?;
    let made = SigningKey::from_bytes(&app.entropy.bytes());
    let old = step.key(Role::Spare)?;
    if let Some(old) = &old {
        step.set(old, Role::Retired).await?;
    }
    let public = made.verifying_key();
    store::insert_key(&mut step.tx, public.as_bytes(), None, Role::Spare, step.now).await?;
    step.say(&signing, Some(&public), old.as_ref()).await?;
    step.tx.commit().await?;
    Ok(made)
}

/// Has agents trust a previous key, or the spare, no more.
///
/// # Errors
/// [`RotateError`].
pub async fn retire(app: &App, name: KeyId) -> Result<(), RotateError> {
    let mut step = Step::begin(app).await?;
    let signing = step.signing()?;
    let mut found = None;
    for row in step.rows.iter().filter(|row| row.role != Role::Retired) {
        let key = public(row)?;
        if KeyId::of(&key) == name {
            found = Some((key, row.role));
        }
    }
    match found {
        Some((key, Role::Previous | Role::Spare)) => {
            step.set(&key, Role::Retired).await?;
            step.say(&signing, None, Some(&key)).await?;
            step.tx.commit().await?;
            Ok(())
        }
        Some((_, Role::Current)) => Err(RotateError::InUse),
        Some((_, Role::Retired)) | None => Err(RotateError::NoSuchKey),
    }
}

/// Puts a new key in the place of one that was lost or stolen, by the word of the spare.
///
/// Needs nothing but the spare's secret, not even the
/// key that sealed the lost one. The spare has been online then: make a new one.
///
/// # Errors
/// [`RotateError`].
pub async fn recover(app: &App, spare: &SigningKey) -> Result<VerifyingKey, RotateError> {
    let mut step = Step::begin(app).await?;
    let is_spare = step
        .key(Role::Spare)?
        .is_some_and(|known| known == spare.verifying_key());
    if !is_spare {
        return Err(RotateError::NotTheSpare);
    }
    let lost: Vec<VerifyingKey> = [Role::Previous, Role::Current]
        .into_iter()
        .filter_map(|role| step.key(role).transpose())
        .collect::<Result<_, _>>()?;
    for key in &lost {
        step.set(key, Role::Retired).await?;
    }
    let new = step.succeed().await?;
    let public = new.verifying_key();
    let mut adds = Some(&public);
    for key in &lost {
        step.say(spare, adds.take(), Some(key)).await?;
    }
    if let Some(adds) = adds {
        step.say(spare, Some(adds), None).await?;
    }
    step.say(&new, Some(&spare.verifying_key()), None).await?;
    step.tx.commit().await?;
    Ok(public)
}
