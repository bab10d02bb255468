//! How many connections there is room for.
//!
//! Each is an open file, and the limit on those is one for the whole program: connections that took all of it would leave none for the
//! database, for M-PESA and for what is written down.

/// Files kept for everything but connections and the database: questions to M-PESA and others, callbacks that are written down, the program's own.
const SPARE: u64 = 256;
/// Held however few files may be open: fewer would serve nobody.
const FEWEST: u32 = 16;

/// Has this program open as many files as it may, and says how many of the connections that are wanted it holds beside those to the database.
#[must_use]
pub fn make(wanted: u32, database: u32) -> u32 {
    let files = most_files();
    let held = held(wanted, files, database);
    if held < wanted {
        tracing::warn!(
            held,
            wanted,
            files,
            "fewer connections are held than MNARA_WEB_CONNECTIONS says, since this program may open no more files: raise its hard limit \
             (LimitNOFILE= of systemd, --ulimit nofile= of a container, `ulimit -Hn` of a shell), or set fewer connections"
        );
    }
    held
}

fn held(wanted: u32, files: u64, database: u32) -> u32 {
    let room = files.saturating_sub(SPARE + u64::from(database));
    let room = u32::try_from(room).unwrap_or(u32::MAX);
    wanted.min(room.max(FEWEST))
}

/// Raises the limit on open files to the hard one, and gives it. Shells and containers begin with 1,024, which is for programs that cannot deal
/// with more.
#[expect(unsafe_code, reason = "std knows no limits")]
fn most_files() -> u64 {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: both are given a pointer to our own struct, and touch no other memory of ours.
    unsafe {
        // It fails for a wrong pointer only.
        libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit);
        let raised = libc::rlimit {
            rlim_cur: limit.rlim_max,
            rlim_max: limit.rlim_max,
        };
        // Where it is refused, the limit stays what it is.
        if libc::setrlimit(libc::RLIMIT_NOFILE, &raw const raised) == 0 {
            limit = raised;
        }
    }
    limit.rlim_cur
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_need_is_left_to_them() {
        for (wanted, files, database, expected) in [
            (15_000, 65_536, 22, 15_000),
            (15_000, 15_278, 22, 15_000),
            (15_000, 15_277, 22, 14_999),
            (15_000, 1_024, 22, 746),
            (500, 1_024, 22, 500),
            (15_000, 2_048, 1_000, 792),
            // Too few for anything: something is served all the same.
            (15_000, 0, 22, FEWEST),
            // Without a limit.
            (1_000_000, u64::MAX, 1_000, 1_000_000),
        ] {
            let held = held(wanted, files, database);
            assert_eq!(held, expected, "{wanted} of {files}");
        }
    }
}
