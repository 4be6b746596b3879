//! Who follows one log, and the order of work that makes a resume whole: follow, mark, replay, release.
//!
//! A follower is *marked* before the log is read. What is published while it reads is kept aside for it; when it has
//! read up to some position it is *released* there: it gets what was kept aside after that position, and from then
//! on everything as it comes. Nothing falls between reading and listening, and nothing comes twice. Rooms and users'
//! own logs work the same way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chat_protocol::{HistoryVisibility, Seq, Text, UserId};

use super::delivery::Deliveries;
use super::link::Link;
use super::outbox::Outbox;
use super::veil::Veil;
use crate::room::policy;

/// The followers of one log on this node.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    /// The last position that was published or is known to all; `None` until the first.
    head: Option<u64>,
    /// By the connection's number.
    followers: BTreeMap<u64, Follower>,
    /// From where on members read the room, as its log said it last.
    history: Option<HistoryVisibility>,
}

#[derive(Debug)]
struct Follower {
    link: Arc<Link>,
    state: State,
    /// The oldest message that it may read.
    oldest: Seq,
}

#[derive(Debug)]
enum State {
    /// Reads the log.
    Marked(Box<Aside>),
    /// Takes events as they come. It has everything up to `after`, some of which may be published only now: a
    /// change can be read from the store before it is published.
    Live { after: u64 },
}

#[derive(Debug, Default)]
struct Aside {
    /// Each with what is told instead to who may not read all of it.
    events: Vec<(u64, Text, Option<Box<Veil>>)>,
    bytes: usize,
    overflowed: bool,
    /// The membership ended at this position in the meantime: released only to hear that.
    ended: Option<u64>,
}

/// What became of an event that was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Published {
    /// Given to everyone.
    Yes,
    /// Everyone has it.
    Repeat,
    /// Something before it is missing here: the log must be read first.
    Hole,
}

/// What became of a follower that wants to be released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Released {
    /// It takes events as they come now.
    Live,
    /// More was published than was kept aside: read further and try again.
    Behind,
    /// The membership ended while it read; it follows no more.
    Ended,
    /// It stopped following by itself.
    Gone,
}

impl Feed {
    pub(crate) fn is_empty(&self) -> bool {
        self.followers.is_empty()
    }

    /// How many connections follow.
    pub(crate) fn len(&self) -> usize {
        self.followers.len()
    }

    /// How many users follow, however many connections each has.
    pub(crate) fn users(&self) -> usize {
        self.followers.values().filter_map(|follower| follower.link.user()).collect::<BTreeSet<_>>().len()
    }

    pub(crate) fn head(&self) -> Option<u64> {
        self.head
    }

    /// Begins to keep events aside for `link`, also when it was live before.
    pub(crate) fn mark(&mut self, link: &Arc<Link>) {
        let state = State::Marked(Box::default());
        self.followers.insert(link.number, Follower { link: link.clone(), state, oldest: Seq::ZERO });
    }

    /// Notes the oldest message that a follower may read. Until then nothing is hidden from it: it is marked, and what is kept
    /// aside for it is chosen at its release.
    pub(crate) fn begins_at(&mut self, number: u64, oldest: Seq) {
        if let Some(follower) = self.followers.get_mut(&number) {
            follower.oldest = oldest;
        }
    }

    /// The oldest message that a follower may read; `None`: it follows no more.
    pub(crate) fn oldest_for(&self, number: u64) -> Option<Seq> {
        self.followers.get(&number).map(|follower| follower.oldest)
    }

    /// The log says from where on members read. Where that is everything, so do all followers from now on; gives those who may
    /// read less than before.
    pub(crate) fn shows(&mut self, history: HistoryVisibility) -> Vec<Arc<Link>> {
        let before = self.history.replace(history);
        match history {
            HistoryVisibility::All => {
                self.followers.values_mut().for_each(|follower| follower.oldest = Seq::ZERO);
                Vec::new()
            }
            HistoryVisibility::Joined if before == Some(history) => Vec::new(),
            HistoryVisibility::Joined => {
                self.followers.values().map(|follower| follower.link.clone()).collect()
            }
        }
    }

    /// Forgets a follower.
    pub(crate) fn remove(&mut self, number: u64) {
        self.followers.remove(&number);
    }

    /// Whether the connection follows, reading or live.
    pub(crate) fn follows(&self, number: u64) -> bool {
        self.followers.contains_key(&number)
    }

    /// Gives events, the log's entries from `first` on, to every follower: those that come next.
    pub(crate) fn publish(&mut self, first: u64, frames: &[Text], deliveries: &mut Deliveries) -> Published {
        self.publish_veiled(first, frames, None, deliveries)
    }

    /// The same, of one event that not everyone may read all of.
    pub(crate) fn publish_veiled(
        &mut self,
        first: u64,
        frames: &[Text],
        veil: Option<&Veil>,
        deliveries: &mut Deliveries,
    ) -> Published {
        let end = first + frames.len() as u64;
        let next = match self.head {
            Some(head) if end <= head + 1 => return Published::Repeat,
            Some(head) if first > head + 1 => return Published::Hole,
            Some(head) => head + 1,
            None => first,
        };
        self.head = Some(end - 1);
        for follower in self.followers.values_mut() {
            match &mut follower.state {
                State::Live { after } => {
                    let fresh = from(first, frames, next.max(*after + 1));
                    match veil {
                        _ if fresh.is_empty() => {}
                        Some(veil) if !policy::may_read(veil.seq, follower.oldest) => {
                            deliveries.give(&follower.link, std::slice::from_ref(&veil.frame));
                        }
                        _ => deliveries.give(&follower.link, fresh),
                    }
                }
                State::Marked(aside) => {
                    for (position, frame) in (next..).zip(from(first, frames, next)) {
                        aside.keep(position, frame, veil, &follower.link.outbox);
                    }
                }
            }
        }
        Published::Yes
    }

    /// Lets a follower that has read up to `at` as a member take events as they come; `word` is the first thing it hears.
    pub(crate) fn release(&mut self, number: u64, at: u64, word: Text) -> Released {
        let Some(follower) = self.followers.get_mut(&number) else { return Released::Gone };
        let State::Marked(aside) = &mut follower.state else { return Released::Gone };
        // It was found to be a member behind that end: it came back before it read.
        aside.ended.take_if(|ended| *ended < at);
        let covered = aside.events.last().map_or(at, |(last, ..)| at.max(*last));
        let whole = aside.events.first().is_none_or(|(first, ..)| *first <= at + 1);
        let needed = aside.ended.or(self.head).unwrap_or(0);
        if aside.overflowed || !whole || needed > covered {
            if aside.ended.is_some() {
                // Reading further would show what came after the membership.
                self.followers.remove(&number);
                return Released::Ended;
            }
            aside.overflowed = false;
            aside.forget();
            return Released::Behind;
        }
        follower.link.outbox.push(word);
        for (_, frame, veil) in aside.events.drain(..).filter(|(position, ..)| *position > at) {
            let told = match veil {
                Some(veil) => veil.or(frame, follower.oldest),
                None => frame,
            };
            follower.link.outbox.push(told);
        }
        let ended = aside.ended;
        follower.state = State::Live { after: covered };
        // The first one released says where the feed stands, so that a hole after it is noticed; followers that are
        // still marked see `head > covered` and read up to here. A later one must not move the head: what lies in
        // between is stored but not published yet, and those that are live wait for it.
        self.head.get_or_insert(covered);
        if ended.is_some() {
            self.followers.remove(&number);
            return Released::Ended;
        }
        Released::Live
    }

    /// Gives a packet that is not part of the log to every follower, except those of one user.
    pub(crate) fn tell(&self, except: &UserId, mut give: impl FnMut(&Arc<Link>)) {
        for follower in self.followers.values() {
            if follower.link.user() != Some(except) {
                give(&follower.link);
            }
        }
    }

    /// Ends the following of one user's connections, whose membership ended at `position`; returns the connections.
    /// Those that still read are let go when they are released; those that stand further have come back since.
    pub(crate) fn end(&mut self, user: &UserId, position: u64) -> Vec<Arc<Link>> {
        let mut ended = Vec::new();
        self.followers.retain(|_, follower| {
            if follower.link.user() != Some(user) {
                return true;
            }
            match &mut follower.state {
                State::Marked(aside) => aside.ended = Some(position),
                State::Live { after } if *after > position => {}
                State::Live { .. } => {
                    ended.push(follower.link.clone());
                    return false;
                }
            }
            true
        });
        ended
    }
}

/// Of the log's entries from `first` on, those from `position` on.
fn from(first: u64, frames: &[Text], position: u64) -> &[Text] {
    let known = usize::try_from(position - first).unwrap_or(usize::MAX);
    frames.get(known..).unwrap_or_default()
}

impl Aside {
    /// Keeps an event aside, as long as all of them are sure to fit into the follower's queue at its release. When
    /// more come it reads further instead: the log has them.
    fn keep(&mut self, position: u64, frame: &Text, veil: Option<&Veil>, outbox: &Outbox) {
        if self.ended.is_some() || self.overflowed {
            return;
        }
        self.bytes += frame.len();
        if outbox.may_keep_aside(self.events.len() + 1, self.bytes) {
            self.events.push((position, frame.clone(), veil.cloned().map(Box::new)));
        } else {
            self.overflowed = true;
            self.forget();
        }
    }

    fn forget(&mut self) {
        self.events = Vec::new();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(number: u64, user: &str) -> Arc<Link> {
        let config = crate::ServerConfig { max_queue_frames: 4_096, ..crate::ServerConfig::default() };
        let link = Link::new(number, &config, None);
        link.authenticated(UserId::new(user).unwrap(), String::from("s").as_str().try_into().unwrap());
        Arc::new(link)
    }

    fn frame(position: u64) -> Text {
        Text::from(position.to_string())
    }

    fn publish(feed: &mut Feed, position: u64) -> Published {
        feed.publish(position, &[frame(position)], &mut Deliveries::default())
    }

    fn heard(link: &Link) -> Vec<String> {
        let mut batch = Vec::new();
        _ = link.outbox.take(&mut batch);
        link.outbox.written();
        batch.iter().map(|text| text.as_str().to_owned()).collect()
    }

    /// A feed with one live follower that stands at `at`.
    fn live(at: u64) -> (Feed, Arc<Link>) {
        let (mut feed, link) = (Feed::default(), link(1, "a"));
        feed.mark(&link);
        assert_eq!(feed.release(1, at, Text::from("word")), Released::Live);
        assert_eq!(heard(&link), ["word"]);
        (feed, link)
    }

    #[test]
    fn live_followers_get_each_position_once_and_holes_are_told() {
        let (mut feed, link) = live(5);
        assert_eq!(publish(&mut feed, 6), Published::Yes);
        assert_eq!(publish(&mut feed, 6), Published::Repeat);
        assert_eq!(publish(&mut feed, 8), Published::Hole);
        assert_eq!(publish(&mut feed, 7), Published::Yes);
        assert_eq!(heard(&link), ["6", "7"]);
    }

    #[test]
    fn of_a_run_each_follower_gets_what_it_has_not() {
        let (mut feed, link) = live(5);
        let (ahead, reader) = (self::link(2, "b"), self::link(3, "c"));
        feed.mark(&ahead);
        assert_eq!(feed.release(2, 7, Text::from("word")), Released::Live);
        feed.mark(&reader);
        let run: Vec<Text> = (4..=9).map(frame).collect();
        assert_eq!(feed.publish(4, &run, &mut Deliveries::default()), Published::Yes);
        assert_eq!(heard(&link), ["6", "7", "8", "9"], "it stood at 5");
        assert_eq!(heard(&ahead), ["word", "8", "9"], "it had read up to 7");
        assert_eq!(feed.release(3, 8, Text::from("word")), Released::Live);
        assert_eq!(heard(&reader), ["word", "9"], "it read up to 8 meanwhile");
        assert_eq!(feed.publish(4, &run, &mut Deliveries::default()), Published::Repeat);
        assert_eq!(feed.publish(11, &run, &mut Deliveries::default()), Published::Hole);
        assert_eq!(heard(&link), [] as [&str; 0]);
    }

    #[test]
    fn a_marked_follower_hears_what_came_while_it_read_and_nothing_twice() {
        let (mut feed, _) = live(5);
        let reader = link(2, "b");
        feed.mark(&reader);
        for position in 6..=8 {
            publish(&mut feed, position);
        }
        assert_eq!(feed.release(2, 7, Text::from("word")), Released::Live);
        publish(&mut feed, 9);
        assert_eq!(heard(&reader), ["word", "8", "9"]);
    }

    #[test]
    fn what_is_stored_but_not_yet_published_reaches_everyone_once() {
        let (mut feed, first) = live(5);
        let reader = link(2, "b");
        feed.mark(&reader);
        assert_eq!(
            feed.release(2, 6, Text::from("word")),
            Released::Live,
            "6 was read before it is published"
        );
        assert_eq!(publish(&mut feed, 6), Published::Yes);
        assert_eq!(heard(&first), ["6"]);
        assert_eq!(heard(&reader), ["word"]);
    }

    #[test]
    fn the_first_release_makes_slower_readers_read_on() {
        let mut feed = Feed::default();
        let (slow, fast) = (link(1, "a"), link(2, "b"));
        feed.mark(&slow);
        feed.mark(&fast);
        assert_eq!(feed.release(2, 8, Text::from("word")), Released::Live);
        assert_eq!(publish(&mut feed, 8), Published::Repeat);
        assert_eq!(feed.release(1, 7, Text::from("word")), Released::Behind);
        assert_eq!(feed.release(1, 8, Text::from("word")), Released::Live);
        assert_eq!(heard(&slow), ["word"]);
    }

    #[test]
    fn an_edit_of_what_is_older_than_a_reader_is_told_without_its_words() {
        let (mut feed, first) = live(5);
        let (late, reader) = (self::link(2, "b"), self::link(3, "c"));
        feed.mark(&late);
        feed.begins_at(2, Seq::new(4).unwrap());
        assert_eq!(feed.release(2, 5, Text::from("word")), Released::Live);
        feed.mark(&reader);
        for (position, seq) in [(6, 3), (7, 4)] {
            let veil = Veil { seq: Seq::new(seq).unwrap(), frame: Text::from("veil") };
            let frames = [frame(position)];
            feed.publish_veiled(position, &frames, Some(&veil), &mut Deliveries::default());
        }
        feed.begins_at(3, Seq::new(4).unwrap());
        assert_eq!(feed.release(3, 5, Text::from("word")), Released::Live);
        assert_eq!(heard(&first), ["6", "7"], "it was there all the time");
        assert_eq!(heard(&late), ["word", "veil", "7"]);
        assert_eq!(heard(&reader), ["word", "veil", "7"], "also what was kept aside");
        feed.shows(HistoryVisibility::All);
        let veil = Veil { seq: Seq::ZERO, frame: Text::from("veil") };
        feed.publish_veiled(8, &[frame(8)], Some(&veil), &mut Deliveries::default());
        assert_eq!(heard(&late), ["8"]);
    }

    #[test]
    fn when_too_much_comes_aside_the_reader_reads_on() {
        let (mut feed, _) = live(5);
        let reader = link(2, "b");
        feed.mark(&reader);
        // A quarter of the 4,096 frames that fit into the queue is kept aside.
        let last = 5 + 2 * 1_024;
        (6..=last).for_each(|position| assert_eq!(publish(&mut feed, position), Published::Yes));
        assert_eq!(feed.release(2, 5, Text::from("word")), Released::Behind);
        publish(&mut feed, last + 1);
        assert_eq!(feed.release(2, last, Text::from("word")), Released::Live);
        assert_eq!(heard(&reader), ["word".to_owned(), (last + 1).to_string()]);
    }

    #[test]
    fn who_came_back_meanwhile_is_not_ended() {
        let (mut feed, link) = live(5);
        let back = self::link(2, "a");
        feed.mark(&back);
        assert_eq!(
            feed.release(2, 7, Text::from("word")),
            Released::Live,
            "6 is the end, 7 the new beginning"
        );
        assert_eq!(publish(&mut feed, 6), Published::Yes);
        let ended = feed.end(&UserId::new("a").unwrap(), 6);
        assert!(ended.len() == 1 && Arc::ptr_eq(&ended[0], &link));
        assert!(feed.follows(2));
    }

    #[test]
    fn who_came_back_before_it_read_is_not_ended() {
        let (mut feed, _) = live(5);
        let (reader, slow) = (link(2, "b"), link(3, "b"));
        feed.mark(&reader);
        feed.mark(&slow);
        publish(&mut feed, 6);
        feed.end(&UserId::new("b").unwrap(), 6);
        publish(&mut feed, 7);
        assert_eq!(
            feed.release(2, 7, Text::from("word")),
            Released::Live,
            "6 is the end, 7 the new beginning"
        );
        publish(&mut feed, 8);
        assert_eq!(heard(&reader), ["word", "8"]);
        assert_eq!(
            feed.release(3, 7, Text::from("word")),
            Released::Behind,
            "8 was not kept aside behind the end"
        );
        publish(&mut feed, 9);
        assert_eq!(feed.release(3, 8, Text::from("word")), Released::Live);
        assert_eq!(heard(&slow), ["word", "9"]);
    }

    #[test]
    fn a_membership_that_ends_is_heard_and_nothing_after_it() {
        let (mut feed, link_a) = live(5);
        let reader = link(2, "a");
        feed.mark(&reader);
        publish(&mut feed, 6);
        assert_eq!(feed.end(&UserId::new("a").unwrap(), 6).len(), 1, "the other is let go at its release");
        publish(&mut feed, 7);
        assert_eq!(feed.release(2, 5, Text::from("word")), Released::Ended);
        assert_eq!(heard(&link_a), ["6"]);
        assert_eq!(heard(&reader), ["word", "6"]);
        assert!(feed.is_empty());
    }
}
