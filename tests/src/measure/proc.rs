//! What the kernel counts of a running program: memory and bytes written. Read from `/proc`, so nobody measures himself.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Memory of a process, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Resident now, files and libraries included.
    pub resident: u64,
    /// The most that ever was.
    pub peak: u64,
}

/// Finds the process that we started from a program.
///
/// # Errors
/// When there is none.
pub fn started(program: &Path) -> Result<u32> {
    let program = program
        .canonicalize()
        .with_context(|| format!("finding {}", program.display()))?;
    let own = format!("PPid:\t{}\n", std::process::id());
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        // Others may end while they are looked at.
        let ours = read(pid, "status").is_ok_and(|status| status.contains(&own));
        if ours && fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe == program) {
            return Ok(pid);
        }
    }
    anyhow::bail!("{} does not run", program.display())
}

/// Reads a process' memory.
///
/// # Errors
/// When there is no such process.
pub fn memory(pid: u32) -> Result<Memory> {
    let text = read(pid, "status")?;
    Ok(Memory {
        resident: field(&text, "VmRSS:")? * 1024,
        peak: field(&text, "VmHWM:")? * 1024,
    })
}

/// Bytes a process caused to be written to disk so far: whole pages, as the kernel counts them.
///
/// # Errors
/// When there is no such process.
pub fn written(pid: u32) -> Result<u64> {
    field(&read(pid, "io")?, "write_bytes:")
}

fn read(pid: u32, file: &str) -> Result<String> {
    let path = format!("/proc/{pid}/{file}");
    fs::read_to_string(&path).with_context(|| format!("reading {path}"))
}

fn field(text: &str, name: &str) -> Result<u64> {
    text.lines()
        .find_map(|line| {
            line.strip_prefix(name)?
                .split_whitespace()
                .next()?
                .parse()
                .ok()
        })
        .with_context(|| format!("no {name} in what the kernel says"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::{Command, Stdio};

    #[test]
    fn a_program_we_started_is_found_while_it_runs() {
        let cat = Path::new("/bin/cat");
        let mut child = Command::new(cat).stdin(Stdio::piped()).spawn().unwrap();
        assert_eq!(super::started(cat).unwrap(), child.id());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(super::started(cat).is_err());
    }

    #[test]
    fn this_process_has_memory_and_writes() {
        let own = std::process::id();
        let memory = super::memory(own).unwrap();
        assert!(memory.resident > 100_000 && memory.peak >= memory.resident);
        super::written(own).unwrap();
        assert_eq!(super::field("a: 1\nb: 22 kB\n", "b:").unwrap(), 22);
        assert!(super::field("a: 1", "b:").is_err());
    }
}
