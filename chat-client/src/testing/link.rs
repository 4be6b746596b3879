//! The connections of the fake server.

use chat_protocol::{Command, Frame, decode};
use futures::{SinkExt, StreamExt};

use super::Shared;
use super::world::Next;
use crate::transport::memory::{MemoryAcceptor, MemoryConnection};

/// Takes connections until no connector is left.
pub(super) async fn accept(mut acceptor: MemoryAcceptor, shared: Shared) {
    while let Some(connection) = acceptor.accept().await {
        if let Some(number) = shared.change(|world| world.open()) {
            tokio::spawn(serve(connection, number, shared.clone()));
        }
    }
}

/// One connection until its end, from either side.
async fn serve(mut connection: MemoryConnection, number: u64, shared: Shared) {
    let mut changes = shared.changes.subscribe();
    loop {
        changes.mark_unchanged();
        if say_all(&mut connection, number, &shared).await.is_none() {
            break;
        }
        tokio::select! {
            frame = connection.next() => match frame {
                Some(Ok(Frame::Text(text))) => match decode::<Command>(text.as_bytes()) {
                    Ok(command) => shared.change(|world| world.take(number, command)),
                    Err(error) => panic!("the client said what is no command: {error}"),
                },
                Some(Ok(Frame::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
            changed = changes.changed() => if changed.is_err() { break },
        }
    }
    shared.change(|world| world.gone(number));
}

/// Says what there is to say; `None`: it was the last thing.
async fn say_all(connection: &mut MemoryConnection, number: u64, shared: &Shared) -> Option<()> {
    loop {
        let next = shared.world.lock().unwrap_or_else(std::sync::PoisonError::into_inner).next(number);
        match next {
            Next::Say(frame) => {
                let last = matches!(frame, Frame::Close(_));
                connection.send(frame).await.ok()?;
                if last {
                    return None;
                }
            }
            Next::Wait => return Some(()),
            Next::End => return None,
        }
    }
}
