//! Invitations taken with the log-in that somebody has: by whoever works elsewhere, by whoever worked here before.

use mnara_protocol::portal::Language;

use super::*;
use crate::providers::keys::scopes::Scope;
use crate::providers::pages::words::Words;
use crate::providers::staff::roles::Role;
use crate::tests::browser::{Browser, PASSWORD};
use crate::tests::money::mpesa_change::Authenticator;
use crate::tests::office::Office;
use crate::tests::platform::admin::run;
use crate::tests::programs::api::{call, key};

const OWNER: &str = "njeri@example.com";
const PHONE_OF: &str = "0712 000 001";
const MAIL_OF: &str = "otieno@example.com";

/// The address of an invitation, as a path.
async fn invited(owner: &mut Browser<'_>, name: &str, role: &str) -> String {
    let form = [("name", name), ("role", role), ("password", PASSWORD)];
    let page = owner.post("/staff/invite", &form).await.page();
    let (_, rest) = page.split_once("/join/").unwrap();
    format!("/join/{}", &rest[..32])
}

/// The log-in page that leads back to an invitation.
fn log_in(path: &str) -> String {
    format!("/log-in?next={}", path.replace('/', "%2F"))
}

fn joining(who: &str) -> [(&str, &str); 3] {
    [("name", "Otieno"), ("who", who), ("password", PASSWORD)]
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whoever_worked_here_before_comes_back_with_the_log_in_they_have(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    let first = invited(&mut owner, "Otieno", "cashier").await;
    let mut cashier = Browser::new(&world, 2);
    let got = cashier.post(&first, &joining(PHONE_OF)).await;
    assert_eq!(got.onward(), "/");
    let sql = "select id from staff where role = 'cashier'";
    let place = mnara_protocol::ids::StaffId::from_uuid(read(&world.app, sql).await);
    let end = format!("/staff/{place}/end");
    owner.post(&end, &[]).await.onward();

    let path = invited(&mut owner, "Otieno O.", "technician").await;
    let mut phone = Browser::new(&world, 3);
    let page = phone.get(&path).await.page();
    assert!(page.contains("I already have a log-in"), "{page}");
    let taken = phone.post(&path, &joining(PHONE_OF)).await;
    assert_eq!(taken.status, StatusCode::CONFLICT);
    let fault = taken.text.split_once("role=\"alert\"").unwrap().1;
    let fault = fault.split("</p>").next().unwrap();
    assert!(fault.contains(&log_in(&path)), "{fault}");
    // Nobody takes it who is not in.
    let here = format!("{path}/here");
    assert_eq!(phone.post(&here, &[]).await.onward(), "/log-in");

    assert!(phone.get(&log_in(&path)).await.page().contains(&path));
    let form = [("who", PHONE_OF), ("password", PASSWORD), ("next", &path)];
    assert_eq!(phone.post("/log-in", &form).await.onward(), path);
    let page = phone.get(&path).await.page();
    for said in [
        "Otieno O.",
        "Technician",
        "You are logged in as <strong>Otieno</strong>",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!page.contains("name=\"password\""), "{page}");
    // The form that was open before makes nobody a second time.
    let stale = phone.post(&path, &joining("0712 000 002")).await;
    assert_eq!(stale.onward(), path);
    assert_eq!(phone.post(&here, &[]).await.onward(), "/home");
    assert!(phone.get("/home").await.page().contains("Njeri Wi-Fi"));
    assert_eq!(phone.get("/counter").await.status, StatusCode::FORBIDDEN);
    let places = "staff s join people p on p.id = s.person_id where p.name = 'Otieno'";
    assert_eq!(world.count(places).await, 2);
    let lives = format!("{places} and s.ended_at is null and s.role = 'technician'");
    assert_eq!(world.count(&lives).await, 1);
    assert_eq!(world.count("people where name = 'Otieno'").await, 1);
    assert_eq!(world.count("audit where act = 'join'").await, 2);
    // Once.
    let again = phone.post(&here, &[]).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    assert!(again.text.contains("This invitation was used"));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_owner_elsewhere_takes_a_place_past_the_second_factor_and_not_twice(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut njeri = Browser::new(&world, 1);
    njeri.sign_up("Njeri Wi-Fi", OWNER).await;
    let mut otieno = Browser::new(&world, 2);
    otieno.sign_up("Otieno Net", PHONE_OF).await;
    let digits = Authenticator::set_up(&world, &mut otieno).await;
    let path = invited(&mut njeri, "Otieno", "owner").await;

    let mut phone = Browser::new(&world, 3);
    let form = [("who", PHONE_OF), ("password", PASSWORD), ("next", &path)];
    let second = phone.post("/log-in", &form).await.onward();
    assert_eq!(
        second,
        format!("/log-in/second?next={}", path.replace('/', "%2F"))
    );
    // Half in is not in.
    let here = format!("{path}/here");
    assert_eq!(phone.post(&here, &[]).await.onward(), "/log-in");
    assert!(phone.get(&second).await.page().contains(&path));
    let now = digits.next(&world);
    let form = [("digits", now.as_str()), ("next", &path)];
    assert_eq!(phone.post("/log-in/second", &form).await.onward(), path);

    // Another site's page takes no place for anybody.
    let request = Request::post(&here)
        .header("sec-fetch-site", "cross-site")
        .body(Body::empty());
    let foreign = phone.send(request.unwrap()).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    assert_eq!(world.count("audit where act = 'join'").await, 0);

    phone.get("/language/sw").await.onward();
    assert!(phone.get(&path).await.page().contains("Mwaliko huu ni wa"));
    phone.get("/language/en").await.onward();
    assert_eq!(phone.post(&here, &[]).await.onward(), "/home");
    let page = phone.get("/businesses").await.page();
    assert!(page.contains("Njeri Wi-Fi") && page.contains("Otieno Net"));
    assert!(page.contains("<a href=\"/account\" aria-current=\"page\"><svg"));
    assert!(page.contains("<p class=\"back\"><a href=\"/account\">"));
    // The way there is shown to whoever has another business to look at.
    for (browser, has_another) in [(&mut phone, true), (&mut njeri, false)] {
        let page = browser.get("/account").await.page();
        assert_eq!(page.contains("href=\"/businesses\""), has_another);
        // Nothing there is what one comes for, but for a second factor that is not set up.
        assert!(!page.contains("<button>"), "{page}");
    }
    assert!(phone.get("/staff").await.page().contains("Njeri Wanjiru"));
    // Their other browser goes on where it was.
    assert!(otieno.get("/home").await.page().contains("Otieno Net"));

    // Whoever is here takes no second place, and leaves it to whom it is for.
    let path = invited(&mut njeri, "Achieng", "cashier").await;
    for browser in [&mut njeri, &mut phone] {
        let page = browser.get(&path).await.page();
        assert!(page.contains("You work in this business already"), "{page}");
        assert!(!page.contains("/here"), "{page}");
        let got = browser.post(&format!("{path}/here"), &[]).await;
        assert_eq!(got.status, StatusCode::CONFLICT);
        assert!(got.text.contains("You work in this business already"));
    }
    let got = Browser::new(&world, 4)
        .post(&path, &joining("0712 000 003"))
        .await;
    assert_eq!(got.onward(), "/");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_invitation_says_what_the_role_may_do_and_no_more(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    for role in Role::ALL {
        let path = invited(&mut owner, "Otieno", role.word()).await;
        for language in Language::ALL {
            let mut phone = Browser::new(&world, 2);
            let choose = format!("/language/{}", language.tag());
            phone.get(&choose).await.onward();
            let page = phone.get(&path).await.page();
            let w = &Words::of(language).staff;
            for (permission, roles) in providers::staff::roles::TABLE {
                let line = format!(
                    "<li>{}</li>",
                    w.permission(*permission).replace('\'', "&#39;")
                );
                let is_said = page.contains(&line);
                assert_eq!(is_said, roles.contains(&role), "{role:?}: {line}");
            }
        }
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_invitation_taken_back_lets_nobody_in_and_the_audit_says_whose_it_was(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    let path = invited(&mut owner, "Otieno", "cashier").await;
    let sql = "select id from invitations";
    let asked = mnara_protocol::ids::InvitationId::from_uuid(read(&world.app, sql).await);
    let end = format!("/staff/invitations/{asked}/end");
    for _ in 0..2 {
        owner.post(&end, &[]).await.onward();
    }
    assert_eq!(
        deed(&world, "invite-end").await,
        json!({"before": {"name": "Otieno", "role": "cashier"}, "after": null})
    );
    assert_eq!(world.count("audit where act = 'invite-end'").await, 1);
    let mut somebody = Browser::new(&world, 2);
    somebody.post(&path, &joining(PHONE_OF)).await;
    assert_eq!(world.count("staff where role = 'cashier'").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_invitation_ends_with_the_rights_of_whoever_made_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    let kept = invited(&mut owner, "Kept", "cashier").await;
    let path = invited(&mut owner, "Otieno", "manager").await;
    let mut manager = Browser::new(&world, 2);
    let form = joining("otieno@example.com");
    assert_eq!(manager.post(&path, &form).await.onward(), "/");
    let sql = "select s.id from staff s join people p on p.id = s.person_id where p.email = 'otieno@example.com'";
    let place = mnara_protocol::ids::StaffId::from_uuid(read(&world.app, sql).await);
    // Dismissed or lowered, they come in by none of theirs.
    for (n, act, form) in [(3, "role", &[("role", "reader")][..]), (4, "end", &[])] {
        let theirs = invited(&mut manager, "Back door", "manager").await;
        owner
            .post(&format!("/staff/{place}/{act}"), form)
            .await
            .onward();
        let mut friend = Browser::new(&world, n);
        let got = friend
            .post(&theirs, &joining(&format!("friend{n}@example.com")))
            .await;
        assert_eq!(got.status, StatusCode::NOT_FOUND, "{}", got.text);
        let raise = [("role", "manager")];
        if act == "role" {
            owner
                .post(&format!("/staff/{place}/role"), &raise)
                .await
                .onward();
        }
    }
    assert_eq!(
        deed(&world, "invite-end").await,
        json!({"before": {"name": "Back door", "role": "manager"}, "after": null})
    );
    assert_eq!(world.count("audit where act = 'invite-end'").await, 2);
    assert_eq!(world.count("people where email like 'friend%'").await, 0);
    // Another's is as good as it was.
    let mut cashier = Browser::new(&world, 5);
    let got = cashier.post(&kept, &joining("kept@example.com")).await;
    assert_eq!(got.onward(), "/");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whoever_joins_as_somebody_new_is_sent_a_link_in_their_language_and_told_so(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = Office::world(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    world.work().await;
    office.empty();
    let path = invited(&mut owner, "Otieno", "cashier").await;
    let mut cashier = Browser::new(&world, 2);
    cashier.get("/language/sw").await.onward();
    let got = cashier.post(&path, &joining(MAIL_OF)).await;
    assert_eq!(got.onward(), "/");
    let page = cashier.get("/home").await.page();
    let told = "Tumetuma kiungo kwa <strong>otieno@example.com</strong>";
    assert!(page.contains(told), "{page}");
    world.work().await;
    let letter = office.one();
    assert_eq!(letter.to, MAIL_OF);
    assert_eq!(letter.subject, "Thibitisha barua pepe yako");
    // The invitation came from the owner's hand, so it has shown nothing.
    let proven = "people where name = 'Otieno' and email_proven_at is not null";
    assert_eq!(world.count(proven).await, 0);
    let link = letter.path("/account/contact/");
    let next = cashier.post(&link, &[]).await.onward();
    assert_eq!(next, "/account?done=contact");
    assert_eq!(world.count(proven).await, 1);
    let page = cashier.get("/home").await.page();
    assert!(!page.contains(told), "{page}");

    // Whoever takes one with the log-in they have named nothing.
    let mut other = Browser::new(&world, 3);
    other.sign_up("Otieno Net", "achieng@example.com").await;
    world.work().await;
    assert_eq!(office.one().to, "achieng@example.com");
    let path = invited(&mut owner, "Achieng", "cashier").await;
    let here = format!("{path}/here");
    assert_eq!(other.post(&here, &[]).await.onward(), "/home");
    world.work().await;
    assert_eq!(office.empty().len(), 0);

    // So many a day to one address, whoever names it.
    for n in 4..=7 {
        let path = invited(&mut owner, "Otieno", "cashier").await;
        let mut one = Browser::new(&world, n);
        let got = one.post(&path, &joining("crowd@example.com")).await;
        assert_eq!(got.onward(), "/");
    }
    world.work().await;
    let letters = office.empty();
    assert_eq!(letters.len(), 3, "{letters:?}");
}

/// So many cashiers more, who came by no invitation.
async fn crowd(world: &World, count: u8) {
    let people = format!(
        "insert into people (id, name, email, password, created_at)
         select gen_random_uuid(), 'P ' || n, 'p' || n || '@example.com', '$argon2id$', $1 from generate_series(1, {count}) n"
    );
    run(world, &people).await;
    let places = "insert into staff (id, provider_id, person_id, role, created_at)
                  select gen_random_uuid(), o.provider_id, p.id, 'cashier', $1 from people p, staff o
                  where p.name like 'P %' and o.role = 'owner'";
    run(world, places).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_first_that_is_one_too_many_is_told_so_and_comes_once_there_is_room(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    let first = invited(&mut owner, "Otieno", "technician").await;
    let second = invited(&mut owner, "Achieng", "reader").await;
    crowd(&world, 198).await;
    let mut otieno = Browser::new(&world, 2);
    assert_eq!(otieno.post(&first, &joining(PHONE_OF)).await.onward(), "/");
    // Nobody else, whether they come as somebody new or with the log-in they have, or are asked to.
    let mut achieng = Browser::new(&world, 3);
    achieng.sign_up("Achieng Net", "achieng@example.com").await;
    let got = achieng.post(&format!("{second}/here"), &[]).await;
    assert_eq!(got.status, StatusCode::CONFLICT);
    assert!(got.text.contains("200 people work in this business"));
    let mut somebody = Browser::new(&world, 4);
    let got = somebody.post(&second, &joining(MAIL_OF)).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(got.text.contains("200 people work in this business"));
    let them = format!("people where email = '{MAIL_OF}'");
    assert_eq!(world.count(&them).await, 0);
    let ask = [("name", "Amina"), ("role", "cashier")];
    let got = owner.post("/staff/invite", &ask).await;
    assert_eq!(got.status, StatusCode::CONFLICT);
    assert!(got.text.contains("200 people work here"), "{}", got.text);
    owner.get("/language/sw").await.onward();
    let got = owner.post("/staff/invite", &ask).await;
    assert!(got.text.contains("Watu 200 wanafanya kazi hapa"));
    // All are told of, on the page and to programs.
    let page = owner.get("/staff").await.page();
    assert_eq!(page.matches("<strong>P ").count(), 198);
    assert!(page.contains("<strong>Otieno</strong>"));
    let sql = "select o.provider_id from staff o join staff t on t.provider_id = o.provider_id
               where o.role = 'owner' and t.role = 'technician'";
    let provider = ProviderId::from_uuid(read(&world.app, sql).await);
    let key = key(&world.app, provider, &[Scope::StaffRead]).await;
    let (_, part) = call(&world, Method::GET, &key, "/staff?limit=200", Value::Null).await;
    assert_eq!(part["items"].as_array().unwrap().len(), 200);
    assert_eq!(part["next"], Value::Null);
    // Once somebody has gone there is room.
    let sql = "select id from staff where role = 'technician'";
    let place = mnara_protocol::ids::StaffId::from_uuid(read(&world.app, sql).await);
    let end = format!("/staff/{place}/end");
    owner.post(&end, &[]).await.onward();
    let here = format!("{second}/here");
    assert_eq!(achieng.post(&here, &[]).await.onward(), "/home");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn so_many_invitations_are_open_at_once_and_no_more(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    let open = "insert into invitations (id, provider_id, code_hash, role, name, expires_at, created_at)
                select gen_random_uuid(), o.provider_id, sha256(n::text::bytea), 'cashier', 'P ' || n, $1 + interval '1 day', $1
                from generate_series(1, 199) n, staff o";
    run(&world, open).await;
    invited(&mut owner, "Otieno", "cashier").await;
    let ask = [("name", "Amina"), ("role", "cashier")];
    let got = owner.post("/staff/invite", &ask).await;
    assert_eq!(got.status, StatusCode::CONFLICT);
    let told = "200 invitations are open";
    assert!(got.text.contains(told), "{}", got.text);
    owner.get("/language/sw").await.onward();
    let got = owner.post("/staff/invite", &ask).await;
    assert!(got.text.contains("Mialiko 200 iko wazi"), "{}", got.text);
    assert_eq!(world.count("invitations").await, 200);
    let sql = "select id from invitations where name = 'Otieno'";
    let asked = mnara_protocol::ids::InvitationId::from_uuid(read(&world.app, sql).await);
    let end = format!("/staff/invitations/{asked}/end");
    owner.post(&end, &[]).await.onward();
    invited(&mut owner, "Amina", "cashier").await;
}
