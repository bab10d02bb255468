//! Running text, tables and bars that go on to the next page by themselves, for reports.

use super::{Document, Face, Font, Ink, Page, Size};

/// White on all sides of a page, in millimetres.
const MARGIN: f32 = 18.0;
/// Where the number of a page stands.
const FOOT: f32 = 9.0;
const BODY: Face = Face::new(Font::Plain, 10.0);
const HEAD: Face = Face::new(Font::Bold, 9.0);
const HEADING: Face = Face::new(Font::Bold, 13.0);
const TITLE: Face = Face::new(Font::Bold, 20.0);
/// From one line of text to the next.
const LINE: f32 = 5.0;
/// From one row of a table or a chart to the next.
const ROW: f32 = 6.0;
/// Between what belongs together and what follows.
const GAP: f32 = 6.0;

/// On which side of its column a cell stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column<'a> {
    /// What stands above it.
    pub title: &'a str,
    /// Its share of the width; all shares are put in proportion.
    pub share: f32,
    /// On which side its cells stand.
    pub align: Align,
}

/// A bar of a chart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar<'a> {
    /// What it is of.
    pub label: &'a str,
    /// How long it is; the longest of a chart fills the room.
    pub length: f32,
    /// The number that stands behind it.
    pub value: &'a str,
}

/// A document that is written from top to bottom.
pub struct Flow {
    document: Document,
    page: Page,
    y: f32,
    ink: Ink,
}

impl Flow {
    /// Begins with its title on an A4 page; `ink` is the colour of titles, lines and bars.
    #[must_use]
    pub fn new(title: &str, language: &str, ink: Ink) -> Self {
        let mut flow = Self {
            document: Document::new(title, language),
            page: Page::new(Size::A4),
            y: MARGIN,
            ink,
        };
        for line in TITLE.wrapped(title, flow.room()) {
            flow.take(9.0);
            flow.page.text(MARGIN, flow.y, TITLE.in_ink(ink), &line);
        }
        flow.y += GAP / 2.0;
        flow
    }

    /// The width there is for text.
    #[must_use]
    pub const fn room(&self) -> f32 {
        self.page.size().width - 2.0 * MARGIN
    }

    /// Goes down by so much, on to the next page if this one has no room for it; says whether it came to a new page.
    fn take(&mut self, height: f32) -> bool {
        let is_full = self.y + height > self.page.size().height - MARGIN;
        if is_full {
            self.turn();
        }
        self.y += height;
        is_full
    }

    fn turn(&mut self) {
        let mut page = std::mem::replace(&mut self.page, Page::new(Size::A4));
        number(&mut page, self.document.pages() + 1);
        self.document.add(page);
        self.y = MARGIN;
    }

    /// A heading, which does not stand alone at the foot of a page.
    pub fn heading(&mut self, text: &str) {
        if self.y + GAP + 4.0 * ROW > self.page.size().height - MARGIN {
            self.turn();
        }
        self.take(GAP + LINE);
        let text = HEADING.cut(text, self.room());
        self.page
            .text(MARGIN, self.y, HEADING.in_ink(self.ink), &text);
        self.y += 2.0;
    }

    /// A paragraph.
    pub fn paragraph(&mut self, text: &str) {
        for line in BODY.wrapped(text, self.room()) {
            self.take(LINE);
            self.page.text(MARGIN, self.y, BODY, &line);
        }
        self.y += 2.0;
    }

    /// A table; its head stands on every page that it goes on to. A cell that has no room is cut.
    pub fn table<R>(&mut self, columns: &[Column<'_>], rows: impl IntoIterator<Item = R>)
    where
        R: IntoIterator<Item: AsRef<str>>,
    {
        self.take(ROW);
        self.head(columns);
        for row in rows {
            if self.take(ROW) {
                self.head(columns);
                self.take(ROW);
            }
            self.cells(columns, BODY, row);
        }
        self.y += GAP / 2.0;
    }

    fn head(&mut self, columns: &[Column<'_>]) {
        self.cells(columns, HEAD, columns.iter().map(|column| column.title));
        let (left, right, y) = (MARGIN, MARGIN + self.room(), self.y + 1.6);
        self.page.line((left, y), (right, y), 0.4, self.ink);
    }

    fn cells<R>(&mut self, columns: &[Column<'_>], face: Face, row: R)
    where
        R: IntoIterator<Item: AsRef<str>>,
    {
        const BETWEEN: f32 = 3.0;
        let all: f32 = columns.iter().map(|column| column.share).sum();
        let mut left = MARGIN;
        for (column, text) in columns.iter().zip(row) {
            let width = self.room() * column.share / all.max(f32::EPSILON);
            let text = face.cut(text.as_ref(), width - BETWEEN);
            match column.align {
                Align::Left => self.page.text(left, self.y, face, &text),
                Align::Right => self
                    .page
                    .text_to(left + width - BETWEEN, self.y, face, &text),
            }
            left += width;
        }
        let (right, y) = (MARGIN + self.room(), self.y + 1.6);
        self.page.line((MARGIN, y), (right, y), 0.1, Ink::LIGHT);
    }

    /// Bars that lie below each other, each with what it is of before and its number behind it.
    pub fn bars(&mut self, bars: &[Bar<'_>]) {
        const LABEL: f32 = 42.0;
        const VALUE: f32 = 30.0;
        let longest = bars.iter().map(|bar| bar.length).fold(0.0, f32::max);
        let room = self.room() - LABEL - VALUE;
        for bar in bars {
            self.take(ROW);
            let label = BODY.cut(bar.label, LABEL - 3.0);
            self.page.text(MARGIN, self.y, BODY, &label);
            let share = if longest > 0.0 {
                bar.length.max(0.0) / longest
            } else {
                0.0
            };
            let size = Size {
                width: room * share,
                height: 3.6,
            };
            self.page.rect(MARGIN + LABEL, self.y - 3.2, size, self.ink);
            let value = BODY.cut(bar.value, VALUE - 2.0);
            self.page
                .text(MARGIN + LABEL + size.width + 2.0, self.y, BODY, &value);
        }
        self.y += GAP / 2.0;
    }

    /// Room of one's own: so high, with the page and the room's upper left corner to draw in.
    pub fn draw(&mut self, height: f32, draw: impl FnOnce(&mut Page, (f32, f32))) {
        self.take(height);
        draw(&mut self.page, (MARGIN, self.y - height));
    }

    /// The whole of it.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        number(&mut self.page, self.document.pages() + 1);
        self.document.add(self.page);
        self.document.finish()
    }
}

/// Writes a page's number at its foot.
fn number(page: &mut Page, number: usize) {
    let Size { width, height } = page.size();
    let face = BODY.in_ink(Ink::GREY);
    page.text_to(width - MARGIN, height - FOOT, face, &number.to_string());
}

#[cfg(test)]
mod tests {
    use super::super::tests::streams;
    use super::*;

    #[test]
    fn a_long_table_goes_on_with_its_head_on_every_page() {
        let mut flow = Flow::new("November 2026", "en", Ink(0x000A_6B41));
        flow.heading("Sales");
        flow.paragraph(&"Every shilling that came in, day by day. ".repeat(6));
        let columns = [
            Column {
                title: "Day",
                share: 2.0,
                align: Align::Left,
            },
            Column {
                title: "KSh",
                share: 1.0,
                align: Align::Right,
            },
        ];
        flow.table(
            &columns,
            (0..100).map(|n| [format!("day {n}"), (n * 50).to_string()]),
        );
        let pages = streams(&flow.finish());
        assert_eq!(pages.len(), 3);
        for (n, page) in pages.iter().enumerate() {
            assert_eq!(page.matches("(KSh)").count(), 1, "page {n}");
            assert!(page.contains(&format!("({})", n + 1)), "page {n}");
        }
        let all = pages.concat();
        for n in 0..100 {
            assert_eq!(all.matches(&format!("(day {n})")).count(), 1, "{n}");
        }
    }

    #[test]
    fn the_longest_bar_fills_the_room_and_none_is_longer() {
        let mut flow = Flow::new("Bars", "sw", Ink(0));
        let bar = |label, length, value| Bar {
            label,
            length,
            value,
        };
        flow.bars(&[
            bar("Monday", 2.0, "2"),
            bar("Tuesday", 4.0, "4"),
            bar("Wednesday", 0.0, "0"),
        ]);
        flow.bars(&[bar("None at all", 0.0, "0")]);
        flow.draw(20.0, |page, (x, y)| {
            page.line((x, y), (x + 10.0, y + 20.0), 0.2, Ink::GREY);
        });
        let page = streams(&flow.finish()).remove(0);
        let widths: Vec<f32> = page
            .lines()
            .filter_map(|line| line.strip_suffix(" re"))
            .map(|line| line.split(' ').nth(2).unwrap().parse().unwrap())
            .collect();
        assert_eq!(widths.len(), 4);
        assert!((widths[1] - 2.0 * widths[0]).abs() < 0.01, "{widths:?}");
        assert!(widths[2].abs() < 0.01 && widths[3].abs() < 0.01);
    }
}
