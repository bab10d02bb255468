//! Changing where customers' money goes, as a thief would try it: each proof that is missing, each order that is wrong, each way back.

use super::*;
use crate::providers::staff::roles::Role;
use crate::tests::browser::{Browser, PASSWORD};
use crate::tests::pages::doors::member;

mod afterwards;
mod by_passkey;
mod new_owners;
mod proofs;
mod shillings;

const OWN: &str = "254712345678";

const NEW: [(&str, &str); 9] = [
    ("kind", "till"),
    ("shortcode", "600100"),
    ("till", "5432109"),
    ("consumer_key", "key of the new app"),
    ("consumer_secret", "secret of the new app"),
    ("passkey", "passkey of the new number"),
    ("phone", "0712 345 678"),
    ("password", PASSWORD),
    ("digits", ""),
];

fn with<'a>(
    form: &[(&'a str, &'a str)],
    changes: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let changed = |name: &str| changes.iter().find(|(field, _)| *field == name);
    form.iter()
        .map(|(field, old)| (*field, changed(field).map_or(*old, |(_, new)| *new)))
        .collect()
}

/// An owner's authenticator.
pub(in crate::tests) struct Authenticator(String);

impl Authenticator {
    pub(in crate::tests) async fn set_up(world: &World, owner: &mut Browser<'_>) -> Self {
        let page = owner.get("/account/second").await.page();
        let value = |name: &str| {
            let (_, rest) = page
                .split_once(&format!("name=\"{name}\" value=\""))
                .unwrap();
            rest.split('"').next().unwrap().to_owned()
        };
        let sealed = value("sealed");
        let (_, rest) = page.split_once("<code>").unwrap();
        let made = Self(rest.split('<').next().unwrap().replace(' ', ""));
        let digits = made.now(world);
        let form = [
            ("sealed", sealed.as_str()),
            ("password", PASSWORD),
            ("digits", &digits),
        ];
        owner.post("/account/second", &form).await.page();
        made
    }

    /// The digits of now; half a minute passes first, so that none is used twice.
    pub(in crate::tests) fn next(&self, world: &World) -> String {
        world.app.clock.advance(Duration::from_secs(60));
        self.now(world)
    }

    fn now(&self, world: &World) -> String {
        let secret = totp_rs::Secret::try_from_base32(&self.0).unwrap();
        let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
        let now = u64::try_from(world.app.clock.now().as_secs()).unwrap();
        totp.generate(now).to_string()
    }
}

/// A business that earns, and its owner, whose second factor is old enough.
async fn earning(world: &World) -> (Browser<'_>, Authenticator) {
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    let mut owner = member(world, Role::Owner, 1).await;
    let phone = Authenticator::set_up(world, &mut owner).await;
    world.app.clock.advance(Duration::from_secs(86_400));
    (owner, phone)
}

/// The shortcode in use.
async fn in_use(world: &World) -> String {
    let sql = format!(
        "select mpesa_shortcode from providers where id = '{}'",
        world.shop.provider.uuid()
    );
    read(&world.app, &sql).await
}

fn shilling(number: u32, receipt: &str) -> Vec<u8> {
    callback(number, json!(0), Some((receipt, json!(1.00))))
}

async fn asks(world: &World, owner: &mut Browser<'_>, phone: &Authenticator) {
    let digits = phone.next(world);
    let got = owner
        .post(
            "/settings/mpesa/change",
            &with(&NEW, &[("digits", &digits)]),
        )
        .await;
    assert_eq!(got.onward(), "/settings/mpesa#change");
}
