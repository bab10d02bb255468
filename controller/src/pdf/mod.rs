//! Paper: pages of text, lines, rectangles and squares, written as PDF.
//!
//! Places are millimetres from the upper left corner of a page. Only fonts that every reader has are used, so nothing is embedded; what
//! they cannot write stands as a question mark. Running text, tables and bars over several pages are in [`flow`].

pub mod flow;
mod font;
pub mod image;

use miniz_oxide::deflate::compress_to_vec_zlib;
use pdf_writer::writers::ImageXObject;
use pdf_writer::{Content, Filter, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};

use image::Dots;

pub use flow::{Align, Bar, Column, Flow};
pub use font::{Face, Font};
pub use image::Image;

/// Points in a millimetre.
const POINTS: f32 = 72.0 / 25.4;
const CATALOG: Ref = Ref::new(1);
const TREE: Ref = Ref::new(2);
const INFO: Ref = Ref::new(3);
/// The first number after those that are given out above and to the fonts.
const FIRST: i32 = 10;
/// How hard pages are squeezed: the usual middle.
const SQUEEZE: u8 = 6;

/// A colour as `0xRRGGBB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ink(pub u32);

impl Ink {
    /// Black.
    pub const BLACK: Self = Self(0);
    /// For what is said by the way.
    pub const GREY: Self = Self(0x0055_5555);
    /// For lines.
    pub const LIGHT: Self = Self(0x00C6_CCC6);

    fn parts(self) -> [f32; 3] {
        let [_, red, green, blue] = self.0.to_be_bytes();
        [red, green, blue].map(|part| f32::from(part) / 255.0)
    }
}

/// The size of a page in millimetres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    /// From left to right.
    pub width: f32,
    /// From top to bottom.
    pub height: f32,
}

impl Size {
    /// A4, upright.
    pub const A4: Self = Self {
        width: 210.0,
        height: 297.0,
    };
}

/// A picture that a document holds.
#[derive(Clone, Copy, Debug)]
pub struct Held(Ref);

impl Held {
    /// Its name on pages.
    fn name(self) -> String {
        format!("I{}", self.0.get())
    }
}

/// A PDF under way.
pub struct Document {
    pdf: Pdf,
    pages: Vec<Ref>,
    next: i32,
}

impl Document {
    /// Begins one; the title is what a reader shows in its window.
    #[must_use]
    pub fn new(title: &str, language: &str) -> Self {
        let mut pdf = Pdf::new();
        let mut catalog = pdf.catalog(CATALOG);
        catalog.pages(TREE).lang(TextStr(language));
        catalog.viewer_preferences().display_doc_title(true);
        catalog.finish();
        pdf.document_info(INFO).title(TextStr(title));
        for font in Font::ALL {
            pdf.type1_font(font.number())
                .base_font(Name(font.base().as_bytes()))
                .encoding_predefined(Name(b"WinAnsiEncoding"));
        }
        Self {
            pdf,
            pages: Vec::new(),
            next: FIRST,
        }
    }

    fn number(&mut self) -> Ref {
        let number = Ref::new(self.next);
        self.next += 1;
        number
    }

    /// Adds a picture, which pages then show as often as they like.
    pub fn hold(&mut self, image: &Image) -> Held {
        let number = self.number();
        match &image.dots {
            Dots::Jpeg { file, is_grey } => {
                let mut held = self.begin_image(number, file, Filter::DctDecode, image);
                if *is_grey {
                    held.color_space().device_gray();
                } else {
                    held.color_space().device_rgb();
                }
            }
            Dots::Plain { colours, cover } => {
                let mask = cover.as_ref().map(|cover| {
                    let (mask, squeezed) = (self.number(), compress_to_vec_zlib(cover, SQUEEZE));
                    let mut held = self.begin_image(mask, &squeezed, Filter::FlateDecode, image);
                    held.color_space().device_gray();
                    mask
                });
                let squeezed = compress_to_vec_zlib(colours, SQUEEZE);
                let mut held = self.begin_image(number, &squeezed, Filter::FlateDecode, image);
                held.color_space().device_rgb();
                if let Some(mask) = mask {
                    held.s_mask(mask);
                }
            }
        }
        Held(number)
    }

    fn begin_image<'a>(
        &'a mut self,
        number: Ref,
        bytes: &'a [u8],
        filter: Filter,
        image: &Image,
    ) -> ImageXObject<'a> {
        let side = |dots: usize| i32::try_from(dots).unwrap_or(i32::MAX);
        let mut held = self.pdf.image_xobject(number, bytes);
        held.filter(filter);
        held.width(side(image.width))
            .height(side(image.height))
            .bits_per_component(8);
        held
    }

    /// Adds a page.
    pub fn add(&mut self, page: Page) {
        let (number, body) = (self.number(), self.number());
        let mut entry = self.pdf.page(number);
        entry
            .media_box(Rect::new(
                0.0,
                0.0,
                page.size.width * POINTS,
                page.size.height * POINTS,
            ))
            .parent(TREE)
            .contents(body);
        let mut resources = entry.resources();
        let mut fonts = resources.fonts();
        for font in Font::ALL {
            fonts.pair(Name(font.name().as_bytes()), font.number());
        }
        fonts.finish();
        if !page.pictures.is_empty() {
            let mut pictures = resources.x_objects();
            for held in &page.pictures {
                pictures.pair(Name(held.name().as_bytes()), held.0);
            }
            pictures.finish();
        }
        resources.finish();
        entry.finish();
        let squeezed = compress_to_vec_zlib(&page.content.finish(), SQUEEZE);
        self.pdf.stream(body, &squeezed).filter(Filter::FlateDecode);
        self.pages.push(number);
    }

    /// How many pages it has.
    #[must_use]
    pub const fn pages(&self) -> usize {
        self.pages.len()
    }

    /// The whole of it.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        let count = i32::try_from(self.pages.len()).unwrap_or(i32::MAX);
        self.pdf.pages(TREE).kids(self.pages).count(count);
        self.pdf.finish()
    }
}

/// A page under way.
pub struct Page {
    size: Size,
    content: Content,
    pictures: Vec<Held>,
}

impl Page {
    /// An empty one.
    #[must_use]
    pub fn new(size: Size) -> Self {
        Self {
            size,
            content: Content::new(),
            pictures: Vec::new(),
        }
    }

    /// Its size.
    #[must_use]
    pub const fn size(&self) -> Size {
        self.size
    }

    fn across(x: f32) -> f32 {
        x * POINTS
    }

    fn up(&self, y: f32) -> f32 {
        (self.size.height - y) * POINTS
    }

    fn fill(&mut self, ink: Ink) {
        let [red, green, blue] = ink.parts();
        self.content.set_fill_rgb(red, green, blue);
    }

    /// Writes one line: `x` is its left end and `y` where its letters stand.
    pub fn text(&mut self, x: f32, y: f32, face: Face, text: &str) {
        let bytes = font::encoded(text);
        let up = self.up(y);
        self.fill(face.ink);
        self.content
            .begin_text()
            .set_font(Name(face.font.name().as_bytes()), face.points)
            .next_line(Self::across(x), up)
            .show(Str(&bytes))
            .end_text();
    }

    /// Writes one line that ends at `x`.
    pub fn text_to(&mut self, x: f32, y: f32, face: Face, text: &str) {
        self.text(x - face.width(text), y, face, text);
    }

    /// Writes one line with its middle at `x`.
    pub fn text_at_middle(&mut self, x: f32, y: f32, face: Face, text: &str) {
        self.text(x - face.width(text) / 2.0, y, face, text);
    }

    /// Fills a rectangle, whose upper left corner is given.
    pub fn rect(&mut self, x: f32, y: f32, size: Size, ink: Ink) {
        self.fill(ink);
        let bottom = self.up(y + size.height);
        self.content
            .rect(
                Self::across(x),
                bottom,
                size.width * POINTS,
                size.height * POINTS,
            )
            .fill_nonzero();
    }

    /// Shows a picture, whose upper left corner is given.
    pub fn picture(&mut self, x: f32, y: f32, size: Size, held: Held) {
        if self.pictures.iter().all(|known| known.0 != held.0) {
            self.pictures.push(held);
        }
        let bottom = self.up(y + size.height);
        let (width, height) = (size.width * POINTS, size.height * POINTS);
        self.content
            .save_state()
            .transform([width, 0.0, 0.0, height, Self::across(x), bottom])
            .x_object(Name(held.name().as_bytes()))
            .restore_state();
    }

    /// Draws a line, so many millimetres thick.
    pub fn line(&mut self, from: (f32, f32), to: (f32, f32), thick: f32, ink: Ink) {
        let [red, green, blue] = ink.parts();
        let (start, end) = (self.up(from.1), self.up(to.1));
        self.content
            .set_stroke_rgb(red, green, blue)
            .set_line_width(thick * POINTS)
            .move_to(Self::across(from.0), start)
            .line_to(Self::across(to.0), end)
            .stroke();
    }

    /// Draws a square of black and white squares, such as a QR code: its upper left corner, its side, how many there are in a row, and
    /// which of them (row, column) are black.
    pub fn squares(
        &mut self,
        (x, y): (f32, f32),
        side: f32,
        count: u8,
        is_black: impl Fn(usize, usize) -> bool,
    ) {
        let one = side / f32::from(count.max(1));
        self.fill(Ink::BLACK);
        for row in 0..count {
            let bottom = self.up(y + one * (f32::from(row) + 1.0));
            let mut column = 0;
            while column < count {
                let begin = column;
                while column < count && is_black(usize::from(row), usize::from(column)) {
                    column += 1;
                }
                if column > begin {
                    // A hair wider than it is, or some readers show a white line between neighbours.
                    self.content.rect(
                        Self::across(x + one * f32::from(begin)),
                        bottom,
                        one * f32::from(column - begin) * POINTS,
                        one * POINTS + 0.02,
                    );
                } else {
                    column += 1;
                }
            }
        }
        self.content.fill_nonzero();
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use miniz_oxide::inflate::decompress_to_vec_zlib;

    use super::*;

    /// What the pages of a PDF say, as it stands in their streams.
    pub(crate) fn streams(pdf: &[u8]) -> Vec<String> {
        let find = |from: usize, what: &[u8]| {
            let rest = pdf.get(from..)?;
            let at = rest.windows(what.len()).position(|part| part == what)?;
            Some(from + at)
        };
        let (mut at, mut found) = (0, Vec::new());
        while let Some(start) = find(at, b"stream\n") {
            let start = start + 7;
            let end = find(start, b"\nendstream").unwrap();
            let plain = decompress_to_vec_zlib(&pdf[start..end]).unwrap();
            found.push(plain.iter().map(|byte| char::from(*byte)).collect());
            at = end + 10;
        }
        found
    }

    #[test]
    fn a_page_says_what_was_written_where_it_was_written() {
        let mut document = Document::new("Sheet (1) of Łukasz", "en");
        let mut page = Page::new(Size::A4);
        let face = Face::new(Font::Bold, 12.0);
        page.text(25.4, 25.4, face, "50) Tj \\");
        page.text(25.4, 40.0, face, "−Łó");
        page.rect(
            0.0,
            0.0,
            Size {
                width: 25.4,
                height: 25.4,
            },
            Ink(0x00FF_0000),
        );
        page.squares((0.0, 0.0), 25.4, 2, |row, column| row == column);
        document.add(page);
        document.add(Page::new(Size::A4));
        assert_eq!(document.pages(), 2);
        let pdf = document.finish();
        assert!(pdf.starts_with(b"%PDF-1.7"));
        let text = String::from_utf8_lossy(&pdf);
        assert!(text.contains("/Count 2") && text.contains("/BaseFont /Helvetica-Bold"));
        let pages = streams(&pdf);
        assert_eq!(pages.len(), 2);
        let page = &pages[0];
        // An inch from the left, and an inch below the top of 841.89 points.
        assert!(page.contains("72 769.88"), "{page}");
        // What ends a text in PDF is escaped, and what the font has not is a question mark.
        assert!(page.contains("(50\\) Tj \\\\) Tj"), "{page}");
        assert!(page.contains("<963FF3> Tj"), "{page}");
        assert!(page.contains("1 0 0 rg"), "{page}");
        assert_eq!(page.matches(" re").count(), 3, "{page}");
    }
}
