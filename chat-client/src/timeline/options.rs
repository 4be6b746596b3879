//! How much a timeline loads and keeps.

use chat_protocol::limits;

/// How much a timeline loads and keeps.
///
/// ```
/// use chat_client::timeline::TimelineOptions;
/// let options = TimelineOptions::default().page(30).max_items(500);
/// # let _ = options;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "options are given to `RoomHandle::timeline`"]
pub struct TimelineOptions {
    pub(super) page: u32,
    pub(super) max_items: usize,
}

impl Default for TimelineOptions {
    fn default() -> Self {
        Self { page: limits::DEFAULT_HISTORY_PAGE, max_items: 1_000 }
    }
}

impl TimelineOptions {
    /// Messages in one page, 1 to 100. Default 50: a few screens.
    pub fn page(mut self, messages: u32) -> Self {
        self.page = messages.clamp(1, limits::MAX_HISTORY_PAGE);
        self
    }

    /// Greatest number of messages that are kept, at least 100, which is one page. Default 1,000. Beyond it, those farthest from
    /// where the user looks are dropped and become a gap. Each takes its content and some 300 bytes.
    pub fn max_items(mut self, messages: usize) -> Self {
        self.max_items = messages.max(limits::MAX_HISTORY_PAGE as usize);
        self
    }
}
