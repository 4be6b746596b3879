//! How a list is read: page by page, one at a time, each when the one before is used up.

use std::collections::VecDeque;
use std::task::{Context, Poll};

use futures::FutureExt;
use futures::future::BoxFuture;

use crate::Error;

/// Items in a page: the most that any server gives at once, so that a long list takes the fewest answers.
pub(super) const PAGE: u32 = 100;

/// Where pages come from.
pub(super) trait Source {
    type Page: Send + 'static;
    type Item;

    /// Asks for the page at the present place.
    fn ask(&self) -> BoxFuture<'static, Result<Self::Page, Error>>;

    /// Moves the place behind a page and takes it apart; whether there are more.
    fn turn(&mut self, page: Self::Page) -> (VecDeque<Self::Item>, bool);
}

/// One list: its place, and what is left of the page before it.
///
/// A page is asked for when nothing is left of the one before, so that never more than one is kept. The question lives in
/// here and not in the future that waits for an item: dropping that one loses nothing.
pub(super) struct Feed<S: Source> {
    pub(super) source: S,
    asked: Option<BoxFuture<'static, Result<S::Page, Error>>>,
    left: VecDeque<S::Item>,
    over: bool,
}

impl<S: Source> Feed<S> {
    pub(super) fn new(source: S) -> Self {
        Self { source, asked: None, left: VecDeque::new(), over: false }
    }

    /// The next item; `None` at the end and after an error.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<S::Item, Error>>> {
        loop {
            if let Some(item) = self.left.pop_front() {
                return Poll::Ready(Some(Ok(item)));
            }
            if self.over {
                return Poll::Ready(None);
            }
            let source = &self.source;
            let answer = futures::ready!(self.asked.get_or_insert_with(|| source.ask()).poll_unpin(cx));
            self.asked = None;
            match answer {
                Ok(page) => {
                    let (items, more) = self.source.turn(page);
                    (self.left, self.over) = (items, !more);
                }
                Err(error) => {
                    self.over = true;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }

    /// After an error: asks for the same page again.
    pub(super) fn retry(&mut self) {
        self.over = false;
    }
}
