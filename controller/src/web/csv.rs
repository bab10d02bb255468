//! Tables for spreadsheets: CSV as RFC 4180 has it, with the mark by which spreadsheets know UTF-8, and with no cell that one would run.

/// The kind of such a body.
pub const CONTENT_TYPE: &str = "text/csv; charset=utf-8";

/// Rows under way: the head first, then as many as come. What is written so far can be taken out, so that a long table need not be held.
#[derive(Debug)]
pub struct Csv {
    text: String,
}

impl Csv {
    /// Begins with the names of the columns.
    #[must_use]
    pub fn new(head: &[&str]) -> Self {
        let mut csv = Self {
            text: "\u{feff}".to_owned(),
        };
        csv.row(head);
        csv
    }

    /// Adds a row.
    pub fn row<T: AsRef<str>>(&mut self, cells: &[T]) {
        line(&mut self.text, cells.iter().map(|cell| cell.as_ref()));
    }

    /// Takes what is written so far.
    #[must_use]
    pub fn take(&mut self) -> String {
        std::mem::take(&mut self.text)
    }
}

/// Writes a line of cells behind what stands in a text.
pub fn line<'a>(text: &mut String, cells: impl IntoIterator<Item = &'a str>) {
    for (place, cell) in cells.into_iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        write_cell(text, cell);
    }
    text.push_str("\r\n");
}

/// What people typed may begin as a formula does. A spreadsheet would carry it out, and some send what stands beside it elsewhere; a
/// quote before it makes it text. A plain number stays one.
fn write_cell(text: &mut String, cell: &str) {
    let would_run = cell
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
        && cell.parse::<f64>().is_err();
    let quoted = would_run || cell.contains(['"', ',', ';', '\r', '\n', '\t']);
    if !quoted {
        text.push_str(cell);
        return;
    }
    text.push('"');
    if would_run {
        text.push('\'');
    }
    text.push_str(&cell.replace('"', "\"\""));
    text.push('"');
}

/// The header that has a browser keep a body as a file. The name has letters, digits, dots and dashes only.
#[must_use]
pub fn as_file(name: &str) -> String {
    let safe: String = name
        .chars()
        .map(|letter| match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' => letter,
            _ => '-',
        })
        .collect();
    format!("attachment; filename=\"{safe}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_what_was_written_and_never_a_formula() {
        let mut csv = Csv::new(&["name", "amount"]);
        for cell in [
            "plain",
            "a,b",
            "say \"no\"",
            "two\r\nlines",
            "=HYPERLINK(\"http://evil\")",
            "@SUM(1)",
            "+254712345678",
            "-12.50",
            "-cmd|' /C calc'!A0",
            "\t=1",
            "",
        ] {
            csv.row(&[cell, "1"]);
        }
        let text = csv.take();
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert_eq!(lines[0], "\u{feff}name,amount");
        for (line, expected) in [
            (1, "plain,1"),
            (2, "\"a,b\",1"),
            (3, "\"say \"\"no\"\"\",1"),
            (6, "\"'=HYPERLINK(\"\"http://evil\"\")\",1"),
            (7, "\"'@SUM(1)\",1"),
            // A phone number is a number to a spreadsheet as well, and runs nothing.
            (8, "+254712345678,1"),
            (9, "-12.50,1"),
            (10, "\"'-cmd|' /C calc'!A0\",1"),
            (11, "\"'\t=1\",1"),
            (12, ",1"),
        ] {
            assert_eq!(lines[line], expected);
        }
        assert_eq!(csv.take(), "", "what was taken is gone");
    }

    #[test]
    fn a_file_has_a_harmless_name() {
        assert_eq!(
            as_file("vouchers 1/2\"\r\n.csv"),
            "attachment; filename=\"vouchers-1-2---.csv\""
        );
    }
}
