//! The story of the product as one play on real programs: what a customer, an owner and bad luck do in an afternoon.
//!
//! Each step is checked on the router or on the page. The demo tells it; the flows assert the same in depth.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

mod acts;
mod desk;
mod history;
mod paid;
mod people;
mod stage;
mod till;

pub use desk::Brought;
pub use paid::OWNER as LAPSED_OWNER;
pub use people::{PASSWORD, join};
pub use stage::{Stage, alone, stage};

use crate::measure::now;
use crate::world::phone::Page;

/// Plays the whole story, saying each step with the time it took.
///
/// # Errors
/// At the first step that is not true.
pub async fn tell(say: &mut dyn FnMut(&str)) -> Result<()> {
    let start = now();
    let mut told = Told { say, count: 0 };
    let mut stage = told
        .step("a controller on its private database, a Daraja, a router with phones, an enrolled agent", Box::pin(stage()))
        .await?;
    acts::play(&mut stage, &mut told).await?;
    told.step(
        "every program ends in order, and none reported an error",
        Box::pin(stage.end()),
    )
    .await?;
    (told.say)(&format!(
        "\nAll of it was true, in {:.1} s.",
        start.elapsed().as_secs_f64()
    ));
    Ok(())
}

/// Says the steps.
struct Told<'a> {
    say: &'a mut dyn FnMut(&str),
    count: usize,
}

impl Told<'_> {
    async fn step<T>(&mut self, what: &str, act: impl Future<Output = Result<T>>) -> Result<T> {
        let start = now();
        let done = act.await.with_context(|| what.to_owned())?;
        self.count += 1;
        (self.say)(&line(self.count, start.elapsed(), what));
        Ok(done)
    }
}

fn line(count: usize, took: Duration, what: &str) -> String {
    format!("{count:>2}. {:>6.2} s  {what}", took.as_secs_f64())
}

/// Fails with what a page says instead.
fn says(page: &Page, words: &[&str]) -> Result<()> {
    for word in words {
        ensure!(
            page.says(word),
            "the page does not say {word:?}:\n{}",
            page.text
        );
    }
    Ok(())
}
