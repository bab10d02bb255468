//! What stands on a printed voucher and where, for the pages that a browser prints and for PDF alike. Which vouchers are printed is not
//! decided here.

use fast_qr::{ECL, QRBuilder};
use mnara_protocol::ticket::code::TicketCode;

use crate::pdf::{Document, Face, Font, Held, Image, Ink, Page, Size};
use crate::providers::look::Logo;

/// Vouchers on one page of a browser; a whole number of sheets fits in.
const AT_ONCE: u16 = 300;
/// Numbers of a series that one PDF has at most; whole sheets of every layout.
pub const OF_PDF: u16 = 1_200;

/// A point, in millimetres.
const POINT: f32 = 25.4 / 72.0;
/// Between words and picture, in millimetres.
const BESIDE: f32 = 1.5;
/// Between plan and price and the words below, in millimetres.
const ABOVE: f32 = 0.4;

/// How vouchers lie on paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Ten on an A4 sheet.
    Ten,
    /// Twenty-four on an A4 sheet.
    TwentyFour,
    /// Fifty on an A4 sheet.
    Fifty,
    /// One below the other on a roll of 58 mm.
    Roll58,
    /// One below the other on a roll of 80 mm.
    Roll80,
}

/// The measures of a layout: millimetres, and points for letters.
struct Shape {
    columns: u8,
    rows: u8,
    page: Size,
    cell: Size,
    pad: f32,
    band: f32,
    picture: f32,
    name: f32,
    big: f32,
    small: f32,
    code: f32,
}

impl Layout {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Ten,
        Self::TwentyFour,
        Self::Fifty,
        Self::Roll58,
        Self::Roll80,
    ];

    /// The word in addresses.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ten => "a4-10",
            Self::TwentyFour => "a4-24",
            Self::Fifty => "a4-50",
            Self::Roll58 => "roll-58",
            Self::Roll80 => "roll-80",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layout| layout.word() == word)
    }

    /// Whether vouchers follow each other on a roll.
    #[must_use]
    pub const fn is_roll(self) -> bool {
        matches!(self, Self::Roll58 | Self::Roll80)
    }

    /// Vouchers on one sheet.
    #[must_use]
    pub fn of_sheet(self) -> u16 {
        let shape = self.shape();
        u16::from(shape.columns) * u16::from(shape.rows)
    }

    /// Vouchers on one page of a browser: whole sheets.
    #[must_use]
    pub fn at_once(self) -> u16 {
        AT_ONCE / self.of_sheet() * self.of_sheet()
    }

    /// What of a voucher's words has room below plan and price, in the order it is read: each whole or not at all.
    ///
    /// Until when it is good and where there is help go before what it gives, and that before what to do with it.
    #[must_use]
    pub fn words(self, print: &Print) -> Vec<&str> {
        let shape = self.shape();
        let room = shape.room(self);
        let small = shape.small();
        let mut left = room.height;
        let mut has_room = |text: &str| {
            let lines = small.wrapped(text, room.width);
            let high: f32 = lines.iter().map(|_| line(shape.small)).sum();
            let has_room = high <= left;
            if has_room {
                left -= high;
            }
            has_room
        };
        let until = print.until.as_deref().filter(|text| has_room(text));
        let help = print.help.as_deref().filter(|text| has_room(text));
        let gives = Some(print.gives.as_str()).filter(|text| has_room(text));
        let how = print.how.into_iter().find(|text| has_room(text));
        [gives, until, help, how].into_iter().flatten().collect()
    }

    const fn shape(self) -> Shape {
        match self {
            Self::Ten => Shape {
                columns: 2,
                rows: 5,
                page: Size::A4,
                cell: size(95.0, 54.0),
                pad: 4.0,
                band: 2.0,
                picture: 29.0,
                name: 12.0,
                big: 13.0,
                small: 8.0,
                code: 19.0,
            },
            Self::TwentyFour => Shape {
                columns: 3,
                rows: 8,
                page: Size::A4,
                cell: size(64.0, 34.0),
                pad: 2.6,
                band: 1.4,
                picture: 18.0,
                name: 8.0,
                big: 9.0,
                small: 6.0,
                code: 13.0,
            },
            Self::Fifty => Shape {
                columns: 5,
                rows: 10,
                page: Size::A4,
                cell: size(38.5, 27.6),
                pad: 1.8,
                band: 0.9,
                picture: 14.0,
                name: 6.0,
                big: 6.5,
                small: 4.8,
                code: 10.0,
            },
            Self::Roll58 => Shape {
                columns: 1,
                rows: 1,
                page: size(58.0, 76.0),
                cell: size(58.0, 76.0),
                pad: 5.0,
                band: 0.0,
                picture: 30.0,
                name: 11.0,
                big: 11.0,
                small: 7.5,
                code: 14.0,
            },
            Self::Roll80 => Shape {
                columns: 1,
                rows: 1,
                page: size(80.0, 90.0),
                cell: size(80.0, 90.0),
                pad: 6.0,
                band: 0.0,
                picture: 38.0,
                name: 14.0,
                big: 14.0,
                small: 9.0,
                code: 20.0,
            },
        }
    }
}

impl Shape {
    /// The letters of the words below plan and price.
    fn small(&self) -> Face {
        Face::new(Font::Plain, self.small)
    }

    /// What the words below plan and price have at most: down to the code on sheets, and to the edge on rolls.
    ///
    /// Browsers have a little less than PDF, and both shall show the same.
    fn room(&self, layout: Layout) -> Size {
        let Size { width, height } = self.cell;
        let taken = 0.6 + line(self.name) + 2.0 * line(self.big) + self.code * POINT * 1.1;
        let inside = width - 2.0 * self.pad;
        if layout.is_roll() {
            size(inside, height - taken - 3.0 - 1.0 - self.picture - 2.0)
        } else {
            let edges = self.band + 0.6 * self.pad;
            size(
                inside - self.picture - BESIDE,
                height - taken - edges - ABOVE,
            )
        }
    }
}

const fn size(width: f32, height: f32) -> Size {
    Size { width, height }
}

/// What stands on every voucher of a series.
#[derive(Clone, Debug)]
pub struct Print {
    /// The business.
    pub business: String,
    /// Its logo, which stands on sheets; the heads of rolls print no pictures worth looking at.
    pub logo: Option<Logo>,
    /// Its colour.
    pub colour: u32,
    /// The plan.
    pub plan: String,
    /// What it gives.
    pub gives: String,
    /// What it costs.
    pub price: String,
    /// Until when it is good, if not for ever.
    pub until: Option<String>,
    /// Where there is help.
    pub help: Option<String>,
    /// What to do with it: in full, and shorter.
    pub how: [&'static str; 2],
}

/// The picture that a phone scans.
#[derive(Clone, Debug)]
pub struct Picture {
    count: u8,
    black: Vec<bool>,
}

impl Picture {
    /// The picture of a code's address; `None` would be a code that fits in none, which there is not.
    #[must_use]
    pub fn of(code: &TicketCode) -> Option<Self> {
        Self::of_address(&code.scanned())
    }

    /// The picture of an address, if it fits in one.
    #[must_use]
    pub fn of_address(address: &str) -> Option<Self> {
        let made = QRBuilder::new(address).ecl(ECL::M).build().ok()?;
        let black = (0..made.size)
            .flat_map(|row| made[row].iter().map(|module| module.value()))
            .collect();
        Some(Self {
            count: u8::try_from(made.size).ok()?,
            black,
        })
    }

    /// Squares in a row.
    #[must_use]
    pub const fn count(&self) -> u8 {
        self.count
    }

    fn is_black(&self, row: usize, column: usize) -> bool {
        let at = row * usize::from(self.count) + column;
        self.black.get(at).copied().unwrap_or(false)
    }

    /// Its black squares as the strokes of an SVG path, each one high.
    #[must_use]
    pub fn path(&self) -> String {
        use std::fmt::Write as _;
        let count = usize::from(self.count);
        let mut path = String::with_capacity(2048);
        for row in 0..count {
            let mut column = 0;
            while column < count {
                let begin = column;
                while column < count && self.is_black(row, column) {
                    column += 1;
                }
                if column > begin {
                    // Writing to a text cannot fail.
                    let _ = write!(path, "M{begin} {row}.5h{}", column - begin);
                } else {
                    column += 1;
                }
            }
        }
        path
    }
}

/// Vouchers as PDF.
#[must_use]
pub fn pdf(
    title: &str,
    language: &str,
    layout: Layout,
    print: &Print,
    codes: &[TicketCode],
) -> Vec<u8> {
    let shape = layout.shape();
    let mut document = Document::new(title, language);
    let logo = print.logo.as_ref().filter(|_| !layout.is_roll());
    // What PDF has no way of showing, such as WebP, is left out: the name stands there anyway.
    let logo = logo.and_then(|logo| Image::read(&logo.picture));
    let logo = logo.map(|image| (document.hold(&image), image.ratio()));
    // The same on every voucher.
    let (small, room) = (shape.small(), shape.room(layout).width);
    let words = layout.words(print).into_iter();
    let lines: Vec<String> = words.flat_map(|text| small.wrapped(text, room)).collect();
    let across = shape.cell.width * f32::from(shape.columns);
    let down = shape.cell.height * f32::from(shape.rows);
    let left = (shape.page.width - across) / 2.0;
    let top = (shape.page.height - down) / 2.0;
    for sheet in codes.chunks(usize::from(layout.of_sheet())) {
        let mut page = Page::new(shape.page);
        let places = (0..shape.rows).flat_map(|row| (0..shape.columns).map(move |at| (row, at)));
        for ((row, column), code) in places.zip(sheet) {
            let x = left + f32::from(column) * shape.cell.width;
            let y = top + f32::from(row) * shape.cell.height;
            if layout.is_roll() {
                on_roll(&mut page, layout, (print, &lines), code);
            } else {
                on_sheet(&mut page, (x, y), layout, (print, &lines, logo), code);
            }
        }
        document.add(page);
    }
    document.finish()
}

/// From one line to the next, in millimetres, for letters of so many points.
fn line(points: f32) -> f32 {
    points * POINT * 1.22
}

/// A voucher of a sheet: logo and name above, words on the left, picture on the right, code below; a thin frame to cut along.
fn on_sheet(
    page: &mut Page,
    (x, y): (f32, f32),
    layout: Layout,
    (print, lines, logo): (&Print, &[String], Option<(Held, f32)>),
    code: &TicketCode,
) {
    let shape = layout.shape();
    let Size { width, height } = shape.cell;
    let (left, right) = (x + shape.pad, x + width - shape.pad);
    for (from, to) in [
        ((x, y), (x + width, y)),
        ((x, y), (x, y + height)),
        ((x + width, y), (x + width, y + height)),
        ((x, y + height), (x + width, y + height)),
    ] {
        page.line(from, to, 0.1, Ink::LIGHT);
    }
    page.rect(x, y, size(width, shape.band), Ink(print.colour));
    let name = Face::new(Font::Bold, shape.name);
    let mut below = y + shape.band + line(shape.name);
    let room = right - left;
    let mut begin = left;
    if let Some((held, ratio)) = logo {
        let high = line(shape.name);
        let width = (high * ratio).min(room * 0.4);
        let as_high = size(width, width / ratio);
        page.picture(left, y + shape.band + 0.6, as_high, held);
        begin += width + 1.0;
    }
    let beside = right - begin;
    page.text(begin, below, name, &name.cut(&print.business, beside));
    let top = below + 1.0;
    if let Some(picture) = Picture::of(code) {
        let corner = (right - shape.picture, top);
        page.squares(corner, shape.picture, picture.count(), |row, column| {
            picture.is_black(row, column)
        });
    }
    let room = room - shape.picture - BESIDE;
    let big = Face::new(Font::Bold, shape.big);
    let small = shape.small();
    for text in [&print.plan, &print.price] {
        below += line(shape.big);
        page.text(left, below, big, &big.cut(text, room));
    }
    below += ABOVE;
    for text in lines {
        below += line(shape.small);
        page.text(left, below, small, text);
    }
    let code = code.shown();
    let face = Face::new(Font::Code, shape.code).to_fit(&code, width - 2.0 * shape.pad);
    page.text_at_middle(x + width / 2.0, y + height - shape.pad, face, &code);
}

/// A voucher of a roll: everything below each other, in the middle.
fn on_roll(
    page: &mut Page,
    layout: Layout,
    (print, lines): (&Print, &[String]),
    code: &TicketCode,
) {
    let shape = layout.shape();
    let middle = shape.cell.width / 2.0;
    let room = shape.cell.width - 2.0 * shape.pad;
    let name = Face::new(Font::Bold, shape.name);
    let big = Face::new(Font::Bold, shape.big);
    let small = shape.small();
    let mut y = 3.0;
    let mut say = |page: &mut Page, face: Face, text: &str| {
        y += line(face.points);
        page.text_at_middle(middle, y, face, &face.cut(text, room));
        y
    };
    say(page, name, &print.business);
    // A plan is known by half its name as well, a price is not. The tenth is what the sum may be off by.
    let price = format!(" · {}", print.price);
    let plan = big.cut(&print.plan, room - big.width(&price) - 0.1);
    let below = say(page, big, &format!("{plan}{price}")) + 2.0;
    if let Some(picture) = Picture::of(code) {
        let corner = (middle - shape.picture / 2.0, below);
        page.squares(corner, shape.picture, picture.count(), |row, column| {
            picture.is_black(row, column)
        });
    }
    y = below + shape.picture + 1.0;
    let code = code.shown();
    let face = Face::new(Font::Code, shape.code).to_fit(&code, room);
    y += line(face.points);
    page.text_at_middle(middle, y, face, &code);
    for text in lines {
        y += line(shape.small);
        page.text_at_middle(middle, y, small, text);
    }
}

#[cfg(test)]
mod tests {
    use mnara_protocol::clock::Timestamp;
    use mnara_protocol::message::PictureKind;
    use mnara_protocol::plan::{Rate, Terms};
    use mnara_protocol::portal::Language;

    use super::*;
    use crate::pdf::tests::streams;
    use crate::plans::form::gives;
    use crate::providers::pages::words::Words;

    fn code() -> TicketCode {
        TicketCode::parse("7KQ2M0X190AB").unwrap()
    }

    fn print() -> Print {
        Print {
            business: "Njeri (Wi-Fi)".to_owned(),
            logo: None,
            colour: 0x000A_6B41,
            plan: "1 hour".to_owned(),
            gives: "1 hour · 5 Mbit/s".to_owned(),
            price: "KSh 50".to_owned(),
            until: Some("Good until 1 Jan 2027".to_owned()),
            help: Some("Help 0700 000 000".to_owned()),
            how: ["Join, then scan.", "Scan."],
        }
    }

    /// A voucher of a plan in a language's real words.
    fn real(language: Language, terms: &Terms) -> Print {
        let w = Words::of(language);
        let until = w.calendar.moment(Timestamp::from_secs(1_822_300_000));
        Print {
            gives: gives(terms, w),
            until: Some(format!("{} {until}", w.vouchers.paper_until)),
            help: Some(format!("{} 0712 345 678", w.vouchers.paper_help)),
            how: [w.vouchers.paper_how, w.vouchers.paper_how_short],
            ..print()
        }
    }

    #[test]
    fn what_lies_on_paper_has_room_there() {
        for layout in Layout::ALL {
            let shape = layout.shape();
            assert_eq!(Layout::parse(layout.word()), Some(layout));
            assert!(shape.cell.width * f32::from(shape.columns) <= shape.page.width);
            assert!(shape.cell.height * f32::from(shape.rows) <= shape.page.height);
            assert!(layout.at_once() > 0 && layout.at_once().is_multiple_of(layout.of_sheet()));
            assert!(OF_PDF.is_multiple_of(layout.of_sheet()));
            // The picture ends above the code.
            let head = shape.band + line(shape.name) + 1.0 + shape.picture;
            let foot = shape.pad + shape.code * 25.4 / 72.0 * 0.7;
            assert!(head + foot <= shape.cell.height, "{layout:?}");
            // And so do the words, with what hangs below their last line.
            let words = shape.room(layout).height + 0.25 * shape.small * POINT;
            let plan = line(shape.name) + 2.0 * line(shape.big);
            let end = if layout.is_roll() {
                let code = 2.0 + shape.picture + 1.0 + line(shape.code);
                3.0 + line(shape.name) + line(shape.big) + code + words
            } else {
                shape.band + plan + ABOVE + words + foot
            };
            assert!(end <= shape.cell.height, "{layout:?}");
            // A square of at least four tenths of a millimetre is read by any phone.
            assert!(shape.picture / 25.0 > 0.4, "{layout:?}");
        }
        assert_eq!(Layout::parse("a3"), None);
    }

    #[test]
    fn the_picture_is_a_small_one() {
        let picture = Picture::of(&code()).unwrap();
        assert_eq!(picture.count(), 25, "33 letters of the short alphabet");
        assert!(picture.path().starts_with("M0 0.5h7"), "a finder pattern");
        let longest = TicketCode::parse("7KQ2M0X190AB7KQ2").unwrap();
        assert_eq!(Picture::of(&longest).unwrap().count(), 25);
    }

    #[test]
    fn every_sheet_has_its_vouchers() {
        for layout in Layout::ALL {
            let sheet = usize::from(layout.of_sheet());
            let codes = vec![code(); sheet + 1];
            let pages = streams(&pdf("Vouchers", "en", layout, &print(), &codes));
            let found: Vec<usize> = pages
                .iter()
                .map(|page| page.matches("(7KQ2-M0X1-90AB)").count())
                .collect();
            assert_eq!(found, [sheet, 1], "{layout:?}");
            assert!(pages[0].contains("(Njeri (Wi-Fi)) Tj"), "{layout:?}");
            assert!(pages[0].contains("Good until"), "{layout:?}");
        }
    }

    #[test]
    fn a_roll_cuts_the_name_of_a_plan_and_never_its_price() {
        let print = Print {
            plan: "Student week 5 GB".to_owned(),
            price: "KSh\u{a0}150".to_owned(),
            ..print()
        };
        for layout in [Layout::Roll58, Layout::Roll80] {
            let pages = streams(&pdf("Vouchers", "en", layout, &print, &[code()]));
            // Three dots, and " · KSh 150" as PDF writes it.
            let end = "8520B7204B5368A0313530> Tj";
            assert!(pages[0].contains(end), "{layout:?}: {}", pages[0]);
        }
    }

    #[test]
    fn until_when_and_where_help_is_stand_on_every_paper_and_no_sentence_is_cut() {
        let hour = Terms {
            duration_secs: Some(3_600),
            online_secs: None,
            data_bytes: None,
            devices: 1,
            rate: Some(Rate {
                down_bps: 5_000_000,
                up_bps: 2_000_000,
                burst: None,
            }),
        };
        let all = Terms {
            duration_secs: Some(30 * 86_400),
            online_secs: Some(100 * 3_600),
            data_bytes: Some(100_000_000_000),
            devices: 10,
            ..hour
        };
        for layout in Layout::ALL {
            let room = layout.shape().room(layout).width;
            let small = Face::new(Font::Plain, layout.shape().small);
            for language in Language::ALL {
                for terms in [&hour, &all] {
                    let print = real(language, terms);
                    let words = layout.words(&print);
                    let must = [print.until.as_deref(), print.help.as_deref()];
                    for text in must.into_iter().flatten() {
                        assert!(words.contains(&text), "{layout:?} {language:?}: {words:?}");
                    }
                    if *terms == hour {
                        assert!(words.contains(&print.gives.as_str()), "{layout:?}");
                        let last = words.last().copied().unwrap();
                        assert!(print.how.contains(&last), "{layout:?} {words:?}");
                    }
                    let pages = streams(&pdf("Vouchers", "en", layout, &print, &[code()]));
                    for text in words.iter().filter(|text| text.is_ascii()) {
                        for line in small.wrapped(text, room) {
                            assert!(pages[0].contains(&format!("({line}) Tj")), "{line}");
                        }
                    }
                }
            }
        }
        let english = real(Language::English, &hour);
        let words = Layout::TwentyFour.words(&english);
        assert_eq!(words.len(), 4, "the sheet that most print has all of it");
    }

    #[test]
    fn a_logo_stands_once_in_the_file_and_on_every_voucher_of_a_sheet() {
        let jpeg = b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x14\x00\x28\x03\x01\x11\x00\xff\xd9";
        let logo = Logo {
            kind: PictureKind::Jpeg,
            picture: jpeg.to_vec(),
        };
        let print = Print {
            logo: Some(logo),
            ..print()
        };
        for layout in Layout::ALL {
            let file = pdf("Vouchers", "en", layout, &print, &[code(), code()]);
            let text = String::from_utf8_lossy(&file);
            let times = usize::from(!layout.is_roll());
            assert_eq!(text.matches("/Subtype /Image").count(), times, "{layout:?}");
            assert_eq!(text.matches("/XObject <<").count(), times, "{layout:?}");
        }
    }
}
