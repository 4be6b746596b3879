//! Nanoseconds to read and to write a `message` of 350 bytes, beside plain serde_json on the same struct in the same run.
//!
//! `cargo bench -p chat-protocol --bench nanoseconds`. It fails when ours takes more than 1.3 times as long.
//!
//! The jobs take turns within each round and begin with another one each time; a ratio is that of one round, so that what
//! else the machine does meets both. Medians and quartiles of all rounds are told. Ends of values are part of the time.

#[path = "instructions/input.rs"]
#[allow(dead_code, reason = "the other bench needs the rest")]
mod input;
#[path = "instructions/plain.rs"]
mod plain;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use chat_protocol::{Event, decode, encode};

const ROUNDS: usize = 3_000;
/// How often a job is done in one turn: long enough for the clock, short enough to be seldom interrupted.
const TIMES: u32 = 100;
/// How many times as long as plain serde_json ours may take.
const TARGET: f64 = 1.3;

/// The four jobs.
#[derive(Clone, Copy)]
enum Job {
    Decode,
    DecodePlain,
    Encode,
    EncodePlain,
}

const JOBS: [Job; 4] = [Job::Decode, Job::DecodePlain, Job::Encode, Job::EncodePlain];

struct Scene {
    json: String,
    event: Event,
    plain: plain::Packet,
}

impl Scene {
    /// Nanoseconds that a job takes.
    fn time(&self, job: Job) -> f64 {
        let start = Instant::now();
        for _ in 0..TIMES {
            match job {
                Job::Decode => drop(black_box(decode::<Event>(black_box(self.json.as_bytes())))),
                Job::DecodePlain => drop(black_box(plain::decode(black_box(self.json.as_bytes())))),
                Job::Encode => drop(black_box(encode(black_box(&self.event)))),
                Job::EncodePlain => drop(black_box(plain::encode(black_box(&self.plain)))),
            }
        }
        start.elapsed().as_nanos() as f64 / f64::from(TIMES)
    }
}

/// The quartiles and the median.
fn quartiles(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| values[values.len() * quarter / 4])
}

fn main() -> ExitCode {
    let json = input::message_of_350();
    let scene = Scene {
        event: input::packet(&json),
        plain: plain::decode(json.as_bytes()).expect("it is a message"),
        json,
    };
    assert_eq!(encode(&scene.event).as_str(), scene.json);
    assert_eq!(plain::encode(&scene.plain).expect("it is plain JSON"), scene.json.as_bytes());

    let mut times = [const { Vec::<f64>::new() }; JOBS.len()];
    for round in 0..ROUNDS {
        for turn in 0..JOBS.len() {
            let job = (round + turn) % JOBS.len();
            times[job].push(scene.time(JOBS[job]));
        }
    }
    println!("ns of {ROUNDS} rounds: median (quartiles)");
    let mut met = true;
    for (name, ours, plain) in [("decode", &times[0], &times[1]), ("encode", &times[2], &times[3])] {
        let ratios = ours.iter().zip(plain).map(|(ours, plain)| ours / plain).collect();
        let [[o1, ours, o3], [p1, plain, p3], [r1, ratio, r3]] =
            [ours.clone(), plain.clone(), ratios].map(quartiles);
        println!(
            "{name}: ours {ours:.0} ({o1:.0} to {o3:.0}), serde_json {plain:.0} ({p1:.0} to {p3:.0}), \
             ratio {ratio:.2} ({r1:.2} to {r3:.2})"
        );
        met &= ratio <= TARGET;
    }
    println!("at most {TARGET} times plain serde_json: {}", if met { "met" } else { "NOT met" });
    if met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
