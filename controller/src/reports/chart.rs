//! Charts as SVG that needs no script: places are shares of the width, so that bars fill any screen and letters keep their size.
//! What the numbers mean is the page's.

use askama::Template;

/// How high the drawing of standing bars is, without the names below.
const HEIGHT: u64 = 150;
/// Above that, for the number at the topmost line.
const TOP: u64 = 20;
/// Names under many bars: more would touch each other on a phone.
const NAMES: usize = 4;
/// So few bars have a name each, if the names are short, and else every other.
const FEW: usize = 7;
/// Letters of a short name.
const SHORT: usize = 4;
/// How high one lying bar is with its name above.
const ROW: u64 = 46;
/// Letters of a name beside a number on a phone.
const LETTERS: usize = 24;

/// One thing to draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// Under or above its bar.
    pub name: String,
    /// How much.
    pub value: u64,
    /// How much it was in the period before; nothing is drawn for none.
    pub before: Option<u64>,
    /// What is read when one points at it.
    pub tip: String,
}

/// A rectangle; across in hundredths of the width's hundredths, down in pixels.
struct Bar {
    x: String,
    width: String,
    y: u64,
    height: u64,
}

struct Column {
    now: Bar,
    before: Option<Bar>,
    tip: String,
}

struct Line {
    y: u64,
    text_y: u64,
    text: String,
}

struct Name {
    x: String,
    anchor: &'static str,
    text: String,
}

/// Bars that stand side by side, for what follows in time.
#[derive(Template)]
#[template(path = "reports/chart_columns.html")]
pub struct Columns {
    id: &'static str,
    title: String,
    about: String,
    height: u64,
    names_y: u64,
    lines: Vec<Line>,
    columns: Vec<Column>,
    names: Vec<Name>,
}

/// Bars that lie under each other, each with its name: for plans and sites.
#[derive(Template)]
#[template(path = "reports/chart_rows.html")]
pub struct Rows {
    id: &'static str,
    title: String,
    about: String,
    height: u64,
    rows: Vec<Row>,
}

struct Row {
    text_y: u64,
    name: String,
    value: String,
    tip: String,
    now: Bar,
    before: Option<Bar>,
}

/// A share of the width as SVG has it: hundredths with two places, from parts of a million.
fn percent(millionths: u64) -> String {
    format!("{}.{:02}%", millionths / 10_000, millionths % 10_000 / 100)
}

/// A share of a whole in some number of steps, without running over.
fn share(part: u64, whole: u64, steps: u64) -> u64 {
    if whole == 0 {
        return 0;
    }
    let share = u128::from(part) * u128::from(steps) / u128::from(whole);
    u64::try_from(share).unwrap_or(steps).min(steps)
}

/// The end of an axis that holds a number: a digit times a power of ten of the unit, so that its half reads well too.
fn nice(most: u64, unit: u64) -> u64 {
    let mut power = unit;
    loop {
        for step in [1, 2, 3, 4, 5, 6, 8] {
            // The half of three is not one.
            if power == unit && step % 2 == 1 && step > 1 {
                continue;
            }
            if power.saturating_mul(step) >= most {
                // The half of one voucher is none.
                return power.saturating_mul(step).max(unit.saturating_mul(2));
            }
        }
        let Some(next) = power.checked_mul(10) else {
            return u64::MAX;
        };
        power = next;
    }
}

impl Columns {
    /// Draws them; `axis` writes a number at a line of the axis, whose unit is that many of the smallest.
    pub fn draw(
        id: &'static str,
        (title, about): (String, String),
        points: &[Point],
        unit: u64,
        axis: impl Fn(u64) -> String,
    ) -> Self {
        let most = points
            .iter()
            .map(|point| point.value.max(point.before.unwrap_or(0)))
            .max();
        let end = nice(most.unwrap_or(0), unit);
        let count = u64::try_from(points.len().max(1)).unwrap_or(1);
        let slot = 1_000_000 / count;
        let bar = |value: u64, x: u64, width: u64| {
            let height = share(value, end, HEIGHT).max(u64::from(value > 0));
            Bar {
                x: percent(x),
                width: percent(width),
                y: TOP + HEIGHT - height,
                height,
            }
        };
        let columns = points.iter().zip(0_u64..).map(|(point, place)| {
            let x = place * slot;
            let (now_x, now_width) = match point.before {
                Some(_) => (x + slot * 40 / 100, slot * 50 / 100),
                None => (x + slot * 15 / 100, slot * 70 / 100),
            };
            Column {
                now: bar(point.value, now_x, now_width),
                before: point
                    .before
                    .map(|before| bar(before, x + slot * 10 / 100, slot * 30 / 100)),
                tip: point.tip.clone(),
            }
        });
        let step = match points.len() {
            ..=FEW
                if points
                    .iter()
                    .all(|point| point.name.chars().count() <= SHORT) =>
            {
                1
            }
            ..=FEW => 2,
            // A day's hours read best by its quarters.
            24 => 6,
            many => many.div_ceil(NAMES),
        };
        let names = points.iter().enumerate().step_by(step).map(|(at, point)| {
            let middle = u64::try_from(at).unwrap_or(0) * slot + slot / 2;
            // The first has room below the numbers of the axis, the last none beside the drawing.
            let (anchor, x) = match middle {
                930_001.. => ("end", 1_000_000),
                _ => ("middle", middle),
            };
            Name {
                x: percent(x),
                anchor,
                text: point.name.clone(),
            }
        });
        Self {
            id,
            title,
            about,
            height: TOP + HEIGHT + 24,
            names_y: TOP + HEIGHT + 18,
            lines: [end, end / 2]
                .into_iter()
                .map(|value| {
                    let y = TOP + HEIGHT - share(value, end, HEIGHT);
                    Line {
                        y,
                        text_y: y + 4,
                        text: axis(value),
                    }
                })
                .collect(),
            columns: columns.collect(),
            names: names.collect(),
        }
    }

    fn floor(&self) -> u64 {
        self.height - 24
    }
}

impl Rows {
    /// Draws them; `say` writes a number beside its name.
    pub fn draw(
        id: &'static str,
        (title, about): (String, String),
        points: &[Point],
        say: impl Fn(u64) -> String,
    ) -> Self {
        let most = points
            .iter()
            .map(|point| point.value.max(point.before.unwrap_or(0)))
            .max()
            .unwrap_or(0);
        let bar = |value: u64, y: u64, height: u64| Bar {
            x: percent(0),
            width: percent(share(value, most, 1_000_000).max(if value > 0 { 5_000 } else { 0 })),
            y,
            height,
        };
        let rows = points.iter().zip(0_u64..).map(|(point, place)| {
            let y = place * ROW;
            Row {
                text_y: y + 15,
                name: cut(&point.name),
                value: say(point.value),
                tip: point.tip.clone(),
                now: bar(point.value, y + 21, 12),
                before: point.before.map(|before| bar(before, y + 34, 4)),
            }
        });
        Self {
            id,
            title,
            about,
            height: ROW * u64::try_from(points.len()).unwrap_or(0),
            rows: rows.collect(),
        }
    }
}

/// A name as far as there is room for it; whole it stands in the table.
fn cut(name: &str) -> String {
    if name.chars().count() <= LETTERS {
        return name.to_owned();
    }
    let start: String = name.chars().take(LETTERS - 1).collect();
    format!("{}…", start.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(name: &str, value: u64, before: Option<u64>) -> Point {
        Point {
            name: name.to_owned(),
            value,
            before,
            tip: format!("{name}: {value}"),
        }
    }

    #[test]
    fn an_axis_ends_at_a_number_that_reads_well() {
        for (most, unit, end) in [
            (0, 1, 2),
            (1, 1, 2),
            (3, 1, 4),
            (5, 1, 6),
            (250, 100, 400),
            (7, 1, 8),
            (11, 1, 20),
            (41, 1, 50),
            (123_400, 100, 200_000),
        ] {
            assert_eq!(nice(most, unit), end, "{most}");
        }
        assert_eq!(nice(u64::MAX, 1), u64::MAX);
    }

    #[test]
    fn bars_stay_inside_and_are_as_high_as_their_numbers() {
        let points: Vec<_> = (0..62).map(|n| point("26 Nov", n * 10, Some(n))).collect();
        let drawn = Columns::draw("days", ("T".into(), "A".into()), &points, 1, |n| {
            n.to_string()
        });
        assert!(drawn.names.len() <= NAMES);
        for column in &drawn.columns {
            assert!(column.now.y >= TOP && column.now.y + column.now.height == TOP + HEIGHT);
        }
        assert_eq!(drawn.columns[0].now.height, 0);
        assert_eq!(
            drawn.columns[61].now.height,
            share(610, nice(610, 1), HEIGHT)
        );
        let nothing = Columns::draw("days", ("T".into(), "A".into()), &[], 1, |n| n.to_string());
        assert!(nothing.columns.is_empty());
    }

    #[test]
    fn names_of_a_week_do_not_touch() {
        let named = |name: &str| {
            let points: Vec<_> = (0..7).map(|n| point(name, n, None)).collect();
            let about = ("T".into(), "A".into());
            let drawn = Columns::draw("days", about, &points, 1, |n| n.to_string());
            drawn.names.len()
        };
        assert_eq!((named("Fri"), named("20 Nov")), (7, 4));
    }

    #[test]
    fn names_under_many_bars_do_not_touch_on_a_phone() {
        // What a page of 360 pixels leaves for the bars, and what the longest date takes.
        let (room, letters) = (224.0, 43.0);
        for count in 8..=92 {
            let points: Vec<_> = (0..count).map(|n| point("26 Nov", n, None)).collect();
            let about = ("T".into(), "A".into());
            let drawn = Columns::draw("days", about, &points, 1, |n| n.to_string());
            let mut ends = f64::MIN;
            for name in &drawn.names {
                let x = name.x.trim_end_matches('%').parse::<f64>().unwrap() * room / 100.0;
                let from = x - if name.anchor == "end" {
                    letters
                } else {
                    letters / 2.0
                };
                assert!(from > ends, "{count} bars: {} at {x} px", name.text);
                ends = from + letters;
            }
            assert!(drawn.names.len() > 1, "{count} bars");
        }
    }

    #[test]
    fn no_number_of_the_axis_lies_on_a_bar() {
        let points = [point("1 Nov", 10, None), point("2 Nov", 5, None)];
        let drawn = Columns::draw("days", ("T".into(), "A".into()), &points, 1, |n| {
            n.to_string()
        });
        let drawn = drawn.render().unwrap();
        let axis: Vec<&str> = drawn.matches("class=\"axis\" x=\"-8\"").collect();
        assert_eq!(axis.len(), 2, "{drawn}");
        assert!(!drawn.contains("x=\"-8\" width"), "{drawn}");
    }

    #[test]
    fn a_name_is_text_in_a_drawing_too() {
        let evil = "</title><script>alert(1)</script>";
        let rows = Rows::draw(
            "plans",
            (evil.into(), evil.into()),
            &[point(evil, 3, Some(0))],
            |n| n.to_string(),
        );
        let columns = Columns::draw(
            "days",
            (evil.into(), evil.into()),
            &[point(evil, 3, None)],
            1,
            |n| n.to_string(),
        );
        for drawn in [rows.render().unwrap(), columns.render().unwrap()] {
            assert!(!drawn.contains("<script"), "{drawn}");
            assert!(drawn.contains("role=\"img\"") && drawn.contains("<desc"));
        }
    }
}
