//! The table a bench ends with: what, floor or peer, ours, their ratio, and the goal, met or not.

use std::fmt;

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// The ratio or number should be at most this.
    AtMost,
    /// It should be at least this.
    AtLeast,
}

/// One line.
#[derive(Clone, Debug)]
pub struct Line {
    /// What was measured.
    pub what: String,
    /// The floor or the peer, from the same run.
    pub floor: Option<(String, f64)>,
    /// Ours, in the same unit.
    pub ours: f64,
    /// The unit.
    pub unit: &'static str,
    /// What the ratio (or ours, where there is no floor) should be.
    pub goal: Option<(Goal, f64)>,
}

impl Line {
    /// What the goal is compared with.
    #[must_use]
    pub fn judged(&self) -> f64 {
        self.floor
            .as_ref()
            .map_or(self.ours, |(_, floor)| self.ours / floor)
    }

    /// Whether the goal was met; none without a goal.
    #[must_use]
    pub fn met(&self) -> Option<bool> {
        let (goal, value) = self.goal?;
        Some(match goal {
            Goal::AtMost => self.judged() <= value,
            Goal::AtLeast => self.judged() >= value,
        })
    }
}

/// Lines of one bench.
#[derive(Clone, Debug, Default)]
pub struct Table(Vec<Line>);

impl Table {
    /// Adds a line.
    pub fn add(&mut self, line: Line) {
        self.0.push(line);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "{:<58} {:>22} {:>16} {:>8}  goal",
            "what", "floor", "ours", "ratio"
        )?;
        for line in &self.0 {
            let floor = line.floor.as_ref().map_or_else(
                || "-".to_owned(),
                |(name, value)| format!("{} ({name})", number(*value)),
            );
            let ratio = line
                .floor
                .as_ref()
                .map_or_else(|| "-".to_owned(), |_| format!("{:.2}", line.judged()));
            let goal = match (line.goal, line.met()) {
                (Some((Goal::AtMost, value)), Some(met)) => {
                    format!("<= {} {}", number(value), verdict(met))
                }
                (Some((Goal::AtLeast, value)), Some(met)) => {
                    format!(">= {} {}", number(value), verdict(met))
                }
                _ => String::new(),
            };
            writeln!(
                out,
                "{:<58} {floor:>22} {:>16} {ratio:>8}  {goal}",
                line.what,
                format!("{} {}", number(line.ours), line.unit),
            )?;
        }
        Ok(())
    }
}

fn number(value: f64) -> String {
    if value.abs() >= 1000.0 {
        format!("{value:.0}")
    } else if value.abs() >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

const fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}

#[cfg(test)]
mod tests {
    use super::{Goal, Line, Table};

    #[test]
    fn a_goal_is_judged_by_the_ratio_where_there_is_a_floor() {
        let line = Line {
            what: "intake".to_owned(),
            floor: Some(("pgbench".to_owned(), 10_000.0)),
            ours: 9_000.0,
            unit: "/s",
            goal: Some((Goal::AtLeast, 1.0)),
        };
        assert_eq!(line.met(), Some(false));
        let mut table = Table::default();
        table.add(line.clone());
        table.add(Line {
            floor: None,
            goal: Some((Goal::AtMost, 10_000.0)),
            ..line
        });
        let text = table.to_string();
        assert!(text.contains("0.90  >= 1.00 MISSED"), "{text}");
        assert!(text.contains("<= 10000 met"), "{text}");
    }
}
