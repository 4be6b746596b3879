//! Pages of a room: the newest, over HTTP and over the socket, which the server may keep ready, and older ones, each of
//! which it reads.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::{Effort, Run, WAIT};
use crate::Failure;
use crate::figures::Figures;
use crate::scene::{Place, Plan, Subject, auth};
use crate::swarm::{Swarm, frames};

const ROOM: &str = "the-room-with-a-past";
const USER: &str = "user-00000";

/// Messages on a page.
const PAGE: usize = 50;

pub(crate) fn name(way: &str, messages: usize) -> String {
    format!("newest 50 of {messages} by {way}")
}

/// Pages that begin anywhere in the room.
pub(crate) fn name_of_older(messages: usize) -> String {
    format!("any 50 of {messages} by socket")
}

/// A server with a room of so many messages.
struct Past {
    subject: Subject,
    messages: usize,
    swarm: Swarm,
    asked: u64,
}

impl Past {
    fn start(place: &Place, messages: usize) -> Result<Subject, Failure> {
        let plan = Plan::room(ROOM, [USER.to_owned(), "user-00001".to_owned()]).with_messages(messages);
        Subject::start(place, "server", &plan)
    }

    fn open(subject: Subject, messages: usize) -> Result<Self, Failure> {
        let mut swarm = Swarm::new()?;
        swarm.open(&[subject.opening(vec![auth(USER)])])?;
        Ok(Self { subject, messages, swarm, asked: 0 })
    }

    /// Newest pages over the socket, one after the other.
    fn by_socket(&mut self, length: Duration) -> Result<f64, Failure> {
        let ask = frames::text(&format!(r#"{{"history":{{"id":"h","room":"{ROOM}","limit":{PAGE}}}}}"#));
        self.pages_of(length, |_| ask.clone())
    }

    /// Pages from all over the room.
    fn older_by_socket(&mut self, length: Duration) -> Result<f64, Failure> {
        let (least, span) = (PAGE as u64 + 1, (self.messages - PAGE) as u64);
        self.pages_of(length, |asked| {
            // A step that shares no factor with the span would do; one far from its neighbours spares no page of the file.
            let before = least + asked * 7_919 % span;
            frames::text(&format!(
                r#"{{"history":{{"id":"h","room":"{ROOM}","limit":{PAGE},"before":{before}}}}}"#
            ))
        })
    }

    fn pages_of(&mut self, length: Duration, ask: impl Fn(u64) -> Vec<u8>) -> Result<f64, Failure> {
        self.swarm.quiet()?;
        let (run, mut pages, mut bytes) = (Run::begin(&self.subject.program)?, 0_u64, 0);
        while run.began.elapsed() < length {
            self.asked += 1;
            self.swarm.send(0, &ask(self.asked));
            let mut replies = 0;
            while replies == 0 {
                self.swarm.turn(WAIT)?;
                replies = self.swarm.heard().iter().map(|heard| heard.replies).sum();
                bytes += self.swarm.heard().iter().map(|heard| heard.bytes).sum::<usize>();
            }
            pages += 1;
        }
        let (_, cpu) = run.end(&self.subject.program)?;
        whole_pages(pages, bytes)?;
        Ok(cpu / pages as f64 * 1e6)
    }

    /// Pages over one kept HTTP connection, one after the other.
    fn by_http(&self, length: Duration) -> Result<f64, Failure> {
        let mut stream = TcpStream::connect(self.subject.program.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let request = format!(
            "GET /v1/rooms/{ROOM}/messages?limit={PAGE} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer dev-{USER}\r\n\r\n",
            self.subject.program.address
        );
        let mut buffer = vec![0; 1 << 20];
        let (run, mut pages, mut bytes) = (Run::begin(&self.subject.program)?, 0_u64, 0);
        while run.began.elapsed() < length {
            stream.write_all(request.as_bytes())?;
            bytes += answer(&mut stream, &mut buffer)?;
            pages += 1;
        }
        let (_, cpu) = run.end(&self.subject.program)?;
        whole_pages(pages, bytes)?;
        Ok(cpu / pages as f64 * 1e6)
    }
}

/// Fifty messages of 200 bytes of text each are in every page: none was cut short.
fn whole_pages(pages: u64, bytes: usize) -> Result<(), Failure> {
    let least = usize::try_from(pages)? * PAGE * 200;
    if bytes < least { Err(format!("{pages} pages in {bytes} bytes").into()) } else { Ok(()) }
}

/// Reads one whole answer; its length.
fn answer(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<usize, Failure> {
    let mut have = 0;
    loop {
        let read = stream.read(&mut buffer[have..])?;
        if read == 0 {
            return Err("the server ended an HTTP connection".into());
        }
        have += read;
        let Some(end) = buffer[..have].windows(4).position(|bytes| bytes == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
        if !head.starts_with("http/1.1 200 ") {
            return Err(format!("refused: {head}").into());
        }
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok());
        let length: usize = length.ok_or("an answer without a length")?;
        let whole = end + 4 + length;
        if have >= whole {
            return Ok(whole);
        }
    }
}

/// Pages of rooms of different sizes, in turns.
pub(crate) fn measure(
    place: &Place,
    sizes: &[usize],
    effort: Effort,
    figures: &mut Figures,
) -> Result<(), Failure> {
    // All databases first: a connection that is opened before a long wait is given up by its server.
    let subjects = sizes.iter().map(|size| Past::start(place, *size)).collect::<Result<Vec<_>, Failure>>()?;
    let pasts = subjects.into_iter().zip(sizes).map(|(subject, size)| Past::open(subject, *size));
    let mut pasts = pasts.collect::<Result<Vec<_>, Failure>>()?;
    for past in &mut pasts {
        past.by_socket(effort.length / 4)?;
        let stored = past.subject.stored()? as f64 / 1_048_576.0;
        figures.add(&format!("{} messages", past.messages), past.subject.name, "MiB on disk", stored);
    }
    super::alternate(&mut pasts, effort.repetitions, |past| {
        let length = effort.length / 2;
        let (socket, http) = (past.by_socket(length)?, past.by_http(length)?);
        let older = past.older_by_socket(length)?;
        figures.add(&name_of_older(past.messages), past.subject.name, "cpu us/page", older);
        figures.add(&name("socket", past.messages), past.subject.name, "cpu us/page", socket);
        figures.add(&name("HTTP", past.messages), past.subject.name, "cpu us/page", http);
        Ok(())
    })
}
