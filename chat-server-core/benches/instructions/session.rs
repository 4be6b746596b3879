//! One command through the server's half of a session, without what the command does.

use std::hint::black_box;
use std::time::{Duration, Instant};

use chat_protocol::reply::{AuthData, Limits, SendData};
use chat_protocol::{Command, Epoch, Frame, Offset, Seq, SessionId, Text, UserOffset};
use chat_server_core::session::{Action, Authenticated, Now, Session, SessionConfig};
use gungraun::prelude::*;
use serde_json::value::{RawValue, to_raw_value};

use crate::input;

struct Scene {
    session: Session,
    now: Now,
    frame: Frame,
    result: Box<RawValue>,
}

/// A session that is logged in and has answered one command before.
fn logged_in() -> Scene {
    let now = Now { at: Instant::now(), ts: input::now() };
    let config = SessionConfig {
        auth_timeout: Duration::from_secs(15),
        ping_interval: Duration::from_secs(25),
        pong_timeout: Duration::from_secs(10),
        max_in_flight: 64,
        max_refused_frames: 16,
    };
    let mut session = Session::new(config, now);
    let auth = r#"{"auth":{"id":"1","token":"dev-1048576001","follow":false}}"#;
    session.handle_frame(now, Frame::Text(Text::from(auth)));
    let Some(Action::Authenticate { action, .. }) = session.poll_action() else { unreachable!() };
    session.handle_authenticated(now, action, Ok(Authenticated { data: auth_data() }));
    assert!(session.poll_frame().is_some());
    let sent = SendData {
        seq: Seq::new(10_233).expect("in range"),
        offset: Offset::new(10_457).expect("in range"),
        duplicate: false,
        ts: input::now(),
    };
    let result = to_raw_value(&sent).expect("it is plain JSON");
    let frame = Frame::Text(Text::from(input::send(1, &input::room(1))));
    answer_send(Scene { session, now, frame: frame.clone(), result: result.clone() }, frame, result)
}

fn auth_data() -> AuthData {
    AuthData {
        user_id: input::user(1),
        session_id: SessionId::new("b1d2b332c4f14c1d8a3e5f60718293a4").expect("an id"),
        epoch: Epoch::new("92427552055bf4db").expect("an id"),
        user_offset: UserOffset::ZERO,
        expires_at: None,
        limits: Limits {
            max_frame: 65_536,
            max_content: 16_384,
            max_history_page: 100,
            max_rooms_followed: 1_000,
            max_in_flight: 64,
            typing_ttl_ms: 6_000,
        },
    }
}

/// Goes once through it, so that only what every command costs is left.
fn answer_send(scene: Scene, frame: Frame, result: Box<RawValue>) -> Scene {
    let now = scene.now;
    let (session, command, reply) = run(scene);
    assert!(matches!(command, Some(Command::Send(_))));
    assert!(matches!(reply, Some(Frame::Text(text)) if text.as_str().contains("10457")));
    Scene { session, now, frame, result }
}

fn run(scene: Scene) -> (Session, Option<Command>, Option<Frame>) {
    let Scene { mut session, now, frame, result } = scene;
    session.handle_frame(now, frame);
    let Some(Action::Execute { action, command }) = session.poll_action() else {
        return (session, None, None);
    };
    session.handle_done(now, action, Ok(Some(result)));
    let reply = session.poll_frame();
    (session, Some(command), reply)
}

#[library_benchmark]
#[bench::send(logged_in())]
fn session_command(scene: Scene) -> (Session, Option<Command>, Option<Frame>) {
    run(black_box(scene))
}

library_benchmark_group!(name = sessions, benchmarks = session_command);
