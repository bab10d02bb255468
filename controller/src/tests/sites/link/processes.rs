//! Two processes over one database, and links of one key in both.

use tokio::task::JoinHandle;

use super::*;

struct Two {
    world: World,
    apps: [App; 2],
    hubs: [Hub; 2],
    _closing: Closing,
}

/// A device and the link it holds.
type Linked = (Site, JoinHandle<()>);

impl Two {
    async fn open(pool: PgPoolOptions, options: PgConnectOptions) -> Self {
        let key = Vault::new_key();
        let world = World::open_with_key(pool.clone(), options.clone(), &key).await;
        let base = world.app.config.daraja.base.as_str();
        let other = app_with_keys(pool, options, base, &key).await;
        Self {
            hubs: [hub_of(&world.app).await, hub_of(&other).await],
            _closing: Closing(other.db.clone()),
            apps: [world.app.clone(), other],
            world,
        }
    }

    /// A device that was never linked before dials one of the two.
    async fn dialled(&self, n: usize) -> Linked {
        let mut device = site(&self.world).await;
        device.world = self.apps[n % 2].clone();
        let link = device.dial(&self.hubs[n % 2]);
        device.ready().await;
        (device, link)
    }

    /// Another device dials; the one before, which says nothing, is told with no clock moved.
    async fn taken_over(&self, older: Linked, n: usize) -> Linked {
        let newer = self.dialled(n).await;
        let (mut device, link) = older;
        device
            .until(|event| matches!(event, Event::Superseded))
            .await;
        drop(device);
        tokio::time::timeout(PATIENCE, link).await.unwrap().unwrap();
        newer
    }

    async fn flagged(&self) -> i64 {
        self.world
            .count("agents where duplicate_seen_at is not null")
            .await
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_copy_at_another_process_takes_over_at_once_and_the_third_time_is_flagged(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let two = Two::open(pool, options).await;
    let mut linked = two.dialled(0).await;
    for n in 1..=3 {
        linked = two.taken_over(linked, n).await;
        assert_eq!(two.flagged().await, i64::from(n >= 3), "{n}");
    }
    let told = "site_events where kind = 'duplicate-identity'";
    assert_eq!(two.world.count(told).await, 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn take_overs_of_ten_minutes_ago_count_no_more(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let two = Two::open(pool, options).await;
    let mut linked = two.dialled(0).await;
    for n in 1..=5 {
        linked = two.taken_over(linked, n).await;
        assert_eq!(two.flagged().await, i64::from(n >= 5), "{n}");
        if n == 2 {
            change(
                &two.world,
                "update agents set take_overs = array(select moment - interval '10 minutes' from unnest(take_overs) as past (moment))",
            )
            .await;
        }
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_device_that_goes_to_and_fro_between_processes_takes_over_from_nobody(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let two = Two::open(pool, options).await;
    let mut device = site(&two.world).await;
    let mut dead = Vec::new();
    for n in 0..8 {
        device.world = two.apps[n % 2].clone();
        let link = device.dial(&two.hubs[n % 2]);
        device.ready().await;
        // The controller's end of the line goes on standing.
        dead.push((link, device.wire.take()));
        device.session.link_down(two.world.app.clock.monotonic(), 0);
    }
    // Whatever wakes the older ones, they find out by whom they were replaced.
    for app in &two.apps {
        app.bus.hint(bus::Hint::Agent(two.world.shop.agent));
    }
    let newest = dead.pop();
    for (link, wire) in dead {
        tokio::time::timeout(PATIENCE, link).await.unwrap().unwrap();
        drop(wire);
    }
    drop(newest);
    let untouched =
        "agents where link_epoch = 8 and duplicate_seen_at is null and take_overs = '{}'";
    assert_eq!(two.world.count(untouched).await, 1);
}
