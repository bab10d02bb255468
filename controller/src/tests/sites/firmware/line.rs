//! The one line that fetches everything onto a router: what it holds, who may fetch with it, and for how long.

use super::*;

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
