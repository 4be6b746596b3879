//! What is done in a run, and what goes wrong: all of it follows from the seed.

use std::time::Duration;

use chat_server_core::ServerConfig;
use rand::RngExt;
use rand::rngs::StdRng;

use super::clock::stream;
use super::lane::{On, Spring, Trap};
use super::link::Way;

/// The users of the clients: the last is the second device of the first.
pub(super) const USERS: [&str; 4] = ["alice", "bob", "carol", "alice"];

/// The rooms. Everybody is a member of all at the start; the last two are also left and joined again.
pub(super) const ROOMS: [&str; 5] = ["r0", "r1", "r2", "r3", "r4"];

/// The first room that may be left.
pub(super) const LEFT_FROM: usize = 3;

/// Messages of a run, but for those that a fault needs.
const SENDS: usize = 50;

/// What becomes of a dial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Opens,
    Refused,
    Status,
    Hangs,
}

/// What a message is besides its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    Nothing,
    /// It calls this user.
    User(usize),
    /// It calls everyone.
    Everyone,
    /// It answers some message, in its thread.
    Thread {
        pick: u64,
    },
}

/// One thing that happens. Clients and rooms are meant by their index.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Send {
        client: usize,
        room: usize,
        bytes: usize,
        about: About,
    },
    Read {
        client: usize,
        room: usize,
        back: u64,
    },
    Join {
        client: usize,
        room: usize,
    },
    Leave {
        client: usize,
        room: usize,
    },
    History {
        client: usize,
        room: usize,
    },
    Typing {
        client: usize,
        room: usize,
    },
    /// Everything from some message on is unread again.
    MarkUnread {
        client: usize,
        room: usize,
        pick: u64,
    },
    /// Somebody's message is changed by its author, over a connection or without one.
    Edit {
        room: usize,
        pick: u64,
    },
    Delete {
        room: usize,
        pick: u64,
    },
    React {
        room: usize,
        pick: u64,
    },
    /// Somebody's message is hidden from one user.
    Hide {
        client: usize,
        room: usize,
        pick: u64,
    },
    Trap {
        client: usize,
        way: Way,
        trap: Trap,
    },
    /// A trap for the next connection.
    TrapNext {
        client: usize,
        way: Way,
        trap: Trap,
    },
    Swallow {
        client: usize,
        up: bool,
        down: bool,
    },
    Delay {
        client: usize,
        way: Way,
        extra: Duration,
    },
    Stall {
        client: usize,
        stalled: bool,
    },
    Close {
        client: usize,
        code: u16,
    },
    Kill {
        client: usize,
    },
    Dial {
        client: usize,
        fate: Fate,
    },
    RefuseToken {
        client: usize,
    },
    NoToken {
        client: usize,
    },
    FailStore {
        lasts: Duration,
    },
    Stop {
        graceful: bool,
    },
    Start {
        new_life: bool,
    },
    AppRestart {
        client: usize,
    },
    NetworkChanged {
        client: usize,
    },
}

/// How the parts of a run are set.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub(super) server: ServerConfig,
    pub(super) write_time: Duration,
    pub(super) auth_time: Duration,
    pub(super) latency: Duration,
    pub(super) jitter: Duration,
    pub(super) request_timeout: Duration,
    /// Whether connections end for the server as an error, or in good order.
    pub(super) rough: bool,
}

/// A run before it begins.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) shape: Shape,
    /// In order of time.
    pub(super) steps: Vec<(Duration, Step)>,
}

fn millis(random: &mut StdRng, range: std::ops::Range<u64>) -> Duration {
    Duration::from_millis(random.random_range(range))
}

impl Plan {
    /// The plan of a seed. `mistakes`: also of the server.
    pub(super) fn of(seed: u64, mistakes: bool) -> Self {
        let mut random = stream(seed, "plan", 0);
        let in_flight = [1, 4, 64][random.random_range(0..3)];
        let shape = shape(&mut random, in_flight);
        let lasts = millis(&mut random, 15_000..60_000);
        let mut plan = Self { shape, steps: Vec::new() };
        plan.talk(&mut random, lasts);
        for _ in 0..random.random_range(3..10) {
            let at = millis(&mut random, 200..u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX));
            plan.fault(&mut random, at, in_flight == 1);
        }
        if mistakes {
            plan.mistakes(&mut random, lasts);
        }
        plan.steps.sort_by_key(|(at, _)| *at);
        plan
    }

    /// One conversation in which nothing goes wrong by itself: the scene for cuts that are given.
    pub(super) fn scripted() -> Self {
        let mut random = stream(0, "script", 0);
        let mut shape = shape(&mut random, 64);
        (shape.write_time, shape.auth_time) = (Duration::from_millis(3), Duration::ZERO);
        (shape.latency, shape.jitter) = (Duration::from_millis(20), Duration::ZERO);
        (shape.server, shape.rough) = (ServerConfig::default(), false);
        let mut plan = Self { shape, steps: Vec::new() };
        let at = |millis: u64| Duration::from_millis(1_000 + millis);
        for n in 0..8 {
            plan.at(
                at(n * 100),
                Step::Send { client: 0, room: n as usize % 2, bytes: 20, about: About::Nothing },
            );
            plan.at(
                at(n * 100 + 5),
                Step::Send { client: 0, room: n as usize % 2, bytes: 10, about: About::Nothing },
            );
            plan.at(at(n * 100 + 30), Step::Send { client: 1, room: 0, bytes: 10, about: About::Nothing });
        }
        plan.at(at(250), Step::Read { client: 0, room: 0, back: 0 });
        plan.at(at(300), Step::Edit { room: 0, pick: 1 });
        plan.at(at(400), Step::Delete { room: 0, pick: 2 });
        plan.at(at(450), Step::Leave { client: 0, room: 3 });
        plan.at(at(500), Step::Read { client: 0, room: 1, back: 1 });
        plan.at(at(600), Step::Join { client: 0, room: 3 });
        plan.at(at(700), Step::Send { client: 1, room: 3, bytes: 10, about: About::Nothing });
        plan.steps.sort_by_key(|(at, _)| *at);
        plan
    }

    fn at(&mut self, at: Duration, step: Step) {
        self.steps.push((at, step));
    }

    /// What people do: messages in bursts, and the rest between them.
    fn talk(&mut self, random: &mut StdRng, lasts: Duration) {
        let most = u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX);
        let mut left = SENDS;
        for number in 0.. {
            if left == 0 {
                break;
            }
            let (mut client, at) = (random.random_range(0..USERS.len()), millis(random, 0..most));
            let (burst, one_room) = (random.random_range(1..7).min(left), random.random_bool(0.7));
            let mut first = random.random_range(0..ROOMS.len());
            // Everybody says something, and something is said everywhere.
            if number < ROOMS.len() {
                (client, first) = (number % USERS.len(), number);
            }
            for nth in 0..burst {
                let room = if one_room || nth == 0 { first } else { random.random_range(0..ROOMS.len()) };
                let bytes = if random.random_bool(0.1) { 2_000 } else { random.random_range(1..120) };
                let about = about(random);
                self.at(at + millis(random, 0..30), Step::Send { client, room, bytes, about });
            }
            left -= burst;
        }
        for _ in 0..random.random_range(20..40) {
            let (client, at) = (random.random_range(0..USERS.len()), millis(random, 0..most));
            let (room, pick) = (random.random_range(0..ROOMS.len()), random.random());
            let back = if random.random_bool(0.5) { 0 } else { random.random_range(0..5) };
            let step = match random.random_range(0..16) {
                0..=5 => Step::Read { client, room, back },
                6 => Step::Edit { room, pick },
                7 | 8 => Step::Delete { room, pick },
                9 => Step::React { room, pick },
                10 => Step::History { client, room },
                11 => Step::Typing { client, room },
                12 => Step::MarkUnread { client, room, pick },
                13 => Step::Hide { client, room, pick },
                _ => {
                    let room = random.random_range(LEFT_FROM..ROOMS.len());
                    self.at(at, Step::Leave { client, room });
                    self.at(at + millis(random, 0..8_000), Step::Join { client, room });
                    continue;
                }
            };
            self.at(at, step);
        }
    }

    /// The server loses an event here and there, or tells one again.
    fn mistakes(&mut self, random: &mut StdRng, lasts: Duration) {
        let most = u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX);
        for _ in 0..6 {
            let (client, at) = (random.random_range(0..USERS.len()), millis(random, 0..most));
            let spring = if random.random_bool(0.5) { Spring::Lose } else { Spring::Repeat };
            let on = On::Packet(["message", "deleted", "edited"][random.random_range(0..3)]);
            self.at(at, Step::Trap { client, way: Way::Down, trap: Trap { on, after: 0, spring } });
        }
        for client in 0..USERS.len() {
            self.at(lasts, Step::Kill { client });
        }
    }

    /// A message is sent and comes late, while its client is told that the connection is gone. It dials again, or its application
    /// is killed and comes back as somebody new.
    fn strand(&mut self, random: &mut StdRng, at: Duration, client: usize) {
        let killed = random.random_bool(0.5);
        let late = millis(random, if killed { 300..9_000 } else { 20..1_500 });
        let trap = Trap { on: On::Packet("send"), after: 0, spring: Spring::Strand { late } };
        self.at(at, Step::Trap { client, way: Way::Up, trap });
        for _ in 0..random.random_range(1..4) {
            let (room, bytes) = (random.random_range(0..ROOMS.len()), random.random_range(1..120));
            self.at(at, Step::Send { client, room, bytes, about: about(random) });
        }
        if killed {
            self.at(at + millis(random, 20..300), Step::AppRestart { client });
        }
    }

    fn fault(&mut self, random: &mut StdRng, at: Duration, one_at_a_time: bool) {
        let client = random.random_range(0..USERS.len());
        match random.random_range(0..31) {
            0..=5 => self.at(at, Step::Trap { client, way: Way::Up, trap: cut(random) }),
            6..=9 => self.at(at, Step::Trap { client, way: Way::Down, trap: cut(random) }),
            10 | 11 | 28..=30 => self.strand(random, at, client),
            12 => {
                let which = random.random_range(0..3);
                self.at(at, Step::Swallow { client, up: which != 0, down: which != 1 });
            }
            13 => {
                let way = if random.random_bool(0.3) { Way::Up } else { Way::Down };
                self.at(at, Step::Delay { client, way, extra: millis(random, 1_000..14_000) });
                self.at(at + millis(random, 500..9_000), Step::Delay { client, way, extra: Duration::ZERO });
            }
            14 => {
                self.at(at, Step::Stall { client, stalled: true });
                self.at(at + millis(random, 1_000..15_000), Step::Stall { client, stalled: false });
            }
            15 => self.at(at, Step::Close { client, code: [1001, 4411, 4503][random.random_range(0..3)] }),
            16 | 17 => {
                for _ in 0..random.random_range(1..4) {
                    let fate = [Fate::Refused, Fate::Status, Fate::Hangs][random.random_range(0..3)];
                    self.at(at, Step::Dial { client, fate });
                }
                self.at(at, Step::Kill { client });
            }
            18 => {
                let step = if random.random_bool(0.5) {
                    Step::RefuseToken { client }
                } else {
                    Step::NoToken { client }
                };
                self.at(at, step);
                self.at(at, Step::Kill { client });
            }
            19 => self.at(at, Step::AppRestart { client }),
            20 if one_at_a_time => self.at(at, Step::FailStore { lasts: millis(random, 50..3_000) }),
            20..=22 => {
                self.at(at, Step::Stop { graceful: random.random_bool(0.5) });
                let new_life = random.random_bool(0.3);
                self.at(at + millis(random, 50..4_000), Step::Start { new_life });
            }
            // A cut, and another one while what was missed is told.
            25..=27 => {
                let on = On::Packet(["message", "resumed", "re", "deleted"][random.random_range(0..4)]);
                let keep = if random.random_bool(0.6) { 0 } else { random.random_range(1..300) };
                let (after, spring) = (random.random_range(0..6), Spring::Cut { keep });
                let way = if random.random_bool(0.8) { Way::Down } else { Way::Up };
                self.at(at, Step::TrapNext { client, way, trap: Trap { on, after, spring } });
                for _ in 0..random.random_range(0..3) {
                    self.at(at, Step::Dial { client, fate: Fate::Refused });
                }
                self.at(at, Step::Kill { client });
            }
            23 => {
                if random.random_bool(0.5) {
                    self.at(at, Step::Kill { client });
                }
                self.at(at + millis(random, 0..300), Step::NetworkChanged { client });
            }
            _ => self.at(at, Step::Kill { client }),
        }
    }
}

fn about(random: &mut StdRng) -> About {
    match random.random_range(0..10) {
        0 => About::User(random.random_range(0..USERS.len())),
        1 => About::Everyone,
        2 => About::Thread { pick: random.random() },
        _ => About::Nothing,
    }
}

/// Ends a connection at some frame that comes soon: between two, or within one.
fn cut(random: &mut StdRng) -> Trap {
    let on = match random.random_range(0..6) {
        0 => On::Packet("send"),
        1 => On::Packet("reply"),
        2 => On::Packet("re"),
        _ => On::Any,
    };
    let keep = if random.random_bool(0.4) { 0 } else { random.random_range(1..400) };
    Trap { on, after: random.random_range(0..12), spring: Spring::Cut { keep } }
}

fn shape(random: &mut StdRng, max_in_flight: usize) -> Shape {
    let usual = ServerConfig::default();
    let server = ServerConfig {
        max_in_flight,
        max_recover: [3, 20, usual.max_recover][random.random_range(0..3)],
        replay_page: [1, 4, usual.replay_page][random.random_range(0..3)],
        // As short as it may be.
        max_queue_frames: [4 * max_in_flight + 2 * ROOMS.len(), usual.max_queue_frames]
            [random.random_range(0..2)],
        presence_grace: millis(random, 500..30_000),
        ..usual
    };
    Shape {
        server,
        write_time: millis(random, 0..25),
        auth_time: millis(random, 0..60),
        latency: millis(random, 1..120),
        jitter: millis(random, 0..80),
        request_timeout: Duration::from_secs([3, 10, 30][random.random_range(0..3)]),
        rough: random.random_bool(0.5),
    }
}
