//! Counts the commits in an SQLite write-ahead log: each ends with a flush of the disk. The log itself is read, so what is
//! counted is what the program really did. Pages are not looked into.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

const HEADER: usize = 32;
const FRAME: usize = 24;

/// What a log holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Log {
    /// Changes when the log is begun anew; commits before are not in it any more.
    pub salt: u64,
    /// Commits since then.
    pub commits: u32,
    /// Pages they wrote.
    pub frames: u32,
}

/// Reads the log beside a database.
///
/// # Errors
/// When there is none, or it is none.
pub fn read(database: &Path) -> Result<Log> {
    let mut path = database.as_os_str().to_owned();
    path.push("-wal");
    let bytes = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
    count(&bytes)
}

fn count(bytes: &[u8]) -> Result<Log> {
    // An empty one belongs to a store that has not been written since it was opened.
    if bytes.is_empty() {
        return Ok(Log {
            salt: 0,
            commits: 0,
            frames: 0,
        });
    }
    ensure!(
        bytes.len() >= HEADER && matches!(word(bytes, 0)?, 0x377f_0682 | 0x377f_0683),
        "not a write-ahead log"
    );
    let page = usize::try_from(word(bytes, 8)?)?;
    ensure!(page >= 512, "pages of {page} bytes");
    let salt = long(bytes, 16)?;
    let mut log = Log {
        salt,
        commits: 0,
        frames: 0,
    };
    let mut at = HEADER;
    while at + FRAME + page <= bytes.len() {
        // Frames with another salt were left by the log before this one.
        if long(bytes, at + 8)? != salt {
            break;
        }
        log.frames += 1;
        // The last frame of a commit says how large the database then is; the others say nothing.
        log.commits += u32::from(word(bytes, at + 4)? != 0);
        at += FRAME + page;
    }
    Ok(log)
}

fn word(bytes: &[u8], at: usize) -> Result<u32> {
    bytes
        .get(at..)
        .and_then(<[u8]>::first_chunk::<4>)
        .map(|four| u32::from_be_bytes(*four))
        .context("the log is cut off")
}

fn long(bytes: &[u8], at: usize) -> Result<u64> {
    bytes
        .get(at..)
        .and_then(<[u8]>::first_chunk::<8>)
        .map(|eight| u64::from_be_bytes(*eight))
        .context("the log is cut off")
}

#[cfg(test)]
mod tests {
    use super::count;

    fn frame(salt: u64, size_after_commit: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(7_u32.to_be_bytes());
        bytes.extend(size_after_commit.to_be_bytes());
        bytes.extend(salt.to_be_bytes());
        bytes.extend([0; 8 + 512]);
        bytes
    }

    #[test]
    fn commits_of_this_log_are_counted_and_those_of_the_one_before_are_not() {
        let mut bytes = Vec::new();
        bytes.extend(0x377f_0682_u32.to_be_bytes());
        bytes.extend(3_007_000_u32.to_be_bytes());
        bytes.extend(512_u32.to_be_bytes());
        bytes.extend(0_u32.to_be_bytes());
        bytes.extend(9_u64.to_be_bytes());
        bytes.extend([0; 8]);
        assert_eq!(count(&bytes).unwrap().commits, 0);
        for frame in [frame(9, 0), frame(9, 3), frame(9, 4), frame(8, 5)] {
            bytes.extend(frame);
        }
        let log = count(&bytes).unwrap();
        assert_eq!((log.salt, log.commits, log.frames), (9, 2, 3));
        assert_eq!(count(&[]).unwrap().commits, 0);
        assert!(count(&[1; 64]).is_err());
    }
}
