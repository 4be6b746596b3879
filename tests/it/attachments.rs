//! Files of the client against the real server, through a relay that loses connections, answers and time.

mod cutter;
mod fetched;
mod refused;

use std::ffi::OsString;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chat_client::protocol::reply::Uploaded;
use chat_client::protocol::{HistoryQuery, RoomId, UserId};
use chat_client::upload::{Source, Upload};
use chat_client::{Client, Error, NewRoom, RoomHandle};
use chat_tests::server::{Server, Start};

use self::cutter::{Cutter, Fate};

/// How long anything may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long a relay that stalls is put up with.
const SILENCE: Duration = Duration::from_millis(300);

async fn patient<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("waited too long")
}

/// Waits for something that happens by itself.
async fn until(what: impl Fn() -> bool) {
    let wait = async {
        while !what() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    patient(wait).await;
}

/// A server, a relay before its files, and a user with a room.
struct Scene {
    server: Option<Server>,
    data: tempfile::TempDir,
    cutter: Cutter,
    alice: Client,
    room: RoomHandle,
}

impl Scene {
    async fn new() -> Self {
        Self::with(&[]).await
    }

    async fn with(env: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), OsString::from(value))).collect();
        let server = Server::start(data.path(), &Start { env, ..Start::default() }).await;
        let cutter = Cutter::start(server.address()).await;
        let builder = Client::builder(server.url()).files_url(cutter.files_url()).token("dev-alice");
        let alice = patient(builder.connect()).await.unwrap();
        let id = RoomId::new("files").unwrap();
        alice.create(NewRoom::group().id(id.clone()).member(UserId::new("bob").unwrap())).await.unwrap();
        let room = alice.room(id);
        Self { server: Some(server), data, cutter, alice, room }
    }

    fn server(&self) -> &Server {
        self.server.as_ref().expect("it runs")
    }

    /// Another user, whose files come without the relay.
    async fn user(&self, name: &str) -> Client {
        let builder = Client::builder(self.server().url()).token(format!("dev-{name}"));
        patient(builder.connect()).await.unwrap()
    }

    /// The bytes that are on the server, as another member reads them.
    async fn stored(&self, uploaded: &Uploaded) -> Vec<u8> {
        read(&self.user("bob").await, &uploaded.url).await
    }

    /// How many uploads are unfinished on the server's disk.
    fn unfinished(&self) -> usize {
        std::fs::read_dir(self.data.path().join("uploads/under-way")).map_or(0, Iterator::count)
    }
}

async fn read(client: &Client, url: &str) -> Vec<u8> {
    let (mut bytes, mut all) = (client.download(url), Vec::new());
    while let Some(piece) = patient(bytes.next()).await {
        all.extend_from_slice(&piece.unwrap());
    }
    assert_eq!((bytes.size(), bytes.position()), (Some(all.len() as u64), all.len() as u64));
    all
}

fn file(size: usize) -> Vec<u8> {
    (0..).flat_map(|n: u32| format!("{n} ").into_bytes()).take(size).collect()
}

/// What an upload told of itself.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<(u64, u64)>>>);

impl Told {
    fn to(&self, upload: Upload) -> Upload {
        let told = self.0.clone();
        upload.progress(move |stored, total| told.lock().unwrap().push((stored, total)))
    }

    fn all(&self) -> Vec<(u64, u64)> {
        self.0.lock().unwrap().clone()
    }

    /// It grew, and ended with everything.
    fn check(&self, size: u64) {
        let told = self.all();
        assert!(told.is_sorted_by(|before, after| before.0 < after.0), "{told:?}");
        assert!(told.iter().all(|(_, total)| *total == size), "{told:?}");
        assert_eq!(told.last(), Some(&(size, size)));
    }
}

/// Sends a file through what is to come; it arrives as it is.
async fn arrives(scene: &Scene, bytes: &[u8], fates: &[Fate]) {
    scene.cutter.next(fates.iter().cloned());
    let told = Told::default();
    let upload = scene.room.upload(bytes.to_vec()).name("a.txt").kind("text/plain").silence(SILENCE);
    let uploaded = patient(told.to(upload).send()).await;
    let uploaded = uploaded.unwrap_or_else(|error| panic!("{fates:?}: {error}"));
    assert_eq!(
        (uploaded.size, &*uploaded.name, &*uploaded.kind),
        (bytes.len() as u64, "a.txt", "text/plain")
    );
    assert!(scene.stored(&uploaded).await == bytes, "{fates:?}: not the bytes that were sent");
    told.check(bytes.len() as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_every_size_and_source_arrive() {
    let scene = Scene::new().await;
    for size in [0, 1, 65_535, 65_536, 65_537, 200_000] {
        arrives(&scene, &file(size), &[]).await;
    }
    let path = scene.data.path().join("plän 1.txt");
    std::fs::write(&path, file(300_000)).unwrap();
    let open = tokio::fs::File::open(&path).await.unwrap();
    for source in [Source::from(&*path), Source::reader(open)] {
        let uploaded = patient(scene.room.upload(source).send()).await.unwrap();
        assert_eq!(scene.stored(&uploaded).await, file(300_000));
    }
    let uploaded = patient(scene.room.upload(path).send()).await.unwrap();
    assert_eq!(uploaded.name, "plän 1.txt");
    assert_eq!(scene.unfinished(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_arrives_whole_wherever_its_connection_is_cut() {
    let scene = Scene::new().await;
    let bytes = file(500_000);
    for cut in [1, 150, 400, 700, 1_000, 40_000, 66_500, 66_900, 100_000, 250_000, 499_000, 501_000] {
        arrives(&scene, &bytes, &[Fate::CutUp(cut)]).await;
        assert_eq!(scene.cutter.unmet(), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_arrives_whole_through_one_cut_after_the_other() {
    let scene = Scene::new().await;
    let cuts = [300, 70_000, 100, 90_000, 500_000, 2_000, 1_100_000, 1, 1_500_000, 60_000];
    arrives(&scene, &file(4_000_000), &cuts.map(Fate::CutUp)).await;
    assert_eq!(scene.cutter.unmet(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_arrives_whole_whichever_answer_is_lost() {
    let scene = Scene::new().await;
    let bytes = file(100_000);
    // At each place of what the server says: between answers, and inside them.
    for (lost, cut) in (0..).step_by(97).enumerate() {
        arrives(&scene, &bytes, &[Fate::CutDown(cut)]).await;
        // Two connections for each that was cut: beyond the last answer none is.
        if scene.cutter.connections() == 1 + 2 * lost {
            assert!(lost > 8, "only {lost} answers were lost");
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_on_which_nothing_moves_is_given_up() {
    let scene = Scene::new().await;
    let bytes = file(3_000_000);
    for at in [1, 500, 66_000, 1_000_000] {
        arrives(&scene, &bytes, &[Fate::Stall(at), Fate::Swallow(at)]).await;
        assert_eq!(scene.cutter.unmet(), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_outlives_the_servers_process_and_begins_anew() {
    let mut scene = Scene::new().await;
    let bytes = file(3_000_000);
    let told = Told::default();
    // It stands still until the server is another process.
    scene.cutter.next([Fate::Swallow(1_000_000)]);
    let upload = scene.room.upload(bytes.clone()).silence(Duration::from_secs(3_600));
    let upload = tokio::spawn(told.to(upload).send());
    until(|| scene.cutter.up() >= 1_000_000).await;
    let server = scene.server.take().unwrap();
    let start = Start { listen: Some(server.address()), ..Start::default() };
    server.kill().await;
    scene.server = Some(Server::start(scene.data.path(), &start).await);
    let uploaded = patient(upload).await.unwrap().unwrap();
    assert_eq!(scene.stored(&uploaded).await, bytes);
    told.check(3_000_000);
    assert!(scene.cutter.up() > 3_900_000, "all of it was sent again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_upload_stops_at_once() {
    let scene = Scene::new().await;
    let told = Told::default();
    let upload = told.to(scene.room.upload(file(20_000_000))).send_message();
    {
        let mut upload = std::pin::pin!(upload);
        patient(async {
            while scene.cutter.up() < 1_000_000 {
                let tick = tokio::time::sleep(Duration::from_millis(1));
                tokio::select! {
                    sent = &mut upload => panic!("too early: {sent:?}"),
                    () = tick => {}
                }
            }
        })
        .await;
    }
    until(|| scene.cutter.open() == 0).await;
    let (up, said) = (scene.cutter.up(), told.all().len());
    assert!(up < 19_000_000, "{up}");
    let page = scene.room.history(HistoryQuery::default()).await.unwrap();
    assert!(page.messages.is_empty(), "nothing was said of it");
    assert_eq!((scene.cutter.up(), scene.cutter.connections(), told.all().len()), (up, 1, said));
    // It stays there for a while, and is in nobody's way.
    assert_eq!(scene.unfinished(), 1);
    arrives(&scene, b"another one", &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_ends_with_its_client() {
    let scene = Scene::new().await;
    let url = patient(scene.room.upload(file(5_000_000)).send()).await.unwrap().url;
    let before = scene.cutter.up();
    scene.cutter.next([Fate::Swallow(1_000), Fate::CutDown(10)]);
    let upload = tokio::spawn(scene.room.upload(file(5_000_000)).send());
    until(|| scene.cutter.up() >= before + 1_000).await;
    let mut download = scene.alice.download(url).silence(Duration::from_secs(3_600));
    until(|| scene.cutter.open() == 1).await;
    scene.alice.close().await;
    assert_eq!(patient(upload).await.unwrap(), Err(Error::Closed));
    assert_eq!(patient(download.next()).await, Some(Err(Error::Closed)));
    until(|| scene.cutter.open() == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_several_addresses_is_enough() {
    let scene = Scene::new().await;
    let dead = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = format!("ws://{}/v1/ws", dead.local_addr().unwrap());
    drop(dead);
    let builder = Client::builder(gone).or_url(scene.server().url()).token("dev-alice");
    let alice = patient(builder.connect()).await.unwrap();
    let uploaded = patient(alice.room(scene.room.id().clone()).upload(file(200_000)).send()).await.unwrap();
    assert_eq!(read(&alice, &uploaded.url).await, file(200_000));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_shows_its_file() {
    let scene = Scene::new().await;
    let png = [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), file(90_000)].concat();
    let text = scene.data.path().join("notes.csv");
    std::fs::write(&text, "a,b\n1,2\n").unwrap();
    let picture = scene.room.upload(png.clone()).name("plan.png").send_message();
    assert_eq!(patient(picture).await.unwrap().seq.get(), 1);
    let notes = scene.room.upload(Path::new(&text)).kind("text/csv").send_message();
    assert_eq!(patient(notes).await.unwrap().seq.get(), 2);
    assert_eq!(patient(scene.room.send_file(&*text)).await.unwrap().seq.get(), 3);
    let bob = scene.user("bob").await;
    let page = bob.room(scene.room.id().clone()).history(HistoryQuery::default()).await.unwrap();
    let expected = [("image/png", "plan.png", &png[..]), ("text/csv", "notes.csv", b"a,b\n1,2\n")];
    for (message, (kind, name, bytes)) in page.messages.iter().zip(expected) {
        let parts = chat_client::protocol::dialect::Parts::of(&message.content);
        let [shown] = &parts.files[..] else { panic!("{parts:?}") };
        assert_eq!((shown.kind.as_deref(), shown.name.as_deref()), (Some(kind), Some(name)));
        assert_eq!(read(&bob, &shown.url).await, bytes);
    }
    assert_eq!(page.messages.len(), 3);
}
