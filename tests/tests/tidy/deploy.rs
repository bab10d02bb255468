//! What the files of `deploy/` must agree on, which nothing reads before somebody deploys them.

use std::fs;

use super::root;

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("the file is there")
}

/// The run-book without the ends of its lines.
fn run_book() -> String {
    let text = read("deploy/RUNBOOK.md");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The names that stand behind a mark.
fn names<'a>(text: &'a str, mark: &str) -> Vec<&'a str> {
    let behind = text.split(mark).skip(1);
    behind
        .map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
            &rest[..end.unwrap_or(rest.len())]
        })
        .collect()
}

/// Says that a unit runs as a user of its own, who is made as its head has it.
fn assert_has_a_user(unit: &str) {
    let users = names(unit, "\nUser=");
    assert_eq!(users.len(), 1, "{users:?}");
    let made = format!(" {}", users[0]);
    assert!(
        unit.lines()
            .any(|line| line.starts_with("# Once: useradd ") && line.ends_with(&made)),
        "nothing says how {} is made",
        users[0]
    );
}

#[test]
fn the_agents_unit_looks_where_root_enrolled_and_says_how_its_user_is_made() {
    let unit = read("deploy/systemd/mnara-agent.service");
    let folders = names(&unit, "\nStateDirectory=");
    assert_eq!(folders.len(), 1);
    let told = format!("Environment=MNARA_STATE_DIR=/var/lib/{}", folders[0]);
    assert!(unit.lines().any(|line| line == told), "{told} is missing");
    assert_has_a_user(&unit);
}

/// The folder of a user that systemd makes up lies where only root may pass, so a PostgreSQL that a restore starts as that user cannot.
#[test]
fn the_controllers_folder_can_be_reached_by_the_account_that_owns_it() {
    let unit = read("deploy/systemd/mnara-controller.service");
    assert!(!unit.contains("\nDynamicUser="), "{unit}");
    assert_has_a_user(&unit);
}

#[test]
fn the_controller_ends_its_database_itself() {
    let unit = read("deploy/systemd/mnara-controller.service");
    assert_eq!(names(&unit, "\nKillMode="), ["mixed"]);
}

#[test]
fn every_volume_that_kubernetes_claims_by_name_is_made_there() {
    let text = read("deploy/kubernetes.yaml");
    let is_claim = |object: &&str| object.contains("\nkind: PersistentVolumeClaim\n");
    let made: Vec<_> = text
        .split("\n---\n")
        .filter(is_claim)
        .flat_map(|object| names(object, "\nmetadata:\n  name: "))
        .collect();
    let claimed = names(&text, "claimName: ");
    assert!(!claimed.is_empty(), "nothing is claimed by name");
    for name in claimed {
        assert!(made.contains(&name), "{name} is made nowhere");
    }
}

#[test]
fn callbacks_reach_a_controller_whose_database_is_away() {
    let text = read("deploy/kubernetes.yaml");
    let probes: Vec<_> = text
        .lines()
        .filter(|line| line.contains("readinessProbe:"))
        .collect();
    assert!(!probes.is_empty(), "nothing says when a pod is asked");
    for probe in probes {
        assert!(probe.contains("path: /healthz,"), "{probe}");
    }
    let told = "Point the balancer's check and the restart check at `/healthz`.";
    assert!(run_book().contains(told), "{told} is missing");
}

#[test]
fn compose_backs_up_and_restores_by_the_scripts_of_its_image() {
    let text = read("deploy/compose.yaml");
    let (_, rest) = text
        .split_once("\n  backup:\n")
        .expect("compose backs nothing up");
    let backup = rest.split("\n\n").next().unwrap_or_default();
    for told in [
        "entrypoint: [\"/usr/local/lib/mnara/backup.sh\"]",
        "environment: *owner",
        "volumes: [\"backups:/var/backups/mnara\"]",
    ] {
        assert!(backup.contains(told), "{told} is missing");
    }
    assert!(text.lines().any(|line| line == "  backups:"), "no volume");
    // The volume is given to whoever has the folder in the image.
    let image = read("deploy/Dockerfile");
    let is_made = |line: &str| {
        line.contains("install -d -o mnara -m 0700 ") && line.contains(" /var/backups/mnara")
    };
    assert!(image.lines().any(is_made), "the image has no such folder");
    let scripts = "COPY deploy/backup.sh deploy/restore.sh /usr/local/lib/mnara/\n";
    assert!(image.contains(scripts), "{scripts} is missing");
    for told in [
        "run --rm -T backup",
        "run --rm --entrypoint /usr/local/lib/mnara/restore.sh backup",
    ] {
        assert!(run_book().contains(told), "{told} is missing");
    }
}

#[test]
fn kubernetes_restores_by_the_job_that_backs_up() {
    let text = read("deploy/kubernetes.yaml");
    let jobs: Vec<_> = text
        .split("\n---\n")
        .filter(|object| object.contains("\nkind: CronJob\n"))
        .collect();
    let [job] = jobs[..] else {
        panic!("one backs up: {}", jobs.len());
    };
    let script = "/mnara/backup.sh";
    assert!(job.contains(script), "{job}");
    let told = format!("--from=cronjob/{}", names(job, "\n  name: ")[0]);
    let book = run_book();
    assert!(book.contains(&told), "{told} is missing");
    assert!(book.contains(&format!("s,{script},/mnara/restore.sh,")));
}

#[test]
fn the_passwords_of_compose_are_in_no_image_and_in_no_commit() {
    for (file, told) in [
        (".dockerignore", "deploy/.env"),
        (".gitignore", "/deploy/.env"),
    ] {
        let text = read(file);
        assert!(text.lines().any(|line| line == told), "{file}: {told}");
    }
}
