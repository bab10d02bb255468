//! Making and unmaking owners: no browser does it by itself, and whoever is made none hears of it.

use super::*;
use crate::providers::staff::roles::Role;
use crate::tests::browser::PASSWORD;
use crate::tests::money::mpesa_change::Authenticator;
use crate::tests::office::Office;
use crate::tests::pages::doors::member;

/// Somebody's place, by what they log in with.
async fn place(world: &World, contact: &str) -> String {
    let sql = format!(
        "select s.id from staff s join people p on p.id = s.person_id where p.email = '{contact}'"
    );
    mnara_protocol::ids::StaffId::from_uuid(read(&world.app, &sql).await).to_string()
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_stolen_browser_makes_and_unmakes_no_owner(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    member(&world, Role::Owner, 2).await;
    member(&world, Role::Cashier, 3).await;
    let digits = Authenticator::set_up(&world, &mut owner).await;
    let other = place(&world, "owner2@example.com").await;
    let cashier = place(&world, "cashier3@example.com").await;
    let owners = "staff where role = 'owner' and ended_at is null";
    let invited = "invitations where name = 'A friend'";
    let forms = [
        (
            "/staff/invite".to_owned(),
            vec![("name", "A friend"), ("role", "owner")],
        ),
        (format!("/staff/{cashier}/role"), vec![("role", "owner")]),
        (format!("/staff/{other}/role"), vec![("role", "reader")]),
        (format!("/staff/{other}/end"), vec![]),
    ];
    for (path, form) in &forms {
        world.app.clock.advance(Duration::from_secs(600));
        let page = owner.post(path, form).await.page();
        assert!(page.contains("First show that it is you"), "{page}");
        assert!(page.contains(&format!("action=\"{path}\"")), "{page}");
        for (name, value) in form {
            let kept = format!("name=\"{name}\" value=\"{value}\"");
            assert!(page.contains(&kept), "{kept}: {page}");
        }
        for password in ["not the password", PASSWORD] {
            // The second factor is wanted of whoever has one.
            let form = [form.as_slice(), &[("password", password)][..]].concat();
            let got = owner.post(path, &form).await;
            assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
            let said = "Your password or the six digits are wrong.";
            assert!(got.text.contains(said), "{}", got.text);
        }
    }
    assert_eq!(world.count(owners).await, 2);
    assert_eq!(world.count(invited).await, 0);
    // What is no owner's takes none.
    let path = format!("/staff/{cashier}/role");
    owner.post(&path, &[("role", "technician")]).await.onward();
    owner.get("/language/sw").await.onward();
    let page = owner.post(&path, &[("role", "owner")]).await.page();
    assert!(page.contains("Kwanza thibitisha kuwa ni wewe"), "{page}");
    for (path, form) in &forms {
        world.app.clock.advance(Duration::from_secs(600));
        let now = digits.next(&world);
        let proof = [("password", PASSWORD), ("digits", now.as_str())];
        let got = owner
            .post(path, &[form.as_slice(), &proof[..]].concat())
            .await;
        if path == "/staff/invite" {
            assert!(got.page().contains("/join/"));
        } else {
            got.onward();
        }
    }
    assert_eq!(world.count(owners).await, 2);
    assert_eq!(world.count(invited).await, 1);
    let ended = "staff where role = 'reader' and ended_at is not null";
    assert_eq!(world.count(ended).await, 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whoever_is_an_owner_no_more_hears_of_it_with_the_others(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = Office::world(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    member(&world, Role::Owner, 2).await;
    member(&world, Role::Manager, 3).await;
    let other = place(&world, "owner2@example.com").await;
    world.work().await;
    office.empty();
    let proof = ("password", PASSWORD);
    let told = async || {
        world.work().await;
        let mut letters: Vec<(String, String)> = office
            .empty()
            .into_iter()
            .map(|letter| {
                assert!(letter.text.contains("owner is no owner of"), "{letter:?}");
                (letter.to, letter.subject)
            })
            .collect();
        letters.sort();
        letters
    };
    let role = format!("/staff/{other}/role");
    owner
        .post(&role, &[("role", "reader"), proof])
        .await
        .onward();
    let all = told().await;
    let to: Vec<&str> = all.iter().map(|(to, _)| to.as_str()).collect();
    assert_eq!(to, ["owner1@example.com", "owner2@example.com"]);
    assert!(
        all.iter()
            .all(|(_, subject)| subject.ends_with("somebody is no owner any more")),
        "{all:?}"
    );
    // Who was none is no news, and made one again and ended they hear of it once more.
    let end = format!("/staff/{other}/end");
    owner
        .post(&role, &[("role", "owner"), proof])
        .await
        .onward();
    world.work().await;
    office.empty();
    owner.post(&end, &[proof]).await.onward();
    assert_eq!(told().await.len(), 2);
    let manager = place(&world, "manager3@example.com").await;
    let end = format!("/staff/{manager}/end");
    owner.post(&end, &[]).await.onward();
    assert_eq!(told().await, []);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn those_who_stay_hear_that_keys_are_left_of_an_owner_who_goes(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = Office::world(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let mut other = member(&world, Role::Owner, 2).await;
    member(&world, Role::Cashier, 3).await;
    let form = [
        ("name", "Till"),
        ("days", ""),
        ("scope", "sites:read"),
        ("password", PASSWORD),
    ];
    other.post("/settings/keys", &form).await.page();
    world.work().await;
    office.empty();
    let theirs = place(&world, "owner2@example.com").await;
    let proof = ("password", PASSWORD);
    let role = format!("/staff/{theirs}/role");
    let form = [("role", "manager"), proof];
    let next = owner.post(&role, &form).await.onward();
    assert_eq!(next, "/staff?done=role&keys=left");
    let said = "They made keys for programs that still work.";
    let page = owner.get(&next).await.page();
    for part in [said, "The role is changed.", "href=\"/settings/keys\""] {
        assert!(page.contains(part), "{part}: {page}");
    }
    // Who may do nothing with keys is not told of them.
    let page = other.get(&next).await.page();
    assert!(!page.contains(said), "{page}");
    owner.get("/language/sw").await.onward();
    let page = owner.get(&next).await.page();
    let swahili = "Alitengeneza funguo za programu ambazo bado zinafanya kazi.";
    assert!(page.contains(swahili), "{page}");
    world.work().await;
    let letters = office.empty().into_iter();
    let mut told: Vec<(String, bool)> = letters
        .map(|letter| {
            let is_told = letter.text.contains(said) || letter.text.contains(swahili);
            (letter.to, is_told)
        })
        .collect();
    told.sort();
    let expected = [("owner1@example.com", true), ("owner2@example.com", false)];
    assert_eq!(told, expected.map(|(to, is_told)| (to.to_owned(), is_told)));
    // The key goes on, and is no news of whoever made none, nor once it is revoked.
    assert_eq!(world.count("api_keys where revoked_at is null").await, 1);
    let cashier = place(&world, "cashier3@example.com").await;
    let end = format!("/staff/{cashier}/end");
    assert_eq!(owner.post(&end, &[]).await.onward(), "/staff?done=end");
    let id: sqlx::types::Uuid = read(&world.app, "select id from api_keys").await;
    let key = mnara_protocol::ids::KeyId::from_uuid(id);
    let revoke = format!("/settings/keys/{key}/end");
    owner.post(&revoke, &[]).await.onward();
    let end = format!("/staff/{theirs}/end");
    assert_eq!(owner.post(&end, &[]).await.onward(), "/staff?done=end");
}
