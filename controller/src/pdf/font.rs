//! The fonts that every reader of PDF has, their letters and how wide these are.

use pdf_writer::Ref;

use super::{Ink, POINTS};

/// A font.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Font {
    /// For running text.
    Plain,
    /// For what stands out.
    Bold,
    /// For codes: every letter as wide as the next.
    Code,
}

impl Font {
    pub(super) const ALL: [Self; 3] = [Self::Plain, Self::Bold, Self::Code];

    pub(super) const fn base(self) -> &'static str {
        match self {
            Self::Plain => "Helvetica",
            Self::Bold => "Helvetica-Bold",
            Self::Code => "Courier-Bold",
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Plain => "P",
            Self::Bold => "B",
            Self::Code => "C",
        }
    }

    pub(super) const fn number(self) -> Ref {
        Ref::new(match self {
            Self::Plain => 4,
            Self::Bold => 5,
            Self::Code => 6,
        })
    }

    /// The width of a letter in thousandths of the font's size.
    fn width(self, letter: u8) -> u16 {
        let at = usize::from(letter.saturating_sub(32));
        match self {
            Self::Plain => PLAIN[at],
            Self::Bold => BOLD[at],
            Self::Code => 600,
        }
    }
}

/// A font in a size and a colour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Face {
    /// Which.
    pub font: Font,
    /// How large, in points.
    pub points: f32,
    /// Its colour.
    pub ink: Ink,
}

impl Face {
    /// A black one.
    #[must_use]
    pub const fn new(font: Font, points: f32) -> Self {
        Self {
            font,
            points,
            ink: Ink::BLACK,
        }
    }

    /// The same in another colour.
    #[must_use]
    pub const fn in_ink(self, ink: Ink) -> Self {
        Self { ink, ..self }
    }

    /// How wide a text is, in millimetres.
    #[must_use]
    pub fn width(self, text: &str) -> f32 {
        let letters = encoded(text);
        let sum: u32 = letters
            .iter()
            .map(|letter| u32::from(self.font.width(*letter)))
            .sum();
        // No text of a page comes near what a float holds exactly.
        let sum = u16::try_from(sum).map_or(f32::MAX, f32::from);
        sum / 1000.0 * self.points / POINTS
    }

    /// The size at which a text is as wide as there is room, and no larger than this one.
    #[must_use]
    pub fn to_fit(self, text: &str, room: f32) -> Self {
        let width = self.width(text);
        let points = if width > room {
            self.points * room / width
        } else {
            self.points
        };
        Self { points, ..self }
    }

    /// As much of a text as there is room for, with three dots where it was cut.
    #[must_use]
    pub fn cut(self, text: &str, room: f32) -> String {
        if self.width(text) <= room {
            return text.to_owned();
        }
        let mut short = text.to_owned();
        while short.pop().is_some() {
            let cut = format!("{}…", short.trim_end());
            if self.width(&cut) <= room {
                return cut;
            }
        }
        String::new()
    }

    /// A text in lines that have room. A word that is too long for any line is cut.
    #[must_use]
    pub fn wrapped(self, text: &str, room: f32) -> Vec<String> {
        let mut lines = Vec::new();
        for paragraph in text.lines() {
            let mut line = String::new();
            for word in paragraph.split(' ').filter(|word| !word.is_empty()) {
                let longer = if line.is_empty() {
                    word.to_owned()
                } else {
                    format!("{line} {word}")
                };
                if line.is_empty() || self.width(&longer) <= room {
                    line = longer;
                } else {
                    lines.push(self.cut(&line, room));
                    word.clone_into(&mut line);
                }
            }
            lines.push(self.cut(&line, room));
        }
        lines
    }
}

/// A text in the letters that the fonts have, which are those of Windows-1252.
pub(super) fn encoded(text: &str) -> Vec<u8> {
    text.chars().map(letter).collect()
}

fn letter(letter: char) -> u8 {
    match letter {
        ' '..='~' | '\u{a0}'..='\u{ff}' => u8::try_from(u32::from(letter)).unwrap_or(b'?'),
        // A minus is not among them; a dash looks like one.
        '–' | '−' => 0x96,
        '€' => 0x80,
        '‚' => 0x82,
        '„' => 0x84,
        '…' => 0x85,
        'Š' => 0x8A,
        '‹' => 0x8B,
        'Œ' => 0x8C,
        'Ž' => 0x8E,
        '‘' => 0x91,
        '’' | 'ʼ' => 0x92,
        '“' => 0x93,
        '”' => 0x94,
        '•' => 0x95,
        '—' => 0x97,
        '™' => 0x99,
        'š' => 0x9A,
        '›' => 0x9B,
        'œ' => 0x9C,
        'ž' => 0x9E,
        'Ÿ' => 0x9F,
        '\t' | '\n' | '\r' | '\u{2009}' | '\u{202f}' => b' ',
        '\u{2011}' => b'-',
        // Kikuyu and Kamba are written with these.
        'Ĩ' | 'Ī' => b'I',
        'ĩ' | 'ī' => b'i',
        'Ũ' | 'Ū' => b'U',
        'ũ' | 'ū' => b'u',
        _ => b'?',
    }
}

/// Widths of the letters from 32 on, as Adobe's font metrics have them.
#[rustfmt::skip]
const PLAIN: [u16; 224] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278,
    584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944,
    667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500,
    278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584, 350, 556, 350, 222, 556, 333, 1000, 556, 556, 333, 1000, 667, 333, 1000, 350, 611, 350,
    350, 222, 222, 333, 333, 350, 556, 1000, 333, 1000, 500, 333, 944, 350, 500, 667, 278, 333, 556, 556, 556, 556, 260, 556, 333, 737, 370, 556,
    584, 333, 737, 333, 400, 584, 333, 333, 333, 556, 537, 278, 333, 333, 365, 556, 834, 834, 834, 611, 667, 667, 667, 667, 667, 667, 1000, 722,
    667, 667, 667, 667, 278, 278, 278, 278, 722, 722, 778, 778, 778, 778, 778, 584, 778, 722, 722, 722, 722, 667, 667, 611, 556, 556, 556, 556,
    556, 556, 889, 500, 556, 556, 556, 556, 278, 278, 278, 278, 556, 556, 556, 556, 556, 556, 556, 584, 611, 556, 556, 556, 556, 500, 556, 500,
];

/// The same of the bold font.
#[rustfmt::skip]
const BOLD: [u16; 224] = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 333, 333,
    584, 584, 584, 611, 975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944,
    667, 667, 611, 333, 278, 333, 584, 556, 333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611, 611, 611, 389, 556,
    333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584, 350, 556, 350, 278, 556, 500, 1000, 556, 556, 333, 1000, 667, 333, 1000, 350, 611, 350,
    350, 278, 278, 500, 500, 350, 556, 1000, 333, 1000, 556, 333, 944, 350, 500, 667, 278, 333, 556, 556, 556, 556, 280, 556, 333, 737, 370, 556,
    584, 333, 737, 333, 400, 584, 333, 333, 333, 611, 556, 278, 333, 333, 365, 556, 834, 834, 834, 611, 722, 722, 722, 722, 722, 722, 1000, 722,
    667, 667, 667, 667, 278, 278, 278, 278, 722, 722, 778, 778, 778, 778, 778, 584, 778, 722, 722, 722, 722, 667, 667, 611, 556, 556, 556, 556,
    556, 556, 889, 556, 556, 556, 556, 556, 278, 278, 278, 278, 611, 611, 611, 611, 611, 611, 611, 584, 611, 611, 611, 611, 611, 556, 611, 556,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_as_wide_as_its_letters() {
        let face = Face::new(Font::Plain, 10.0);
        // 722 + 556 thousandths of ten points.
        assert!((face.width("Ha") - 12.78 / POINTS).abs() < 0.001);
        assert!((Face::new(Font::Code, 10.0).width("0000") - 24.0 / POINTS).abs() < 0.001);
        assert!(Face::new(Font::Bold, 10.0).width("Mnara") > face.width("Mnara"));
        let fitted = face.to_fit("Kilimani Wi-Fi", 10.0);
        assert!((fitted.width("Kilimani Wi-Fi") - 10.0).abs() < 0.01);
        assert_eq!(face.to_fit("Ha", 10.0), face);
    }

    #[test]
    fn what_has_no_room_is_cut_or_goes_on_below() {
        let face = Face::new(Font::Plain, 10.0);
        assert_eq!(face.cut("Ha", 10.0), "Ha");
        let cut = face.cut("Kilimani Wi-Fi and friends", 20.0);
        assert!(cut.ends_with('…') && face.width(&cut) <= 20.0, "{cut}");
        assert_eq!(face.cut("Kilimani", 0.5), "");
        let lines = face.wrapped("one two three four\nfive", 14.0);
        assert_eq!(lines.concat().replace(' ', ""), "onetwothreefourfive");
        assert!(lines.len() >= 3 && lines.iter().all(|line| face.width(line) <= 14.0));
        assert_eq!(lines.last().map(String::as_str), Some("five"));
    }

    #[test]
    fn letters_are_those_the_fonts_have() {
        assert_eq!(encoded("Aé•−…\u{a0}"), [65, 0xE9, 0x95, 0x96, 0x85, 0xA0]);
        assert_eq!(encoded("日\u{7}Ł"), b"???");
        assert_eq!(encoded("Ngũgĩ ĨŨ ĪŪ īū"), b"Ngugi IU IU iu");
        assert_eq!(encoded("Wi\u{2011}Fi\u{2009}5\u{202f}GB"), b"Wi-Fi 5 GB");
        assert_eq!(encoded("Ngʼombe"), b"Ng\x92ombe");
    }
}
