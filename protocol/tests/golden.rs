//! The bytes on the wire, kept under `golden/` as hexadecimal text and compared byte for byte: an old agent is a fact for years.
//!
//! A file that is there is never written again by a test. The bytes of a new message, which has no file, are in the words of the test that
//! fails for want of it.

#![expect(clippy::unwrap_used, reason = "what fails here should say where")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ed25519_dalek::SigningKey;
use minicbor::Decoder;
use minicbor::data::Type;
use mnara_protocol::clock::{Ticks, Timestamp};
use mnara_protocol::enrol::{Enrolled, sign_claim, sign_enrolled, sign_identity};
use mnara_protocol::frame::{KeyStatement, Kind, Pinned, clock_answer, clock_question};
use mnara_protocol::grant::{Grant, Step};
use mnara_protocol::ids::*;
use mnara_protocol::message::{self, *};
use mnara_protocol::money::{BadMoney, Currency, Money};
use mnara_protocol::plan::{Burst, Hours, Plan, Rate, Terms};
use mnara_protocol::seal::seal;
use mnara_protocol::session::{
    self, Admitted, Agent, AgentKeys, Config, Controller, ControllerKeys, Entry, EntryNo,
    FeedCursor, FeedDigest, FeedRow, Mark, Page, Resume, Revision, Session,
};
use mnara_protocol::ticket::login::of_printed;
use mnara_protocol::ticket::series::{
    Alphabet, Cloud, CutOff, Series, SeriesKey, Table, code, ticket_id,
};
use mnara_protocol::ticket::{EndReason, Place, Refusal, Right, Slot, Status, Ticket, Usage};
use mnara_protocol::token::DeviceToken;

const AT: Timestamp = Timestamp::from_millis(1_790_000_000_123);
const LATER: Timestamp = Timestamp::from_millis(1_790_003_600_000);
const MAC: Mac = Mac::from_bytes([0x4a, 0x3b, 0x2c, 0x1d, 0x0e, 0x0f]);
const TICKET: TicketId = TicketId::from_bytes([0x11; 16]);
const SERIES: SeriesId = SeriesId::from_bytes([0x22; 16]);
const PLAN: PlanId = PlanId::from_bytes([0x33; 16]);
const SITE: SiteId = SiteId::from_bytes([0x44; 16]);
const ATTEMPT: AttemptId = AttemptId::from_bytes([0x55; 16]);
const PAYMENT: PaymentId = PaymentId::from_bytes([0x66; 16]);
const COMMAND: CommandId = CommandId::from_bytes([0x77; 16]);

/// How each family reads a body back: its bytes again, or why not.
type Reader = fn(u16, &[u8]) -> Result<Vec<u8>, BadBody>;

struct Sample {
    name: String,
    kind: u16,
    bytes: Vec<u8>,
    reader: Reader,
}

fn usage() -> Usage {
    Usage {
        online_secs: 3599,
        bytes_up: 70_000,
        bytes_down: 5_000_000_000,
    }
}

fn printed() -> Printed {
    Printed {
        series: SERIES,
        index: 99_999,
    }
}

fn right() -> Right {
    Right {
        terms: terms(),
        sell_by: Some(LATER),
        revoked: None,
        extra_secs: 600,
    }
}

fn terms() -> Terms {
    Terms {
        duration_secs: Some(3600),
        online_secs: None,
        data_bytes: Some(500_000_000),
        devices: 2,
        rate: Some(Rate {
            down_bps: 5_000_000,
            up_bps: 1_000_000,
            burst: None,
        }),
    }
}

fn plan() -> Plan {
    Plan {
        id: PLAN,
        revision: 3,
        name: "Saa moja".to_owned(),
        price: Money::from_shillings(20),
        terms: terms(),
        sell_by_secs: Some(86_400),
        on_sale: true,
        position: 1,
        hours: None,
        colour: None,
    }
}

/// With all that later plans may say.
fn night_plan() -> Plan {
    Plan {
        terms: Terms {
            rate: Some(Rate {
                down_bps: 5_000_000,
                up_bps: 1_000_000,
                burst: Some(Burst {
                    down_bps: 10_000_000,
                    up_bps: 2_000_000,
                    down_below_bps: 4_000_000,
                    up_below_bps: 800_000,
                    secs: 16,
                }),
            }),
            ..terms()
        },
        hours: Some(Hours {
            days: 0b001_1111,
            from_minute: 22 * 60,
            until_minute: 6 * 60,
            ahead_minutes: 180,
        }),
        colour: Some(0x00_ff_cc_00),
        ..plan()
    }
}

fn spoken(english: &str, swahili: &str) -> Option<Spoken> {
    Some(Spoken {
        english: english.to_owned(),
        swahili: swahili.to_owned(),
    })
}

fn taken() -> Taken {
    Taken {
        ticket: TICKET,
        printed: Some(printed()),
        redeemed_at: AT,
        since: Some(LATER),
        slots: vec![Slot { mac: MAC, seen: AT }],
        usage: usage(),
        ended: Some(TakenEnd {
            reason: EndReason::Data,
            at: LATER,
        }),
        paused: None,
        tried: None,
    }
}

fn facts() -> Vec<(&'static str, Fact)> {
    let metered = MeteredFact {
        session: SessionId::from_bytes([0x88; 16]),
        ticket: TICKET,
        mac: MAC,
        began: AT,
        at: LATER,
        usage: usage(),
        total: usage(),
        over: true,
    };
    vec![
        (
            "redeemed",
            Fact::Redeemed(RedeemedFact {
                ticket: TICKET,
                printed: Some(printed()),
                mac: MAC,
                at: AT,
                first: true,
                evicted: Some(Mac::from_bytes([2; 6])),
                cut_off: false,
            }),
        ),
        (
            "granted",
            Fact::Granted(GrantedFact {
                ticket: TICKET,
                mac: MAC,
                step: Step::Confirmed,
                at: AT,
            }),
        ),
        ("metered", Fact::Metered(metered)),
        (
            "ended",
            Fact::Ended(EndedFact {
                ticket: TICKET,
                reason: EndReason::Duration,
                at: AT,
                usage: usage(),
            }),
        ),
        (
            "released",
            Fact::Released(ReleasedFact {
                ticket: TICKET,
                mac: MAC,
                at: AT,
            }),
        ),
        (
            "health",
            Fact::Health(HealthFact {
                event: HealthEvent::ClockCorrected,
                at: AT,
                value: Some(-90),
            }),
        ),
        (
            "drift",
            Fact::Drift(DriftFact {
                ticket: Some(TICKET),
                repairs: 2,
                at: AT,
            }),
        ),
        (
            "paused",
            Fact::Paused(PausedFact {
                ticket: TICKET,
                at: AT,
                usage: usage(),
            }),
        ),
        (
            "resumed",
            Fact::Resumed(ResumedFact {
                ticket: TICKET,
                at: LATER,
            }),
        ),
        (
            "tried",
            Fact::Tried(TriedFact {
                ticket: TICKET,
                mac: MAC,
                at: AT,
                right: Right {
                    sell_by: None,
                    extra_secs: 0,
                    ..right()
                },
                code: "7KQ2M0X190AB".to_owned(),
                cut_off: true,
            }),
        ),
    ]
}

fn checkout(state: CheckoutState) -> Row {
    Row::Checkout(CheckoutRow {
        attempt: ATTEMPT,
        payment: PAYMENT,
        mac: MAC,
        state,
        at: AT,
    })
}

fn rows() -> Vec<(&'static str, Row)> {
    vec![
        (
            "site",
            Row::Site(SiteRow {
                provider: ProviderId::from_bytes([0x99; 16]),
                site: SITE,
                business_name: "Mama Njeri WiFi".to_owned(),
                site_name: "Soko".to_owned(),
                colour: 0x00_7a_33,
                help_phone: Some("0712 345 678".to_owned()),
                sales_open: true,
            }),
        ),
        ("plan", Row::Plan(plan())),
        ("plan-night", Row::Plan(night_plan())),
        (
            "look",
            Row::Look(LookRow {
                button: Some(0x00_0a_7d_4b),
                welcome: spoken("Welcome", "Karibu"),
                banner: spoken("", "Leo bei nusu"),
                terms: spoken("Be kind.", ""),
                logo: Some([0xaa; 16]),
            }),
        ),
        (
            "logo",
            Row::Logo(LogoRow {
                kind: PictureKind::Webp,
                picture: vec![0xbb; 24],
            }),
        ),
        (
            "trial",
            Row::Trial(TrialRow {
                terms: terms(),
                every_days: 7,
                a_day: 50,
                ahead_minutes: 180,
            }),
        ),
        (
            "series",
            Row::Series(Series {
                id: SERIES,
                right: right(),
                plan_name: "Saa moja".to_owned(),
                price: Money::from_shillings(20),
                count: 100_000,
                skipped: vec![7, 70_000],
                alphabet: Alphabet::Digits,
                length: 10,
                prefix: "7".to_owned(),
                home: SITE,
                cut_off: CutOff::Anywhere,
                sealed_key: vec![0xab; 81],
            }),
        ),
        (
            "ticket",
            Row::Ticket(TicketRow {
                ticket: TICKET,
                code: "7KQ2M0X190AB".to_owned(),
                username: "7KQ2M0X190AB".to_owned(),
                password: "7KQ2M0X190AB".to_owned(),
                right: right(),
                plan_name: "Saa moja".to_owned(),
                price: Money::from_cents(2050),
                deliver_to: Some(MAC),
                deliver_until: Some(LATER),
                attempt: Some(ATTEMPT),
                taken: Some(taken()),
            }),
        ),
        ("checkout-pending", checkout(CheckoutState::Pending)),
        (
            "checkout-failed",
            checkout(CheckoutState::Failed(PayFailure::Locked)),
        ),
        ("checkout-paid", checkout(CheckoutState::Paid(TICKET))),
        (
            "ruling",
            Row::Ruling(RulingRow {
                ticket: TICKET,
                printed: printed(),
                right: right(),
                used_elsewhere: Some(AT),
                used_at: None,
                used_at_name: None,
                deliver_to: None,
                deliver_until: None,
            }),
        ),
        (
            "ruling-named",
            Row::Ruling(RulingRow {
                ticket: TICKET,
                printed: printed(),
                right: right(),
                used_elsewhere: Some(AT),
                used_at: Some(SITE),
                used_at_name: Some("Soko".to_owned()),
                deliver_to: None,
                deliver_until: None,
            }),
        ),
        (
            "ruling-delivered",
            Row::Ruling(RulingRow {
                ticket: TICKET,
                printed: printed(),
                right: right(),
                used_elsewhere: None,
                used_at: None,
                used_at_name: None,
                deliver_to: Some(MAC),
                deliver_until: Some(LATER),
            }),
        ),
    ]
}

fn questions() -> Vec<(&'static str, Question)> {
    vec![
        (
            "checkout",
            Question::Checkout(CheckoutQuestion {
                attempt: ATTEMPT,
                plan: PLAN,
                revision: 3,
                price: Money::from_shillings(20),
                phone: "254712345678".to_owned(),
                mac: MAC,
                deadline: LATER,
            }),
        ),
        (
            "lookup",
            Question::Lookup(LookupQuestion {
                attempt: ATTEMPT,
                code: "7KQ2M0X190AB".to_owned(),
                deadline: LATER,
            }),
        ),
        (
            "facts",
            Question::Facts(FactsQuestion {
                attempt: ATTEMPT,
                after: Some(TICKET),
                deadline: LATER,
            }),
        ),
    ]
}

fn answers() -> Vec<(&'static str, Answer)> {
    vec![
        (
            "prompted",
            Answer::Prompted(PromptedAnswer { payment: PAYMENT }),
        ),
        ("plan-changed", Answer::PlanChanged(plan())),
        (
            "not-prompted",
            Answer::NotPrompted(NotPromptedAnswer {
                reason: PayFailure::TooSoon,
                retry_secs: Some(120),
            }),
        ),
        (
            "looked",
            Answer::Looked(LookedAnswer {
                refusal: Some(Refusal::OtherSite),
            }),
        ),
        (
            "facts",
            Answer::Facts(FactsAnswer {
                taken: vec![taken()],
                more: true,
            }),
        ),
        ("refused", Answer::Refused(RefusedAnswer { late: true })),
        (
            "facts-paused",
            Answer::Facts(FactsAnswer {
                taken: vec![Taken {
                    ended: None,
                    slots: Vec::new(),
                    paused: Some(LATER),
                    ..taken()
                }],
                more: false,
            }),
        ),
        (
            "facts-tried",
            Answer::Facts(FactsAnswer {
                taken: vec![Taken {
                    printed: None,
                    tried: Some(Box::new(TakenTrial {
                        mac: MAC,
                        right: right(),
                        code: "7KQ2M0X190AB".to_owned(),
                    })),
                    ..taken()
                }],
                more: false,
            }),
        ),
    ]
}

fn commands() -> Vec<(&'static str, Command)> {
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

fn readings() -> Vec<(&'static str, message::Sample)> {
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
            message::Sample::Live(live(RouterAnswers::Yes, Some(router), Some(sessions))),
        ),
        (
            "live",
            message::Sample::Live(live(RouterAnswers::Lost, None, None)),
        ),
    ]
}

fn reports() -> Vec<(&'static str, Report)> {
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

/// Every body of every family; a kind without a sample is a failure here.
fn bodies() -> Vec<Sample> {
    let mut samples = Vec::new();
    macro_rules! family {
        ($word:literal, $family:ident, $list:expr) => {
            let list = $list;
            for kind in $family::KINDS {
                assert!(
                    list.iter().any(|(_, body)| body.kind() == *kind),
                    "no sample of {} {kind}",
                    $word
                );
            }
            for (name, body) in list {
                let bytes = body.encode();
                assert_eq!($family::decode(body.kind(), &bytes), Ok(body.clone()));
                samples.push(Sample {
                    name: format!("{}-{name}", $word),
                    kind: body.kind(),
                    bytes,
                    reader: |kind, bytes| $family::decode(kind, bytes).map(|body| body.encode()),
                });
            }
        };
    }
    family!("fact", Fact, facts());
    family!("row", Row, rows());
    family!("question", Question, questions());
    family!("answer", Answer, answers());
    family!("command", Command, commands());
    family!("report", Report, reports());
    {
        use message::Sample as Reading;
        family!("sample", Reading, readings());
    }
    samples
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

/// A whole conversation with fixed keys, nonces and times: one frame of every kind in both directions, as sent.
struct Wire {
    agent: Session<Agent>,
    controller: Session<Controller>,
    frames: BTreeMap<String, Vec<u8>>,
}

impl Wire {
    /// With an agent that says nothing of how many pages it takes.
    fn new() -> Self {
        Self::taking(1)
    }

    fn taking(pages: u8) -> Self {
        let old = key(3);
        let journal = JournalId::from_bytes([0xaa; 16]);
        let agent = Session::<Agent>::new(
            Config {
                pages,
                ..Config::STANDARD
            },
            AgentKeys {
                agent: AgentId::from_bytes([0xbb; 16]),
                signing: key(1),
                pinned: Pinned {
                    keys: vec![old.verifying_key()],
                    serial: 0,
                },
            },
            Resume {
                journal,
                oldest: EntryNo(1),
                last: first_entry(journal).mark(),
                cursor: FeedCursor::default(),
                software: "mnara-agent 0.1.0".to_owned(),
                restored: true,
            },
        );
        let statement = KeyStatement::sign(
            &old,
            1,
            Some(&key(2).verifying_key()),
            Some(&old.verifying_key()),
        );
        let controller = Session::<Controller>::new(
            Config::STANDARD,
            ControllerKeys {
                signing: Arc::new(key(2)),
                statements: Arc::new([statement]),
            },
        );
        Self {
            agent,
            controller,
            frames: BTreeMap::new(),
        }
    }

    fn up(&mut self, kind: Kind) {
        let mut frame = Vec::new();
        assert!(self.agent.poll_transmit(&mut frame), "{kind:?}");
        let wall = Some(AT);
        let taken = self
            .controller
            .handle_bytes(&frame, Ticks::from_millis(0), wall);
        taken.unwrap();
        self.keep("up", kind, frame);
    }

    fn down(&mut self, kind: Kind) {
        let mut frame = Vec::new();
        assert!(self.controller.poll_transmit(&mut frame), "{kind:?}");
        let taken = self.agent.handle_bytes(&frame, Ticks::from_millis(0), None);
        taken.unwrap();
        self.keep("down", kind, frame);
    }

    fn keep(&mut self, direction: &str, kind: Kind, frame: Vec<u8>) {
        let name = format!(
            "frame-{:02}-{}-{direction}",
            kind.number(),
            format!("{kind:?}").to_lowercase()
        );
        assert_eq!(self.frames.insert(name, frame), None, "one frame of each");
    }

    fn greet(&mut self) {
        self.controller.link_up(Ticks::from_millis(0), [0xcc; 32]);
        self.agent.link_up(Ticks::from_millis(0), [0xdd; 32]);
        self.down(Kind::Challenge);
        self.up(Kind::Hello);
        self.controller
            .authenticate(key(1).verifying_key())
            .unwrap();
    }
}

fn first_entry(journal: JournalId) -> Entry {
    Entry {
        number: EntryNo(1),
        previous: Mark::start(journal).chain,
        at: AT,
        kind: 5,
        body: vec![0xa0],
    }
}

fn frames() -> BTreeMap<String, Vec<u8>> {
    let mut wire = Wire::new();
    wire.greet();
    let admitted = Admitted {
        acknowledged: None,
        epoch: 7,
        feed_head: Revision(5),
        feed_floor: Revision(0),
    };
    wire.controller.admit(admitted, AT).unwrap();
    wire.down(Kind::Welcome);

    let entry = first_entry(JournalId::from_bytes([0xaa; 16]));
    wire.agent.offer(std::slice::from_ref(&entry));
    wire.up(Kind::Entries);
    wire.controller.stored(entry.mark());
    wire.down(Kind::Acknowledged);

    assert!(wire.controller.poll_page_wanted().is_some());
    let gone = FeedRow {
        kind: 2,
        id: [0x33; 16],
        revision: Revision(4),
        deleted: true,
        body: Vec::new(),
    };
    let row = FeedRow {
        kind: 6,
        id: [0x11; 16],
        revision: Revision(5),
        deleted: false,
        body: vec![0xa0],
    };
    let cursor = row.cursor();
    wire.controller.offer_page(Page {
        rows: vec![gone, row],
        cursor,
        more: true,
    });
    wire.down(Kind::Page);
    wire.agent.page_stored(cursor);
    wire.up(Kind::PageStored);

    let patience = Duration::from_secs(30);
    let asked = wire
        .agent
        .ask(ATTEMPT, 2, vec![0xa0], patience, Ticks::from_millis(0));
    asked.unwrap();
    wire.up(Kind::Question);
    wire.controller.answer(ATTEMPT, 4, vec![0xa0]).unwrap();
    wire.down(Kind::Answer);
    wire.controller.command(2, vec![0xa0]).unwrap();
    wire.down(Kind::Command);
    wire.agent.report(COMMAND, 1, vec![0xa0]).unwrap();
    wire.up(Kind::Report);
    wire.agent.sample(1, vec![0xa0]).unwrap();
    wire.up(Kind::Sample);
    wire.agent.handle_timeout(Ticks::from_millis(20_000));
    wire.up(Kind::Heartbeat);
    wire.down(Kind::Heartbeat);
    wire.agent.handle_timeout(Ticks::from_millis(30_000));
    assert!(wire.agent.poll_digest_wanted());
    wire.agent
        .offer_digest(Some((cursor, digest())), Ticks::from_millis(30_000));
    wire.up(Kind::Digest);
    assert!(wire.controller.start_over());
    wire.down(Kind::StartOver);
    let mut frames = wire.frames;

    let held = first_entry(JournalId::from_bytes([0xaa; 16])).mark();
    for (name, refusal) in [
        (
            "",
            session::Refusal::Busy {
                retry_after_secs: 30,
            },
        ),
        ("-unknown", session::Refusal::UnknownAgent),
        ("-revoked", session::Refusal::Revoked),
        ("-superseded", session::Refusal::Superseded),
        ("-forked", session::Refusal::Forked { held }),
    ] {
        let mut refusing = Wire::new();
        refusing.greet();
        refusing.controller.refuse(refusal);
        refusing.down(Kind::Refused);
        let frame = refusing.frames.remove("frame-04-refused-down").unwrap();
        frames.insert(format!("frame-04-refused{name}-down"), frame);
    }
    // The device comes back: its hello names the link it had.
    let mut again = Wire::new();
    std::mem::swap(&mut again.agent, &mut wire.agent);
    again.agent.link_down(Ticks::from_millis(40_000), 0);
    again.greet();
    let hello = again.frames.remove("frame-02-hello-up").unwrap();
    frames.insert("frame-02-hello-again-up".to_owned(), hello);
    let mut pages = Wire::taking(8);
    pages.greet();
    let hello = pages.frames.remove("frame-02-hello-up").unwrap();
    frames.insert("frame-02-hello-pages-up".to_owned(), hello);
    for kind in Kind::ALL {
        let number = format!("frame-{:02}-", kind.number());
        assert!(
            frames.keys().any(|name| name.starts_with(&number)),
            "no sample of {kind:?}"
        );
    }
    frames
}

/// Of the one row that is left after the page among the frames.
fn digest() -> FeedDigest {
    FeedDigest::EMPTY.with(6, &[0x11; 16], &[0xa0])
}

fn series_codes() -> Vec<String> {
    let key = SeriesKey::from_bytes([7; 32]);
    let forms = [(Alphabet::Crockford, 12, ""), (Alphabet::Digits, 10, "7")];
    forms
        .iter()
        .flat_map(|(alphabet, length, prefix)| {
            [0, 1, 99_999].map(|number| code(&key, prefix, *alphabet, *length, number))
        })
        .map(|code| code.as_str().to_owned())
        .collect()
}

fn series_login() -> Vec<String> {
    let key = SeriesKey::from_bytes([7; 32]);
    let code = code(&key, "7", Alphabet::Digits, 10, 1);
    let login = of_printed(&code, key.as_bytes(), 1);
    vec![login.username, login.password]
}

fn lines(texts: &[String]) -> Vec<u8> {
    texts
        .iter()
        .flat_map(|text| format!("{text}\n").into_bytes())
        .collect()
}

fn apart() -> BTreeMap<String, Vec<u8>> {
    let enrolled = Enrolled {
        agent: AgentId::from_bytes([0xbb; 16]),
        site: SITE,
        provider: ProviderId::from_bytes([0x99; 16]),
        time: AT,
    };
    let device = key(1).verifying_key();
    let token = DeviceToken {
        site: SITE,
        mac: MAC,
        expires: LATER,
    };
    BTreeMap::from([
        (
            "seal".to_owned(),
            seal(&key(1).verifying_key(), b"context", &[0xee; 32], [0xff; 32]),
        ),
        ("device-token".to_owned(), token.sign(&key(1)).into_bytes()),
        ("clock-question".to_owned(), clock_question([0xcc; 32])),
        (
            "clock-answer".to_owned(),
            clock_answer(&key(2), [0xcc; 32], AT),
        ),
        ("series-codes".to_owned(), lines(&series_codes())),
        ("series-login".to_owned(), lines(&series_login())),
        (
            "series-ticket".to_owned(),
            ticket_id(SERIES, 99_999).as_bytes().to_vec(),
        ),
        (
            "enrol-identity".to_owned(),
            sign_identity(&key(2), &[0xcc; 32]).to_vec(),
        ),
        (
            "enrol-claim".to_owned(),
            sign_claim(&key(1), "0123456789ABCDEFGHJKMNPQRS").to_vec(),
        ),
        (
            "enrol-enrolled".to_owned(),
            sign_enrolled(&key(2), &device, "0123456789ABCDEFGHJKMNPQRS", &enrolled).to_vec(),
        ),
    ])
}

fn everything() -> BTreeMap<String, Vec<u8>> {
    let mut all = frames();
    all.append(&mut apart());
    for Sample { name, bytes, .. } in bodies() {
        assert_eq!(all.insert(name, bytes), None);
    }
    all
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// Thirty-two bytes a line.
fn to_text(bytes: &[u8]) -> String {
    let mut text = String::new();
    for line in bytes.chunks(32) {
        writeln!(text, "{}", hex::encode(line)).unwrap();
    }
    text
}

#[test]
fn every_message_is_byte_for_byte_what_it_was() {
    let all = everything();
    for (name, bytes) in &all {
        let path = folder().join(format!("{name}.hex"));
        let kept = fs::read_to_string(&path).unwrap_or_else(|_| {
            panic!(
                "{name} has no golden bytes; write these:\n{}",
                to_text(bytes)
            )
        });
        assert_eq!(to_text(bytes), kept, "{name}");
    }
    for file in fs::read_dir(folder()).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let known = name
            .strip_suffix(".hex")
            .is_some_and(|name| all.contains_key(name));
        assert!(known, "{name} belongs to no message");
    }
}

/// Copies one value and gives every map in it one more field that nobody knows.
fn newer(decoder: &mut Decoder<'_>, out: &mut Vec<u8>) {
    let head = |major: u8, count: u64, out: &mut Vec<u8>| {
        let mut encoder = minicbor::Encoder::new(&mut *out);
        if major == 5 {
            encoder.map(count).unwrap();
        } else {
            encoder.array(count).unwrap();
        }
    };
    match decoder.datatype().unwrap() {
        Type::Map => {
            let count = decoder.map().unwrap().unwrap();
            head(5, count + 1, out);
            for _ in 0..2 * count {
                newer(decoder, out);
            }
            minicbor::Encoder::new(&mut *out)
                .u16(99)
                .unwrap()
                .str("of a later version")
                .unwrap();
        }
        Type::Array => {
            let count = decoder.array().unwrap().unwrap();
            head(4, count, out);
            for _ in 0..count {
                newer(decoder, out);
            }
        }
        _ => {
            let from = decoder.position();
            decoder.skip().unwrap();
            out.extend_from_slice(&decoder.input()[from..decoder.position()]);
        }
    }
}

#[test]
fn bodies_of_a_later_version_read_as_what_is_known_of_them() {
    for sample in bodies() {
        let mut later = Vec::new();
        newer(&mut Decoder::new(&sample.bytes), &mut later);
        assert!(later.len() > sample.bytes.len() + 18);
        let read = (sample.reader)(sample.kind, &later);
        assert_eq!(read, Ok(sample.bytes.clone()), "{}", sample.name);

        let unknown = (sample.reader)(999, &later);
        assert_eq!(unknown, Err(BadBody::UnknownKind(999)), "{}", sample.name);
    }
}

#[test]
fn a_damaged_body_of_a_known_kind_is_told_from_an_unknown_one() {
    for sample in bodies() {
        for end in 0..sample.bytes.len() {
            let read = (sample.reader)(sample.kind, &sample.bytes[..end]);
            let malformed = Err(BadBody::Malformed(sample.kind));
            assert_eq!(read, malformed, "{} cut at {end}", sample.name);
        }
    }
}

/// Reads a file of `later/`: bytes that this version never writes, since a later one has added a value, a field or a kind.
fn later(name: &str) -> Vec<u8> {
    let path = folder().with_file_name("later").join(format!("{name}.hex"));
    let text = fs::read_to_string(path).unwrap();
    hex::decode(text.split_whitespace().collect::<String>()).unwrap()
}

#[test]
fn values_of_a_later_version_are_kept_and_taken_on_the_safe_side() {
    let now = AT;
    // A session that ended for a new reason has ended, and its code is used up.
    let bytes = later("fact-ended");
    let Ok(Fact::Ended(ended)) = Fact::decode(4, &bytes) else {
        panic!("an end with an unknown reason is an end");
    };
    assert_eq!(ended.reason, EndReason::Other(77));
    assert_eq!(Refusal::from(ended.reason), Refusal::Used);
    let ticket = Ticket::unused(TICKET, right()).end(ended.reason, ended.at);
    assert_eq!(ticket.status(now), Status::Used);
    let ruled = ticket.ruled(right(), now);
    assert_eq!(
        ruled.status(now),
        Status::Used,
        "nor does more time open it"
    );

    // A step nobody knows moves nothing.
    let Ok(Fact::Granted(granted)) = Fact::decode(2, &later("fact-granted")) else {
        panic!("a grant with an unknown step is a grant");
    };
    assert_eq!(granted.step, Step::Other(9));
    assert!(!Grant::delivered(AT).advance(granted.step, LATER));

    // What a health entry is about may be new; the entry stays.
    let Ok(Fact::Health(health)) = Fact::decode(6, &later("fact-health")) else {
        panic!("an unknown event is an event");
    };
    assert_eq!(health.event, HealthEvent::Other(40));

    // A purchase in a new state is still under way; it keeps its number.
    let Ok(Row::Checkout(checkout)) = Row::decode(5, &later("row-checkout")) else {
        panic!("a checkout in an unknown state is a checkout");
    };
    assert_eq!(checkout.state, CheckoutState::Other(5));
    assert_eq!(checkout.at, AT, "what comes after the state is read");
    let Ok(Row::Checkout(failed)) = Row::decode(5, &later("row-checkout-failed")) else {
        panic!("a failure for an unknown reason is a failure");
    };
    assert_eq!(failed.state, CheckoutState::Failed(PayFailure::Other(300)));

    // A batch with unknown letters and policy gives no codes, and is good at home only.
    let Ok(Row::Series(series)) = Row::decode(3, &later("row-series")) else {
        panic!("a batch with unknown letters is a batch");
    };
    assert_eq!(series.alphabet, Alphabet::Other(2));
    assert_eq!(series.cut_off, CutOff::Other(2));
    assert_eq!(series.price.currency(), Currency::Other(1));
    assert_eq!(series.price.plus(Money::ZERO), Err(BadMoney::Currencies));
    assert!(Table::expand(&series, &SeriesKey::from_bytes([1; 32])).is_empty());
    let elsewhere = SiteId::from_bytes([1; 16]);
    assert_eq!(series.place(elsewhere, Cloud::Away), Place::CutOff);
    assert_eq!(series.place(SITE, Cloud::Away), Place::Good);

    // A code refused for a new reason is refused: no answer of none, which would mean that the ticket is on its way.
    let Ok(Answer::Looked(looked)) = Answer::decode(4, &later("answer-looked")) else {
        panic!("an unknown refusal is a refusal");
    };
    assert_eq!(looked.refusal, Some(Refusal::Other(31)));
    let Ok(Answer::NotPrompted(not)) = Answer::decode(3, &later("answer-not-prompted")) else {
        panic!("an unknown reason is a reason");
    };
    assert_eq!(not.reason, PayFailure::Other(99));

    for (name, kind) in [("fact-ended", 4), ("fact-granted", 2), ("fact-health", 6)] {
        let bytes = later(name);
        let read = Fact::decode(kind, &bytes).map(|fact| fact.encode());
        assert_eq!(read, Ok(bytes), "{name} is passed on unchanged");
    }
}
