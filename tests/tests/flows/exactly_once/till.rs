//! Where the drill's customers buy and M-PESA calls back: an address that is there, or not.

use std::mem;
use std::sync::Mutex;
use std::time::Duration;

use ed25519_dalek::SigningKey;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::token::{DeviceToken, LONGEST_SECS};
use mnara_tests::sim::daraja::{Body, Callback, Daraja, Payment};
use mnara_tests::world::World;
use mnara_tests::world::clock::Push;
use mnara_tests::world::controller::Controller;
use mnara_tests::world::http::Caller;
use serde_json::json;
use tokio::sync::watch;

/// How long a fall waits for somebody to be served since the last: a machine on which that takes longer than a beat would get nowhere.
const SERVED: Duration = Duration::from_secs(8);
/// More numbers than there are customers, so that one who comes back has a phone of nobody's.
const CUSTOMERS: usize = 100_000;

/// What customers of the site buy by.
pub(super) struct Till {
    caller: Caller,
    url: String,
    plan: String,
    site: String,
    key: SigningKey,
    /// The controller's time when it was last looked at.
    now: Mutex<Timestamp>,
    door: watch::Sender<Door>,
}

/// Whether anybody is there.
#[derive(Debug, Default)]
struct Door {
    /// How often the controller came back.
    opened: u32,
    is_open: bool,
    /// Whether anybody was served since, or nobody comes any more.
    has_served: bool,
}

impl Till {
    pub(super) async fn of(world: &World) -> Self {
        let text = std::fs::read_to_string(world.site.agent.state().join("agent.key")).unwrap();
        let mut key = [0; 32];
        hex::decode_to_slice(text.trim(), &mut key).unwrap();
        let path = format!("/api/captive/{}/initiate-mpesa", world.business.provider);
        let till = Self {
            caller: world.caller.clone(),
            url: world.controller.url(&path),
            plan: world.business.plan("One hour").id.clone(),
            site: world.site.id.clone(),
            key: SigningKey::from_bytes(&key),
            now: Mutex::new(Timestamp::from_millis(0)),
            door: watch::Sender::default(),
        };
        till.reopens(&world.controller).await;
        till
    }

    /// Tells who waits that the controller is back.
    pub(super) async fn reopens(&self, controller: &Controller) {
        let reading = controller.push(Push::Read).await.unwrap();
        *self.now.lock().unwrap() = Timestamp::from_millis(reading.wall);
        self.door.send_modify(|door| {
            *door = Door {
                opened: door.opened + 1,
                is_open: true,
                has_served: false,
            };
        });
    }

    /// The controller is about to fall.
    pub(super) fn closes(&self) {
        self.door.send_modify(|door| door.is_open = false);
    }

    /// Somebody was served, or nobody comes any more.
    pub(super) fn served(&self) {
        self.door
            .send_if_modified(|door| !mem::replace(&mut door.has_served, true));
    }

    /// Waits until somebody was served since the controller came back.
    pub(super) async fn serves(&self) {
        let mut door = self.door.subscribe();
        let served = door.wait_for(|door| door.has_served);
        // Whoever is not served by then may be waiting for the fall, as one who was told that there are too many.
        let _ = tokio::time::timeout(SERVED, served).await;
    }

    /// M-PESA calls back while somebody is there to hear it. It does so once: what was on its way at the fall is lost.
    pub(super) async fn hears(&self, daraja: &Daraja, payment: &Payment) {
        let mut door = self.door.subscribe();
        door.wait_for(|door| door.is_open).await.unwrap();
        daraja
            .resend(payment, &Callback::default(), &Body::default())
            .await;
        self.served();
    }

    /// A customer presses until somebody answers: the same order each time, so it is one payment. Who is refused comes back with another
    /// order and phone.
    pub(super) async fn sell(&self, number: usize) {
        let mut door = self.door.subscribe();
        for turn in 0_u32..10 {
            let attempt = format!("00000000-0000-7000-8{turn:03x}-{number:012x}");
            let phone = format!(
                "07{:08}",
                number + CUSTOMERS * usize::try_from(turn).unwrap()
            );
            let token = DeviceToken {
                site: self.site.parse().unwrap(),
                mac: format!(
                    "02:{:02x}:00:{:02x}:{:02x}:{:02x}",
                    turn,
                    number >> 16,
                    number >> 8 & 255,
                    number & 255
                )
                .parse()
                .unwrap(),
                expires: self.now.lock().unwrap().plus_secs(LONGEST_SECS - 60),
            };
            let body = json!({
                "phone": phone,
                "plan_id": self.plan,
                "attempt_id": attempt,
                "token": token.sign(&self.key),
            });
            loop {
                let before = door.borrow_and_update().opened;
                let answer = self.caller.post(&self.url, &body).await;
                match answer.as_ref().map(|answer| answer.status.as_u16()) {
                    Ok(200 | 202) => {
                        self.served();
                        return;
                    }
                    // Too many at a time, or nobody there: it will be, and asked again.
                    Ok(429 | 500..) | Err(_) => {
                        let again = door.wait_for(|door| door.opened > before);
                        again.await.unwrap();
                    }
                    Ok(_) => break,
                }
            }
        }
        panic!("customer {number} is refused again and again");
    }
}
