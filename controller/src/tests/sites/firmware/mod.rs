//! What goes onto a router: made for each version, obeying nobody's name, with no secret that was not asked for.

mod agent;

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

#[sqlx::test(migrations = "../migrations/controller")]
async fn one_line_fetches_everything_until_the_agent_is_enrolled(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let flags = ["--public-url", "https://billing.example.com"];
    let world = World::open_with(pool, options, &flags).await;
    let site = world.shop.site;
    let mut technician = member(&world, Role::Technician, 1).await;
    let onward = technician.post(&format!("/sites/{site}/claim"), &[]).await;
    let page = technician.get(&onward.onward()).await;
    let (path, code) = asked(&line_of(&page.page()));
    assert!(
        !path.contains(&code),
        "addresses are written into logs of proxies"
    );

    let mut router = Browser::new(&world, 77);
    let (status, script) = fetch(&mut router, &path, &code).await;
    assert_eq!(status, StatusCode::OK, "{script}");
    let claim = format!("key=MNARA_CLAIM value=\"{code}\"");
    assert!(script.contains(&claim) && script.contains("RouterOS 7.20.8, arm64, container"));
    let identity = fleet::identity::load(&world.app).await.unwrap();
    let identity = mnara_protocol::enrol::fingerprint(&identity.signing.verifying_key());
    assert!(
        script.contains(&hex::encode(identity)),
        "the agent checks our key before it sends the code"
    );
    assert!(
        !script.contains(&site.to_string()) && !script.contains(&world.shop.provider.to_string())
    );

    // What the script fetches is there for the same code, and is what an archive has.
    let files = render(&order("7.20.8", Mode::Container)).unwrap();
    let parts: Vec<&File> = files
        .iter()
        .filter(|file| file.path == "remove.rsc" || file.path.starts_with("hotspot/"))
        .collect();
    assert_eq!(parts.len(), 11);
    let part =
        |name: &str| format!("/router/files/{name}?mode=container&version=7.20.8&arch=arm64");
    let address = |path: &str| format!("https://billing.example.com{path}").replace('?', "\\3F");
    let (before, after) = (address("/router/files/"), part("").replace('?', "\\3F"));
    let after = after.strip_prefix("/router/files/").unwrap().to_owned();
    assert!(script.contains(&format!("url=(\"{before}\" . $one . \"{after}\")")));
    for file in parts {
        assert!(
            script.contains(&format!("\"{}\"", file.path)),
            "{}",
            file.path
        );
        let (status, text) = fetch(&mut router, &part(&file.path), &code).await;
        assert_eq!(
            (status, &text),
            (StatusCode::OK, &file.text),
            "{}",
            file.path
        );
    }
    for other in [
        "install.rsc",
        "README.txt",
        "hotspot/",
        "hotspot/other.html",
    ] {
        let (status, _) = fetch(&mut router, &part(other), &code).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{other}");
    }

    // Fetching spends nothing; once the agent is enrolled, and for anybody without the code, there is nothing.
    let key = SigningKey::from_bytes(&[79; 32]);
    fleet::enrol::enrol(&world.app, &code, &key.verifying_key(), "test/1")
        .await
        .unwrap();
    let late = fleet::enrol::claim(&world.app, world.shop.provider, site, Actor::Command)
        .await
        .unwrap();
    assert_eq!(fetch(&mut router, &path, &late).await.0, StatusCode::OK);
    world.app.clock.advance(Duration::from_secs(3600));
    let mut said = Vec::new();
    for code in [code.as_str(), &late, &"0".repeat(40), ""] {
        for path in [&path, &part("remove.rsc")] {
            let (status, text) = fetch(&mut router, path, code).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{code}");
            said.push(text);
        }
    }
    said.dedup();
    assert_eq!(said.len(), 1, "used, too old and unknown look the same");
    let without = router.get(&path).await;
    assert_eq!(without.status, StatusCode::NOT_FOUND);
    assert_eq!(
        technician.get(&path).await.status,
        StatusCode::NOT_FOUND,
        "a log-in is no code"
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_line_is_for_what_was_chosen_and_comes_over_tls_only(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let flags = ["--public-url", "https://billing.example.com"];
    let world = World::open_with(pool, options, &flags).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let path = format!("/sites/{}/files", world.shop.site);
    let form = |mode, address, hotspot| {
        [
            ("mode", mode),
            ("address", address),
            ("hotspot", hotspot),
            ("routeros", "7.20.8"),
            ("arch", "arm64"),
            ("as", "line"),
        ]
    };
    let hostile = "hot \"spot\" $1 & co?";
    let claims = world.count("claims").await;
    let onward = owner
        .post(&path, &form("sitebox", "10.5.50.2", hostile))
        .await
        .onward();
    assert_eq!(onward, path);
    let line = line_of(&owner.get(&onward).await.page());
    // Shown once, made once: the page loaded again makes no code and shows none.
    let again = owner.get(&onward).await.page();
    assert!(!again.contains("class=\"whole\""), "{again}");
    assert_eq!(world.count("claims").await, claims + 1);
    obeyed(&line);
    assert!(!line.contains('?') && !line.contains('\n'), "{line}");
    let (asked, code) = asked(&line);
    let mut router = Browser::new(&world, 77);
    // The processor of a router that only shows the pages is all one.
    let small = asked
        .replace("arm64", "mmips")
        .replace("7.20.8", "7.25beta3");
    let (status, script) = fetch(&mut router, &small, &code).await;
    assert_eq!(status, StatusCode::OK, "{script}");
    assert!(script.contains(":local server \"hot \\\"spot\\\" \\$1 & co\\3F\""));
    assert!(script.contains("10.5.50.2") && script.contains("RouterOS 7.25, sitebox"));
    assert!(!script.contains("/container/"));
    assert!(script.contains(&format!("--claim \" . \"{code}\"")));

    for (changed, says) in [
        (asked.replace("7.20.8", "6.49.10"), "RouterOS 7.14 or newer"),
        (
            asked
                .replace("sitebox", "container")
                .replace("arm64", "mmips"),
            "on a Linux box",
        ),
    ] {
        let (status, script) = fetch(&mut router, &changed, &code).await;
        assert_eq!(status, StatusCode::OK);
        assert!(
            script.starts_with(":error \"mnara: ") && script.contains(says),
            "{script}"
        );
        assert!(!script.contains(&code));
    }
    for changed in [
        asked.replace("sitebox", "other"),
        asked.replace("10.5.50.2", "127.0.0.1"),
    ] {
        let (status, _) = fetch(&mut router, &changed, &code).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{changed}");
    }

    // However often one asks, somebody else is answered.
    let mut statuses = Vec::new();
    for _ in 0..130 {
        statuses.push(fetch(&mut router, &asked, "guess").await.0);
    }
    assert!(statuses.contains(&StatusCode::TOO_MANY_REQUESTS));
    let mut other = Browser::new(&world, 78);
    assert_eq!(fetch(&mut other, &asked, &code).await.0, StatusCode::OK);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn without_tls_there_is_no_line_and_nothing_to_fetch(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let site = world.shop.site;
    let mut owner = member(&world, Role::Owner, 1).await;
    let onward = owner
        .post(&format!("/sites/{site}/claim"), &[])
        .await
        .onward();
    let page = owner.get(&onward).await.page();
    assert!(page.contains("/import file-name=mnara/install.rsc") && !page.contains("/tool/fetch"));
    let path = format!("/sites/{site}/files");
    assert!(!owner.get(&path).await.page().contains("value=\"line\""));
    let code = fleet::enrol::claim(&world.app, world.shop.provider, site, Actor::Command)
        .await
        .unwrap();
    let script = "/router/install.rsc?mode=container&version=7.24&arch=arm64";
    let mut router = Browser::new(&world, 77);
    assert_eq!(
        fetch(&mut router, script, &code).await.0,
        StatusCode::NOT_FOUND
    );
}
