//! Files that are fetched: through cuts, in parts, and from nowhere else than from the server.

use chat_client::protocol::ErrorCode;
use chat_client::{Error, FileError};
use futures::StreamExt;
use tokio::net::TcpListener;

use super::*;

async fn fetch(scene: &Scene, url: &str, fates: &[Fate]) -> Result<Vec<u8>, Error> {
    scene.cutter.next(fates.iter().cloned());
    let (mut bytes, mut all) = (scene.alice.download(url).silence(SILENCE), Vec::new());
    while let Some(piece) = patient(bytes.next()).await {
        let piece = piece?;
        assert!((1..=64 * 1024).contains(&piece.len()));
        all.extend_from_slice(&piece);
        assert_eq!(bytes.position(), all.len() as u64);
    }
    assert!(bytes.next().await.is_none(), "the end stays the end");
    Ok(all)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_comes_whole_wherever_its_connection_is_cut() {
    let scene = Scene::new().await;
    let bytes = file(2_000_000);
    let url = patient(scene.room.upload(bytes.clone()).send()).await.unwrap().url;
    for cut in [0, 1, 200, 600, 700, 1_000, 70_000, 1_000_000, 2_000_100] {
        let got = fetch(&scene, &url, &[Fate::CutDown(cut)]).await.unwrap();
        assert!(got == bytes, "{cut}");
    }
    let many = [10, 70_000, 300, 500_000, 600_000, 2_000].map(Fate::CutDown);
    assert!(fetch(&scene, &url, &many).await.unwrap() == bytes);
    assert!(
        fetch(&scene, &url, &[Fate::CutUp(20), Fate::Stall(20), Fate::Swallow(20)]).await.unwrap() == bytes
    );
    assert_eq!(scene.cutter.unmet(), 0);
    // Under one name there are always the same bytes, unless something else answers.
    let other = "HTTP/1.1 200 OK\r\nETag: \"other\"\r\nContent-Length: 3\r\n\r\nabc".to_owned();
    let mixed = fetch(&scene, &url, &[Fate::CutDown(70_000), Fate::Answer(other)]).await;
    assert_eq!(mixed, Err(Error::File(FileError::Changed { announced: 2_000_000, found: 3 })));
    // With its host, as others may name it.
    let whole = format!("http://{}{url}", scene.cutter.address);
    assert!(fetch(&scene, &whole, &[]).await.unwrap() == bytes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_download_goes_on_where_an_earlier_one_ended() {
    let scene = Scene::new().await;
    let bytes = file(200_000);
    let url = patient(scene.room.upload(bytes.clone()).send()).await.unwrap().url;
    for from in [0, 1, 150_000, 199_999, 200_000] {
        scene.cutter.next([Fate::CutDown(20_000)]);
        let download = scene.alice.download(&url).from(from);
        let rest: Vec<_> = patient(download.collect::<Vec<_>>()).await;
        let rest: Vec<u8> = rest.into_iter().flat_map(Result::unwrap).collect();
        assert!(rest == bytes[usize::try_from(from).unwrap()..], "{from}");
    }
    scene.cutter.unmet();
    let beyond = patient(scene.alice.download(&url).from(200_001).next()).await;
    let changed = FileError::Changed { announced: 200_001, found: 200_000 };
    assert_eq!(beyond, Some(Err(Error::File(changed))));
    let nothing = patient(scene.room.upload(Vec::new()).send()).await.unwrap().url;
    assert_eq!(fetch(&scene, &nothing, &[]).await, Ok(Vec::new()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_for_members_and_a_lost_one_is_nobodys() {
    let scene = Scene::new().await;
    let url = patient(scene.room.upload(file(10)).send()).await.unwrap().url;
    let carol = scene.user("carol").await;
    for url in [&url, "/v1/uploads/00000000000000000000000000000000"] {
        let error = patient(carol.download(url).next()).await.unwrap().unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::Forbidden), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_but_the_server_is_told_the_token() {
    let scene = Scene::new().await;
    let evil = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = evil.local_addr().unwrap();
    let url = patient(scene.room.upload(file(10)).send()).await.unwrap().url;
    let before = scene.cutter.connections();
    for address in [
        format!("http://{at}{url}"),
        format!("//{at}{url}"),
        format!("http://{}@{at}{url}", scene.cutter.address),
        format!("http://localhost:{}{url}", at.port()),
        format!("{url}/../../../x"),
        "/v1/rooms".to_owned(),
    ] {
        let error = fetch(&scene, &address, &[]).await.unwrap_err();
        assert_eq!(error, Error::File(FileError::Elsewhere), "{address}");
    }
    assert_eq!(scene.cutter.connections(), before, "nothing was asked anywhere");
    let redirect = format!("HTTP/1.1 302 Found\r\nLocation: http://{at}{url}\r\nContent-Length: 0\r\n\r\n");
    let error = fetch(&scene, &url, &[Fate::Answer(redirect)]).await.unwrap_err();
    assert_eq!(error, Error::File(FileError::Status { status: 302 }));
    assert!(futures::FutureExt::now_or_never(evil.accept()).is_none(), "somebody else was asked");
    // The listener would have noticed.
    drop(tokio::net::TcpStream::connect(at).await.unwrap());
    patient(evil.accept()).await.unwrap();
}
