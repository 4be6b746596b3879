//! The server's handle: what transports and programs call.

use std::sync::Arc;
use std::time::Duration;

use chat_protocol::dialect::{Opening, Secret};
use chat_protocol::reply::{AgentsData, DesksPage, ForgetData, InboxTotals, UserEntry};
use chat_protocol::{Command, ErrorCode, HistoryQuery, RoomId, RoomState, UserId};
use serde_json::value::RawValue;

use crate::auth::{Issued, Login, Principal};
use crate::dialects::{Entered, Entrance, Port, PortId, Visit};
use crate::hub::{Asking, DesksAsked, Download, Export, Hub, NewUpload, Resumed, Upload, driver};
use crate::transport::{Connection, PeerInfo, Transport};
use crate::{Error, Providers, ServerConfig};

/// How often a shutting down server looks whether its connections are gone.
const DRAIN_POLL: Duration = Duration::from_millis(10);

/// On whose behalf something is asked over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// An authenticated user.
    User(UserId),
    /// The operator's backend, which may read everything.
    Operator,
}

impl Caller {
    fn asking(&self) -> Asking {
        match self {
            Caller::User(user) => Asking { user: user.clone(), link: None, operator: false },
            Caller::Operator => Asking { user: UserId::system(), link: None, operator: true },
        }
    }

    fn user(&self) -> Option<&UserId> {
        match self {
            Caller::User(user) => Some(user),
            Caller::Operator => None,
        }
    }
}

/// Whether the server does its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// All is well.
    Serving,
    /// A write was lost or the store failed: nothing is stored until a restart.
    Degraded,
    /// Shutting down.
    Draining,
}

/// A running chat server: a cheap handle, clone it freely.
///
/// Call [`shutdown`](Self::shutdown) before the program ends; its background tasks run until then.
#[derive(Clone)]
pub struct ChatServer {
    hub: Arc<Hub>,
}

impl std::fmt::Debug for ChatServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChatServer").field("connections", &self.connections()).finish_non_exhaustive()
    }
}

impl ChatServer {
    /// Starts a server from its parts.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn start(providers: Providers, config: ServerConfig) -> Self {
        Self { hub: Hub::start(providers, config) }
    }

    /// The configuration it was started with.
    pub fn config(&self) -> &ServerConfig {
        &self.hub.config
    }

    /// Serves one connection until it ends.
    ///
    /// Not cancel-safe: dropping it cuts the connection without a close frame.
    pub fn serve_connection<C: Connection>(
        &self,
        connection: C,
        peer: PeerInfo,
    ) -> impl Future<Output = ()> + Send + use<C> {
        driver::serve(self.hub.clone(), connection, peer)
    }

    /// All ports, in the order in which they are asked whose a request is.
    pub fn ports(&self) -> impl Iterator<Item = PortId> + use<> {
        (0..self.hub.sockets.len()).map(PortId)
    }

    /// The port of that number.
    ///
    /// # Panics
    /// When there is none: a [`PortId`] names one of [`Providers::dialects`].
    pub fn port(&self, port: PortId) -> &Port {
        self.hub.sockets.port(port)
    }

    /// Lets a socket of an existing system in, or says how it is turned away. `cookies` are looked at where the format
    /// knows any, and before its own token.
    pub async fn enter(&self, port: PortId, opening: Opening, cookies: &[Secret]) -> Entrance {
        self.hub.enter(port, opening, cookies).await
    }

    /// The user of a token at a port, for what its format asks over HTTP.
    ///
    /// # Errors
    /// `InvalidToken`, `Forbidden` for a user who is being forgotten, or `StorageUnavailable` when it cannot be found out now.
    pub async fn visit(&self, port: PortId, token: &Secret) -> Result<Visit, Error> {
        let principal = self.hub.authenticate_at(port, &token.0).await?;
        Ok(self.visit_as(port, &Caller::User(principal.user)))
    }

    /// A visit of whoever comes without a token, where the port has a user for that.
    ///
    /// # Errors
    /// `NotAuthenticated` where it has none, `Forbidden` for a user who is being forgotten.
    pub async fn visit_open(&self, port: PortId) -> Result<Visit, Error> {
        let user = self.port(port).open_desks.clone().ok_or(ErrorCode::NotAuthenticated)?;
        self.hub.check_kept(&user).await?;
        Ok(self.visit_as(port, &Caller::User(user)))
    }

    /// A token for who logs in at a port. Who guesses is slowed down by the port's issuer, and by whoever knows its address.
    ///
    /// # Errors
    /// `InvalidToken` for who says the wrong thing, `Forbidden` for a user who is being forgotten, `NotSupported` where the port
    /// gives out no tokens, `StorageUnavailable` when it cannot be found out now.
    pub async fn log_in(&self, port: PortId, login: Login<'_>) -> Result<Issued, Error> {
        Ok(self.hub.log_in_at(port, login).await?)
    }

    /// A visit of somebody who is known already, or of the operator, who may do what the native interface lets it do.
    pub fn visit_as(&self, port: PortId, caller: &Caller) -> Visit {
        Visit::new(self.hub.clone(), port, caller.asking())
    }

    /// Serves a socket that was let in until it ends.
    ///
    /// Not cancel-safe: dropping it cuts the connection without a close frame.
    pub fn serve_socket<C: Connection>(
        &self,
        entered: Entered,
        connection: C,
        peer: PeerInfo,
    ) -> impl Future<Output = ()> + Send + use<C> {
        crate::hub::dialects::serve(self.hub.clone(), entered, connection, peer)
    }

    /// Serves every connection that a transport accepts, each in a task of its own, until it accepts no more or the
    /// server drains.
    pub async fn serve_transport(&self, transport: impl Transport) {
        loop {
            let accepted = tokio::select! {
                accepted = transport.accept() => accepted,
                () = self.hub.draining.cancelled() => None,
            };
            let Some((connection, peer)) = accepted else { return };
            let server = self.clone();
            tokio::spawn(async move { server.serve_connection(connection, peer).await });
        }
    }

    /// The user of a token.
    ///
    /// # Errors
    /// `InvalidToken`, `Forbidden` for a user who is being forgotten, or `StorageUnavailable` when it cannot be found out now.
    pub async fn authenticate(&self, token: &str) -> Result<Principal, Error> {
        let principal = self.hub.authenticate(token).await?;
        self.hub.check_kept(&principal.user).await?;
        Ok(principal)
    }

    /// The user of a token, who may be one who is being forgotten: for [`forget_user`](Self::forget_user) alone.
    ///
    /// # Errors
    /// `InvalidToken`, or `StorageUnavailable` when it cannot be found out now.
    pub async fn identify(&self, token: &str) -> Result<Principal, Error> {
        Ok(self.hub.authenticate(token).await?)
    }

    /// Does a command for somebody who has no session; gives the `data` of its reply. What needs a connection, such as
    /// `follow`, is refused. Cancel-safe in that what was accepted is stored.
    ///
    /// # Errors
    /// As the reply to the command.
    pub async fn command(&self, caller: &Caller, command: Command) -> Result<Option<Box<RawValue>>, Error> {
        let asking = caller.asking();
        self.hub.admit(&asking, &command)?;
        Ok(self.hub.ask(asking, command).await?)
    }

    /// One page of a room's history, the JSON of a [`HistoryPage`](chat_protocol::HistoryPage). The newest messages of a
    /// room are read and written once for all who ask for them, as long as it has no newer ones.
    ///
    /// # Errors
    /// `Forbidden` for rooms that are not the caller's or do not exist, `BadRequest` for a limit out of range.
    pub async fn history(
        &self,
        caller: &Caller,
        room: &RoomId,
        query: HistoryQuery,
    ) -> Result<Arc<RawValue>, Error> {
        Ok(self.hub.history(caller.user(), room, None, query).await?)
    }

    /// A room as the caller, its member, sees it; the operator sees every room, as an owner who has read all of it.
    ///
    /// # Errors
    /// `Forbidden` for rooms that are not the caller's or do not exist.
    pub async fn room(&self, caller: &Caller, room: &RoomId) -> Result<RoomState, Error> {
        Ok(self.hub.room_state(&caller.asking(), room).await?)
    }

    /// Counts over all rooms of the caller.
    ///
    /// # Errors
    /// When the store cannot read.
    pub async fn totals(&self, caller: &Caller) -> Result<InboxTotals, Error> {
        Ok(self.hub.totals(&caller.asking()).await?)
    }

    /// What the directory knows of a user, and whether the user is there: told to the user itself, to the operator, and to
    /// those who have a direct room with the user while none of the two blocks the other.
    ///
    /// # Errors
    /// `NotFound` when there is no such user.
    pub async fn user(&self, caller: &Caller, user: UserId) -> Result<UserEntry, Error> {
        Ok(self.hub.user_entry(&caller.asking(), user).await?)
    }

    /// Forgets a user: asked by that user or the operator. Its sessions end at once, and nothing it does is taken any more;
    /// all that is kept of it goes in the background, whatever becomes of the process. `None`: it is done, and nothing is
    /// kept of the user. See `docs/people.md` for what goes and what stays.
    ///
    /// # Errors
    /// `Forbidden` for others, `StorageUnavailable` when it could not be begun; repeating it is harmless.
    pub async fn forget_user(&self, caller: &Caller, user: UserId) -> Result<Option<ForgetData>, Error> {
        Ok(self.hub.forget_user(&caller.asking(), user).await?)
    }

    /// All that is kept of a user, page by page: asked by that user or the operator.
    ///
    /// # Errors
    /// `Forbidden` for others.
    pub fn export_user(&self, caller: &Caller, user: UserId) -> Result<Export, Error> {
        Ok(self.hub.export_user(&caller.asking(), user)?)
    }

    /// The agents of an organization, by id.
    ///
    /// # Errors
    /// `Forbidden` for users: only the operator knows and names agents.
    pub async fn agents(&self, caller: &Caller, organization: &str) -> Result<AgentsData, Error> {
        Ok(self.hub.agents(&caller.asking(), organization).await?)
    }

    /// A page of an organization's desks, those made last first: asked by its agents, or the operator.
    ///
    /// # Errors
    /// `Forbidden` for others, `BadRequest` for a limit or a cursor that is none.
    pub async fn desks(
        &self,
        caller: &Caller,
        organization: &str,
        asked: DesksAsked,
    ) -> Result<DesksPage, Error> {
        Ok(self.hub.desks(&caller.asking(), organization, asked).await?)
    }

    /// Makes a user an agent of an organization, or an agent no more: then the user leaves its desks, but those where it is
    /// the client. Saying it twice does nothing. Not cancel-safe: a dropped call may have left some desks; say it again.
    ///
    /// # Errors
    /// `Forbidden` for users, `NotFound` when there is no such user, `LimitReached` when there are as many as there may be.
    pub async fn set_agent(
        &self,
        caller: &Caller,
        organization: &str,
        user: &UserId,
        agent: bool,
    ) -> Result<(), Error> {
        Ok(self.hub.set_agent(&caller.asking(), organization, user, agent).await?)
    }

    /// Begins to take a file, to be named in a message of its room.
    ///
    /// # Errors
    /// `Forbidden` for who may not write in the room, `TooLarge`, `RateLimited` for who has too many under way,
    /// `StorageUnavailable` when there is no room for files, `NotSupported` without a blob store.
    pub async fn upload(&self, caller: &Caller, new: NewUpload) -> Result<Upload, Error> {
        self.hub.start_upload(caller.asking(), new).await
    }

    /// Begins to take a file for the members of a room in several requests, as many as it needs. It is what
    /// [`upload`](Self::upload) takes, `size` has to be said, and nothing of it is seen before all of it has come. An empty one is
    /// kept at once.
    ///
    /// It waits for its next byte for [`unfinished_upload_expiry`](ServerConfig::unfinished_upload_expiry), and not across a
    /// restart.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// use chat_server_core::{Caller, ChatServer, NewUpload, Providers, Resumed, ServerConfig};
    /// # use chat_server_core::Error;
    /// # async fn send(server: ChatServer, caller: Caller) -> Result<(), Error> {
    /// let new = NewUpload {
    ///     room: "r".parse().unwrap(),
    ///     file_name: "plan.txt".into(),
    ///     kind: None,
    ///     size: Some(8),
    /// };
    /// let Resumed::Missing(mut turn) = server.begin_upload(&caller, new).await? else { return Ok(()) };
    /// let name = turn.name().to_string();
    /// turn.write(b"half").await?;
    /// turn.rest().await?;
    ///
    /// let Resumed::Missing(mut turn) = server.resume_upload(&caller, &name).await? else { return Ok(()) };
    /// assert_eq!(turn.offset(), 4);
    /// turn.write(b"more").await?;
    /// assert_eq!(turn.finish().await?.url, format!("/v1/uploads/{name}"));
    /// # Ok(())
    /// # }
    /// # let server = ChatServer::start(Providers::default(), ServerConfig::default());
    /// # send(server, Caller::Operator).await.unwrap_err();
    /// # });
    /// ```
    ///
    /// # Errors
    /// As [`upload`](Self::upload), of which `RateLimited` means that as many are unfinished as there may be and all of them come
    /// in just now; `BadRequest` without a size.
    pub async fn begin_upload(&self, caller: &Caller, new: NewUpload) -> Result<Resumed, Error> {
        self.hub.begin_unfinished(caller.asking(), new).await
    }

    /// Goes on with a file of the caller's by its name, or tells what became of it: also of one that is whole, as long as it is
    /// there. Takes the turn over from a request that has it, and waits until that is out of its write, 10 s at most.
    ///
    /// # Errors
    /// `NotFound` when there is none, it was given up, or it is somebody else's; `Forbidden` for who may not write in the room
    /// any more: it is given up; `RateLimited` when the one who has the turn does not give it back; `StorageUnavailable`;
    /// `NotSupported` without a blob store.
    pub async fn resume_upload(&self, caller: &Caller, name: &str) -> Result<Resumed, Error> {
        self.hub.resume_unfinished(&caller.asking(), name).await
    }

    /// Begins to take a file that [was promised a place](Visit::promise_upload), by the name that was given for it: whoever
    /// knows it puts the file there, once. It is of the user who asked, and of a room that this user alone reads, until a
    /// [message](Visit::send) names it.
    ///
    /// # Errors
    /// `Forbidden` when nothing waits under that name any more; else as [`upload`](Self::upload).
    pub async fn upload_promised(&self, name: &str) -> Result<Upload, Error> {
        self.hub.start_promised(name).await
    }

    /// An uploaded file by the last part of its URL.
    ///
    /// # Errors
    /// `Forbidden` when there is none, or its room is not the caller's; `NotSupported` without a blob store.
    pub async fn download(&self, caller: &Caller, name: &str) -> Result<Download, Error> {
        self.hub.find_upload(&caller.asking(), name).await
    }

    /// Whether somebody looks at a session of this user now: it is connected and did not say that it is away. Who is
    /// looked for otherwise gets a push.
    pub fn is_attended(&self, user: &UserId) -> bool {
        self.hub.is_attended(user)
    }

    /// Ends all sessions of a user, as `revoke` does; gives their number. The user's tokens are the authenticator's
    /// matter. Not cancel-safe: a dropped call may have ended some.
    ///
    /// # Errors
    /// `StorageUnavailable` when that cannot be stored.
    pub async fn end_sessions(&self, user: &UserId) -> Result<u64, Error> {
        Ok(self.hub.revoke_all(user).await?)
    }

    /// Whether the server does its work.
    pub fn health(&self) -> Health {
        if self.hub.draining.is_cancelled() {
            Health::Draining
        } else if self.hub.is_degraded() {
            Health::Degraded
        } else {
            Health::Serving
        }
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        self.hub.connections()
    }

    /// Tells every session that the server drains, closes all with 1001 and waits, at most `deadline`, until what
    /// was accepted is stored and every connection is closed; then ends the background tasks.
    pub async fn shutdown(&self, deadline: Duration) {
        self.hub.drain();
        let closed = async {
            while self.connections() > 0 {
                tokio::time::sleep(DRAIN_POLL).await;
            }
        };
        if tokio::time::timeout(deadline, closed).await.is_err() {
            tracing::warn!(left = self.connections(), "connections did not close in time");
        }
        self.hub.stop().await;
    }
}
