//! Connectors that are broken on purpose, each in one way: the case that is there for it finds it.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};

use chat_client::conformance::{Capabilities, SUITE, Subject, subject};
use chat_client::protocol::{Frame, Text};
use chat_client::transport::channel::{from_fn, join};
use chat_client::transport::{BoxConnection, DialError};
use futures::channel::mpsc;
use futures::{Sink, SinkExt, Stream, StreamExt};

use super::Halves;
use super::halves::Server;

/// What is wrong with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Yields the later of two frames first.
    Swaps,
    /// Loses one of a hundred frames.
    Loses,
    /// Yields one of a hundred frames twice.
    Repeats,
    /// Cuts long texts off.
    Cuts,
    /// Knows no greatest size.
    TakesAll,
    /// Does not show probes.
    HidesProbes,
    /// Does not answer probes.
    IsMute,
    /// Yields something behind a close.
    GoesOn,
    /// Takes frames behind its own close.
    SaysMore,
    /// Does not end with its peer.
    IsEndless,
    /// Is always ready, and keeps what the peer does not take.
    IsGreedy,
    /// Reads on by itself.
    ReadsAhead,
    /// Lives on when it is dropped.
    LivesOn,
    /// Connects to nobody.
    SeesGhosts,
    /// Takes a server that is away for the wrong address.
    GivesUp,
    /// Dials once.
    DialsOnce,
}

/// Connections in memory with one fault.
fn bent(fault: Fault) -> Subject {
    let make = move || async move {
        let (given, connections) = mpsc::channel(4);
        let dials = AtomicU32::new(0);
        let connector = from_fn(move || {
            let (mut given, nth) = (given.clone(), dials.fetch_add(1, Ordering::Relaxed));
            async move {
                if fault == Fault::DialsOnce && nth > 0 {
                    return Err(DialError::Unreachable("once is enough".to_owned()));
                }
                let (to_server, from_client) = mpsc::channel::<Frame>(64);
                let (to_client, from_server) = mpsc::channel::<Frame>(64);
                let theirs = Box::pin(join(from_client.map(Ok), to_client)) as BoxConnection;
                match (given.send(theirs).await, fault) {
                    (Ok(()), _) | (Err(_), Fault::SeesGhosts) => {}
                    (Err(_), Fault::GivesUp) => return Err(DialError::Unusable("no such server".to_owned())),
                    (Err(_), _) => return Err(DialError::Unreachable("no server".to_owned())),
                }
                let raw = matches!(fault, Fault::TakesAll | Fault::IsMute);
                let inner: BoxConnection = if raw {
                    Box::pin(Halves(from_server, to_server))
                } else {
                    Box::pin(join(from_server.map(Ok), to_server))
                };
                Ok(Box::pin(Bent {
                    inner: Some(inner),
                    fault,
                    kept: VecDeque::new(),
                    count: 0,
                    closed: false,
                }) as BoxConnection)
            }
        });
        (connector, Server(connections))
    };
    subject(make, Capabilities::default())
}

struct Bent {
    /// Always there; taken when it is not dropped with this.
    inner: Option<BoxConnection>,
    fault: Fault,
    kept: VecDeque<Frame>,
    count: usize,
    closed: bool,
}

impl Bent {
    fn inner(&mut self) -> &mut BoxConnection {
        self.inner.as_mut().expect("it is there until the end")
    }

    fn poll_inner(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame>>> {
        self.inner().poll_next_unpin(cx)
    }
}

impl Drop for Bent {
    fn drop(&mut self) {
        if self.fault == Fault::LivesOn {
            std::mem::forget(self.inner.take());
        }
    }
}

impl Stream for Bent {
    type Item = io::Result<Frame>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let kept = if self.fault == Fault::IsGreedy { None } else { self.kept.pop_front() };
        if let Some(frame) = kept {
            return Poll::Ready(Some(Ok(frame)));
        }
        let next = self.poll_inner(cx);
        let Poll::Ready(Some(Ok(frame))) = next else {
            return match (next, self.fault) {
                (Poll::Ready(None), Fault::IsEndless) => Poll::Pending,
                (Poll::Ready(None), Fault::GoesOn) if self.closed => {
                    Poll::Ready(Some(Ok(Frame::Text("and another thing".into()))))
                }
                (next, _) => next,
            };
        };
        self.count += 1;
        let hundredth = self.count % 100 == 0;
        self.closed = matches!(frame, Frame::Close(_));
        match (self.fault, frame) {
            (Fault::Swaps, frame) => {
                if let Poll::Ready(Some(Ok(later))) = self.poll_inner(cx) {
                    self.kept.push_back(frame);
                    return Poll::Ready(Some(Ok(later)));
                }
                Poll::Ready(Some(Ok(frame)))
            }
            (Fault::Loses, _) if hundredth => self.poll_next(cx),
            (Fault::Repeats, frame) if hundredth => {
                self.kept.push_back(frame.clone());
                Poll::Ready(Some(Ok(frame)))
            }
            (Fault::Cuts, Frame::Text(text)) if text.len() > 60_000 => {
                Poll::Ready(Some(Ok(Frame::Text(Text::from(text.as_str()[..60_000].to_owned())))))
            }
            (Fault::HidesProbes, Frame::Ping) => self.poll_next(cx),
            (_, frame) => Poll::Ready(Some(Ok(frame))),
        }
    }
}

impl Sink<Frame> for Bent {
    type Error = io::Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.fault {
            Fault::IsGreedy => Poll::Ready(Ok(())),
            Fault::SaysMore if self.closed => Poll::Ready(Ok(())),
            _ => self.inner().poll_ready_unpin(cx),
        }
    }

    fn start_send(mut self: Pin<&mut Self>, frame: Frame) -> io::Result<()> {
        match self.fault {
            Fault::IsGreedy => self.kept.push_back(frame),
            Fault::SaysMore if self.closed => {}
            _ => {
                self.closed = matches!(frame, Frame::Close(_));
                return self.inner().start_send_unpin(frame);
            }
        }
        Ok(())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.fault == Fault::IsGreedy && !self.kept.is_empty() {
            match self.inner().poll_ready_unpin(cx) {
                Poll::Ready(Ok(())) => {
                    let frame = self.kept.pop_front().expect("there is one");
                    self.inner().start_send_unpin(frame)?;
                }
                other => return other,
            }
        }
        self.inner().poll_flush_unpin(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_close_unpin(cx)
    }
}

/// Reads ahead in a task of its own, into a queue without an end.
fn reads_ahead() -> Subject {
    let make = || async {
        let (given, connections) = mpsc::channel(4);
        let connector = from_fn(move || {
            let mut given = given.clone();
            async move {
                let (to_server, from_client) = mpsc::channel::<Frame>(64);
                let (to_client, mut from_server) = mpsc::channel::<Frame>(64);
                let theirs = Box::pin(join(from_client.map(Ok), to_client)) as BoxConnection;
                given.send(theirs).await.map_err(|_| DialError::Unreachable("no server".to_owned()))?;
                // As good as without a bound, in this test.
                let (mut ahead, read) = mpsc::channel::<Frame>(1 << 20);
                tokio::spawn(async move {
                    while let Some(frame) = from_server.next().await {
                        if ahead.send(frame).await.is_err() {
                            return;
                        }
                    }
                });
                Ok(Box::pin(join(read.map(Ok), to_server)) as BoxConnection)
            }
        });
        (connector, Server(connections))
    };
    subject(make, Capabilities::default())
}

fn subject_of(fault: Fault) -> Subject {
    if fault == Fault::ReadsAhead { reads_ahead() } else { bent(fault) }
}

#[track_caller]
fn found(fault: Fault, case: &str) {
    assert!(SUITE.fails(case, || subject_of(fault)), "{case} does not find a connection that {fault:?}");
}

#[test]
fn what_a_connection_does_wrong_is_found() {
    for (fault, case) in [
        (Fault::Swaps, "a_burst_keeps_its_order_in_both_directions"),
        (Fault::Loses, "a_burst_keeps_its_order_in_both_directions"),
        (Fault::Repeats, "a_burst_keeps_its_order_in_both_directions"),
        (Fault::Cuts, "frames_arrive_whole_and_in_order"),
        (Fault::Cuts, "a_frame_of_the_greatest_size_arrives"),
        (Fault::TakesAll, "a_larger_frame_is_refused"),
        (Fault::HidesProbes, "a_probe_is_answered_and_yielded"),
        (Fault::GoesOn, "the_peers_close_is_yielded_and_last"),
        (Fault::SaysMore, "a_sent_close_is_last"),
        (Fault::IsGreedy, "who_takes_nothing_is_waited_for"),
        (Fault::ReadsAhead, "what_is_not_read_is_not_taken_in"),
        (Fault::SeesGhosts, "a_dial_without_a_server_fails"),
        (Fault::GivesUp, "a_dial_without_a_server_fails"),
        (Fault::DialsOnce, "a_connector_dials_again"),
        (Fault::DialsOnce, "a_dropped_dial_leaves_the_next_one_alone"),
    ] {
        found(fault, case);
    }
}

#[test]
#[ignore = "waits a minute for what never comes: cargo test -p chat-client --all-features --test it -- --ignored"]
fn what_a_connection_does_not_do_is_found() {
    for (fault, case) in [
        (Fault::IsMute, "a_probe_is_answered_and_yielded"),
        (Fault::IsEndless, "the_end_of_the_peer_ends_the_stream"),
        (Fault::LivesOn, "a_dropped_connection_is_noticed"),
    ] {
        found(fault, case);
    }
}
