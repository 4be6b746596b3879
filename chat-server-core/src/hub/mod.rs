//! The async shell around the rules: performs what sessions ask on the parts, and gives stored events to followers.
//!
//! ```text
//!  driver (one task per connection)          committer (one)      publisher (one), feeds sharded by room and user
//!  frame ─► Session ─► Action ─► commands ─► queue ─► store.append ─► publish ─► follower's outbox ─► write
//! ```
//!
//! The committer is the only writer of logs; the publisher tells what was stored in the same order.

mod absent;
mod agents;
#[cfg(feature = "bench-internals")]
pub mod bench_access;
mod bus;
mod commands;
mod committer;
mod crowd;
mod delivery;
pub(crate) mod dialects;
pub(crate) mod driver;
mod expire;
mod export;
mod feed;
mod follow;
mod forget;
mod history;
mod indexer;
mod limits;
mod link;
mod lookups;
mod outbox;
mod own;
mod presence;
mod publish;
mod publisher;
mod pushing;
mod reader;
mod replay;
mod schedule;
mod sessions;
mod shards;
mod sweep;
mod turns;
mod typing;
mod unsupported;
mod uploads;
mod veil;
mod webhooks;
mod worker;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::Duration;

use chat_protocol::{Epoch, ErrorCode, RoomId, UserId, WireError};
use tokio::runtime::Handle;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::transport::DirectWriter;
use crate::{Providers, ServerConfig};
pub use agents::DesksAsked;
pub(crate) use commands::Asking;
use committer::Job;
use crowd::Crowds;
use dialects::Sockets;
pub use export::Export;
use feed::Feed;
use history::NewestPages;
use limits::Rates;
use link::Link;
use own::OwnJob;
use presence::UserEntry;
use publisher::Stored;
use replay::Log;
use shards::Shards;
use typing::Typists;
pub use uploads::{Download, NewFile, NewUpload, Resumed, Upload, UploadTurn};
use uploads::{UnderWay, Unfinished};

/// How long a connection may take, once the server drains, for its commands under way and for what waits to be written to it.
/// With the close frame and [`STOP_TIMEOUT`] the end takes less than 10 s, after which service managers kill.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// How long background tasks may take to end; those that wait for somebody outside were told when the server began to drain.
const STOP_TIMEOUT: Duration = Duration::from_secs(3);

/// Everything that the tasks of one server share.
pub(crate) struct Hub {
    pub(crate) providers: Providers,
    pub(crate) config: ServerConfig,
    pub(crate) epoch: Epoch,
    /// This process on the bus.
    node: u128,
    /// Followers of each room. Rooms without a local reader have no entry and cost nothing.
    rooms: Shards<RoomId, Feed>,
    /// Sessions, listeners and followers of the own log of each user that is here.
    users: Shards<UserId, UserEntry>,
    commits: mpsc::Sender<Job>,
    /// From the committer to the publisher.
    stored: mpsc::Sender<Vec<Stored>>,
    own_jobs: mpsc::Sender<OwnJob>,
    /// Connections, to be told when the server drains.
    open: Shards<u64, Arc<Link>>,
    /// Where background tasks run, also those started from the committer's own thread.
    runtime: Handle,
    tasks: TaskTracker,
    /// Told to connections: finish and close; and to the workers.
    pub(crate) draining: CancellationToken,
    /// When that was told.
    draining_since: OnceLock<Instant>,
    /// Told to background tasks after the last connection is gone.
    stopped: CancellationToken,
    /// The committer, which outlives the others: they still have something to store.
    committer: TaskTracker,
    /// The publisher, which outlives the committer.
    publisher: TaskTracker,
    /// Told to the committer at last.
    committed: CancellationToken,
    /// Told to the publisher after that.
    published: CancellationToken,
    /// A write was lost: nothing is stored until a restart.
    degraded: AtomicBool,
    /// Itself, for tasks that it starts.
    this: Weak<Hub>,
    newest: NewestPages,
    /// Uploads, which are refused when a user has too many.
    under_way: Arc<UnderWay>,
    /// Uploads that come in several requests.
    unfinished: Unfinished,
    /// Those that have an account and may be no files yet.
    finishing: Arc<UnderWay>,
    /// What users may still ask.
    rates: Rates,
    /// Sockets of existing systems.
    pub(crate) sockets: Sockets,
    /// Who writes where.
    typists: Typists,
    /// Rooms in which numbers are told, and connections that were told enough for this second.
    crowds: Crowds,
    /// Rung when a message waits for its time.
    scheduled: Arc<Notify>,
    /// Rung when a room keeps its messages for another time.
    expiring: Arc<Notify>,
    /// Rung when a user is to be forgotten.
    forgetting: Arc<Notify>,
    /// Rung when something was stored that is to be pushed or posted.
    to_push: Arc<Notify>,
    to_post: Arc<Notify>,
    to_tell: Arc<Notify>,
    /// Rung when a push waits.
    held_pushes: Arc<Notify>,
    /// Logs with something that could not be read when it was missed. Written by whoever missed it, taken by the repair.
    unread: Mutex<BTreeSet<Log>>,
    links: AtomicU64,
    connections: AtomicUsize,
}

impl Hub {
    /// Builds the hub and starts its background tasks.
    pub(crate) fn start(providers: Providers, config: ServerConfig) -> Arc<Self> {
        let (commits, jobs) = mpsc::channel(config.max_commit_queue);
        let (own_jobs, own) = mpsc::channel(config.max_commit_queue);
        let (stored, batches) = mpsc::channel(publisher::MAX_BATCHES);
        let links = AtomicU64::new(1);
        let next = || links.fetch_add(1, Ordering::Relaxed);
        let sockets = Sockets::new(providers.dialects.clone(), next);
        let hub = Arc::new_cyclic(|this| Self {
            sockets,
            this: this.clone(),
            epoch: providers.storage.epoch(),
            node: providers.clock.random(),
            rooms: Shards::default(),
            users: Shards::default(),
            commits,
            own_jobs,
            runtime: Handle::current(),
            tasks: TaskTracker::new(),
            draining: CancellationToken::new(),
            draining_since: OnceLock::new(),
            stopped: CancellationToken::new(),
            committer: TaskTracker::new(),
            publisher: TaskTracker::new(),
            committed: CancellationToken::new(),
            published: CancellationToken::new(),
            stored,
            open: Shards::default(),
            degraded: AtomicBool::new(false),
            newest: NewestPages::new(config.max_page_cache),
            under_way: Arc::default(),
            unfinished: Unfinished::default(),
            finishing: Arc::default(),
            rates: Rates::new(config.connection_rate, config.user_rate),
            typists: Typists::default(),
            crowds: Crowds::default(),
            scheduled: Arc::default(),
            expiring: Arc::default(),
            forgetting: Arc::default(),
            to_push: Arc::default(),
            to_post: Arc::default(),
            to_tell: Arc::default(),
            held_pushes: Arc::default(),
            unread: Mutex::default(),
            links,
            connections: AtomicUsize::new(0),
            providers,
            config,
        });
        committer::start(&hub, jobs);
        hub.publisher.spawn(publisher::run(hub.clone(), batches));
        hub.tasks.spawn(own::run(hub.clone(), own));
        hub.tasks.spawn(bus::listen(hub.clone()));
        hub.tasks.spawn(crowd::run(hub.clone()));
        hub.start_workers();
        if let Some(index) = hub.providers.search.clone() {
            hub.tasks.spawn(indexer::run(hub.clone(), index));
        }
        hub.start_tellers();
        hub
    }

    fn start_workers(self: &Arc<Self>) {
        self.tasks.spawn(worker::run(self.clone(), self.scheduled.clone(), schedule::Release));
        self.tasks.spawn(worker::run(self.clone(), self.expiring.clone(), expire::Expire));
        self.tasks.spawn(worker::run(self.clone(), self.forgetting.clone(), forget::Forget));
        if let Some(blobs) = self.providers.blobs.clone() {
            self.tasks.spawn(worker::run(self.clone(), Arc::default(), sweep::Sweep { blobs }));
        }
        if let Some(keep) = self.config.retention {
            self.tasks.spawn(worker::run(self.clone(), Arc::default(), expire::Retain { keep }));
        }
    }

    /// The workers that tell others what was stored, where the operator has named somebody who carries it.
    fn start_tellers(self: &Arc<Self>) {
        if let Some(gateway) = self.providers.push.clone() {
            let held = pushing::HeldPushes::new(gateway.clone());
            self.tasks.spawn(worker::run(self.clone(), self.held_pushes.clone(), held));
            let pushing = pushing::Pushing::new(gateway);
            self.tasks.spawn(worker::run(self.clone(), self.to_push.clone(), pushing));
        }
        if let Some(sink) = self.providers.webhook.clone() {
            let webhooks = webhooks::Webhooks::new(sink);
            self.tasks.spawn(worker::run(self.clone(), self.to_post.clone(), webhooks));
        }
        if let Some(sink) = self.providers.absence.clone() {
            let absences = absent::Absences::new(sink);
            self.tasks.spawn(worker::run(self.clone(), self.to_tell.clone(), absences));
        }
    }

    pub(crate) fn is_degraded(&self) -> bool {
        // Without its committer, which only a fault of the store can end, nothing is stored either.
        self.degraded.load(Ordering::Relaxed) || (self.commits.is_closed() && !self.committed.is_cancelled())
    }

    /// Begins to drain: every connection is told.
    pub(crate) fn drain(&self) {
        self.draining_since.get_or_init(Instant::now);
        self.draining.cancel();
        // In one order, so that a run under virtual time can be repeated: the shards have none.
        let mut links = self.open.values();
        links.sort_unstable_by_key(|link| link.number);
        for link in links {
            link.outbox.drain();
        }
    }

    /// Waits until a connection has had all the time that it may take once the server drains. Cancel-safe.
    pub(crate) async fn drained(&self) {
        self.draining.cancelled().await;
        let since = self.draining_since.get().copied().unwrap_or_else(Instant::now);
        tokio::time::sleep_until(since + DRAIN_TIMEOUT).await;
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// A new connection. Told to drain at once if the server does.
    fn open(&self, writer: Option<Arc<dyn DirectWriter>>) -> Arc<Link> {
        let link = Arc::new(Link::new(self.next_link(), &self.config, writer));
        self.open.lock(&link.number).insert(link.number, link.clone());
        if self.draining.is_cancelled() {
            link.outbox.drain();
        }
        link
    }

    fn next_link(&self) -> u64 {
        self.links.fetch_add(1, Ordering::Relaxed)
    }

    /// Logs a failure of the store and says what the client is told.
    fn storage_failed(&self, error: crate::storage::StorageError) -> WireError {
        tracing::error!(kind = ?error.kind, %error, "the store failed");
        metrics::counter!("chat_storage_errors_total").increment(1);
        if error.kind == crate::storage::StorageErrorKind::Lost
            && !self.degraded.swap(true, Ordering::Relaxed)
        {
            tracing::error!(
                "a write may be lost: nothing more is stored until a restart. Check the disk first"
            );
        }
        crate::Error::from(error).wire()
    }

    /// Logs a failure of the store of files and says what the client is told.
    fn blobs_failed(&self, error: &crate::storage::StorageError) -> WireError {
        tracing::error!(kind = ?error.kind, %error, "the store of files failed");
        metrics::counter!("chat_upload_errors_total").increment(1);
        uploads::refusal(error)
    }

    /// Ends the background tasks and waits for them. Call it when no connection is left.
    pub(crate) async fn stop(&self) {
        self.stopped.cancel();
        self.unfinished.clear();
        self.tasks.close();
        if tokio::time::timeout(STOP_TIMEOUT, self.tasks.wait()).await.is_err() {
            tracing::warn!(left = self.tasks.len(), "background tasks did not end in time");
        }
        self.committed.cancel();
        self.committer.close();
        self.committer.wait().await;
        self.published.cancel();
        self.publisher.close();
        self.publisher.wait().await;
    }
}

/// The store or one of our tasks is gone.
fn unavailable() -> WireError {
    WireError::from(ErrorCode::StorageUnavailable).retry_after_ms(1_000)
}
