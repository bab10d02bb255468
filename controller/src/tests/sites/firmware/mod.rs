//! What goes onto a router: made for each version, obeying nobody's name, with no secret that was not asked for.

mod agent;
mod line;

use axum::http::header;

use super::*;
use crate::fleet::firmware::{Arch, Claim, File, Mode, Order, RouterOs, render};
use crate::providers::staff::roles::Role;
use crate::tests::browser::Browser;
use crate::tests::pages::doors::member;

const HOSTILE: [&str; 5] = [
    r#""; /system reset"#,
    "$[/system/reboot]",
    "]} ; /user/add name=x",
    "one\n/system/reboot",
    "\\",
];

fn order(version: &str, mode: Mode) -> Order {
    Order {
        version: version.parse().unwrap(),
        arch: Arch::Arm64,
        mode,
        site: "Kilimani".to_owned(),
        hotspot: "hotspot1".to_owned(),
        disk: "disk1".to_owned(),
        downloads: None,
        claim: None,
        fetched: false,
    }
}

/// As a router fetches it, with a line of that kind.
fn fetched(version: &str, mode: Mode) -> Order {
    Order {
        claim: Some(Claim {
            controller: "https://billing.example.com".to_owned(),
            code: "0".repeat(40),
            identity: "1".repeat(64),
        }),
        fetched: true,
        ..order(version, mode)
    }
}

/// Every release, and what is not out yet.
fn every_release() -> Vec<String> {
    let releases = RouterOs::releases().map(|version| version.to_string());
    let later = ["7.25beta2".to_owned(), "7.30".to_owned()];
    releases.chain(later).collect()
}

fn modes() -> [Mode; 2] {
    [Mode::Container, Mode::SiteBox([10, 5, 50, 2].into())]
}

fn text<'a>(files: &'a [File], path: &str) -> &'a str {
    &files.iter().find(|file| file.path == path).unwrap().text
}

/// What a script would obey: everything outside quotes and comments, and what a dollar or a bracket makes of a string.
fn obeyed(script: &str) -> String {
    let mut kept = String::new();
    for line in script
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
    {
        let mut chars = line.chars();
        let mut quoted = false;
        while let Some(c) = chars.next() {
            match c {
                '"' => quoted = !quoted,
                '\\' if quoted => drop(chars.next()),
                _ if quoted => assert_ne!(c, '$', "a variable in a string: {line}"),
                _ => kept.push(c),
            }
        }
        assert!(!quoted, "a string goes over the end of its line: {line}");
        kept.push('\n');
    }
    kept
}

#[test]
fn scripts_are_one_block_in_the_words_of_their_version() {
    for version in every_release() {
        for (mode, made) in modes().into_iter().flat_map(|mode| {
            let only = Order {
                hotspot: String::new(),
                ..fetched(&version, mode)
            };
            [order(&version, mode), fetched(&version, mode), only].map(|made| (mode, made))
        }) {
            let files = render(&made).unwrap();
            for path in ["install.rsc", "remove.rsc"] {
                let script = text(&files, path);
                assert!(script.is_ascii(), "{path}");
                let obeyed = obeyed(script);
                for (open, close) in [('{', '}'), ('[', ']'), ('(', ')')] {
                    let count = |c| obeyed.chars().filter(|one| *one == c).count();
                    assert_eq!(count(open), count(close), "{path} {version} {open}");
                }
                let block = obeyed.trim();
                assert!(block.starts_with('{') && block.ends_with('}'), "{path}");
            }
            let install = text(&files, "install.rsc");
            assert!(install.contains("address-pool=none"));
            assert!(install.contains(":rndstr"), "the router makes the password");
            assert_eq!(install.contains("/container/"), mode == Mode::Container);
        }
    }
}

/// After `where` a variable called like a property is the property, so such a filter finds everything.
#[test]
fn no_filter_compares_a_property_with_itself() {
    for version in every_release() {
        for mode in modes() {
            for file in render(&order(&version, mode)).unwrap() {
                for filter in file.text.split(" where ").skip(1) {
                    let filter = filter.split(']').next().unwrap_or_default();
                    for word in filter.split_whitespace() {
                        let Some((property, value)) = word.split_once('=') else {
                            continue;
                        };
                        let itself = value.strip_prefix('$') == Some(property);
                        assert!(!itself, "{} {version}: {word}", file.path);
                    }
                }
            }
        }
    }
}

#[test]
fn what_install_makes_remove_takes_away() {
    for version in every_release() {
        for mode in modes() {
            let files = render(&order(&version, mode)).unwrap();
            let remove = text(&files, "remove.rsc");
            let install = text(&files, "install.rsc");
            for line in install.lines() {
                let Some((menu, _)) = line.trim().split_once("/add ") else {
                    continue;
                };
                assert!(
                    remove.contains(&format!("{menu}/remove [")),
                    "{version}: {menu} is not taken away"
                );
            }
        }
    }
}

#[test]
fn no_name_is_obeyed() {
    for name in HOSTILE {
        for mode in modes() {
            let plain = render(&order("7.20.8", mode)).unwrap();
            let mut hostile = order("7.20.8", mode);
            for text in [&mut hostile.site, &mut hostile.hotspot, &mut hostile.disk] {
                name.clone_into(text);
            }
            let claim = |text: &str| {
                Some(Claim {
                    controller: text.to_owned(),
                    code: text.to_owned(),
                    identity: text.to_owned(),
                })
            };
            hostile.claim = claim(name);
            let mut tame = order("7.20.8", mode);
            tame.claim = claim("tame");
            let (hostile, tame) = (render(&hostile).unwrap(), render(&tame).unwrap());
            assert_eq!(
                obeyed(text(&hostile, "install.rsc")),
                obeyed(text(&tame, "install.rsc")),
                "{name}"
            );
            assert_eq!(text(&hostile, "remove.rsc"), text(&plain, "remove.rsc"));
        }
    }
}

#[test]
fn pages_lead_to_the_portal_and_leave_nothing_to_fill_in() {
    let files = render(&order("7.24", Mode::SiteBox([192, 168, 88, 9].into()))).unwrap();
    let pages = files
        .iter()
        .filter(|file| file.path.starts_with("hotspot/"));
    assert_eq!(pages.clone().count(), 10);
    for page in pages {
        assert!(!page.text.contains("{{"), "{}", page.path);
    }
    let login = text(&files, "hotspot/login.html");
    assert!(
        login.contains("http://192.168.88.9:8080/portal/"),
        "{login}"
    );
    // Whom the router alone logs out, the agent logs in again.
    let status = text(&files, "hotspot/status.html");
    assert!(
        status.contains("href=\"http://192.168.88.9:8080/portal/status\"")
            && !status.contains("link-logout"),
        "{status}"
    );
}

/// Only what is on the router logs in there: tickets in use, and by their codes the long ones alone.
#[test]
fn the_routers_own_page_promises_only_what_the_router_can_do() {
    for mode in modes() {
        let files = render(&order("7.24", mode)).unwrap();
        let login = text(&files, "hotspot/login.html");
        for sentence in [
            "a voucher you have already used, with a code of 12 letters or more, logs in here too.",
            "Type the code in capitals and without dashes in both fields.",
            "vocha uliyokwisha kuitumia, yenye msimbo wa herufi 12 au zaidi, huingia hapa pia.",
            "Andika msimbo kwa herufi kubwa bila vistari katika nafasi zote mbili.",
        ] {
            assert!(login.contains(sentence), "{sentence}");
        }
        assert!(
            !login.contains("type=\"password\""),
            "a code is typed in sight"
        );
    }
}

/// The files of an archive, as its entries have them.
fn unpacked(archive: &[u8]) -> Vec<(String, String)> {
    let word = |at: usize| usize::from(u16::from_le_bytes([archive[at], archive[at + 1]]));
    let mut files = Vec::new();
    let mut at = 0;
    while archive[at..].starts_with(b"PK\x03\x04") {
        let (length, name) = (word(at + 18) + (word(at + 20) << 16), word(at + 26));
        let start = at + 30;
        let text =
            |from: usize, length| String::from_utf8(archive[from..from + length].to_vec()).unwrap();
        files.push((text(start, name), text(start + name, length)));
        at = start + name + length;
    }
    assert!(archive[at..].starts_with(b"PK\x01\x02"));
    let end = &archive[archive.len() - 22..];
    assert!(end.starts_with(b"PK\x05\x06"));
    assert_eq!(usize::from(end[10]), files.len());
    files
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_technician_takes_files_with_a_code_only_when_it_is_asked_for(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut technician = member(&world, Role::Technician, 1).await;
    let path = format!("/sites/{}/files", world.shop.site);
    assert!(technician.get(&path).await.page().contains("hotspot1"));
    let form = |mode: &str, address: &str, claim: bool| {
        let claim = if claim { "&claim=on" } else { "" };
        format!("mode={mode}&routeros=7.20.8&arch=arm64&hotspot=hotspot1&address={address}{claim}")
    };
    let take = async |technician: &mut Browser<'_>, form: String| {
        let request = Request::post(&path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
            .body(Body::from(form))
            .unwrap();
        let response = technician.open(request).await;
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20)
            .await
            .unwrap();
        (status, bytes.to_vec())
    };
    let (status, page) = take(&mut technician, form("sitebox", "the+box", false)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = String::from_utf8(page).unwrap();
    assert!(page.contains("Give the address as four numbers") && page.contains("the box"));
    let old = form("container", "", false).replace("7.20.8", "6.49.10");
    let (status, page) = take(&mut technician, old).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = String::from_utf8(page).unwrap();
    assert!(page.contains("from 7.14 on") && page.contains("value=\"6.49.10\""));

    let claims = world.count("claims").await;
    let (status, archive) = take(&mut technician, form("container", "", false)).await;
    assert_eq!(status, StatusCode::OK);
    let files = unpacked(&archive);
    assert_eq!(files.len(), 13);
    assert!(files.iter().all(|(name, _)| name.starts_with("mnara/")));
    assert!(files.iter().all(|(_, text)| !text.contains("MNARA_CLAIM")));
    assert_eq!(world.count("claims").await, claims);

    let lines = world.count("audit where act = 'claim'").await;
    let (_, archive) = take(&mut technician, form("container", "", true)).await;
    assert_eq!(
        world.count("audit where act = 'claim'").await,
        lines + 1,
        "said once, in the transaction of the code"
    );
    let files = unpacked(&archive);
    let (_, install) = &files[0];
    let (_, rest) = install.split_once("key=MNARA_CLAIM value=\"").unwrap();
    let key = SigningKey::from_bytes(&[78; 32]);
    let enrolled = fleet::enrol::enrol(&world.app, &rest[..40], &key.verifying_key(), "test/1")
        .await
        .unwrap();
    assert_eq!(enrolled.site, world.shop.site);
}

/// What a router of this kind asks with a line: the address, as the line's own text has it, and the code it sends along.
fn asked(line: &str) -> (String, String) {
    let between = |before: &str, after: &str| {
        let (_, rest) = line.split_once(before).unwrap();
        rest.split_once(after).unwrap().0.to_owned()
    };
    let address = between("url=(\"https://billing.example.com", "\"");
    let address = address.replace("\\3F", "?");
    (
        format!("{address}7.20.8&arch=arm64"),
        between("http-header-field=\"Authorization: Bearer ", "\""),
    )
}

async fn fetch(browser: &mut Browser<'_>, path: &str, code: &str) -> (StatusCode, String) {
    let request = Request::get(path)
        .header(header::AUTHORIZATION, format!("Bearer {code}"))
        .body(Body::empty());
    let response = browser.open(request.unwrap()).await;
    let status = response.status();
    if status == StatusCode::OK {
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    }
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await;
    (status, String::from_utf8(body.unwrap().to_vec()).unwrap())
}

/// The line on a page, as a person copies it.
fn line_of(page: &str) -> String {
    let (_, rest) = page.split_once("<code class=\"whole\">{:do").unwrap();
    let line = rest.split_once("</code>").unwrap().0;
    let plain = [("&#34;", "\""), ("&#38;", "&"), ("&#39;", "'")];
    plain
        .iter()
        .fold(format!("{{:do{line}"), |text, (from, to)| {
            text.replace(from, to)
        })
}
