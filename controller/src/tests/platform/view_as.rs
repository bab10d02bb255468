//! Somebody of the platform looks at a business as its owner sees it: sees, changes nothing, and the business knows.

use super::*;
use crate::admin::begin;
use crate::providers::gate::Door;
use crate::providers::staff::roles::{Permission, Role, VIEWED};
use crate::tests::browser::{Browser, PASSWORD};
use crate::tests::pages::doors;

const ADMIN: &str = "amina@mnara.example";
const BANNER: &str = "You look at this business";

async fn admin(world: &World) -> Browser<'_> {
    begin::make(
        &world.app,
        "Amina <script>",
        ADMIN.parse().unwrap(),
        PASSWORD.into(),
    )
    .await
    .unwrap();
    let mut admin = Browser::new(world, 250);
    admin.log_in(ADMIN, PASSWORD).await.onward();
    admin
}

/// The owner of the world's business.
async fn owner(world: &World) -> Browser<'_> {
    let njeri = ("Njeri", "njeri@example.com");
    doors::named(world, Role::Owner, njeri, 1).await
}

async fn look(world: &World, admin: &mut Browser<'_>) {
    let path = format!("/admin/providers/{}/view", world.shop.provider);
    assert_eq!(admin.post(&path, &[]).await.onward(), "/home");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whoever_looks_sees_the_owners_pages_and_the_owner_sees_that_they_looked(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (mut owner, mut admin) = (owner(&world).await, admin(&world).await);
    assert_eq!(
        admin.get("/plans").await.status,
        StatusCode::FORBIDDEN,
        "a business is nobody's who does not look at it"
    );
    look(&world, &mut admin).await;
    for path in [
        "/home",
        "/plans",
        "/sites",
        "/staff",
        "/audit",
        "/settings/mpesa",
    ] {
        let page = admin.get(path).await.page();
        assert!(
            page.contains(BANNER) && page.contains("Business 1"),
            "{path}"
        );
        assert!(page.contains("Stop looking"), "{path}");
    }
    let plan = format!("/plans/{}", world.shop.plan.id);
    assert!(admin.get(&plan).await.page().contains("1 hour"));
    // No button of the list asks for what would be refused.
    let page = admin.get("/staff").await.page();
    assert!(!page.contains("/staff/invite"), "{page}");
    let page = owner.get("/audit").await.page();
    assert!(page.contains("began to look at the business"), "{page}");
    assert!(
        !page.contains("Amina"),
        "who it was is the platform's affair"
    );
    assert!(!owner.get("/home").await.page().contains(BANNER));
    let back = format!("/admin/providers/{}", world.shop.provider);
    assert_eq!(admin.post("/admin/view/end", &[]).await.onward(), back);
    assert_eq!(admin.get("/plans").await.status, StatusCode::FORBIDDEN);
    assert!(!admin.get("/admin").await.page().contains(BANNER));
    let page = owner.get("/audit").await.page();
    assert!(page.contains("stopped looking at the business"), "{page}");
    let lines = "audit where act in ('view', 'view-end') and actor = 'admin'";
    let of_the_business = format!("{lines} and provider_id = '{}'", world.shop.provider.uuid());
    assert_eq!(world.count(&of_the_business).await, 2);
    // The platform's own list tells who it was, as text.
    let page = admin.get("/admin/audit").await.page();
    assert!(
        page.contains("Amina &#60;script&#62;") && page.contains("Business 1"),
        "{page}"
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whoever_looks_can_send_no_form_and_take_no_file_of_any_page(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut admin = admin(&world).await;
    look(&world, &mut admin).await;
    let before = world.count("audit").await;
    let pages = routes::pages(&world.app);
    for page in pages.listed() {
        let path = page
            .path
            .replace("{id}", &world.shop.plan.id.to_string())
            .replace("{to}", "suspend")
            .replace("{code}", &"0".repeat(32))
            .replace("{name}", "x")
            .replace("{tag}", "en")
            .replace("{*path}", "x/y");
        if ["/log-out", "/admin/view/end"].contains(&page.path) {
            continue;
        }
        if page.method == Method::POST {
            let got = admin.post(&path, &[]).await;
            assert_eq!(got.status, StatusCode::FORBIDDEN, "POST {path}");
            // A program that sent this would not look for anybody, and is told as programs are.
            let is_told_as_programs = matches!(page.door, Door::Business(..));
            assert!(
                is_told_as_programs || got.text.contains("You only look"),
                "POST {path}: {}",
                got.text
            );
            continue;
        }
        let got = admin.get(&path).await;
        assert!(!got.status.is_server_error(), "GET {path}");
        if let Door::Staff(permission) = page.door {
            let may = (Role::Reader.may(permission) || VIEWED.contains(&permission))
                && ![".csv", ".pdf", ".json", ".zip", "/csv", "/pdf", "/monthly"]
                    .iter()
                    .any(|end| page.path.ends_with(end));
            assert_eq!(got.status != StatusCode::FORBIDDEN, may, "GET {path}");
            assert!(
                !may || ![
                    Permission::PrintVouchers,
                    Permission::ManageKeys,
                    Permission::Export
                ]
                .contains(&permission)
            );
        }
    }
    assert_eq!(world.count("audit").await, before, "nothing was done");
    let name = format!(
        "plans where name = '1 hour' and id = '{}'",
        world.shop.plan.id.uuid()
    );
    assert_eq!(world.count(&name).await, 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_look_ends_by_itself_and_with_the_log_in_and_is_nobodys_but_the_platforms(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (mut owner, mut admin) = (owner(&world).await, admin(&world).await);
    let path = format!("/admin/providers/{}/view", world.shop.provider);
    assert_eq!(owner.post(&path, &[]).await.status, StatusCode::FORBIDDEN);
    let nobody = format!("/admin/providers/{}/view", ProviderId::from_bytes([9; 16]));
    assert_eq!(admin.post(&nobody, &[]).await.status, StatusCode::NOT_FOUND);
    look(&world, &mut admin).await;
    // From one business to the next goes no way but out.
    assert_eq!(admin.post(&path, &[]).await.status, StatusCode::FORBIDDEN);
    world.app.clock.advance(Duration::from_secs(1_799));
    admin.get("/home").await.page();
    world.app.clock.advance(Duration::from_secs(1));
    assert_eq!(admin.get("/home").await.status, StatusCode::FORBIDDEN);
    admin.get("/admin").await.page();
    let ends = "audit where act = 'view-end'";
    assert_eq!(
        world.count(&format!("{ends} and actor = 'program'")).await,
        1
    );
    look(&world, &mut admin).await;
    admin.post("/log-out", &[]).await.onward();
    assert_eq!(world.count(ends).await, 2);
    assert_eq!(world.count("log_ins where viewed_id is not null").await, 0);
    // Who is the platform's no more looks at nothing any more.
    admin.log_in(ADMIN, PASSWORD).await.onward();
    look(&world, &mut admin).await;
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    sqlx::query("update admins set ended_at = created_at")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(admin.get("/home").await.status, StatusCode::FORBIDDEN);
    assert_eq!(admin.get("/admin").await.status, StatusCode::FORBIDDEN);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_platforms_pages_open_once_a_second_factor_is_set_up(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let flags = ["--admin-second-factor", "required"];
    let world = World::open_with(pool, options, &flags).await;
    let mut admin = admin(&world).await;
    for path in ["/admin", "/admin/providers", "/admin/audit"] {
        assert_eq!(admin.get(path).await.onward(), "/account/second", "{path}");
    }
    let path = format!("/admin/providers/{}", world.shop.provider);
    let suspend = format!("{path}/suspend");
    assert_eq!(admin.post(&suspend, &[]).await.onward(), "/account/second");
    assert_eq!(world.count("providers where state = 'suspended'").await, 0);
    let view = format!("{path}/view");
    assert_eq!(admin.post(&view, &[]).await.onward(), "/account/second");
    let page = admin.get("/account/second").await.page();
    assert!(page.contains("You work for the platform"), "{page}");
    let (_, rest) = page.split_once("name=\"sealed\" value=\"").unwrap();
    let (sealed, _) = rest.split_once('"').unwrap();
    let (_, rest) = page.split_once("<code>").unwrap();
    let (typed, _) = rest.split_once("</code>").unwrap();
    let secret = totp_rs::Secret::try_from_base32(typed.replace(' ', "")).unwrap();
    let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
    let now = u64::try_from(world.app.clock.now().as_secs()).unwrap();
    let digits = totp.generate(now).to_string();
    let form = [
        ("sealed", sealed),
        ("password", PASSWORD),
        ("digits", digits.as_str()),
    ];
    admin.post("/account/second", &form).await.page();
    admin.get("/admin").await.page();
    look(&world, &mut admin).await;
}
