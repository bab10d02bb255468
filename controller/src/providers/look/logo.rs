//! Whether what somebody sent is a picture a portal may show: by what it begins with and the size it says it has. SVG is not taken, since it may
//! carry a program.

use mnara_protocol::message::PictureKind;
use thiserror::Error;

use super::Logo;
use crate::pdf::image::jpeg_frame;

/// The largest picture: with it the first visit of a phone stays below 40 KB.
pub const MOST_BYTES: usize = 16 * 1024;
/// The widest and highest picture.
const MOST_PIXELS: u32 = 2_000;

/// Why a picture is not taken.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum BadLogo {
    /// There is none.
    #[error("choose a picture first")]
    Missing,
    /// It has too many bytes.
    #[error("the picture is larger than {MOST_BYTES} bytes")]
    Large,
    /// It is a drawing that may carry a program.
    #[error("SVG is not taken: save it as PNG")]
    Svg,
    /// It is something else.
    #[error("the picture must be PNG, JPEG or WebP")]
    Kind,
    /// It is cut off or says a size that cannot be.
    #[error("the picture cannot be read, or has more than {MOST_PIXELS} pixels on a side")]
    Damaged,
}

/// Reads a picture.
///
/// # Errors
/// [`BadLogo`].
pub fn read(bytes: &[u8]) -> Result<Logo, BadLogo> {
    if bytes.is_empty() {
        return Err(BadLogo::Missing);
    }
    if bytes.len() > MOST_BYTES {
        return Err(BadLogo::Large);
    }
    let (kind, size) = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        (PictureKind::Png, png(bytes))
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        (PictureKind::Jpeg, jpeg(bytes))
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        (PictureKind::Webp, webp(bytes))
    } else if bytes.trim_ascii_start().starts_with(b"<") || bytes.starts_with(b"\xef\xbb\xbf<") {
        return Err(BadLogo::Svg);
    } else {
        return Err(BadLogo::Kind);
    };
    match size {
        Some((1..=MOST_PIXELS, 1..=MOST_PIXELS)) => Ok(Logo {
            kind,
            picture: bytes.to_vec(),
        }),
        _ => Err(BadLogo::Damaged),
    }
}

impl Logo {
    /// How wide and how high it says it is.
    #[must_use]
    pub fn size(&self) -> Option<(u32, u32)> {
        match self.kind {
            PictureKind::Png => png(&self.picture),
            PictureKind::Jpeg => jpeg(&self.picture),
            PictureKind::Webp => webp(&self.picture),
            PictureKind::Other(_) => None,
        }
    }
}

fn big(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}

fn little(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .rev()
        .fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}

/// The header comes first, and a chunk of no length ends the file.
fn png(bytes: &[u8]) -> Option<(u32, u32)> {
    let is_whole = bytes.get(12..16)? == b"IHDR" && bytes.windows(4).any(|part| part == b"IEND");
    is_whole.then_some(())?;
    Some((big(bytes.get(16..20)?), big(bytes.get(20..24)?)))
}

fn jpeg(bytes: &[u8]) -> Option<(u32, u32)> {
    let frame = jpeg_frame(bytes)?;
    Some((frame.width.into(), frame.height.into()))
}

/// Lossy, lossless, or with more than a picture: each says its size in its own way.
fn webp(bytes: &[u8]) -> Option<(u32, u32)> {
    let said = usize::try_from(little(bytes.get(4..8)?)).ok()?;
    (said + 8 <= bytes.len()).then_some(())?;
    match bytes.get(12..16)? {
        b"VP8X" => Some((
            little(bytes.get(24..27)?) + 1,
            little(bytes.get(27..30)?) + 1,
        )),
        b"VP8L" => {
            let bits = little(bytes.get(21..25)?);
            Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        b"VP8 " => Some((
            little(bytes.get(26..28)?) & 0x3fff,
            little(bytes.get(28..30)?) & 0x3fff,
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    const WEBP: &str = "UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA";
    const LOSSLESS: &str = "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==";

    fn bytes(text: &str) -> Vec<u8> {
        STANDARD.decode(text).unwrap()
    }

    /// The segments before the picture itself, which is not looked at.
    fn jpeg(width: u16, height: u16) -> Vec<u8> {
        let mut bytes = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xff\xc0\x00\x0b\x08".to_vec();
        bytes.extend(height.to_be_bytes());
        bytes.extend(width.to_be_bytes());
        bytes.extend(b"\x01\x01\x11\x00\xff\xd9");
        bytes
    }

    #[test]
    fn pictures_are_known_by_what_they_are() {
        for (bytes, kind) in [
            (bytes(PNG), PictureKind::Png),
            (bytes(WEBP), PictureKind::Webp),
            (bytes(LOSSLESS), PictureKind::Webp),
            (jpeg(300, 200), PictureKind::Jpeg),
        ] {
            let logo = read(&bytes).unwrap();
            assert_eq!(logo.kind, kind);
            assert!(logo.size().is_some());
        }
    }

    #[test]
    fn what_is_no_picture_is_refused_with_its_reason() {
        let mut vast = bytes(PNG);
        vast[16..20].copy_from_slice(&100_000_u32.to_be_bytes());
        let cut = bytes(PNG)[..40].to_vec();
        for (bytes, bad) in [
            (Vec::new(), BadLogo::Missing),
            (vec![0x89; MOST_BYTES + 1], BadLogo::Large),
            (b"<svg onload=alert(1)>".to_vec(), BadLogo::Svg),
            (b"\n<?xml version='1.0'?>".to_vec(), BadLogo::Svg),
            (b"GIF89a".to_vec(), BadLogo::Kind),
            (vast, BadLogo::Damaged),
            (cut, BadLogo::Damaged),
            (jpeg(0, 10), BadLogo::Damaged),
            (jpeg(300, 200)[..12].to_vec(), BadLogo::Damaged),
            (bytes(WEBP)[..30].to_vec(), BadLogo::Damaged),
        ] {
            assert_eq!(read(&bytes), Err(bad));
        }
    }

    #[test]
    fn no_bytes_at_all_make_it_stumble() {
        for start in [bytes(PNG), bytes(WEBP), bytes(LOSSLESS), jpeg(3, 3)] {
            for end in 0..start.len() {
                // Whatever it says, it says something.
                let _ = read(&start[..end]);
            }
        }
    }
}
