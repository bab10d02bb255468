//! `mnara-controller identity …`: the key by which agents know this controller.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use ed25519_dalek::{SigningKey, VerifyingKey};
use mnara_protocol::enrol::fingerprint;
use mnara_protocol::frame::KeyId;
use zeroize::Zeroizing;

use crate::app::App;
use crate::fleet::{identity, rotate};

/// What can be done with the identity.
#[derive(Debug, Subcommand)]
pub enum IdentityCommand {
    /// Shows the keys: name, what it is for, fingerprint.
    Show,
    /// Makes a spare key and writes its secret to a new file. Keep that file offline: with it, agents can be led to a new key when the one in
    /// use is lost or stolen. A spare made before is trusted no more.
    Spare {
        /// The file to write; it must not exist.
        #[arg(long)]
        out: PathBuf,
    },
    /// Puts a new key in the place of the one in use. Agents learn it when they next connect, also after years; the old key stays trusted
    /// until the next rotation or until it is retired.
    Rotate,
    /// Has agents trust a previous key, or the spare, no more. An agent that was away since before the rotation still finds its way.
    Retire {
        /// The key's name, as `identity show` prints it.
        key: String,
    },
    /// Puts a new key in the place of one that is lost or stolen, by the word of the spare. Restart every controller afterwards, and make a
    /// new spare.
    Recover {
        /// The file that `identity spare` wrote; `-` reads standard input.
        #[arg(long)]
        spare: PathBuf,
    },
}

/// Obeys.
///
/// # Errors
/// With words for whoever typed it.
pub async fn run(command: IdentityCommand, app: &App) -> anyhow::Result<()> {
    match command {
        IdentityCommand::Show => {
            let keys = identity::load(app).await?;
            tell(&keys.signing.verifying_key(), "current");
            for key in &keys.previous {
                tell(&key.verifying_key(), "previous");
            }
            match &keys.spare {
                Some(spare) => tell(spare, "spare"),
                None => eprintln!(
                    "There is no spare key: if this controller's key is lost, every site must be enrolled anew. Make one with `identity spare`."
                ),
            }
        }
        IdentityCommand::Spare { out } => {
            identity::load(app).await?;
            // Before anything is stored: a spare whose secret is nowhere would be worse than none.
            let mut file = std::fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&out)
                .with_context(|| format!("cannot make the file {}", out.display()))?;
            let spare = rotate::spare(app).await?;
            let secret = Zeroizing::new(hex::encode(spare.as_bytes()));
            writeln!(file, "{}", secret.as_str())
                .and_then(|()| file.sync_all())
                .with_context(|| {
                    format!(
                        "cannot write {}: run this again with another file",
                        out.display()
                    )
                })?;
            tell(&spare.verifying_key(), "spare");
            eprintln!(
                "Its secret is in {}: move it to a place that is not online, and delete it here.",
                out.display()
            );
        }
        IdentityCommand::Rotate => {
            identity::load(app).await?;
            tell(&rotate::rotate(app).await?, "current");
        }
        IdentityCommand::Retire { key } => {
            let mut name = [0; 8];
            hex::decode_to_slice(key.trim(), &mut name)
                .context("a key's name is 16 hexadecimal digits, as `identity show` prints it")?;
            rotate::retire(app, KeyId(name)).await?;
            println!("Retired.");
        }
        IdentityCommand::Recover { spare } => {
            let spare = read_spare(&spare)?;
            tell(&rotate::recover(app, &spare).await?, "current");
            eprintln!("The spare has been online now: make a new one with `identity spare`.");
        }
    }
    Ok(())
}

fn tell(key: &VerifyingKey, role: &str) {
    println!(
        "{}\t{role}\t{}",
        hex::encode(KeyId::of(key).0),
        hex::encode(fingerprint(key))
    );
}

fn read_spare(path: &Path) -> anyhow::Result<SigningKey> {
    let mut text = Zeroizing::new(String::new());
    if path == Path::new("-") {
        std::io::stdin()
            .read_to_string(&mut text)
            .context("cannot read standard input")?;
    } else {
        *text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
    }
    let mut secret = Zeroizing::new([0; 32]);
    if hex::decode_to_slice(text.trim(), secret.as_mut_slice()).is_err() {
        bail!("this is not a spare key: 64 hexadecimal digits, as `identity spare` writes them");
    }
    Ok(SigningKey::from_bytes(&secret))
}
