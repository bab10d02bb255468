//! Whoever became an owner just now, with proofs of their own that are old enough.

use super::*;

const NEW_HERE: &str = "an owner of this business for less than a day";

/// Tries both ways to the money, with fresh digits for each.
async fn tries(world: &World, thief: &mut Browser<'_>, phone: &Authenticator) -> [String; 2] {
    let digits = phone.next(world);
    let form = with(&NEW, &[("digits", &digits)]);
    let account = thief.post("/settings/mpesa/change", &form).await;
    assert_eq!(account.status, StatusCode::UNPROCESSABLE_ENTITY);
    let sealed = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, [7_u8; 256]);
    let digits = phone.next(world);
    let form = [
        ("initiator", "apiop37"),
        ("credential", sealed.as_str()),
        ("password", PASSWORD),
        ("digits", digits.as_str()),
    ];
    let operator = thief.post("/settings/mpesa/operator", &form).await;
    assert_eq!(operator.status, StatusCode::UNPROCESSABLE_ENTITY);
    [account.text, operator.text]
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_owner_by_an_invitation_of_today_waits_whatever_they_prove(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut thief = Browser::new(&world, 5);
    thief.sign_up("Another", "another@example.com").await;
    let digits = Authenticator::set_up(&world, &mut thief).await;
    let (mut owner, phone) = earning(&world).await;
    let now = phone.next(&world);
    let form = [
        ("name", "A friend"),
        ("role", "owner"),
        ("password", PASSWORD),
        ("digits", now.as_str()),
    ];
    let page = owner.post("/staff/invite", &form).await.page();
    let (_, rest) = page.split_once("/join/").unwrap();
    let here = format!("/join/{}/here", &rest[..32]);
    assert_eq!(thief.post(&here, &[]).await.onward(), "/home");
    for text in tries(&world, &mut thief, &digits).await {
        assert!(text.contains(NEW_HERE), "{text}");
    }
    assert_eq!(world.count("mpesa_moves").await, 0);
    assert_eq!(world.count("mpesa_operators").await, 0);
    thief.get("/language/sw").await.onward();
    for text in tries(&world, &mut thief, &digits).await {
        assert!(text.contains("kwa chini ya siku moja"), "{text}");
    }
    world.app.clock.advance(Duration::from_secs(86_400));
    asks(&world, &mut thief, &digits).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn somebody_of_the_staff_is_an_owner_only_since_they_were_made_one(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut manager = member(&world, Role::Manager, 5).await;
    let digits = Authenticator::set_up(&world, &mut manager).await;
    let (mut owner, phone) = earning(&world).await;
    let sql = "select id from staff where role = 'manager'";
    let place = mnara_protocol::ids::StaffId::from_uuid(read(&world.app, sql).await);
    let path = format!("/staff/{place}/role");
    let now = phone.next(&world);
    let form = [
        ("role", "owner"),
        ("password", PASSWORD),
        ("digits", now.as_str()),
    ];
    owner.post(&path, &form).await.onward();
    for text in tries(&world, &mut manager, &digits).await {
        assert!(text.contains(NEW_HERE), "{text}");
    }
    // Made one once more, they are one no later.
    world.app.clock.advance(Duration::from_secs(86_400));
    let now = phone.next(&world);
    let form = [
        ("role", "owner"),
        ("password", PASSWORD),
        ("digits", now.as_str()),
    ];
    owner.post(&path, &form).await.onward();
    asks(&world, &mut manager, &digits).await;
}
