//! A place that a new line gave this machine while it has one already: kept whole in one file before it is taken over, so that a cut of the
//! power leaves the old one or the new one. When to ask for it is `enrol`'s to say.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use ed25519_dalek::SigningKey;
use mnara_protocol::clock::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::{Enrolment, EnrolmentFile, StateDir, write_private};

/// The key a place was asked for with, and the place once it was given.
#[derive(Serialize, Deserialize)]
struct NextFile {
    claim: String,
    key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    enrolment: Option<EnrolmentFile>,
}

impl Drop for NextFile {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

impl NextFile {
    fn signing(&self) -> anyhow::Result<SigningKey> {
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(&self.key, bytes.as_mut_slice())
            .map_err(|_| anyhow!("next.json does not hold a key"))?;
        Ok(SigningKey::from_bytes(&bytes))
    }
}

impl StateDir {
    fn next_path(&self) -> PathBuf {
        self.0.join("next.json")
    }

    /// Whether there is a key of this machine's.
    #[must_use]
    pub fn has_key(&self) -> bool {
        self.0.join("agent.key").exists()
    }

    /// Whether a place was asked for that was not taken over.
    #[must_use]
    pub fn has_next(&self) -> bool {
        self.next_path().exists()
    }

    /// The key to ask for another place with. It is on disk before it is used and is the same for the same claim, by whose hash it is kept:
    /// the answer may be lost, and the claim is good for this key alone then.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn next_key(
        &self,
        claim: &str,
        fresh: impl FnOnce() -> [u8; 32],
    ) -> anyhow::Result<SigningKey> {
        if let Some(file) = self.next()?
            && file.claim == claim
        {
            return file.signing();
        }
        let bytes = Zeroizing::new(fresh());
        self.write_next(&NextFile {
            claim: claim.to_owned(),
            key: hex::encode(bytes.as_slice()),
            enrolment: None,
        })?;
        Ok(SigningKey::from_bytes(&bytes))
    }

    /// Keeps the place the key of [`Self::next_key`] was given until the agent starts: one that runs still writes into what is there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_next(&self, key: &SigningKey, enrolment: &Enrolment) -> anyhow::Result<()> {
        self.write_next(&NextFile {
            claim: enrolment.claim.clone().unwrap_or_default(),
            key: hex::encode(key.as_bytes()),
            enrolment: Some(EnrolmentFile::from(enrolment)),
        })
    }

    /// Takes over the place that was given, if one was. The journal and the store are of the agent that was, whom the controller takes
    /// nothing from here any more: they go into a folder of their own. Doing it again after a cut goes on where it was.
    ///
    /// # Errors
    /// When a file cannot be read, moved or written.
    pub fn take_next(&self) -> anyhow::Result<Option<Enrolment>> {
        let Some(mut file) = self.next()? else {
            return Ok(None);
        };
        let Some(given) = file.enrolment.take() else {
            return Ok(None);
        };
        let enrolment = Enrolment::try_from(given)?;
        let key_path = self.0.join("agent.key");
        let is_ours = std::fs::read_to_string(&key_path)
            .map(Zeroizing::new)
            .is_ok_and(|text| text.trim() == file.key);
        // Once the key is the new one, so is the store.
        if !is_ours {
            self.put_aside(enrolment.enrolled_at)?;
            write_private(&key_path, file.key.as_bytes())?;
        }
        self.keep_enrolment(&enrolment)?;
        self.drop_next()?;
        Ok(Some(enrolment))
    }

    /// Lets go of a place that was asked for.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub fn drop_next(&self) -> anyhow::Result<()> {
        let path = self.next_path();
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("could not remove {}", path.display()))
            }
            _ => Ok(()),
        }
    }

    fn next(&self) -> anyhow::Result<Option<NextFile>> {
        let path = self.next_path();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| format!("could not read {}", path.display()));
            }
        };
        match serde_json::from_str(&text) {
            Ok(file) => Ok(Some(file)),
            Err(error) => {
                // Its words may quote the file, which holds a key.
                tracing::warn!(
                    line = error.line(),
                    "next.json is damaged and left aside; the place this machine has goes on"
                );
                Ok(None)
            }
        }
    }

    fn write_next(&self, file: &NextFile) -> anyhow::Result<()> {
        let text = Zeroizing::new(serde_json::to_string_pretty(file)?);
        write_private(&self.next_path(), text.as_bytes())
    }

    /// The key and the enrolment are copied, not moved: the new ones replace them whole.
    fn put_aside(&self, at: Timestamp) -> anyhow::Result<()> {
        let folder = self.0.join(format!("earlier-{}", at.as_secs()));
        let moved = (|| {
            std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&folder)?;
            for name in ["agent.key", "enrolment.json"] {
                let from = self.0.join(name);
                if from.exists() {
                    std::fs::copy(&from, folder.join(name))?;
                }
            }
            let names = std::fs::read_dir(&self.0)?
                .map(|entry| entry.map(|entry| entry.file_name()))
                .collect::<io::Result<Vec<OsString>>>()?;
            for name in names {
                // With its log, and one that was damaged before.
                if name.as_encoded_bytes().starts_with(b"store.sqlite") {
                    std::fs::rename(self.0.join(&name), folder.join(&name))?;
                }
            }
            Ok::<(), io::Error>(())
        })();
        moved.with_context(|| format!("could not put what was aside into {}", folder.display()))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use mnara_protocol::frame::Pinned;
    use mnara_protocol::ids::{AgentId, ProviderId, SiteId};
    use url::Url;

    use super::*;

    fn enrolment(number: u8, claim: Option<&str>) -> Enrolment {
        Enrolment {
            controller: Url::parse("https://cloud.example").unwrap(),
            ca: None,
            agent: AgentId::from_bytes([number; 16]),
            site: SiteId::from_bytes([number; 16]),
            provider: ProviderId::from_bytes([1; 16]),
            pinned: Pinned {
                keys: vec![SigningKey::from_bytes(&[9; 32]).verifying_key()],
                serial: 0,
            },
            enrolled_at: Timestamp::from_secs(1_800_000_000 + i64::from(number)),
            claim: claim.map(str::to_owned),
        }
    }

    /// A machine that was enrolled with the key of ones and has sold something.
    fn enrolled(folder: &Path) -> StateDir {
        let state = StateDir::choose(Some(folder)).unwrap();
        state.key(|| [1; 32]).unwrap();
        state.keep_enrolment(&enrolment(1, Some("first"))).unwrap();
        for name in ["store.sqlite", "store.sqlite-wal"] {
            std::fs::write(folder.join(name), "old").unwrap();
        }
        state
    }

    fn key(state: &StateDir) -> [u8; 32] {
        state.key(|| [0; 32]).unwrap().to_bytes()
    }

    #[test]
    fn a_place_is_asked_for_with_one_key_for_each_claim() {
        let folder = tempfile::tempdir().unwrap();
        let state = enrolled(folder.path());
        let first = state.next_key("second", || [2; 32]).unwrap();
        let again = state.next_key("second", || [3; 32]).unwrap();
        assert_eq!((first.to_bytes(), again.to_bytes()), ([2; 32], [2; 32]));
        let other = state.next_key("third", || [4; 32]).unwrap();
        assert_eq!(other.to_bytes(), [4; 32]);
        // Nothing was given yet.
        assert!(state.take_next().unwrap().is_none());
        assert_eq!(key(&state), [1; 32]);
        assert!(state.store().exists());
    }

    #[test]
    fn a_place_that_was_given_is_taken_over_and_what_was_is_put_aside() {
        let folder = tempfile::tempdir().unwrap();
        let state = enrolled(folder.path());
        let next = state.next_key("second", || [2; 32]).unwrap();
        state
            .keep_next(&next, &enrolment(2, Some("second")))
            .unwrap();
        assert_eq!(key(&state), [1; 32], "an agent that runs is not disturbed");
        let taken = state.take_next().unwrap().unwrap();
        assert_eq!(taken.agent, AgentId::from_bytes([2; 16]));
        assert_eq!(key(&state), [2; 32]);
        let kept = state.enrolment().unwrap();
        assert_eq!(kept.agent, taken.agent);
        assert_eq!(kept.claim.as_deref(), Some("second"));
        assert!(!state.store().exists() && !state.has_next());
        let earlier = StateDir::choose(Some(&folder.path().join("earlier-1800000002"))).unwrap();
        assert_eq!(key(&earlier), [1; 32]);
        assert_eq!(
            earlier.enrolment().unwrap().agent,
            AgentId::from_bytes([1; 16])
        );
        for name in ["store.sqlite", "store.sqlite-wal"] {
            assert!(earlier.path().join(name).exists(), "{name}");
        }
        assert!(state.take_next().unwrap().is_none());
    }

    #[test]
    fn a_cut_while_a_place_is_taken_over_costs_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let state = enrolled(folder.path());
        let next = state.next_key("second", || [2; 32]).unwrap();
        state
            .keep_next(&next, &enrolment(2, Some("second")))
            .unwrap();
        // The store was moved, and the key was not.
        state
            .put_aside(Timestamp::from_secs(1_800_000_002))
            .unwrap();
        assert_eq!(key(&state), [1; 32]);
        state.take_next().unwrap().unwrap();
        assert_eq!(key(&state), [2; 32]);

        // The key was written and the enrolment was not; the new agent's store is not the old one's.
        state
            .keep_next(&next, &enrolment(2, Some("second")))
            .unwrap();
        std::fs::write(state.store(), "new").unwrap();
        state.keep_enrolment(&enrolment(1, Some("first"))).unwrap();
        state.take_next().unwrap().unwrap();
        assert_eq!(
            state.enrolment().unwrap().agent,
            AgentId::from_bytes([2; 16])
        );
        assert_eq!(std::fs::read_to_string(state.store()).unwrap(), "new");
    }

    #[test]
    fn an_enrolment_of_an_older_version_does_not_know_its_claim() {
        let folder = tempfile::tempdir().unwrap();
        let state = enrolled(folder.path());
        state.keep_enrolment(&enrolment(1, None)).unwrap();
        let text = std::fs::read_to_string(folder.path().join("enrolment.json")).unwrap();
        assert!(!text.contains("claim"), "{text}");
        assert_eq!(state.enrolment().unwrap().claim, None);
    }

    #[test]
    fn a_damaged_file_leaves_the_place_there_is() {
        let folder = tempfile::tempdir().unwrap();
        let state = enrolled(folder.path());
        std::fs::write(folder.path().join("next.json"), "{").unwrap();
        assert!(state.take_next().unwrap().is_none());
        let next = state.next_key("second", || [2; 32]).unwrap();
        assert_eq!(next.to_bytes(), [2; 32]);
        assert_eq!(key(&state), [1; 32]);
    }
}
