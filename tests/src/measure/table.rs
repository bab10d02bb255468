//! The table a bench ends with: what, floor or peer of the same run, ours, their ratio, and the goal, met or not. It measures
//! nothing.

use std::fmt;

use anyhow::{Result, ensure};

use super::Effort;

/// What is wanted, and how it is judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// Ours is at most so many times the floor.
    TimesFloor(f64),
    /// Ours is at least so many times the peer.
    TimesPeer(f64),
    /// Ours is at most this.
    AtMost(f64),
    /// Ours is at least this.
    AtLeast(f64),
}

/// One line.
#[derive(Clone, Debug)]
pub struct Line {
    /// What was measured.
    pub what: String,
    /// The floor or the peer from the same run, in the same unit, and its name.
    pub floor: Option<(String, f64)>,
    /// Ours.
    pub ours: f64,
    /// The unit.
    pub unit: &'static str,
    /// What is wanted.
    pub goal: Option<Goal>,
}

impl Line {
    /// Ours as a multiple of the floor.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        self.floor.as_ref().map(|(_, floor)| self.ours / floor)
    }

    /// Whether the goal was met; none without a goal, or without the floor that it names.
    #[must_use]
    pub fn met(&self) -> Option<bool> {
        Some(match self.goal? {
            Goal::TimesFloor(most) => self.ratio()? <= most,
            Goal::TimesPeer(least) => self.ratio()? >= least,
            Goal::AtMost(most) => self.ours <= most,
            Goal::AtLeast(least) => self.ours >= least,
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

    /// Says whether all goals were met. Of few samples nothing is said.
    ///
    /// # Errors
    /// When one was missed, with the lines that missed theirs.
    pub fn judge(&self, effort: Effort) -> Result<()> {
        let missed: Vec<&str> = self
            .0
            .iter()
            .filter(|line| line.met() == Some(false))
            .map(|line| line.what.as_str())
            .collect();
        ensure!(
            missed.is_empty() || effort == Effort::Quick,
            "goals were missed: {}",
            missed.join("; ")
        );
        Ok(())
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "{:<56} {:>26} {:>14} {:>7}  goal",
            "what", "floor", "ours", "ratio"
        )?;
        for line in &self.0 {
            let floor = line.floor.as_ref().map_or_else(
                || "-".to_owned(),
                |(name, value)| format!("{} ({name})", number(*value)),
            );
            let ratio = line
                .ratio()
                .map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}x"));
            let goal = line.goal.map_or_else(String::new, |goal| {
                let wanted = match goal {
                    Goal::TimesFloor(most) => format!("<= {most:.2}x"),
                    Goal::TimesPeer(least) => format!(">= {least:.2}x"),
                    Goal::AtMost(most) => format!("<= {} {}", number(most), line.unit),
                    Goal::AtLeast(least) => format!(">= {} {}", number(least), line.unit),
                };
                let verdict = match line.met() {
                    Some(true) => "met",
                    Some(false) => "MISSED",
                    None => "not judged",
                };
                format!("{wanted} {verdict}")
            });
            writeln!(
                out,
                "{:<56} {floor:>26} {:>14} {ratio:>7}  {goal}",
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

#[cfg(test)]
mod tests {
    use super::{Effort, Goal, Line, Table};

    fn line(goal: Goal) -> Line {
        Line {
            what: "intake".to_owned(),
            floor: Some(("pgbench".to_owned(), 10_000.0)),
            ours: 9_000.0,
            unit: "/s",
            goal: Some(goal),
        }
    }

    #[test]
    fn each_goal_is_judged_by_what_it_names() {
        assert_eq!(line(Goal::TimesPeer(1.0)).met(), Some(false));
        assert_eq!(line(Goal::TimesPeer(0.9)).met(), Some(true));
        assert_eq!(line(Goal::TimesFloor(0.8)).met(), Some(false));
        assert_eq!(line(Goal::TimesFloor(1.3)).met(), Some(true));
        assert_eq!(line(Goal::AtMost(10_000.0)).met(), Some(true));
        assert_eq!(line(Goal::AtLeast(10_000.0)).met(), Some(false));
        let floorless = Line {
            floor: None,
            ..line(Goal::TimesPeer(1.0))
        };
        assert_eq!(floorless.met(), None);
    }

    #[test]
    fn the_table_says_what_was_wanted_and_whether_it_was_met() {
        let mut table = Table::default();
        table.add(line(Goal::TimesPeer(1.0)));
        table.add(line(Goal::AtMost(10_000.0)));
        let text = table.to_string();
        assert!(text.contains("0.90x  >= 1.00x MISSED"), "{text}");
        assert!(text.contains("<= 10000 /s met"), "{text}");
    }

    #[test]
    fn a_missed_goal_is_an_error_that_names_its_line() {
        let mut table = Table::default();
        table.add(line(Goal::AtMost(10_000.0)));
        table.add(Line {
            floor: None,
            ..line(Goal::TimesPeer(1.0))
        });
        table.judge(Effort::Full).unwrap();
        for what in ["callbacks kept", "answers"] {
            table.add(Line {
                what: what.to_owned(),
                ..line(Goal::TimesPeer(1.0))
            });
        }
        let error = table.judge(Effort::Full).unwrap_err();
        assert_eq!(
            error.to_string(),
            "goals were missed: callbacks kept; answers"
        );
        table.judge(Effort::Quick).unwrap();
    }
}
