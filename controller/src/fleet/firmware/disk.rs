//! The disk a container is put on, as people write it.

use thiserror::Error;

/// The one a container is put on, unless somebody says another.
pub const DISK: &str = "disk1";
/// The longest name.
const LONGEST: usize = 64;

/// Says that no disk has such a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "give the disk as /disk/print or the list of files shows it, such as usb1, or nothing for the router's own storage"
)]
pub struct BadDisk;

/// Reads a disk, or a folder on one; nothing stands for the router's own storage.
///
/// # Errors
/// [`BadDisk`].
pub fn disk(text: &str) -> Result<String, BadDisk> {
    let name = text.trim().trim_matches('/');
    let is_part = |part: &str| {
        let mut chars = part.chars();
        !part.starts_with('.')
            && !part.is_empty()
            && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    let is_good = name.is_empty() || (name.len() <= LONGEST && name.split('/').all(is_part));
    is_good.then(|| name.to_owned()).ok_or(BadDisk)
}

/// What stands before the name of a file on it.
pub(super) fn place(disk: &str) -> String {
    if disk.is_empty() {
        String::new()
    } else {
        format!("{disk}/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_named_as_the_router_names_it() {
        for (text, name) in [
            ("disk1", "disk1"),
            (" usb1-part1 ", "usb1-part1"),
            ("/nvme1/apps/", "nvme1/apps"),
            ("flash", "flash"),
            ("", ""),
            (" ", ""),
            ("/", ""),
        ] {
            assert_eq!(disk(text).as_deref(), Ok(name), "{text}");
        }
        let long = "a".repeat(65);
        for text in [
            "disk 1",
            "a//b",
            "../x",
            ".",
            "a/..",
            "$x",
            "a\"b",
            "a;b",
            "a\nb",
            "diski\u{301}",
            &long,
        ] {
            assert_eq!(disk(text), Err(BadDisk), "{text}");
        }
    }
}
