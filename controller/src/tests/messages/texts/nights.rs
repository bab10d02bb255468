//! What is written at night and leaves in the morning.

use super::*;
use crate::providers::sms::Quiet;

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_waits_for_the_morning_is_counted_on_that_day(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (tower, world) = Tower::world(pool, options).await;
    let one_a_day = Settings {
        codes: Codes::Never,
        receipts: true,
        quiet: Some(Quiet {
            from: 21 * 60,
            until: 7 * 60,
        }),
        most_a_day: 1,
        most_a_phone: 1,
        ..always()
    };
    want(&world, one_a_day).await;
    // The clock stands at 11:00 in Nairobi: the day has its one receipt, and at 22:00 there are two more.
    pay(&world, 1).await;
    assert_eq!(tower.empty().len(), 1);
    world.pass(11 * 3_600).await;
    pay(&world, 2).await;
    pay(&world, 3).await;
    assert_eq!(tower.empty().len(), 0);
    assert_eq!(states(&world).await, ["sent", "waiting", "waiting"]);
    world.pass(9 * 3_600 - 1).await;
    assert_eq!(tower.empty().len(), 0);
    // In the morning a new day has room for one of them.
    world.pass(1).await;
    assert_eq!(tower.empty().len(), 1);
    let mut after = states(&world).await;
    after.sort();
    assert_eq!(after, ["dropped:cap-day", "sent", "sent"]);
}
