//! The files as one archive. They are small, so they are stored as they are.

use super::File;

/// The bit that says names are UTF-8.
const UTF8: u16 = 1 << 11;
/// The version that can read plain stored files.
const NEEDED: u16 = 20;
/// 1 January 2026, as archives write dates: the files depend on nothing but what they are made for.
const DATE: u16 = ((2026 - 1980) << 9) | (1 << 5) | 1;

/// Makes an archive with everything in a folder. Larger than 4 GB it cannot be, and never is.
#[must_use]
pub fn archive(folder: &str, files: &[File]) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut directory = Vec::new();
    for file in files {
        let name = format!("{folder}/{}", file.path);
        let offset = size(archive.len());
        let head = entry(&name, file.text.as_bytes());
        archive.extend(b"PK\x03\x04");
        archive.extend(&head);
        archive.extend(name.as_bytes());
        archive.extend(file.text.as_bytes());
        directory.extend(b"PK\x01\x02");
        directory.extend(NEEDED.to_le_bytes());
        directory.extend(&head);
        // No comment, first disk, no attributes.
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (start, length) = (size(archive.len()), size(directory.len()));
    let count = u16::try_from(files.len()).unwrap_or(u16::MAX);
    archive.extend(directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend(count.to_le_bytes());
    archive.extend(count.to_le_bytes());
    archive.extend(length.to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend([0; 2]);
    archive
}

/// What stands before a file and in the directory alike.
fn entry(name: &str, text: &[u8]) -> Vec<u8> {
    let mut head = Vec::new();
    for word in [NEEDED, UTF8, 0, 0, DATE] {
        head.extend(word.to_le_bytes());
    }
    let length = size(text.len());
    for long in [crc32(text), length, length] {
        head.extend(long.to_le_bytes());
    }
    let name = u16::try_from(name.len()).unwrap_or(u16::MAX);
    head.extend(name.to_le_bytes());
    head.extend([0; 2]);
    head
}

fn size(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// The checksum archives use.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_usual_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }
}
