//! What is there before a measurement: rooms with members and messages in the server's database, and the words with
//! which a connection enters.

use std::path::{Path, PathBuf};

use chat_protocol::{
    Access, ClientMsgId, Content, DeskStatus, Epoch, HistoryVisibility, Role, RoomId, RoomInfo, RoomKind,
    RoomNumber, Timestamp, UserId,
};
use chat_server_core::storage::{
    Append, Change, MessageStore, NewMessage, NewRoom, OwnAppend, OwnChange, UserLog,
};
use chat_store_sqlite::{SqliteConfig, SqliteStore, Synchronous};

use crate::Failure;
use crate::process::Program;
use crate::swarm::frames::NUMBER;
use crate::swarm::{Opening, Template};

/// Greatest number of changes stored at once while a database is filled.
const BATCH: usize = 256;

/// Length of the texts, in bytes: the message of every measurement.
const TEXT: usize = 200;

/// When everything was stored.
fn long_ago() -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000)
}

/// Rooms with members and messages.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    /// Each room's name, its members and how many messages it holds.
    pub(crate) rooms: Vec<(String, Vec<String>, usize)>,
    /// All of them are support cases, with these names.
    pub(crate) desk: Option<Desk>,
}

/// What makes a room one that every format has a name for.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    pub(crate) number: u64,
    pub(crate) alias: &'static str,
    pub(crate) organization: &'static str,
    pub(crate) agents: Vec<String>,
}

impl Plan {
    /// Each room's name, its members and how many messages it holds.
    pub(crate) fn rooms(rooms: impl IntoIterator<Item = (String, Vec<String>, usize)>) -> Self {
        Self { rooms: rooms.into_iter().collect(), desk: None }
    }

    /// One room with these members.
    pub(crate) fn room(name: &str, members: impl IntoIterator<Item = String>) -> Self {
        Self { rooms: vec![(name.to_owned(), members.into_iter().collect(), 0)], desk: None }
    }

    /// The same room as a support case of its first member.
    pub(crate) fn at_a_desk(self, desk: Desk) -> Self {
        Self { desk: Some(desk), ..self }
    }

    /// The same rooms with so many messages in each.
    pub(crate) fn with_messages(mut self, count: usize) -> Self {
        self.rooms.iter_mut().for_each(|(_, _, messages)| *messages = count);
        self
    }

    /// The same, and a direct room of one user with each of the others: who shares one may watch the other.
    pub(crate) fn with_directs(
        mut self,
        one: &str,
        others: impl IntoIterator<Item = String>,
    ) -> Result<Self, Failure> {
        let me = UserId::new(one)?;
        for other in others {
            let room = RoomId::direct(&me, &UserId::new(other.as_str())?);
            self.rooms.push((room.as_str().to_owned(), vec![one.to_owned(), other], 0));
        }
        Ok(self)
    }

    /// Writes all of it into a new database.
    fn fill(&self, data: &Path) -> Result<Epoch, Failure> {
        // What is written here may be lost in a power cut: the measurement would be as well.
        let config = SqliteConfig { synchronous: Synchronous::Off, ..SqliteConfig::default() };
        let store = SqliteStore::open(data, config)?;
        let epoch = chat_server_core::storage::MessageStore::epoch(&store);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut batch = Vec::with_capacity(BATCH);
        for change in self.changes() {
            batch.push(change?);
            if batch.len() == BATCH {
                runtime.block_on(append(&store, &mut batch))?;
            }
        }
        runtime.block_on(append(&store, &mut batch))?;
        for answer in runtime.block_on(store.append_own(&self.agents()?))? {
            answer?;
        }
        Ok(epoch)
    }

    fn agents(&self) -> Result<Vec<OwnAppend>, Failure> {
        let Some(desk) = &self.desk else { return Ok(Vec::new()) };
        let agent = |user: &String| {
            let change = OwnChange::Agent { organization: desk.organization.to_owned(), agent: true };
            Ok(OwnAppend { user: UserId::new(user.as_str())?, now: long_ago(), change })
        };
        desk.agents.iter().map(agent).collect()
    }

    fn changes(&self) -> impl Iterator<Item = Result<Append, Failure>> {
        let desk = self.desk.as_ref();
        let creations = self.rooms.iter().map(move |(room, members, _)| create(room, members, desk));
        let messages = self.rooms.iter().flat_map(|(room, members, count)| {
            (0..*count).map(move |number| message(room, &members[number % members.len().min(2)], number))
        });
        creations.chain(messages)
    }
}

async fn append(store: &SqliteStore, batch: &mut Vec<Append>) -> Result<(), Failure> {
    for answer in store.append(batch).await? {
        answer?;
    }
    batch.clear();
    Ok(())
}

fn change(room: &str, by: &str, change: Change) -> Result<Append, Failure> {
    Ok(Append {
        room: RoomId::new(room)?,
        by: UserId::new(by)?,
        access_version: None,
        now: long_ago(),
        change,
    })
}

fn create(room: &str, members: &[String], desk: Option<&Desk>) -> Result<Append, Failure> {
    let ids = members.iter().map(|member| Ok((UserId::new(member.as_str())?, Role::Member)));
    let members_with_roles = ids.collect::<Result<_, Failure>>()?;
    let (kind, access) = match (RoomId::new(room)?.direct_pair(), desk) {
        (Some(_), _) => (RoomKind::Direct, Access::Invite),
        (None, Some(_)) => (RoomKind::Desk, Access::Invite),
        (None, None) => (RoomKind::Group, Access::Open),
    };
    let case = |desk: &Desk| {
        let (organization, client) = (desk.organization.to_owned(), UserId::new(members[0].as_str())?);
        Ok::<_, Failure>(chat_protocol::Desk { organization, client, status: DeskStatus::Open.into() })
    };
    let new = NewRoom {
        kind,
        access,
        history: HistoryVisibility::All,
        info: RoomInfo::default(),
        desk: desk.map(case).transpose()?,
        number: desk.and_then(|desk| RoomNumber::new(desk.number)),
        alias: desk.map(|desk| desk.alias.to_owned()),
        members: members_with_roles,
        request: None,
    };
    change(room, &members[0], Change::Create(Box::new(new)))
}

fn message(room: &str, by: &str, number: usize) -> Result<Append, Failure> {
    let content = Content::plain(format!("{number:0>TEXT$}"));
    let digest = content.digest();
    let client_msg_id = Some(ClientMsgId::new(format!("01JPREFILLED{number:0>10}"))?);
    change(room, by, Change::Message(NewMessage { client_msg_id, ..NewMessage::new(content, digest) }))
}

/// The two binaries and where data goes.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) server: PathBuf,
    /// None: the server is measured alone.
    pub(crate) floor: Option<PathBuf>,
    pub(crate) data: PathBuf,
    /// How long the server takes a user who left for present; `None`: as it ships.
    pub(crate) grace: Option<&'static str>,
}

impl Place {
    /// Those of these programs that are to be measured.
    pub(crate) fn chosen(&self, programs: &[&'static str]) -> Vec<&'static str> {
        programs.iter().copied().filter(|name| *name == "server" || self.floor.is_some()).collect()
    }
}

/// One program under measurement.
pub(crate) struct Subject {
    /// `server`, or the name of a floor.
    pub(crate) name: &'static str,
    pub(crate) program: Program,
    /// The life of the server's logs.
    pub(crate) epoch: Option<Epoch>,
    data: tempfile::TempDir,
}

impl Subject {
    /// Starts the server on a database that holds the plan, or a floor, which needs none.
    pub(crate) fn start(place: &Place, name: &'static str, plan: &Plan) -> Result<Self, Failure> {
        let data = tempfile::tempdir_in(&place.data)?;
        let (program, epoch) = match (name, &place.floor) {
            ("server", _) => {
                let epoch = plan.fill(data.path())?;
                (Program::server(&place.server, data.path(), place.grace)?, Some(epoch))
            }
            (_, Some(floor)) => (Program::floor(floor, name, data.path())?, None),
            (_, None) => return Err("a floor without its binary".into()),
        };
        Ok(Self { name, program, epoch, data })
    }

    /// Bytes of its database, the write-ahead log left out: that is bounded and becomes empty.
    pub(crate) fn stored(&self) -> Result<u64, Failure> {
        let mut bytes = 0;
        for entry in std::fs::read_dir(self.data.path())? {
            let entry = entry?;
            if entry.path().extension().is_some_and(|extension| extension == "db") {
                bytes += entry.metadata()?.len();
            }
        }
        Ok(bytes)
    }

    fn is_server(&self) -> bool {
        self.name == "server"
    }

    /// How a member enters its room.
    pub(crate) fn enter(&self, user: &str, room: &str) -> Opening {
        let follow = if self.is_server() { "follow" } else { "join" };
        self.enter_by(follow, user, room)
    }

    /// How anybody enters a room: for the server this stores a membership.
    pub(crate) fn join(&self, user: &str, room: &str) -> Opening {
        self.enter_by("join", user, room)
    }

    fn enter_by(&self, command: &str, user: &str, room: &str) -> Opening {
        self.opening(vec![auth(user), format!(r#"{{"{command}":{{"id":"join","room":"{room}"}}}}"#)])
    }

    /// A connection that says these words first.
    pub(crate) fn opening(&self, words: Vec<String>) -> Opening {
        Opening { address: self.program.address, path: "/v1/ws".to_owned(), words }
    }

    /// The message that is sent: a command where the program parses one, else the packet that readers get.
    pub(crate) fn message(&self, user: &str, room: &str) -> Template {
        let text = "x".repeat(TEXT);
        let content = format!(r#""content":{{"type":"text/plain","payload":{{"text":"{text}"}}}}"#);
        let name = format!(r#""client_msg_id":"01JBENCH-{user}-{NUMBER}""#);
        Template::new(&match self.name {
            "server" | "l2" => format!(r#"{{"send":{{"id":"{NUMBER}","room":"{room}",{name},{content}}}}}"#),
            _ => format!(
                r#"{{"message":{{"room":"{room}","offset":{NUMBER},"seq":{NUMBER},"from":"{user}",{name},{content},"ts":"2026-11-20T08:30:39.789012Z"}}}}"#
            ),
        })
    }
}

/// The first word of every connection.
pub(crate) fn auth(user: &str) -> String {
    format!(r#"{{"auth":{{"id":"auth","token":"dev-{user}","follow":false}}}}"#)
}
