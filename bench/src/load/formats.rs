//! One room followed in our own format alone, and in the formats of all five existing systems beside it: what a frame costs, and
//! how often a message is written anew.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::{Effort, Run, WAIT};
use crate::Failure;
use crate::figures::Figures;
use crate::scene::{Desk, Place, Plan, Subject, auth};
use crate::swarm::{Opening, Swarm, Template, frames};

/// The name of the case, of the room and of its organization.
const ROOM: &str = "the-case-that-all-follow";
const ALIAS: &str = "the-token-of-the-case";
const ORGANIZATION: &str = "acme";

/// Sockets of each format when there are six, and messages outstanding.
const SOCKETS: usize = 20;
const WINDOW: u64 = 8;

/// The sender, who has nothing to read for.
const SENDER: usize = 0;

pub(crate) const NATIVE: &str = "120 readers, native alone";
pub(crate) const ALL: &str = "120 readers in six formats";

/// How a socket follows the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Native,
    Tndata,
    Chats,
    Hipochat,
    Haraj,
    Helpdesk,
}

const FORMATS: [Format; 6] =
    [Format::Native, Format::Tndata, Format::Chats, Format::Hipochat, Format::Haraj, Format::Helpdesk];

impl Format {
    /// How user `user` comes.
    fn opening(self, subject: &Subject, user: &str) -> Opening {
        let path = match self {
            Format::Native => return subject.enter(user, ROOM),
            Format::Tndata => format!("/?token=dev-{user}&room={ROOM}"),
            Format::Chats => format!("/ws/chats/?token=dev-{user}"),
            Format::Hipochat => format!("/talk/chat/{ALIAS}/?token=dev-{user}"),
            Format::Haraj => "/chat/ws".to_owned(),
            Format::Helpdesk => format!("/ws/chat/{ORGANIZATION}/?token=dev-{user}"),
        };
        Opening { path, ..subject.opening(Vec::new()) }
    }

    /// Frames of one message: a support case's goes further on its way.
    fn frames(self) -> u64 {
        if self == Format::Helpdesk { 2 } else { 1 }
    }
}

/// A server with its readers.
struct Crowd {
    name: &'static str,
    subject: Subject,
    swarm: Swarm,
    /// Frames of one message to all readers.
    frames: u64,
    template: Template,
    sent: u64,
}

impl Crowd {
    fn gather(place: &Place, name: &'static str, formats: &[Format]) -> Result<Self, Failure> {
        let readers: Vec<Format> = formats
            .iter()
            .flat_map(|format| [*format].repeat(SOCKETS * FORMATS.len() / formats.len()))
            .collect();
        let user = |number: usize| (number + 1).to_string();
        let users: Vec<String> = (0..=readers.len()).map(user).collect();
        let agents = readers.iter().zip(&users[1..]).filter(|(format, _)| **format == Format::Helpdesk);
        let agents = agents.map(|(_, user)| user.clone()).collect();
        let desk = Desk { number: 9, alias: ALIAS, organization: ORGANIZATION, agents };
        let subject = Subject::start(place, "server", &Plan::room(ROOM, users.clone()).at_a_desk(desk))?;
        let mut openings = vec![subject.opening(vec![auth(&users[SENDER])])];
        openings.extend(readers.iter().zip(&users[1..]).map(|(format, user)| format.opening(&subject, user)));
        let mut swarm = Swarm::new()?;
        swarm.open(&openings)?;
        for (conn, _) in readers.iter().enumerate().filter(|(_, format)| **format == Format::Haraj) {
            let word = format!(r#"{{"auth":{{"id":"a","access_token":"dev-{}"}}}}"#, users[conn + 1]);
            swarm.send(conn + 1, &frames::text(&word));
        }
        swarm.quiet()?;
        let template = subject.message(&users[SENDER], ROOM);
        let frames = readers.iter().map(|format| format.frames()).sum();
        Ok(Self { name, subject, swarm, frames, template, sent: 0 })
    }

    /// Keeps the window full for a while, then waits for the rest.
    fn run(&mut self, length: Duration) -> Result<Vec<(&'static str, f64)>, Failure> {
        self.swarm.quiet()?;
        let (first, mut heard, written) = (self.sent, 0, self.written()?);
        let run = Run::begin(&self.subject.program)?;
        loop {
            let over = run.began.elapsed() >= length;
            if over && heard >= (self.sent - first) * self.frames {
                break;
            }
            while !over && self.sent < first + heard / self.frames + WINDOW {
                self.sent += 1;
                self.swarm.send(SENDER, self.template.fill(self.sent));
            }
            self.swarm.turn(WAIT)?;
            let told = self.swarm.heard().iter().filter(|heard| heard.conn != SENDER);
            heard += told.map(|heard| u64::from(heard.messages + heard.others)).sum::<u64>();
        }
        let (seconds, cpu) = run.end(&self.subject.program)?;
        let messages = self.sent - first;
        if heard != messages * self.frames {
            return Err(format!("{heard} frames of {messages} messages, not {} of each", self.frames).into());
        }
        Ok(vec![
            ("cpu us/frame", cpu / heard as f64 * 1e6),
            ("cpu us/message", cpu / messages as f64 * 1e6),
            ("k frames/s", heard as f64 / seconds / 1e3),
            // Our own format's packet is written when the message is stored, whoever listens.
            ("encodings/message", 1.0 + (self.written()? - written) as f64 / messages as f64),
        ])
    }

    /// How many frames of existing systems' formats the server has written so far, each for any number of sockets.
    fn written(&self) -> Result<u64, Failure> {
        let mut stream = TcpStream::connect(self.subject.program.address)?;
        stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
        let mut page = String::new();
        stream.read_to_string(&mut page)?;
        let counts = page.lines().filter(|line| line.starts_with("chat_dialect_frames_total{"));
        let counts = counts.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
        Ok(counts.sum())
    }
}

/// Both rooms, in turns.
pub(crate) fn measure(place: &Place, effort: Effort, figures: &mut Figures) -> Result<(), Failure> {
    let mut crowds = vec![Crowd::gather(place, NATIVE, &FORMATS[..1])?, Crowd::gather(place, ALL, &FORMATS)?];
    for crowd in &mut crowds {
        crowd.run(effort.length / 4)?;
    }
    super::alternate(&mut crowds, effort.repetitions, |crowd| {
        for (metric, value) in crowd.run(effort.length)? {
            figures.add(crowd.name, crowd.subject.name, metric, value);
        }
        Ok(())
    })
}
