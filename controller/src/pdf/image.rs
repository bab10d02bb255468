//! Pictures on paper: a JPEG stands as it is, a PNG is taken apart into its colours and how much covers what is below. What is written in
//! another way, or damaged, is no picture here.

use std::io::Cursor;

use png::{ColorType, Transformations};

/// The widest and highest picture.
const MOST: usize = 2_000;

/// A picture that a page can show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Dots from left to right.
    pub width: usize,
    /// Dots from top to bottom.
    pub height: usize,
    pub(super) dots: Dots,
}

/// How its dots are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Dots {
    /// A whole JPEG.
    Jpeg { file: Vec<u8>, is_grey: bool },
    /// Red, green and blue of each, and how much it covers unless all cover all.
    Plain {
        colours: Vec<u8>,
        cover: Option<Vec<u8>>,
    },
}

impl Image {
    /// Reads a picture; none for what cannot be shown.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let image = if bytes.starts_with(b"\xff\xd8\xff") {
            jpeg(bytes)
        } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            png(bytes)
        } else {
            None
        };
        image.filter(|image| is_size(image.width) && is_size(image.height))
    }

    /// Its width, where its height is one.
    #[must_use]
    pub fn ratio(&self) -> f32 {
        let side = |dots: usize| f32::from(u16::try_from(dots).unwrap_or(u16::MAX));
        side(self.width) / side(self.height)
    }
}

fn is_size(side: usize) -> bool {
    (1..=MOST).contains(&side)
}

/// One colour is grey, three are colours, and four are ink, which readers take in several ways.
fn jpeg(bytes: &[u8]) -> Option<Image> {
    let frame = jpeg_frame(bytes).filter(|frame| matches!(frame.marker, 0xc0..=0xc2))?;
    let is_grey = match frame.colours {
        1 => true,
        3 => false,
        _ => return None,
    };
    Some(Image {
        width: frame.width.into(),
        height: frame.height.into(),
        dots: Dots::Jpeg {
            file: bytes.to_vec(),
            is_grey,
        },
    })
}

/// What a JPEG says of its dots.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// How they are written.
    pub marker: u8,
    /// Dots from left to right.
    pub width: u16,
    /// Dots from top to bottom.
    pub height: u16,
    /// Colours of a dot.
    pub colours: u8,
}

/// Goes from segment to segment up to the one that says the size.
#[must_use]
pub fn jpeg_frame(bytes: &[u8]) -> Option<Frame> {
    let mut rest = bytes.get(2..)?;
    loop {
        let [0xff, marker, high, low, ..] = *rest else {
            return None;
        };
        if marker == 0xff {
            // A byte that only fills.
            rest = rest.get(1..)?;
            continue;
        }
        if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            let [_, above, below, left, right, colours] = *rest.get(4..10)? else {
                return None;
            };
            return Some(Frame {
                marker,
                width: u16::from_be_bytes([left, right]),
                height: u16::from_be_bytes([above, below]),
                colours,
            });
        }
        let length = usize::from(u16::from_be_bytes([high, low]));
        rest = rest.get(2 + length..)?;
    }
}

fn png(bytes: &[u8]) -> Option<Image> {
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let mut reader = decoder.read_info().ok()?;
    let (width, height) = reader.info().size();
    let (width, height) = (usize::try_from(width).ok()?, usize::try_from(height).ok()?);
    // Before there is room for its dots.
    (is_size(width) && is_size(height)).then_some(())?;
    let mut dots = vec![0; reader.output_buffer_size()?];
    reader.next_frame(&mut dots).ok()?;
    let (numbers, covers) = match reader.output_color_type().0 {
        ColorType::Grayscale => (1, false),
        ColorType::GrayscaleAlpha => (2, true),
        ColorType::Rgb => (3, false),
        ColorType::Rgba => (4, true),
        ColorType::Indexed => return None,
    };
    let mut colours = Vec::with_capacity(width * height * 3);
    let mut cover = Vec::with_capacity(width * height);
    for dot in dots.chunks_exact(numbers) {
        match *dot {
            [grey] | [grey, _] => colours.extend([grey; 3]),
            _ => colours.extend_from_slice(dot.get(..3)?),
        }
        cover.push(if covers { *dot.last()? } else { 255 });
    }
    Some(Image {
        width,
        height,
        dots: Dots::Plain {
            colours,
            cover: cover.iter().any(|covers| *covers < 255).then_some(cover),
        },
    })
}

#[cfg(test)]
mod tests {
    use png::{BitDepth, Encoder};

    use super::*;

    /// A PNG of one kind of dot, with what else is to be said of it.
    fn written(
        (width, height): (u32, u32),
        (depth, kind): (BitDepth, ColorType),
        extra: [&[u8]; 2],
        dots: &[u8],
    ) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = Encoder::new(&mut file, width, height);
        encoder.set_depth(depth);
        encoder.set_color(kind);
        let [palette, clear] = extra;
        if !palette.is_empty() {
            encoder.set_palette(palette.to_vec());
        }
        if !clear.is_empty() {
            encoder.set_trns(clear.to_vec());
        }
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(dots).unwrap();
        writer.finish().unwrap();
        file
    }

    fn plain(png: &[u8]) -> (Vec<u8>, Option<Vec<u8>>) {
        match Image::read(png).unwrap().dots {
            Dots::Plain { colours, cover } => (colours, cover),
            Dots::Jpeg { .. } => panic!("a PNG is no JPEG"),
        }
    }

    #[test]
    fn every_kind_of_dot_has_its_colour() {
        use BitDepth::{Eight, Four, One, Sixteen};
        use ColorType::{Grayscale, GrayscaleAlpha, Indexed, Rgb, Rgba};
        let none: [&[u8]; 2] = [&[], &[]];
        let grey = written((3, 1), (One, Grayscale), none, &[0b0100_0000]);
        assert_eq!(plain(&grey), (vec![0, 0, 0, 255, 255, 255, 0, 0, 0], None));
        let colour = written((1, 1), (Eight, Rgb), none, &[1, 2, 3]);
        assert_eq!(plain(&colour), (vec![1, 2, 3], None));
        let deep = written((1, 1), (Sixteen, Rgb), none, &[1, 9, 2, 9, 3, 9]);
        assert_eq!(plain(&deep), (vec![1, 2, 3], None));
        let extra: [&[u8]; 2] = [&[7, 7, 7, 1, 2, 3], &[0]];
        let placed = written((2, 1), (Four, Indexed), extra, &[0x10]);
        assert_eq!(plain(&placed), (vec![1, 2, 3, 7, 7, 7], Some(vec![255, 0])));
        let faint = written((1, 1), (Eight, Rgba), none, &[1, 2, 3, 128]);
        assert_eq!(plain(&faint), (vec![1, 2, 3], Some(vec![128])));
        let faint = written((1, 1), (Eight, GrayscaleAlpha), none, &[9, 128]);
        assert_eq!(plain(&faint), (vec![9, 9, 9], Some(vec![128])));
        let named: [&[u8]; 2] = [&[], &[0, 1, 0, 2, 0, 3]];
        let clear = written((2, 1), (Eight, Rgb), named, &[1, 2, 3, 1, 2, 4]);
        assert_eq!(plain(&clear).1, Some(vec![0, 255]));
    }

    #[test]
    fn a_jpeg_stands_as_it_is() {
        let of = |colours: u8| {
            let mut bytes = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xff\xc0\x00\x0b\x08".to_vec();
            bytes.extend([0, 200, 1, 44, colours]);
            bytes.extend(b"\x01\x11\x00\xff\xd9");
            bytes
        };
        let read = Image::read(&of(3)).unwrap();
        assert_eq!((read.width, read.height), (300, 200));
        let file = of(3);
        assert_eq!(
            read.dots,
            Dots::Jpeg {
                file,
                is_grey: false
            }
        );
        assert!(Image::read(&of(1)).is_some());
        assert_eq!(Image::read(&of(4)), None, "ink");
    }

    #[test]
    fn what_is_damaged_or_too_large_or_another_kind_is_none() {
        let kind = (BitDepth::Eight, ColorType::Grayscale);
        let good = written((1, 1), kind, [&[], &[]], &[7]);
        assert!(Image::read(&good).is_some());
        // Up to the end of its dots.
        for end in 0..good.len() - 16 {
            assert_eq!(Image::read(&good[..end]), None, "{end}");
        }
        let large = written((9_000, 1), kind, [&[], &[]], &[0; 9_000]);
        assert_eq!(Image::read(&large), None);
        assert_eq!(Image::read(b"RIFF....WEBP"), None);
    }
}
