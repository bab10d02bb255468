//! The agent as an image that a router's container takes: an archive with a manifest, a configuration and one layer that is not compressed.
//!
//! It is how `docker save` wrote before OCI, whose layout routers refuse. The same program gives the same bytes.

use serde_json::json;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::Arch;

/// The size of what an archive is counted in.
const BLOCK: usize = 512;
/// The folders a container mounts things over, and the one the agent keeps what it knows in.
const FOLDERS: [&str; 6] = ["data/", "dev/", "etc/", "proc/", "sys/", "tmp/"];
/// The kind of a program header that names a loader, as programs have which need libraries.
const LOADER: usize = 3;

/// Why no image is made of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadProgram {
    /// It is none.
    #[error("this is no program for Linux")]
    NoProgram,
    /// Such a router cannot run it.
    #[error("this program is for another processor")]
    Arch,
    /// What it needs is not in the image.
    #[error(
        "this program needs libraries, and nothing else is in the image: build it with RUSTFLAGS=\"-C target-feature=+crt-static\""
    )]
    Libraries,
}

/// Makes the image of an agent.
///
/// # Errors
/// [`BadProgram`].
pub fn image(arch: Arch, program: &[u8]) -> Result<Vec<u8>, BadProgram> {
    check(arch, program)?;
    let mut layer = Vec::new();
    for folder in FOLDERS {
        entry(&mut layer, folder, Kind::Folder, &[]);
    }
    entry(&mut layer, "mnara-agent", Kind::Program, program);
    end(&mut layer);
    let architecture = match arch {
        Arch::X86 => "amd64",
        Arch::Arm | Arch::Arm64 => arch.name(),
    };
    let config = json!({
        "architecture": architecture,
        "os": "linux",
        "config": {"Entrypoint": ["/mnara-agent"], "Cmd": ["run"], "WorkingDir": "/"},
        "rootfs": {
            "type": "layers",
            "diff_ids": [format!("sha256:{}", hex::encode(Sha256::digest(&layer)))],
        },
    });
    let manifest = json!([{
        "Config": "config.json",
        "RepoTags": [concat!("mnara-agent:", env!("CARGO_PKG_VERSION"))],
        "Layers": ["layer.tar"],
    }]);
    let (manifest, config) = (manifest.to_string(), config.to_string());
    let mut image = Vec::new();
    for (name, bytes) in [
        ("manifest.json", manifest.as_bytes()),
        ("config.json", config.as_bytes()),
        ("layer.tar", layer.as_slice()),
    ] {
        entry(&mut image, name, Kind::File, bytes);
    }
    end(&mut image);
    Ok(image)
}

/// Looks whether a program runs on such a router with nothing else beside it.
fn check(arch: Arch, program: &[u8]) -> Result<(), BadProgram> {
    let is_little = program.starts_with(b"\x7fELF") && program.get(5) == Some(&1);
    let (class, machine) = (program.get(4), number(program, 18, 2));
    let (Some(class), Some(machine), true) = (class, machine, is_little) else {
        return Err(BadProgram::NoProgram);
    };
    let wanted = match arch {
        Arch::Arm => (1, 40),
        Arch::Arm64 => (2, 183),
        Arch::X86 => (2, 62),
    };
    if (*class, machine) != wanted {
        return Err(BadProgram::Arch);
    }
    let headers = match arch {
        Arch::Arm => (number(program, 28, 4), 42),
        Arch::Arm64 | Arch::X86 => (number(program, 32, 8), 54),
    };
    let (Some(start), Some(size), Some(count)) = (
        headers.0,
        number(program, headers.1, 2),
        number(program, headers.1 + 2, 2),
    ) else {
        return Err(BadProgram::NoProgram);
    };
    for index in 0..count {
        let at = size
            .checked_mul(index)
            .and_then(|behind| behind.checked_add(start));
        let kind = at.and_then(|at| number(program, at, 4));
        if kind.ok_or(BadProgram::NoProgram)? == LOADER {
            return Err(BadProgram::Libraries);
        }
    }
    Ok(())
}

/// A number of that many bytes, the lowest first.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(length)?)?;
    bytes.iter().rev().try_fold(0_usize, |sum, byte| {
        sum.checked_mul(256)?.checked_add(usize::from(*byte))
    })
}

/// What an entry of an archive is.
#[derive(Clone, Copy)]
enum Kind {
    File,
    Program,
    Folder,
}

/// Adds an entry to an archive, owned by root and without a date.
fn entry(archive: &mut Vec<u8>, name: &str, kind: Kind, bytes: &[u8]) {
    let (mode, flag) = match kind {
        Kind::File => ("0000644", "0"),
        Kind::Program => ("0000755", "0"),
        Kind::Folder => ("0000755", "5"),
    };
    let size = format!("{:011o}", bytes.len());
    let mut head = Vec::with_capacity(BLOCK);
    for (text, length) in [
        (name, 100),
        (mode, 8),
        ("0000000", 8),
        ("0000000", 8),
        (size.as_str(), 12),
        ("00000000000", 12),
    ] {
        padded(&mut head, text, length);
    }
    let mut rest = Vec::with_capacity(BLOCK);
    for (text, length) in [(flag, 1), ("", 100), ("ustar", 6), ("00", 249)] {
        padded(&mut rest, text, length);
    }
    // The sum of the head counts its own place as eight spaces.
    let bytes_of_head = head.iter().chain(&rest).map(|byte| u32::from(*byte));
    let sum = bytes_of_head.sum::<u32>() + 8 * u32::from(b' ');
    archive.extend(head);
    archive.extend(format!("{sum:06o}\0 ").as_bytes());
    archive.extend(rest);
    archive.extend(bytes);
    archive.resize(archive.len().next_multiple_of(BLOCK), 0);
}

fn padded(head: &mut Vec<u8>, text: &str, length: usize) {
    let until = head.len() + length;
    head.extend(text.as_bytes());
    head.resize(until, 0);
}

fn end(archive: &mut Vec<u8>) {
    archive.resize(archive.len() + 2 * BLOCK, 0);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// The head of a program for such a processor, with one program header of that kind.
    fn program(arch: Arch, kind: u8) -> Vec<u8> {
        let (class, machine, headers, at) = match arch {
            Arch::Arm => (1, 40, 28, 42),
            Arch::Arm64 => (2, 183, 32, 54),
            Arch::X86 => (2, 62, 32, 54),
        };
        let mut program = vec![0; 120];
        program[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', class, 1]);
        program[18] = machine;
        program[headers] = 64;
        program[at] = 56;
        program[at + 2] = 1;
        program[64] = kind;
        program
    }

    /// The entries of an archive: name, mode, bytes.
    fn entries(archive: &[u8]) -> BTreeMap<String, (String, Vec<u8>)> {
        let text = |bytes: &[u8]| {
            let bytes = bytes.split(|byte| *byte == 0).next().unwrap();
            String::from_utf8(bytes.to_vec()).unwrap()
        };
        let mut entries = BTreeMap::new();
        let mut at = 0;
        while archive[at] != 0 {
            let head = &archive[at..at + BLOCK];
            assert_eq!(&head[257..265], b"ustar\x0000");
            let said = usize::from_str_radix(&text(&head[148..154]), 8).unwrap();
            let sum: usize = head.iter().map(|byte| usize::from(*byte)).sum();
            let own: usize = head[148..156].iter().map(|byte| usize::from(*byte)).sum();
            assert_eq!(said, sum - own + 8 * 32);
            let size = usize::from_str_radix(&text(&head[124..136]), 8).unwrap();
            let start = at + BLOCK;
            let bytes = archive[start..start + size].to_vec();
            entries.insert(text(&head[..100]), (text(&head[100..108]), bytes));
            at = start + size.next_multiple_of(BLOCK);
        }
        assert_eq!(archive[at..], [0; 1024]);
        entries
    }

    #[test]
    fn an_image_is_one_layer_with_the_program_in_it() {
        for (arch, name) in [
            (Arch::Arm, "arm"),
            (Arch::Arm64, "arm64"),
            (Arch::X86, "amd64"),
        ] {
            let program = program(arch, 1);
            let made = image(arch, &program).unwrap();
            assert_eq!(image(arch, &program).unwrap(), made);
            let files = entries(&made);
            let json = |name: &str| -> serde_json::Value {
                serde_json::from_slice(&files[name].1).unwrap()
            };
            let manifest = json("manifest.json");
            assert_eq!(manifest[0]["Config"], "config.json");
            assert_eq!(manifest[0]["Layers"], json!(["layer.tar"]));
            let config = json("config.json");
            assert_eq!(config["architecture"], name);
            assert_eq!(config["config"]["Entrypoint"], json!(["/mnara-agent"]));
            let layer = &files["layer.tar"].1;
            let digest = format!("sha256:{}", hex::encode(Sha256::digest(layer)));
            assert_eq!(config["rootfs"]["diff_ids"], json!([digest]));
            let inside = entries(layer);
            assert_eq!(inside["mnara-agent"], ("0000755".to_owned(), program));
            assert!(
                inside.contains_key("data/"),
                "the agent keeps its key there"
            );
        }
    }

    #[test]
    fn what_a_router_could_not_run_is_refused() {
        let good = program(Arch::Arm64, 1);
        assert_eq!(image(Arch::Arm, &good), Err(BadProgram::Arch));
        assert_eq!(image(Arch::X86, &good), Err(BadProgram::Arch));
        let loaded = program(Arch::Arm64, 3);
        assert_eq!(image(Arch::Arm64, &loaded), Err(BadProgram::Libraries));
        for length in 0..65 {
            let cut = &good[..length];
            assert_eq!(image(Arch::Arm64, cut), Err(BadProgram::NoProgram));
        }
        let script = b"#!/bin/sh\necho this is a script and nothing that a router runs\n";
        assert_eq!(image(Arch::Arm64, script), Err(BadProgram::NoProgram));
    }
}
