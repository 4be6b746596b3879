//! The loop of a run: does what is due, and lets time jump to what is due next.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use chat_client::protocol::UserId;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::sleep_until;

use super::client::{Around, Client};
use super::clock::SimClock;
use super::fault::Hits;
use super::link::Shared;
use super::plan::{Plan, Shape, Step, USERS};
use super::refused::Refused;
use super::server::{Disk, Running, Tokens};
use super::trace::Trace;
use super::{Options, Report, check, steps};

/// How long everything is quiet before it is compared: longer than the server takes to compare itself with its store.
const QUIET: Duration = Duration::from_secs(12);

/// How long it may take until everything is quiet once nothing goes wrong any more: two heartbeats, the longest wait before
/// a dial, and the rest for a retry that was put off.
const SETTLES: Duration = Duration::from_secs(240);

pub(super) struct World {
    seed: u64,
    pub(super) shape: Shape,
    pub(super) steps: VecDeque<(Duration, Step)>,
    pub(super) shared: Arc<Shared>,
    pub(super) disk: Arc<Disk>,
    pub(super) tokens: Arc<Tokens>,
    pub(super) server: Option<Running>,
    /// A server that is being stopped, and whether it is in good order.
    pub(super) stopping: Option<(JoinHandle<()>, bool)>,
    pub(super) clients: Vec<Client>,
    /// When the last thing was done that can go wrong.
    healed: Option<Duration>,
    quiet_since: Option<Duration>,
}

impl World {
    pub(super) async fn new(seed: u64, options: &Options) -> Self {
        let plan = if options.scripted { Plan::scripted() } else { Plan::of(seed, options.mistakes) };
        let Plan { shape, steps } = plan;
        let (clock, hits) = (Arc::new(SimClock::new(seed)), Arc::new(Hits::default()));
        let trace = Trace::new(options.shown);
        let shared = Arc::new(Shared {
            clock: clock.clone(),
            wake: Notify::new(),
            hits: hits.clone(),
            trace,
            refused: Refused::default(),
        });
        let disk = Disk::new(hits, clock.clone(), shape.write_time);
        let tokens = Arc::new(Tokens::new(shape.auth_time));
        let server = Running::start(&disk, &tokens, &clock, &shape.server);
        steps::make_rooms(&server.server).await;
        let user = |name: &str| UserId::new(name.to_owned()).expect("letters are an id");
        let client = |(index, name): (usize, &&str)| Client::new(seed, index, user(name), &shape, options);
        let mut clients: Vec<Client> = USERS.iter().enumerate().map(client).collect();
        for cut in &options.cuts {
            let traps = clients[cut.client].traps.entry(cut.connection).or_default();
            traps.push((cut.way, cut.trap));
        }
        Self {
            seed,
            steps: steps.into(),
            shape,
            shared,
            disk,
            tokens,
            server: Some(server),
            stopping: None,
            clients,
            healed: None,
            quiet_since: None,
        }
    }

    /// Runs until all is settled.
    ///
    /// # Errors
    /// What is not as it should be.
    pub(super) async fn run(mut self) -> Result<Report, String> {
        loop {
            let now = self.shared.clock.elapsed();
            self.do_steps(now).await?;
            for index in 0..self.clients.len() {
                let (client, around) = self.client(index, now);
                client.turn(&around)?;
            }
            if self.steps.is_empty() && self.is_settled(now)? {
                break;
            }
            let next = self.next_at(now);
            if next > now {
                tokio::select! {
                    biased;
                    () = self.shared.wake.notified() => {}
                    () = sleep_until(self.shared.clock.instant(next)) => {}
                }
            }
        }
        self.finish().await
    }

    /// Compares everybody with the store, and stops the server.
    async fn finish(self) -> Result<Report, String> {
        let World { seed, shape, shared, disk, server, mut clients, .. } = self;
        let lasted = shared.clock.elapsed();
        let running = server.as_ref().ok_or("there is no server")?;
        let around =
            Around { seed, now: lasted, shared: &shared, disk: &disk, server: Some(running), shape: &shape };
        check::settled(&disk, &running.server, &mut clients, &around).await?;
        let (hits, trace) = (shared.hits.histogram(), shared.trace.number());
        let sent = || clients.iter().flat_map(|client| &client.sent);
        let rooms = sent().map(|sent| &sent.room).collect::<BTreeSet<_>>().len();
        let (sends, talkers) =
            (sent().count(), clients.iter().filter(|client| !client.sent.is_empty()).count());
        running.server.shutdown(Duration::ZERO).await;
        Ok(Report { hits, trace, clients: talkers, rooms, sends, lasted })
    }

    /// A client, and what it has to do with.
    pub(super) fn client(&mut self, index: usize, now: Duration) -> (&mut Client, Around<'_>) {
        let around = Around {
            seed: self.seed,
            now,
            shared: &self.shared,
            disk: &self.disk,
            server: self.server.as_ref(),
            shape: &self.shape,
        };
        (&mut self.clients[index], around)
    }

    fn next_at(&self, now: Duration) -> Duration {
        let clients = self.clients.iter().filter_map(Client::next_at);
        let quiet = self.quiet_since.map(|since| since + QUIET).filter(|at| *at > now);
        let own = [self.steps.front().map(|(at, _)| *at), quiet];
        let next = clients.chain(own.into_iter().flatten()).min();
        next.unwrap_or(now + Duration::from_secs(1)).min(now + Duration::from_secs(1))
    }

    async fn do_steps(&mut self, now: Duration) -> Result<(), String> {
        while self.steps.front().is_some_and(|(at, _)| *at <= now)
            && let Some((_, step)) = self.steps.pop_front()
        {
            self.shared.trace.say(now, || format!("{step:?}"));
            self.do_step(now, step).await?;
        }
        if self.steps.is_empty() && self.healed.is_none() {
            self.healed = Some(now);
            self.quiet_since = None;
            self.tokens.heal();
            for client in &mut self.clients {
                client.fates.clear();
                client.no_tokens = 0;
                client.traps.clear();
                if let Some(link) = &client.link {
                    link.heal();
                }
            }
            self.shared.trace.say(now, || "nothing goes wrong any more".to_owned());
        }
        Ok(())
    }

    /// Whether everything was quiet for long enough, and is as it should be.
    fn is_settled(&mut self, now: Duration) -> Result<bool, String> {
        if !(self.server.is_some() && self.clients.iter().all(Client::is_settled)) {
            self.quiet_since = None;
        } else if now >= *self.quiet_since.get_or_insert(now) + QUIET
            && self.clients.iter().all(Client::is_quiet)
        {
            return Ok(true);
        }
        if now < self.healed.unwrap_or(now) + SETTLES {
            return Ok(false);
        }
        let waits = self.clients.iter().map(Client::waits_for).collect::<Vec<_>>().join("; ");
        Err(format!("it did not settle: {waits}"))
    }
}
