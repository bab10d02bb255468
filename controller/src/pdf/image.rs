//! Pictures on paper: a JPEG stands as it is, a PNG is taken apart into its colours and how much covers what is below. What is written in
//! another way, or damaged, is no picture here.

use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

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
            png(bytes.get(8..)?)
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

/// Goes from segment to segment up to the one that says the size and how many colours a dot has: one is grey, three are colours, and four are
/// ink, which readers take in several ways.
fn jpeg(bytes: &[u8]) -> Option<Image> {
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
        if matches!(marker, 0xc0..=0xc2) {
            let side = |at: usize| {
                let [high, low] = *rest.get(at..at + 2)? else {
                    return None;
                };
                Some(usize::from(u16::from_be_bytes([high, low])))
            };
            let is_grey = match rest.get(9)? {
                1 => true,
                3 => false,
                _ => return None,
            };
            return Some(Image {
                width: side(7)?,
                height: side(5)?,
                dots: Dots::Jpeg {
                    file: bytes.to_vec(),
                    is_grey,
                },
            });
        }
        let length = usize::from(u16::from_be_bytes([high, low]));
        rest = rest.get(2 + length..)?;
    }
}

/// What a PNG says of itself before its dots.
#[derive(Clone, Copy)]
struct Header {
    width: usize,
    height: usize,
    depth: usize,
    /// What a dot is: 0 grey, 2 three colours, 3 a place in the palette, 4 and 6 the first two with how much it covers.
    kind: u8,
}

impl Header {
    fn read(chunk: &[u8]) -> Option<Self> {
        let side = |at: usize| {
            let bytes = chunk.get(at..at + 4)?.try_into().ok()?;
            usize::try_from(u32::from_be_bytes(bytes)).ok()
        };
        let [depth, kind, 0, 0, 0] = *chunk.get(8..13)? else {
            // Dots in an order of their own, or a way of writing that does not exist.
            return None;
        };
        let (width, height) = (side(0)?, side(4)?);
        let is_known = match kind {
            0 => matches!(depth, 1 | 2 | 4 | 8 | 16),
            3 => matches!(depth, 1 | 2 | 4 | 8),
            2 | 4 | 6 => matches!(depth, 8 | 16),
            _ => false,
        };
        (is_known && is_size(width) && is_size(height)).then_some(Self {
            width,
            height,
            depth: depth.into(),
            kind,
        })
    }

    /// Numbers of a dot.
    const fn numbers(self) -> usize {
        match self.kind {
            2 => 3,
            4 => 2,
            6 => 4,
            _ => 1,
        }
    }

    /// Bytes of a row.
    const fn row(self) -> usize {
        (self.width * self.numbers() * self.depth).div_ceil(8)
    }

    /// A number of a row as it is written, the upper half of one of two bytes.
    fn number(self, row: &[u8], at: usize) -> Option<u8> {
        match self.depth {
            8 => row.get(at).copied(),
            16 => row.get(at * 2).copied(),
            depth => {
                let bit = at * depth;
                let byte = *row.get(bit / 8)?;
                Some((byte >> (8 - depth - bit % 8)) & self.highest())
            }
        }
    }

    /// The highest number.
    const fn highest(self) -> u8 {
        match self.depth {
            1 => 1,
            2 => 3,
            4 => 15,
            _ => 255,
        }
    }
}

fn png(mut rest: &[u8]) -> Option<Image> {
    let (mut header, mut palette, mut clear): (_, &[u8], &[u8]) = (None, &[], &[]);
    let mut written = Vec::new();
    loop {
        let length = u32::from_be_bytes(rest.get(..4)?.try_into().ok()?);
        let end = usize::try_from(length).ok()?.checked_add(8)?;
        let chunk = rest.get(8..end)?;
        match rest.get(4..8)? {
            b"IHDR" => header = Some(Header::read(chunk)?),
            b"PLTE" => palette = chunk,
            b"tRNS" => clear = chunk,
            b"IDAT" => written.extend_from_slice(chunk),
            b"IEND" => break,
            _ => {}
        }
        // A checksum follows, which the unpacked dots have no need of.
        rest = rest.get(end.checked_add(4)?..)?;
    }
    let header = header?;
    let whole = (header.row() + 1) * header.height;
    let plain = decompress_to_vec_zlib_with_limit(&written, whole).ok()?;
    let rows = (plain.len() == whole).then(|| rows(header, plain))??;
    let mut colours = Vec::with_capacity(header.width * header.height * 3);
    let mut cover = Vec::with_capacity(header.width * header.height);
    for row in rows.chunks(header.row()) {
        for at in 0..header.width {
            let (colour, covers) = dot(header, row, at, palette, clear)?;
            colours.extend(colour);
            cover.push(covers);
        }
    }
    Some(Image {
        width: header.width,
        height: header.height,
        dots: Dots::Plain {
            colours,
            cover: cover.iter().any(|covers| *covers < 255).then_some(cover),
        },
    })
}

/// Undoes what made rows easier to squeeze: each says how its bytes differ from their neighbours.
fn rows(header: Header, plain: Vec<u8>) -> Option<Vec<u8>> {
    let length = header.row();
    let step = (header.numbers() * header.depth).div_ceil(8);
    let mut done: Vec<u8> = Vec::with_capacity(length * header.height);
    let mut above = vec![0; length];
    for written in plain.chunks(length + 1) {
        let (filter, written) = written.split_first()?;
        let mut row = written.to_vec();
        for at in 0..length {
            let left = if at < step { 0 } else { row[at - step] };
            let corner = if at < step { 0 } else { above[at - step] };
            let near = match filter {
                0 => 0,
                1 => left,
                2 => above[at],
                3 => left.midpoint(above[at]),
                4 => nearest(left, above[at], corner),
                _ => return None,
            };
            row[at] = row[at].wrapping_add(near);
        }
        done.extend_from_slice(&row);
        above = row;
    }
    Some(done)
}

/// Of the three neighbours the one that is nearest to what they let expect.
fn nearest(left: u8, above: u8, corner: u8) -> u8 {
    let expected = i16::from(left) + i16::from(above) - i16::from(corner);
    let far = |one: u8| (expected - i16::from(one)).abs();
    [left, above, corner]
        .into_iter()
        .min_by_key(|one| far(*one))
        .unwrap_or(left)
}

/// The colour of a dot, and how much it covers.
fn dot(
    header: Header,
    row: &[u8],
    at: usize,
    palette: &[u8],
    clear: &[u8],
) -> Option<([u8; 3], u8)> {
    let number = |which: usize| header.number(row, at * header.numbers() + which);
    // One colour may be named that covers nothing, by numbers of two bytes.
    let is_clear = |numbers: &[u8]| {
        let named = clear.chunks(2).filter_map(|pair| pair.last());
        header.depth <= 8 && !clear.is_empty() && named.eq(numbers)
    };
    let covers = |is_clear: bool| if is_clear { 0 } else { 255 };
    Some(match header.kind {
        0 => {
            let grey = number(0)?;
            let shown = u16::from(grey) * 255 / u16::from(header.highest());
            ([u8::try_from(shown).ok()?; 3], covers(is_clear(&[grey])))
        }
        2 => {
            let colour = [number(0)?, number(1)?, number(2)?];
            (colour, covers(is_clear(&colour)))
        }
        3 => {
            let place = usize::from(number(0)?);
            let colour = palette.get(place * 3..place * 3 + 3)?.try_into().ok()?;
            (colour, clear.get(place).copied().unwrap_or(255))
        }
        4 => ([number(0)?; 3], number(1)?),
        _ => ([number(0)?, number(1)?, number(2)?], number(3)?),
    })
}

#[cfg(test)]
mod tests {
    use miniz_oxide::deflate::compress_to_vec_zlib;

    use super::*;

    /// A PNG of rows as they are written, each with its filter before it.
    fn written(
        (width, height): (u32, u32),
        [depth, kind]: [u8; 2],
        extra: &[(&[u8; 4], &[u8])],
        rows: &[u8],
    ) -> Vec<u8> {
        let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
        let mut chunk = |name: &[u8; 4], body: &[u8]| {
            png.extend(u32::try_from(body.len()).unwrap().to_be_bytes());
            png.extend(name);
            png.extend(body);
            png.extend([0; 4]);
        };
        let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
        header.extend([depth, kind, 0, 0, 0]);
        chunk(b"IHDR", &header);
        for (name, body) in extra {
            chunk(name, body);
        }
        chunk(b"IDAT", &compress_to_vec_zlib(rows, 6));
        chunk(b"IEND", &[]);
        png
    }

    fn plain(png: &[u8]) -> (Vec<u8>, Option<Vec<u8>>) {
        match Image::read(png).unwrap().dots {
            Dots::Plain { colours, cover } => (colours, cover),
            Dots::Jpeg { .. } => panic!("a PNG is no JPEG"),
        }
    }

    #[test]
    fn every_kind_of_dot_has_its_colour() {
        let grey = written((3, 1), [1, 0], &[], &[0, 0b0100_0000]);
        let (colours, cover) = plain(&grey);
        assert_eq!(colours, [0, 0, 0, 255, 255, 255, 0, 0, 0]);
        assert_eq!(cover, None);
        let colour = written((1, 1), [8, 2], &[], &[0, 1, 2, 3]);
        assert_eq!(plain(&colour), (vec![1, 2, 3], None));
        let deep = written((1, 1), [16, 2], &[], &[0, 1, 9, 2, 9, 3, 9]);
        assert_eq!(plain(&deep), (vec![1, 2, 3], None));
        let extra: [(&[u8; 4], &[u8]); 2] = [(b"PLTE", &[7, 7, 7, 1, 2, 3]), (b"tRNS", &[0])];
        let placed = written((2, 1), [4, 3], &extra, &[0, 0x10]);
        assert_eq!(plain(&placed), (vec![1, 2, 3, 7, 7, 7], Some(vec![255, 0])));
        let faint = written((1, 1), [8, 6], &[], &[0, 1, 2, 3, 128]);
        assert_eq!(plain(&faint), (vec![1, 2, 3], Some(vec![128])));
        let faint = written((1, 1), [8, 4], &[], &[0, 9, 128]);
        assert_eq!(plain(&faint), (vec![9, 9, 9], Some(vec![128])));
        let named: [(&[u8; 4], &[u8]); 1] = [(b"tRNS", &[0, 1, 0, 2, 0, 3])];
        let clear = written((2, 1), [8, 2], &named, &[0, 1, 2, 3, 1, 2, 4]);
        assert_eq!(plain(&clear).1, Some(vec![0, 255]));
    }

    #[test]
    fn every_filter_is_undone() {
        // Two rows of three grey dots: 10 20 30 above 40 50 60.
        for (first, second) in [
            ([0, 10, 20, 30], [0, 40, 50, 60]),
            ([1, 10, 10, 10], [1, 40, 10, 10]),
            ([2, 10, 20, 30], [2, 30, 30, 30]),
            ([3, 10, 15, 20], [3, 35, 20, 20]),
            ([4, 10, 10, 10], [4, 30, 10, 10]),
        ] {
            let png = written((3, 2), [8, 0], &[], &[first, second].concat());
            let greys: Vec<u8> = plain(&png).0.into_iter().step_by(3).collect();
            assert_eq!(greys, [10, 20, 30, 40, 50, 60], "filter {}", first[0]);
        }
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
    fn what_is_damaged_or_another_kind_is_none() {
        let good = written((1, 1), [8, 6], &[], &[0, 1, 2, 3, 128]);
        for end in 0..good.len() - 12 {
            assert_eq!(Image::read(&good[..end]), None, "{end}");
        }
        for bad in [
            b"RIFF....WEBP".to_vec(),
            written((1, 1), [8, 6], &[], &[5, 1, 2, 3, 4]),
            written((2, 1), [8, 6], &[], &[0, 1, 2, 3, 4]),
            written((1, 1), [8, 6], &[], &[0; 10]),
            written((9_000, 1), [8, 0], &[], &[0; 9_001]),
            written((1, 1), [8, 3], &[], &[0, 1]),
            written((1, 1), [3, 0], &[], &[0, 1]),
        ] {
            assert_eq!(Image::read(&bad), None);
        }
    }
}
