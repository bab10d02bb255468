//! What is said of the moment: commands, what came of them, and live readings.

use super::*;

pub(crate) fn commands() -> Vec<(&'static str, Command)> {
    vec![
        (
            "kick",
            Command::Kick(KickCommand {
                id: COMMAND,
                expires: LATER,
                ticket: TICKET,
                mac: Some(MAC),
            }),
        ),
        (
            "pause",
            Command::Pause(HoldCommand {
                id: COMMAND,
                expires: LATER,
                ticket: TICKET,
            }),
        ),
        (
            "resume",
            Command::Resume(HoldCommand {
                id: COMMAND,
                expires: LATER,
                ticket: TICKET,
            }),
        ),
        (
            "diagnose",
            Command::Diagnose(DiagnoseCommand {
                id: COMMAND,
                expires: LATER,
            }),
        ),
        (
            "watch",
            Command::Watch(WatchCommand {
                id: COMMAND,
                expires: LATER,
                until: LATER,
            }),
        ),
        (
            "release",
            Command::Release(ReleaseCommand {
                id: COMMAND,
                expires: LATER,
                ticket: TICKET,
                mac: MAC,
            }),
        ),
    ]
}

pub(crate) fn readings() -> Vec<(&'static str, Sample)> {
    let live = |answers, router, sessions| LiveSample {
        at: AT,
        looked: Some(AT),
        answers,
        router,
        hotspots: vec![HotspotSample {
            name: "hotspot1".to_owned(),
            interface: "bridge".to_owned(),
            runs: true,
        }],
        hosts: 9,
        online: 2,
        sessions,
    };
    let router = RouterSample {
        board: "hAP ax2".to_owned(),
        version: "7.20.8 (long-term)".to_owned(),
        architecture: "arm64".to_owned(),
        uptime_secs: 86_400,
        cpu_load: 7,
        free_memory: 700_000_000,
    };
    let session = |ticket, rate: Option<u64>| SessionSample {
        ticket,
        mac: MAC,
        address: "10.5.50.7".to_owned(),
        online_secs: 600,
        up: 1_000_000,
        down: 50_000_000,
        up_bps: rate,
        down_bps: rate.map(|rate| 10 * rate),
    };
    let sessions = vec![session(Some(TICKET), Some(64_000)), session(None, None)];
    vec![
        (
            "live-watched",
            Sample::Live(live(RouterAnswers::Yes, Some(router), Some(sessions))),
        ),
        ("live", Sample::Live(live(RouterAnswers::Lost, None, None))),
    ]
}

pub(crate) fn reports() -> Vec<(&'static str, Report)> {
    let finding = |verdict, next: Option<&str>| Finding {
        about: "router".to_owned(),
        verdict,
        says: "hAP 7.20".to_owned(),
        next: next.map(str::to_owned),
    };
    vec![
        (
            "findings",
            Report::Findings(FindingsReport {
                findings: vec![
                    finding(Verdict::Good, None),
                    finding(Verdict::Doubtful, Some("look")),
                    finding(Verdict::Bad, Some("act")),
                ],
            }),
        ),
        (
            "refused",
            Report::Refused(RefusedReport {
                why: NotDone::NotPaused,
            }),
        ),
    ]
}
