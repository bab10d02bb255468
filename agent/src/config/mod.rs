//! Everything the agent is told from outside: flags and environment variables, read once into plain structs; and the files of the
//! state folder, which the enrolment writes and everything else only reads.
//!
//! No default is written anywhere else.

use std::fmt;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, anyhow, bail};
use clap::{Args, ValueEnum};
use ed25519_dalek::{SigningKey, VerifyingKey};
use mnara_protocol::clock::Timestamp;
use mnara_protocol::frame::Pinned;
use mnara_protocol::ids::{AgentId, ProviderId, SiteId};
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;
use zeroize::Zeroizing;

use crate::routeros::client::{Dial, Fingerprint, Security, Timing};

mod next;

/// What every command takes.
#[derive(Clone, Debug, Args)]
pub struct Common {
    /// The folder with the agent's key, enrolment and store. Losing it means enrolling again; copying it to a second machine makes
    /// two agents of one.
    #[arg(long, env = "MNARA_STATE_DIR", global = true)]
    pub state_dir: Option<PathBuf>,

    /// How much is logged.
    #[arg(
        long = "log",
        env = "MNARA_LOG",
        value_enum,
        default_value = "info",
        global = true
    )]
    pub log: LogLevel,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// Only what needs a person.
    Error,
    /// And what looks wrong.
    Warn,
    /// And what happened.
    Info,
    /// And how.
    Debug,
}

/// What `run` takes.
#[derive(Clone, Debug, Args)]
pub struct RunConfig {
    /// Where the portal listens. Phones reach it before they are logged in, through the router's walled garden.
    #[arg(long = "portal", env = "MNARA_PORTAL", default_value = "0.0.0.0:8080")]
    pub portal: SocketAddr,

    /// The page a phone opens when it is online. Plain http, or the phone's sign-in window never notices that it may close.
    #[arg(long, env = "MNARA_OUTSIDE", default_value = "http://neverssl.com/", value_parser = plain_http)]
    pub outside: Url,

    /// A unix socket on which tests push the wall clock and the monotonic clock.
    #[cfg(feature = "moved-clock")]
    #[arg(long, env = "MNARA_CLOCK_SOCKET")]
    pub clock_socket: Option<PathBuf>,
}

fn plain_http(text: &str) -> anyhow::Result<Url> {
    let url = Url::parse(text)?;
    if url.scheme() != "http" || url.host().is_none() {
        bail!("it must begin with http:// and name a host");
    }
    Ok(url)
}

/// What `enrol` takes: the line the controller printed, and where the router is.
#[derive(Clone, Debug, Args)]
pub struct EnrolConfig {
    /// The controller's address; plain http only on this machine.
    #[arg(long)]
    pub controller: Url,

    /// The one-time claim code of the site.
    #[arg(long, env = "MNARA_CLAIM", hide_env_values = true)]
    pub claim: String,

    /// The SHA-256 of the controller's identity key; nothing is sent to anyone who cannot prove to hold it.
    #[arg(long)]
    pub identity: String,

    /// A certificate authority file (PEM) for a controller with a certificate of its own.
    #[arg(long)]
    pub ca: Option<PathBuf>,

    /// The router: `tls://user@host:8729`, or `plain://user@host:8728` where the link never leaves the router.
    #[arg(long)]
    pub router: Option<Url>,

    /// The SHA-256 of the router's certificate, for `tls://`.
    #[arg(long)]
    pub router_pin: Option<String>,

    /// A file that holds the password of the router's user, and nothing else; it is copied into the state folder.
    #[arg(long)]
    pub router_password_file: Option<PathBuf>,
}

/// The state folder.
#[derive(Clone, Debug)]
pub struct StateDir(PathBuf);

impl StateDir {
    /// Chooses the folder: the one given, else `/data` where there is one (a container), else by who runs the agent.
    ///
    /// # Errors
    /// When none can be chosen or it cannot be made.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the file that reads the environment"
    )]
    pub fn choose(given: Option<&Path>) -> anyhow::Result<Self> {
        let path = if let Some(given) = given {
            given.to_owned()
        } else if Path::new("/data").is_dir() {
            PathBuf::from("/data")
        } else {
            match std::env::var("HOME") {
                Ok(home) if !home.is_empty() && home != "/root" => {
                    Path::new(&home).join(".local/state/mnara-agent")
                }
                _ => PathBuf::from("/var/lib/mnara-agent"),
            }
        };
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .with_context(|| format!("could not make the state folder {}", path.display()))?;
        Ok(Self(path))
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.0.join("store.sqlite")
    }

    /// The socket on which a running agent answers `status` and `doctor`.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.0.join("agent.sock")
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Reads the agent's key, making it on the first call.
    ///
    /// # Errors
    /// When the file cannot be read or written, or holds something else.
    pub fn key(&self, fresh: impl FnOnce() -> [u8; 32]) -> anyhow::Result<SigningKey> {
        let path = self.0.join("agent.key");
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let text = Zeroizing::new(text);
                let mut bytes = Zeroizing::new([0; 32]);
                hex::decode_to_slice(text.trim(), bytes.as_mut_slice())
                    .map_err(|_| anyhow!("{} does not hold a key", path.display()))?;
                Ok(SigningKey::from_bytes(&bytes))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let bytes = Zeroizing::new(fresh());
                let text = Zeroizing::new(hex::encode(bytes.as_slice()));
                write_private(&path, text.as_bytes())?;
                Ok(SigningKey::from_bytes(&bytes))
            }
            Err(error) => Err(error).with_context(|| format!("could not read {}", path.display())),
        }
    }

    /// Reads what the enrolment wrote.
    ///
    /// # Errors
    /// When there is none yet, or it cannot be read.
    pub fn enrolment(&self) -> anyhow::Result<Enrolment> {
        let path = self.0.join("enrolment.json");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                bail!(
                    "this agent is not enrolled: run the line the controller printed for the site (mnara-agent enrol …)"
                )
            }
            Err(error) => {
                return Err(error).with_context(|| format!("could not read {}", path.display()));
            }
        };
        serde_json::from_str::<EnrolmentFile>(&text)
            .map_err(anyhow::Error::from)
            .and_then(Enrolment::try_from)
            .with_context(|| format!("{} is damaged; enrol again", path.display()))
    }

    /// Keeps an enrolment.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_enrolment(&self, enrolment: &Enrolment) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(&EnrolmentFile::from(enrolment))?;
        write_private(&self.0.join("enrolment.json"), text.as_bytes())
    }

    /// Reads how the router is reached; `None` when nobody has said.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn router(&self) -> anyhow::Result<Option<Dial>> {
        let path = self.0.join("router.json");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| format!("could not read {}", path.display()));
            }
        };
        let file: RouterFile = serde_json::from_str(&text)
            .with_context(|| format!("{} is damaged; enrol again", path.display()))?;
        file.dial().map(Some)
    }

    /// Keeps how the router is reached.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_router(&self, router: &RouterFile) -> anyhow::Result<()> {
        let text = Zeroizing::new(serde_json::to_string_pretty(router)?);
        write_private(&self.0.join("router.json"), text.as_bytes())
    }
}

/// Who this agent is and whom it trusts.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// The controller.
    pub controller: Url,
    /// A certificate authority of its own, in PEM.
    pub ca: Option<String>,
    /// The agent's id.
    pub agent: AgentId,
    /// Its site.
    pub site: SiteId,
    /// The site's business.
    pub provider: ProviderId,
    /// The controller's keys.
    pub pinned: Pinned,
    /// The controller's time at the enrolment: it is at least so late.
    pub enrolled_at: Timestamp,
    /// The hash of the claim it was made by, which tells a line that is new; versions before did not keep it.
    pub claim: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct EnrolmentFile {
    controller: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ca: Option<String>,
    agent_id: String,
    site_id: String,
    provider_id: String,
    controller_keys: Vec<String>,
    key_serial: u64,
    enrolled_at_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    claim: Option<String>,
}

impl From<&Enrolment> for EnrolmentFile {
    fn from(enrolment: &Enrolment) -> Self {
        Self {
            controller: enrolment.controller.to_string(),
            ca: enrolment.ca.clone(),
            agent_id: enrolment.agent.to_string(),
            site_id: enrolment.site.to_string(),
            provider_id: enrolment.provider.to_string(),
            controller_keys: enrolment
                .pinned
                .keys
                .iter()
                .map(|key| hex::encode(key.as_bytes()))
                .collect(),
            key_serial: enrolment.pinned.serial,
            enrolled_at_ms: enrolment.enrolled_at.as_millis(),
            claim: enrolment.claim.clone(),
        }
    }
}

impl TryFrom<EnrolmentFile> for Enrolment {
    type Error = anyhow::Error;

    fn try_from(file: EnrolmentFile) -> anyhow::Result<Self> {
        let keys = file
            .controller_keys
            .iter()
            .map(|text| verifying_key(text))
            .collect::<anyhow::Result<Vec<_>>>()?;
        if keys.is_empty() {
            bail!("no controller key is pinned");
        }
        Ok(Self {
            controller: Url::parse(&file.controller)?,
            ca: file.ca,
            agent: file.agent_id.parse()?,
            site: file.site_id.parse()?,
            provider: file.provider_id.parse()?,
            pinned: Pinned {
                keys,
                serial: file.key_serial,
            },
            enrolled_at: Timestamp::from_millis(file.enrolled_at_ms),
            claim: file.claim,
        })
    }
}

/// Reads a public key in hexadecimal.
///
/// # Errors
/// When it is none.
pub fn verifying_key(text: &str) -> anyhow::Result<VerifyingKey> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).context("a key is 64 hexadecimal digits")?;
    VerifyingKey::from_bytes(&bytes)
        .ok()
        .filter(|key| !key.is_weak())
        .ok_or_else(|| anyhow!("not a usable Ed25519 key"))
}

/// How the router is reached. Never leaves the site.
#[derive(Serialize, Deserialize)]
pub struct RouterFile {
    address: RouterAddress,
    pin: Option<String>,
    password: String,
}

impl Drop for RouterFile {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.password);
    }
}

impl fmt::Debug for RouterFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouterFile")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl RouterFile {
    /// Checks and takes what was said at the enrolment.
    ///
    /// # Errors
    /// When the parts do not fit together.
    pub fn new(address: &Url, pin: Option<&str>, password: &SecretString) -> anyhow::Result<Self> {
        let file = Self {
            address: RouterAddress::try_from(address)?,
            pin: pin.map(str::to_owned),
            password: password
                .expose_secret()
                .trim_end_matches(['\r', '\n'])
                .to_owned(),
        };
        file.dial()?;
        Ok(file)
    }

    fn dial(&self) -> anyhow::Result<Dial> {
        let security = match (self.address.tls, &self.pin) {
            (true, Some(pin)) => Security::Pinned(
                Fingerprint::from_hex(pin)
                    .ok_or_else(|| anyhow!("the router's pin is 64 hexadecimal digits"))?,
            ),
            (true, None) => {
                bail!("a tls:// router needs --router-pin, the SHA-256 of its certificate")
            }
            (false, _) => Security::Plain,
        };
        Ok(Dial {
            host: self.address.host.clone(),
            port: self.address.port,
            security,
            user: self.address.user.clone(),
            password: SecretString::from(self.password.clone()),
            timing: Timing::USUAL,
        })
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct RouterAddress {
    tls: bool,
    host: String,
    port: u16,
    user: String,
}

impl TryFrom<&Url> for RouterAddress {
    type Error = anyhow::Error;

    fn try_from(url: &Url) -> anyhow::Result<Self> {
        let tls = match url.scheme() {
            "tls" => true,
            "plain" => false,
            _ => bail!("write the router as tls://user@host:8729 or plain://user@host:8728"),
        };
        if url.password().is_some() {
            bail!("the router's password belongs into a file (--router-password-file)");
        }
        let host = url.host_str().unwrap_or_default();
        if host.is_empty() || url.username().is_empty() {
            bail!("the router's address lacks its host or user: tls://user@host:8729");
        }
        // An address writes `@` in a name as `%40`; the parser does so by itself.
        let user = percent_decode_str(url.username())
            .decode_utf8()
            .context("the name of the router's user is no text")?;
        Ok(Self {
            tls,
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or(if tls { 8729 } else { 8728 }),
            user: user.into_owned(),
        })
    }
}

impl FromStr for LogLevel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        <Self as ValueEnum>::from_str(text, true)
    }
}

/// Writes a file that only its owner may read, so that it is whole or not there at all.
fn write_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let partial = path.with_extension("new");
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = (|| {
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&partial)?;
        // Root types the line, and the service runs as whom the folder belongs to. Anybody else may not give a file away and need not.
        let owner = std::fs::metadata(folder)?;
        if file.metadata()?.uid() != owner.uid() {
            let _ = fchown(&file, Some(owner.uid()), Some(owner.gid()));
        }
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&partial, path)?;
        // The name is on disk only when its folder is.
        std::fs::File::open(folder)?.sync_all()
    })();
    written.with_context(|| format!("could not write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::chown;

    use super::*;

    #[test]
    fn the_routers_user_may_have_any_name() {
        let password = SecretString::from("secret");
        for (address, user) in [
            ("plain://mnara@10.0.0.1", "mnara"),
            ("plain://mnara@kiosk@10.0.0.1", "mnara@kiosk"),
            ("plain://mnara%40kiosk@10.0.0.1:8728", "mnara@kiosk"),
        ] {
            let file = RouterFile::new(&Url::parse(address).unwrap(), None, &password).unwrap();
            assert_eq!(file.dial().unwrap().user, user, "{address}");
        }
    }

    #[test]
    fn what_root_writes_can_be_read_by_whom_the_folder_belongs_to() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::choose(Some(folder.path())).unwrap();
        // As systemd leaves it after the first start. Only root can do so; for anybody else the folder stays their own.
        let _ = chown(folder.path(), Some(65_534), Some(65_534));
        state.key(|| [1; 32]).unwrap();
        let owner = |path: &Path| std::fs::metadata(path).unwrap().uid();
        assert_eq!(
            owner(&folder.path().join("agent.key")),
            owner(folder.path())
        );
    }
}
