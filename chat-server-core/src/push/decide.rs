//! What is done about one recipient of one message. Pure: everything it depends on is in [`Facts`].

use std::time::Duration;

use chat_protocol::{RoomKind, Timestamp};

/// Who wrote a message, seen from its recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// The recipient, on whatever device.
    Oneself,
    /// The server. What a backend injects on behalf of a user is that user's.
    System,
    /// Somebody else.
    Another,
}

/// Where a message stands, seen from its recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// In the main line of the room.
    Main,
    /// In a thread that the recipient began or has read in.
    OwnThread,
    /// In another thread.
    OtherThread,
}

/// All that the decision depends on, as it is when it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// What the room is for.
    pub kind: RoomKind,
    /// Who wrote the message.
    pub author: Author,
    /// Where it stands.
    pub line: Line,
    /// It was deleted since, for everybody or by the recipient for itself.
    pub deleted: bool,
    /// The recipient has read it since.
    pub read: bool,
    /// The recipient blocks the author.
    pub blocked: bool,
    /// The recipient has a device that gets pushes.
    pub has_device: bool,
    /// The recipient archived the room since: the message itself ended an earlier archive.
    pub archived: bool,
    /// Until when the recipient muted the room.
    pub mute_until: Option<Timestamp>,
    /// The message calls the recipient, or everybody.
    pub called: bool,
    /// Somebody looks at one of the recipient's sessions: it has a connection and is not away.
    pub attended: bool,
    /// The push was held before, and that time is over.
    pub held: bool,
}

/// What is done about one recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Its devices ring.
    Now,
    /// Decide again at that time: a read until then ends it.
    Hold(Timestamp),
    /// Its devices learn of it and show the new count, but do not ring.
    Silent,
    /// Nothing.
    None,
}

/// Decides about one recipient of one message. The first line that fits counts:
///
/// | the recipient, or the message | is told | because |
/// | --- | --- | --- |
/// | wrote it, on whatever device | nothing | it knows |
/// | deleted, for all or for the recipient | nothing | there is nothing to see |
/// | blocks the author | nothing | also when called |
/// | has no device with a token | nothing | |
/// | has read it | nothing | |
/// | archived the room after it came | nothing | it has dealt with it |
/// | muted the room, `mute_until` in the future, not called | nothing | mentions still come |
/// | a reply in a thread of others, not called | nothing | threads count for those who take part |
/// | written by the server itself, not called | silent | notes are to be found, not to disturb |
/// | in a channel, not called | silent | few write for many, and nobody waits for an answer |
/// | somebody looks at a session, and it was not held yet | held for `hold` | who reads it there is not rung |
/// | all else: away, offline, or not read while it was held | now | |
///
/// Messages that a backend injects on behalf of a user are that user's.
///
/// ```
/// use std::time::Duration;
/// use chat_protocol::{RoomKind, Timestamp};
/// use chat_server_core::push::{Author, Decision, Facts, Line, decide};
/// let facts = Facts {
///     kind: RoomKind::Direct, author: Author::Another, line: Line::Main, deleted: false, read: false,
///     blocked: false, has_device: true, archived: false, mute_until: None, called: false, attended: true, held: false,
/// };
/// let (now, hold) = (Timestamp::from_micros(0), Duration::from_secs(10));
/// assert_eq!(decide(&facts, now, hold), Decision::Hold(Timestamp::from_micros(10_000_000)));
/// assert_eq!(decide(&Facts { held: true, ..facts }, now, hold), Decision::Now);
/// assert_eq!(decide(&Facts { read: true, held: true, ..facts }, now, hold), Decision::None);
/// ```
pub fn decide(facts: &Facts, now: Timestamp, hold: Duration) -> Decision {
    let muted = facts.mute_until.is_some_and(|until| until > now);
    let nothing_to_tell = facts.author == Author::Oneself
        || facts.deleted
        || facts.blocked
        || !facts.has_device
        || facts.read
        || facts.archived;
    let not_meant = !facts.called && (muted || facts.line == Line::OtherThread);
    if nothing_to_tell || not_meant {
        Decision::None
    } else if !facts.called && (facts.author == Author::System || facts.kind == RoomKind::Channel) {
        Decision::Silent
    } else if facts.attended && !facts.held {
        Decision::Hold(after(now, hold))
    } else {
        Decision::Now
    }
}

/// The time so much later; the last one that there is, if that is earlier.
pub(crate) fn after(now: Timestamp, wait: Duration) -> Timestamp {
    let wait = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(now.as_micros().saturating_add(wait))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    const HOLD: Duration = Duration::from_micros(10);

    const KINDS: [RoomKind; 4] = [RoomKind::Direct, RoomKind::Group, RoomKind::Channel, RoomKind::Desk];
    const AUTHORS: [Author; 3] = [Author::Oneself, Author::System, Author::Another];
    const LINES: [Line; 3] = [Line::Main, Line::OwnThread, Line::OtherThread];

    /// Until before now, now, and after now.
    const MUTES: [Option<i64>; 4] = [None, Some(999), Some(1_000), Some(1_001)];

    /// Every combination of facts there is.
    fn all() -> impl Iterator<Item = Facts> {
        let flags = 0..1_u32 << 8;
        flags.flat_map(|bits| {
            let bit = move |n: u32| bits & (1 << n) != 0;
            KINDS.into_iter().flat_map(move |kind| {
                AUTHORS.into_iter().flat_map(move |author| {
                    LINES.into_iter().flat_map(move |line| {
                        MUTES.into_iter().map(move |mute| Facts {
                            kind,
                            author,
                            line,
                            deleted: bit(0),
                            read: bit(1),
                            blocked: bit(2),
                            has_device: bit(3),
                            archived: bit(4),
                            mute_until: mute.map(Timestamp::from_micros),
                            called: bit(5),
                            attended: bit(6),
                            held: bit(7),
                        })
                    })
                })
            })
        })
    }

    /// A line of the table: whether it fits, and what it says.
    type Rule = (fn(&Facts) -> bool, Decision);

    /// The table of the documentation, line by line.
    fn table() -> [Rule; 12] {
        [
            (|facts| facts.author == Author::Oneself, Decision::None),
            (|facts| facts.deleted, Decision::None),
            (|facts| facts.blocked, Decision::None),
            (|facts| !facts.has_device, Decision::None),
            (|facts| facts.read, Decision::None),
            (|facts| facts.archived, Decision::None),
            (|facts| facts.mute_until == Some(at(1_001)) && !facts.called, Decision::None),
            (|facts| facts.line == Line::OtherThread && !facts.called, Decision::None),
            (|facts| facts.author == Author::System && !facts.called, Decision::Silent),
            (|facts| facts.kind == RoomKind::Channel && !facts.called, Decision::Silent),
            (|facts| facts.attended && !facts.held, Decision::Hold(at(1_010))),
            (|_| true, Decision::Now),
        ]
    }

    #[test]
    fn every_combination_is_decided_as_the_table_says() {
        let table = table();
        let mut fitted = [0; 12];
        for facts in all() {
            let line = table.iter().position(|(fits, _)| fits(&facts)).expect("the last line fits always");
            fitted[line] += 1;
            assert_eq!(decide(&facts, at(1_000), HOLD), table[line].1, "{facts:?}");
        }
        assert_eq!(fitted.iter().sum::<usize>(), 256 * 4 * 3 * 3 * 4);
        assert!(fitted.iter().all(|fitted| *fitted > 0), "a line that never counts: {fitted:?}");
    }

    #[test]
    fn what_was_held_is_never_held_again() {
        let again = all().filter(|facts| facts.held).map(|facts| decide(&facts, at(1_000), HOLD));
        assert_eq!(again.filter(|decision| matches!(decision, Decision::Hold(_))).count(), 0);
    }

    #[test]
    fn a_mute_is_heard_through_by_mentions_alone() {
        for facts in all().filter(|facts| facts.mute_until == Some(at(1_001))) {
            let unmuted = decide(&Facts { mute_until: None, ..facts }, at(1_000), HOLD);
            let expected = if facts.called { unmuted } else { Decision::None };
            assert_eq!(decide(&facts, at(1_000), HOLD), expected, "{facts:?}");
        }
    }

    #[test]
    fn times_do_not_overflow() {
        assert_eq!(after(Timestamp::from_micros(i64::MAX), Duration::MAX), Timestamp::from_micros(i64::MAX));
    }
}
