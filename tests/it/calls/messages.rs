//! Messages after they were sent, and those that wait.

use chat_client::protocol::{ClientMsgId, Content, Emoji, ErrorCode, Timestamp};
use chat_client::{ClientEvent, Draft, Error};
use chat_server_core::clock::{Clock, SystemClock};

use super::{Scene, all, code, hear, room, seq, user};

fn smile() -> Emoji {
    Emoji::new("🙂").unwrap()
}

fn in_seconds(seconds: i64) -> Timestamp {
    Timestamp::from_micros(SystemClock.now().as_micros() + seconds * 1_000_000)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_changes_and_goes() {
    let scene = Scene::new().await;
    let (ann, ben) = scene.pair().await;
    let (mine, theirs) = (ann.room(room("r")), ben.room(room("r")));
    mine.send_text("one").await.unwrap();
    let edited = mine.edit(seq(1), Content::plain("two")).await.unwrap();
    assert_eq!(
        mine.edit(seq(1), Content::plain("two")).await.unwrap(),
        edited,
        "the same again changes nothing"
    );
    theirs.react(seq(1), smile()).await.unwrap();
    let entry = all(theirs.messages()).await.remove(0);
    assert_eq!(entry.message.content.text().unwrap(), "two");
    assert_eq!((entry.my_reactions, entry.hidden), (vec![smile()], false));
    theirs.unreact(seq(1), smile()).await.unwrap();
    assert!(all(theirs.messages()).await[0].my_reactions.is_empty());
    assert!(theirs.delete_for_me(seq(1)).await.unwrap().user_offset.is_some());
    assert!(all(theirs.messages()).await[0].hidden);
    assert!(!all(mine.messages()).await[0].hidden);
    mine.delete(seq(1)).await.unwrap();
    assert!(all(mine.messages()).await[0].message.deleted_at.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_anothers_or_not_there_is_refused() {
    let scene = Scene::new().await;
    let (ann, ben) = scene.pair().await;
    let (mine, theirs) = (ann.room(room("r")), ben.room(room("r")));
    mine.send_text("one").await.unwrap();
    assert_eq!(code(theirs.edit(seq(1), Content::plain("x")).await), ErrorCode::Forbidden);
    assert_eq!(code(theirs.delete(seq(1)).await), ErrorCode::Forbidden);
    for missing in [seq(0), seq(9)] {
        let expected = if missing == seq(0) { ErrorCode::BadRequest } else { ErrorCode::MessageNotFound };
        assert_eq!(code(mine.edit(missing, Content::plain("x")).await), expected);
        assert_eq!(code(mine.delete(missing).await), expected);
        assert_eq!(code(mine.delete_for_me(missing).await), expected);
        assert_eq!(code(mine.react(missing, smile()).await), expected);
        assert_eq!(code(mine.unreact(missing, smile()).await), expected);
    }
    let large = Content::plain("x".repeat(100_000));
    assert!(matches!(mine.edit(seq(1), large).await, Err(Error::Content(_))));
    mine.send_text("the connection lives").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threads_have_replies_of_their_own() {
    let scene = Scene::new().await;
    let (ann, ben) = scene.pair().await;
    let (mine, theirs) = (ann.room(room("r")), ben.room(room("r")));
    mine.send_text("root").await.unwrap();
    theirs.reply(seq(1), Content::plain("yes")).await.unwrap();
    theirs.reply_in_thread(seq(1), Content::plain("no")).await.unwrap();
    let draft = Draft::new(Content::plain("well")).thread(seq(1)).reply_to(seq(3)).mention(user("ann"));
    mine.send(draft).await.unwrap();
    let main = all(mine.messages().forward()).await;
    assert_eq!(main[1].message.reply_to, Some(seq(1)));
    let mut thread = mine.thread(seq(1)).forward();
    let replies = all(&mut thread).await;
    let numbers: Vec<_> = replies.iter().map(|entry| entry.message.seq.get()).collect();
    assert_eq!(numbers, [3, 4]);
    assert_eq!(thread.thread().map(|state| (state.count, state.unread)), Some((2, 1)));
    assert!(replies[1].message.mentions.as_ref().unwrap().calls(&user("ann")));
    assert_eq!(code(mine.reply_in_thread(seq(9), Content::plain("?")).await), ErrorCode::MessageNotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_waits_for_its_time() {
    let scene = Scene::new().await;
    let (ann, ben) = scene.pair().await;
    let r = ann.room(room("r"));
    let mut events = ben.events();
    let name = ClientMsgId::new("mine").unwrap();
    let draft = || Draft::new(Content::plain("later")).client_msg_id(name.clone());
    let at = in_seconds(3_600);
    let waits = r.schedule(draft(), at).await.unwrap();
    assert_eq!((waits.client_msg_id, waits.duplicate), (name.clone(), false));
    assert!(r.schedule(draft(), at).await.unwrap().duplicate);
    assert_eq!(code(r.schedule(draft(), in_seconds(7_200)).await), ErrorCode::Conflict);
    let waiting = all(ann.scheduled()).await;
    assert_eq!((waiting.len(), &waiting[0].client_msg_id), (1, &name));
    r.cancel_scheduled(name.clone()).await.unwrap();
    assert_eq!(code(r.cancel_scheduled(name).await), ErrorCode::MessageNotFound);
    assert_eq!(all(r.scheduled()).await, []);

    let waits = r.schedule(Content::plain("soon"), in_seconds(1)).await.unwrap();
    let told = hear(&mut events, |event| match event {
        ClientEvent::Message(message) => message.client_msg_id.clone(),
        _ => None,
    });
    assert_eq!(told.await, waits.client_msg_id);
    assert_eq!(code(r.schedule(Content::plain("x"), in_seconds(400 * 86_400)).await), ErrorCode::BadRequest);
}
