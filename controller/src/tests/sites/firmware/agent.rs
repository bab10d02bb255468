//! Where the agent comes from and where it is put: the disk, the image, the program, and the password a box was told.

use super::*;

const PUBLIC: [&str; 2] = ["--public-url", "https://billing.example.com"];

#[test]
fn the_disk_stands_at_the_head_of_the_script() {
    for made in [
        order("7.24", Mode::Container),
        fetched("7.24", Mode::Container),
    ] {
        for disk in ["usb1-part1", ""] {
            let made = Order {
                disk: disk.to_owned(),
                ..made.clone()
            };
            let files = render(&made).unwrap();
            let script = text(&files, "install.rsc");
            let (head, rest) = script.split_once(":local server ").unwrap();
            assert!(
                head.contains(&format!(":local disk \"{disk}\"\n")),
                "{head}"
            );
            assert!(!rest.contains(":local disk "), "named once");
            assert!(rest.contains("root-dir=($place . \"mnara-agent/root\")"));
            let readme = text(&files, "README.txt");
            let place = if disk.is_empty() { "" } else { "usb1-part1/" };
            assert!(
                readme.contains(&format!(" as {place}mnara-agent-arm64.tar")),
                "{readme}"
            );
        }
    }
}

#[test]
fn a_router_without_the_image_fetches_it_from_where_it_is() {
    let url = "https://dl.example.com/mnara/";
    for mode in modes() {
        for made in [order("7.24", mode), fetched("7.24", mode)] {
            let script = |made: &Order| render(made).unwrap().swap_remove(0).text;
            let from = "/tool/fetch url=\"https://dl.example.com/mnara/mnara-agent-arm64.tar\"";
            assert!(!script(&made).contains("mnara-agent-arm64.tar\" check-"));
            let offered = Order {
                downloads: Some(url.parse().unwrap()),
                ..made
            };
            let script = script(&offered);
            assert_eq!(script.contains(from), mode == Mode::Container);
            obeyed(&script);
        }
    }
}

#[test]
fn a_box_keeps_its_password_unless_it_is_to_be_enrolled() {
    let again = "/user/set [/user/find where name=\"mnara\"] group=mnara password=$password";
    for (mode, is_box) in modes().into_iter().zip([false, true]) {
        for (made, has_code) in [(order("7.24", mode), false), (fetched("7.24", mode), true)] {
            let files = render(&made).unwrap();
            let script = text(&files, "install.rsc");
            let keeps = is_box && !has_code;
            assert_eq!(script.contains(again), !keeps);
            assert_eq!(script.contains(":set fresh false"), keeps);
            let readme = text(&files, "README.txt");
            assert_eq!(
                readme.contains("a new password each time"),
                is_box && has_code
            );
            assert!(!script.contains("at any time") && !readme.contains("at any time"));
        }
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_line_is_for_the_disk_that_was_chosen(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open_with(pool, options, &PUBLIC).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let path = format!("/sites/{}/files", world.shop.site);
    assert!(owner.get(&path).await.page().contains("value=\"disk1\""));
    let form = |disk| {
        [
            ("mode", "container"),
            ("hotspot", "hotspot1"),
            ("disk", disk),
            ("routeros", ""),
            ("arch", "arm64"),
            ("as", "line"),
        ]
    };
    let mut router = Browser::new(&world, 77);
    for (disk, query) in [("usb1", "&disk=usb1&"), ("", "&disk=&"), ("disk1", "")] {
        let onward = owner.post(&path, &form(disk)).await.onward();
        let page = owner.get(&onward).await.page();
        assert!(page.contains(&format!("name=\"disk\" maxlength=\"64\" autocomplete=\"off\" autocapitalize=\"none\" spellcheck=\"false\" value=\"{disk}\"")));
        let (asked, code) = asked(&line_of(&page));
        assert_eq!(asked.contains("disk="), disk != "disk1");
        assert!(asked.contains(query), "{asked}");
        let (status, script) = fetch(&mut router, &asked, &code).await;
        assert_eq!(status, StatusCode::OK, "{script}");
        assert!(
            script.contains(&format!(":local disk \"{disk}\"\n")),
            "{script}"
        );
        if disk == "usb1" {
            let other = asked.replace("usb1", "$x");
            let (status, _) = fetch(&mut router, &other, &code).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "no line of ours asks that");
        }
    }
    let refused = owner.post(&path, &form("a b")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = refused.text;
    assert!(page.contains("Give the disk") && page.contains("value=\"a b\""));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn pages_say_where_the_agent_is(pool: PgPoolOptions, options: PgConnectOptions) {
    let url = ["--agent-url", "https://dl.example.com/mnara"];
    let flags = [&PUBLIC[..], &url[..]].concat();
    let world = World::open_with(pool, options, &flags).await;
    let site = world.shop.site;
    let mut owner = member(&world, Role::Owner, 1).await;
    let page = owner.get(&format!("/sites/{site}/files")).await.page();
    for file in ["mnara-agent-arm64.tar", "mnara-agent-x86"] {
        let link = format!("href=\"https://dl.example.com/mnara/{file}\"");
        assert!(page.contains(&link), "{file}");
    }
    let onward = owner
        .post(&format!("/sites/{site}/claim"), &[])
        .await
        .onward();
    let page = owner.get(&onward).await.page();
    assert!(page.contains("The router fetches the agent&#39;s image too"));
    let (before, _) = page.split_once("mnara-agent enrol").unwrap();
    assert!(before.contains("The router comes first"), "or it has none");

    let (asked, code) = asked(&line_of(&page));
    let mut router = Browser::new(&world, 77);
    let (status, script) = fetch(&mut router, &asked, &code).await;
    assert_eq!(status, StatusCode::OK);
    assert!(script.contains("https://dl.example.com/mnara/mnara-agent-arm64.tar"));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn without_an_address_of_the_agent_pages_say_who_has_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let site = world.shop.site;
    let mut owner = member(&world, Role::Owner, 1).await;
    let page = owner.get(&format!("/sites/{site}/files")).await.page();
    assert!(page.contains("whoever runs this Mnara") && !page.contains("mnara-agent-arm64"));
}
