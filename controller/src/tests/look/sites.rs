//! A site that looks otherwise than its business.

use super::*;

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_site_has_its_own_look_where_it_was_given_one_and_the_business_s_elsewhere(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (mut owner, _, site) = owner(&world).await;
    owner.post("/sites", &[("name", "Ruiru")]).await.onward();
    let other = read(&world.app, "select id from sites where name = 'Ruiru'").await;
    let other = SiteId::from_uuid(other);
    owner.post("/settings/portal", &LOOK).await.onward();
    let path = format!("/sites/{site}/look");
    assert!(
        owner
            .get(&format!("/sites/{site}"))
            .await
            .page()
            .contains(&path)
    );
    let form = [
        ("own_colour", "on"),
        ("colour", "#aa0011"),
        ("button", "#00ff00"),
        ("banner_en", "<script>Closed</script> on Sunday"),
        ("welcome_sw", ""),
    ];
    let page = owner.post(&format!("{path}/preview"), &form).await.page();
    assert!(page.contains("style.css?c=aa0011&amp;v=") && page.contains("&lt;script&gt;Closed"));
    assert!(
        page.contains(">Kilimani<") && page.contains("alert(1)"),
        "{page}"
    );
    let colour_of = |rows: &[Row]| {
        rows.iter().find_map(|row| match row {
            Row::Site(row) => Some(row.colour),
            _ => None,
        })
    };
    assert_eq!(
        colour_of(&world.feed(site).await),
        Some(0xff_ee_00),
        "it is nobody's yet"
    );
    owner.post(&path, &form).await.onward();
    let page = owner.get(&format!("{path}?done=kept")).await.page();
    assert!(page.contains("value=\"#aa0011\"") && !page.contains("<script>Closed"));
    let rows = world.feed(site).await;
    let look = look_of(&rows).unwrap();
    assert_eq!((colour_of(&rows), look.button), (Some(0xaa_00_11), None));
    assert!(look.banner.as_ref().unwrap().english.ends_with("on Sunday"));
    assert_eq!(
        look.welcome.as_ref().unwrap().swahili,
        "Karibu",
        "the business's"
    );
    let rows = world.feed(other).await;
    assert_eq!(colour_of(&rows), Some(0xff_ee_00));
    assert_eq!(
        look_of(&rows).unwrap().banner.as_ref().unwrap().english,
        "Half price today"
    );
    // What the business changes later reaches the site where it has nothing of its own.
    let later = LOOK.map(|(name, was)| (name, if name == "welcome_sw" { "Hujambo" } else { was }));
    owner.post("/settings/portal", &later).await.onward();
    let rows = world.feed(site).await;
    assert_eq!(colour_of(&rows), Some(0xaa_00_11));
    assert_eq!(
        look_of(&rows).unwrap().welcome.as_ref().unwrap().swahili,
        "Hujambo"
    );
    let bad = owner
        .post(&path, &[("own_colour", "on"), ("colour", "red")])
        .await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bad.text.contains("Give the colour as six digits"));
    owner.post(&path, &[]).await.onward();
    assert_eq!(colour_of(&world.feed(site).await), Some(0xff_ee_00));
    // A neighbour's site is none.
    let neighbour = format!("/sites/{}/look", world.shop.site);
    assert_eq!(owner.get(&neighbour).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        owner.post(&neighbour, &form).await.status,
        StatusCode::NOT_FOUND
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_site_s_own_logo_comes_and_goes_and_the_business_s_stays(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (mut owner, _, site) = owner(&world).await;
    let png = STANDARD.decode(PNG).unwrap();
    upload(&mut owner, &png).await.onward();
    let mut own = png.clone();
    own.extend(b"own");
    let logo = format!("/sites/{site}/look/logo");
    upload_to(&mut owner, &logo, &own).await.onward();
    let named = async || {
        let rows = world.feed(site).await;
        let id = look_of(&rows).unwrap().logo.unwrap();
        let found = logos_of(&rows)
            .into_iter()
            .find(|logo| sha2::Sha256::digest(&logo.picture)[..16] == id);
        found.unwrap().picture.clone()
    };
    assert_eq!(named().await, own);
    // The business leaves the very picture that the site has for another.
    upload_to(&mut owner, &logo, &png).await.onward();
    let mut next = png.clone();
    next.extend(b"next");
    upload(&mut owner, &next).await.onward();
    assert_eq!(named().await, png);
    owner.post(&format!("{logo}/end"), &[]).await.onward();
    assert_eq!(named().await, next);
    assert_eq!(logos_of(&world.feed(site).await).len(), 1);
}
