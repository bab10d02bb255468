//! Enrolment: a claim is good once, for the key that spent it; the controller proves itself before it is told anything; a
//! line of another site or a forged one does nothing.

use std::net::SocketAddr;
use std::time::Duration;

use mnara_tests::sim::daraja::{App, Config, Daraja};
use mnara_tests::sim::routeros::{self, Router};
use mnara_tests::world::agent::{Agent, PASSWORD, USER};
use mnara_tests::world::business::{Business, PLANS, site};
use mnara_tests::world::cable::Cable;
use mnara_tests::world::controller::Controller;
use mnara_tests::world::folder::Folder;
use mnara_tests::world::program::PATIENCE;
use tokio::sync::watch;

struct Scene {
    controller: Controller,
    business: Business,
    router: Router,
    changed: watch::Sender<u64>,
    folder: Folder,
}

async fn scene() -> Scene {
    let folder = Folder::new().unwrap();
    let changed = watch::Sender::new(0);
    let daraja = Daraja::start(Config::sandbox()).await.unwrap();
    let mut controller = Controller::new(folder.path(), &daraja.url(), &changed)
        .await
        .unwrap();
    controller.start().await.unwrap();
    let account = App::sandbox_paybill();
    let business = Business::open(&controller, folder.path(), "Enrolling", &account, &PLANS)
        .await
        .unwrap();
    let router = Router::start(routeros::Config {
        users: vec![(USER.to_owned(), PASSWORD.to_owned(), "full".to_owned())],
        ..routeros::Config::default()
    })
    .await
    .unwrap();
    Scene {
        controller,
        business,
        router,
        changed,
        folder,
    }
}

impl Scene {
    fn agent(&self, name: &str) -> Agent {
        Agent::new(self.folder.path(), name, &self.changed).unwrap()
    }

    async fn line(&self) -> String {
        self.business
            .claim(&self.controller, &self.business.site)
            .await
            .unwrap()
    }

    async fn agents(&self) -> usize {
        self.controller
            .ask("select id from agents")
            .await
            .unwrap()
            .len()
    }

    async fn end(mut self) {
        self.controller.stop().await.unwrap();
        assert_eq!(self.controller.log().errors(), [""; 0]);
    }
}

/// The word of a line after a flag.
fn word<'a>(line: &'a str, flag: &str) -> &'a str {
    line.split_whitespace()
        .skip_while(|word| *word != flag)
        .nth(1)
        .unwrap()
}

/// Waits until a running agent has reached the controller, and gives the site it says it serves.
async fn serves(agent: &Agent) -> serde_json::Value {
    let looking = async {
        let mut look = tokio::time::interval(Duration::from_millis(50));
        loop {
            look.tick().await;
            // Its socket may not be there yet.
            if let Ok(mut status) = agent.status().await
                && status["cloud"] == true
            {
                return status["site"].take();
            }
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.unwrap()
}

#[tokio::test]
async fn a_claim_is_good_once_and_repeats_for_its_own_key() {
    let scene = scene().await;
    let line = scene.line().await;
    let first = scene.agent("first");
    let address = scene.controller.address();
    let answer = first.enrol(&line, address, &scene.router).await.unwrap();
    // The answer may have been lost on the way, so the same key may ask again and is told the same.
    let again = first.enrol(&line, address, &scene.router).await.unwrap();
    assert_eq!(answer, again);

    let thief = scene.agent("thief");
    let refused = thief
        .enrol(&line, address, &scene.router)
        .await
        .unwrap_err();
    assert!(
        format!("{refused:#}").contains("make a new line"),
        "{refused:#}"
    );
    // A new line of the same site, as for another router, leaves the agent who it is.
    let next = scene.line().await;
    assert_ne!(next, line);
    let same = first.enrol(&next, address, &scene.router).await.unwrap();
    assert_eq!(same, answer);
    assert_eq!(scene.agents().await, 1);
    assert!(!thief.state().join("enrolment.json").exists());
    scene.end().await;
}

#[tokio::test]
async fn an_agent_whose_answer_was_lost_asks_again_and_gets_the_same() {
    let scene = scene().await;
    let line = scene.line().await;
    let agent = scene.agent("agent");
    let near = SocketAddr::from(([127, 0, 0, 1], 0));
    let cable = Cable::lay(near, scene.controller.address()).await.unwrap();
    // The controller's proof comes down, and the answer to the claim does not.
    cable.hold_after_one_answer();
    let enrolling = agent.enrol(&line, cable.address(), &scene.router);
    let losing = async {
        let mut look = tokio::time::interval(Duration::from_millis(20));
        while scene.agents().await == 0 {
            look.tick().await;
        }
        cable.cut();
    };
    let (lost, ()) = tokio::join!(enrolling, losing);
    lost.unwrap_err();
    assert!(!agent.state().join("enrolment.json").exists());

    cable.mend();
    agent
        .enrol(&line, cable.address(), &scene.router)
        .await
        .unwrap();
    assert_eq!(scene.agents().await, 1, "the same key is the same agent");
    scene.end().await;
}

#[tokio::test]
async fn a_controller_that_cannot_prove_itself_is_told_nothing() {
    let scene = scene().await;
    let line = scene.line().await;
    let agent = scene.agent("agent");
    let identity = line
        .split_whitespace()
        .skip_while(|word| *word != "--identity")
        .nth(1)
        .unwrap();
    let other = identity.chars().rev().collect::<String>();
    assert_ne!(identity, other);
    let refused = agent
        .enrol(
            &line.replace(identity, &other),
            scene.controller.address(),
            &scene.router,
        )
        .await
        .unwrap_err();
    assert!(format!("{refused:#}").contains("identity"), "{refused:#}");
    assert_eq!(scene.agents().await, 0);
    // The claim was not spent by the try.
    agent
        .enrol(&line, scene.controller.address(), &scene.router)
        .await
        .unwrap();
    assert_eq!(scene.agents().await, 1);
    scene.end().await;
}

#[tokio::test]
async fn a_made_up_or_old_claim_is_refused() {
    let scene = scene().await;
    let line = scene.line().await;
    let claim = line
        .split_whitespace()
        .skip_while(|word| *word != "--claim")
        .nth(1)
        .unwrap();
    let made_up: String = claim
        .chars()
        .map(|c| if c == '0' { '1' } else { '0' })
        .collect();
    let agent = scene.agent("agent");
    let address = scene.controller.address();
    assert!(
        agent
            .enrol(&line.replace(claim, &made_up), address, &scene.router)
            .await
            .is_err()
    );

    // An hour and a minute later the real one is too old.
    scene
        .controller
        .advance(Duration::from_secs(3_660))
        .await
        .unwrap();
    assert!(agent.enrol(&line, address, &scene.router).await.is_err());
    assert_eq!(scene.agents().await, 0);
    scene.end().await;
}

#[tokio::test]
async fn the_agents_key_and_the_routers_password_are_for_the_agent_only() {
    use std::os::unix::fs::PermissionsExt;

    let scene = scene().await;
    let agent = scene.agent("agent");
    agent
        .enrol(
            &scene.line().await,
            scene.controller.address(),
            &scene.router,
        )
        .await
        .unwrap();
    for entry in std::fs::read_dir(agent.state()).unwrap() {
        let path = entry.unwrap().path();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(
            mode & 0o077,
            0,
            "{} is open to others: {mode:o}",
            path.display()
        );
    }
    let known = scene
        .controller
        .ask("select t::text from agents t union all select t::text from claims t union all select t::text from sites t")
        .await
        .unwrap();
    let text = format!("{known:?}");
    assert!(
        !text.contains(PASSWORD),
        "the router's password left the site"
    );
    scene.end().await;
}

#[tokio::test]
async fn a_fresh_line_moves_a_machine_to_another_site() {
    let mut scene = scene().await;
    let mut agent = scene.agent("agent");
    let address = scene.controller.address();
    let here = scene.line().await;
    agent.enrol(&here, address, &scene.router).await.unwrap();
    agent.start().await.unwrap();
    assert_eq!(serves(&agent).await, scene.business.site.as_str());
    agent.stop().await.unwrap();
    let key = std::fs::read_to_string(agent.state().join("agent.key")).unwrap();

    // As a container is told: nobody types anything.
    let there = site(&scene.controller, &scene.business.provider, "Hillside")
        .await
        .unwrap();
    let line = scene
        .business
        .claim(&scene.controller, &there)
        .await
        .unwrap();
    agent.set("MNARA_CONTROLLER", &format!("http://{address}"));
    agent.set("MNARA_CLAIM", word(&line, "--claim"));
    agent.set("MNARA_IDENTITY", word(&line, "--identity"));
    // While the controller is away the place it has goes on.
    scene.controller.stop().await.unwrap();
    agent.start().await.unwrap();
    agent.stop().await.unwrap();
    assert_eq!(
        std::fs::read_to_string(agent.state().join("agent.key")).unwrap(),
        key
    );
    scene.controller.start().await.unwrap();
    agent.start().await.unwrap();
    assert_eq!(serves(&agent).await, there.as_str());
    assert_eq!(scene.agents().await, 2);
    let kept: Vec<_> = std::fs::read_dir(agent.state())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.display().to_string().contains("/earlier-"))
        .collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(
        std::fs::read_to_string(kept[0].join("agent.key")).unwrap(),
        key
    );
    assert!(kept[0].join("store.sqlite").exists());

    // The line stays where it is and is not taken for a new one.
    agent.stop().await.unwrap();
    agent.start().await.unwrap();
    assert_eq!(serves(&agent).await, there.as_str());
    assert_eq!(scene.agents().await, 2);
    agent.stop().await.unwrap();
    let claim = word(&line, "--claim");
    assert!(!agent.log().tail(1_000).contains(claim));
    for name in ["enrolment.json", "agent.key"] {
        let text = std::fs::read_to_string(agent.state().join(name)).unwrap();
        assert!(!text.contains(claim), "{name}");
    }
    scene.end().await;
}

#[tokio::test]
async fn a_machine_whose_place_was_taken_comes_back_by_a_fresh_line() {
    let scene = scene().await;
    let address = scene.controller.address();
    let mut first = scene.agent("first");
    let second = scene.agent("second");
    let was = first
        .enrol(&scene.line().await, address, &scene.router)
        .await
        .unwrap();
    second
        .enrol(&scene.line().await, address, &scene.router)
        .await
        .unwrap();
    let line = scene.line().await;
    let is = first.enrol(&line, address, &scene.router).await.unwrap();
    assert_ne!(is, was, "a key that was let go is not good again");
    // The answer may have been lost, or somebody pastes it twice. Not too many in one minute.
    scene
        .controller
        .advance(Duration::from_secs(60))
        .await
        .unwrap();
    let again = first.enrol(&line, address, &scene.router).await.unwrap();
    assert_eq!(again, is);
    first.start().await.unwrap();
    assert_eq!(serves(&first).await, scene.business.site.as_str());
    let present = "select count(*) from agents where revoked_at is null";
    assert_eq!(scene.controller.value(present).await.unwrap(), "1");
    assert_eq!(scene.agents().await, 3);
    first.stop().await.unwrap();
    scene.end().await;
}
