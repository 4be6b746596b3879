//! Frames that have arrived and are not taken yet. It knows nothing of browsers, so that it is tested without one.

use std::collections::VecDeque;
use std::io;
use std::task::{Context, Poll, Waker};

use chat_protocol::{Frame, limits};

/// Bytes that wait at most. The client takes what is there between any two events of the browser, so more than a frame or
/// two only waits in a page that is busy with something else; after this much it is better to resume later.
const MAX_WAITING: usize = 16 * limits::MAX_FRAME;

/// What a frame counts for beside its content, so that empty ones are bounded as well.
const PER_FRAME: usize = 64;

/// What the browser has told about one socket.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    opened: bool,
    frames: VecDeque<Frame>,
    waiting: usize,
    /// Set once: how it ended, told after the frames.
    end: Option<Option<io::Error>>,
    /// Whether the end was told.
    over: bool,
    /// Whoever waits for the socket to open or for a frame, and whoever waits to send. Both are woken by any news: there is
    /// little of it that is not for both, and a needless poll does no harm.
    waiters: [Option<Waker>; 2],
}

/// Who waits.
#[derive(Debug, Clone, Copy)]
pub(super) enum Side {
    Reader,
    Writer,
}

impl Inbox {
    /// The socket is open.
    pub(super) fn open(&mut self) {
        self.opened = true;
        self.wake();
    }

    /// A frame arrived; whether it is taken. The first that is not is the end.
    pub(super) fn push(&mut self, frame: Frame) -> bool {
        let cost = PER_FRAME + content(&frame);
        if self.end.is_some() {
            return false;
        }
        if self.waiting + cost > MAX_WAITING {
            self.finish(Some(io::Error::other(format!("more than {MAX_WAITING} bytes wait to be read"))));
            return false;
        }
        self.waiting += cost;
        self.frames.push_back(frame);
        self.wake();
        true
    }

    /// Nothing more will arrive. The first reason counts.
    pub(super) fn finish(&mut self, error: Option<io::Error>) {
        if self.end.is_none() {
            self.end = Some(error);
            self.wake();
        }
    }

    /// Waits until the socket is open; `false`: it ended instead.
    pub(super) fn poll_open(&mut self, cx: &Context<'_>) -> Poll<bool> {
        if self.end.is_some() || self.opened {
            return Poll::Ready(self.end.is_none());
        }
        self.wait(Side::Reader, cx);
        Poll::Pending
    }

    /// The next frame, then how it ended.
    pub(super) fn poll_next(&mut self, cx: &Context<'_>) -> Poll<Option<io::Result<Frame>>> {
        if let Some(frame) = self.frames.pop_front() {
            self.waiting -= PER_FRAME + content(&frame);
            return Poll::Ready(Some(Ok(frame)));
        }
        match &mut self.end {
            Some(error) => {
                let error = error.take();
                self.over = true;
                self.wake();
                Poll::Ready(error.map(Err))
            }
            None => {
                self.wait(Side::Reader, cx);
                Poll::Pending
            }
        }
    }

    /// Whether the end was told to the reader. Until then a writer waits, because the reader's last frame says better what
    /// happened than a failed write does.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// Wakes this side at the next news.
    pub(super) fn wait(&mut self, side: Side, cx: &Context<'_>) {
        self.waiters[side as usize] = Some(cx.waker().clone());
    }

    fn wake(&mut self) {
        self.waiters.iter_mut().filter_map(Option::take).for_each(Waker::wake);
    }
}

/// Bytes of a frame's content.
fn content(frame: &Frame) -> usize {
    match frame {
        Frame::Text(text) => text.len(),
        Frame::Binary(bytes) => bytes.len(),
        Frame::Close(close) => close.reason.len(),
        Frame::Ping | Frame::Pong => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use chat_protocol::{Close, Text};

    use super::*;

    /// Counts how often it was woken.
    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn text(bytes: usize) -> Frame {
        Frame::Text(Text::from("x".repeat(bytes)))
    }

    fn next(inbox: &mut Inbox) -> Poll<Option<Result<Frame, String>>> {
        let next = inbox.poll_next(&Context::from_waker(Waker::noop()));
        next.map(|frame| frame.map(|frame| frame.map_err(|error| error.to_string())))
    }

    #[test]
    fn frames_come_in_order_then_the_end_and_nothing_after_it() {
        let mut inbox = Inbox::default();
        assert!(next(&mut inbox).is_pending());
        let close = Frame::Close(Close::normal());
        assert!(inbox.push(text(1)) && inbox.push(text(2)) && inbox.push(close.clone()));
        inbox.finish(None);
        assert!(!inbox.push(text(3)), "after the end");
        for frame in [text(1), text(2), close] {
            assert!(!inbox.is_over());
            assert_eq!(next(&mut inbox), Poll::Ready(Some(Ok(frame))));
        }
        assert_eq!(next(&mut inbox), Poll::Ready(None));
        assert!(inbox.is_over());
        assert_eq!(next(&mut inbox), Poll::Ready(None), "asked again");
    }

    #[test]
    fn what_waits_is_bounded_and_more_is_the_end_after_what_was_taken() {
        let mut inbox = Inbox::default();
        let taken = (0..32).take_while(|_| inbox.push(text(limits::MAX_FRAME))).count();
        assert_eq!(taken, 15);
        for _ in 0..taken {
            assert_eq!(next(&mut inbox), Poll::Ready(Some(Ok(text(limits::MAX_FRAME)))));
        }
        assert_eq!(
            next(&mut inbox),
            Poll::Ready(Some(Err("more than 1048576 bytes wait to be read".to_owned())))
        );
        assert_eq!(next(&mut inbox), Poll::Ready(None));

        let mut inbox = Inbox::default();
        let empty = (0..=MAX_WAITING / PER_FRAME).take_while(|_| inbox.push(text(0))).count();
        assert_eq!(empty, MAX_WAITING / PER_FRAME);
    }

    #[test]
    fn what_was_taken_makes_room() {
        let mut inbox = Inbox::default();
        for _ in 0..100 {
            assert!(inbox.push(text(limits::MAX_FRAME)));
            assert_eq!(next(&mut inbox), Poll::Ready(Some(Ok(text(limits::MAX_FRAME)))));
        }
    }

    #[test]
    fn both_sides_are_woken_by_news_and_the_writer_by_the_end() {
        let (reader, writer) = (Arc::new(Count::default()), Arc::new(Count::default()));
        let (reading, writing) = (Waker::from(Arc::clone(&reader)), Waker::from(Arc::clone(&writer)));
        let woken = || (reader.0.load(Ordering::Relaxed), writer.0.load(Ordering::Relaxed));
        let mut inbox = Inbox::default();
        assert!(inbox.poll_open(&Context::from_waker(&reading)).is_pending());
        inbox.open();
        assert_eq!(woken(), (1, 0));
        assert_eq!(inbox.poll_open(&Context::from_waker(&reading)), Poll::Ready(true));

        inbox.finish(None);
        inbox.wait(Side::Writer, &Context::from_waker(&writing));
        assert_eq!(next(&mut inbox), Poll::Ready(None));
        assert_eq!(woken(), (1, 1), "the reader has heard the end, so the writer may fail");
    }

    #[test]
    fn a_socket_that_ends_before_it_opens_is_not_open() {
        let mut inbox = Inbox::default();
        inbox.finish(None);
        assert_eq!(inbox.poll_open(&Context::from_waker(Waker::noop())), Poll::Ready(false));
    }
}
