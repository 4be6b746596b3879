//! Lines as people read them.

use chat_client::protocol::{Message, Timestamp};
use crossterm::style::{Color, Stylize};

/// One line of the conversation.
pub(crate) enum Line {
    /// A message, one's own or not.
    Message { message: Box<Message>, mine: bool },
    /// Something that happened.
    Notice(String),
    /// Something that went wrong.
    Problem(String),
}

impl Line {
    /// The line for a terminal.
    pub(crate) fn coloured(&self) -> String {
        match self {
            Line::Message { message, mine } => {
                let name = safe(message.from.as_str());
                let name = if *mine { name.bold() } else { name.with(colour(message.from.as_str())).bold() };
                format!("{} {name}{}", stamp(message).dark_grey(), said(message))
            }
            Line::Notice(text) => format!("{}", format!("* {}", safe(text)).dark_grey()),
            Line::Problem(text) => format!("{}", format!("! {}", safe(text)).red()),
        }
    }

    /// The line for a file or a pipe.
    pub(crate) fn plain(&self) -> String {
        match self {
            Line::Message { message, .. } => {
                format!("{} {}{}", stamp(message), safe(message.from.as_str()), said(message))
            }
            Line::Notice(text) => format!("* {}", safe(text)),
            Line::Problem(text) => format!("! {}", safe(text)),
        }
    }
}

fn stamp(message: &Message) -> String {
    format!("{} #{}", time(message.ts), message.seq)
}

fn said(message: &Message) -> String {
    let reply = message.reply_to.map(|to| format!(" (to #{to})")).unwrap_or_default();
    match message.content.text() {
        Some(text) => format!("{reply}: {}", safe(&text)),
        None => format!("{reply} sent {}", safe(&message.content.kind)),
    }
}

/// The local time of day.
fn time(ts: Timestamp) -> String {
    let ts = jiff::Timestamp::from_microsecond(ts.as_micros()).unwrap_or_default();
    ts.to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M:%S").to_string()
}

/// Foreign text without anything that a terminal obeys: control characters, among them the escape that begins
/// colours and cursor movements, and the marks that reverse the direction of what follows.
pub(crate) fn safe(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => safe.push_str(" ⏎ "),
            '\t' => safe.push(' '),
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                safe.extend(c.escape_unicode());
            }
            c if c.is_control() => safe.extend(c.escape_unicode()),
            c => safe.push(c),
        }
    }
    safe
}

/// A colour for a name, always the same one.
fn colour(name: &str) -> Color {
    const COLOURS: [Color; 6] =
        [Color::Green, Color::Yellow, Color::Blue, Color::Magenta, Color::Cyan, Color::DarkYellow];
    let sum = name.bytes().fold(0usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    COLOURS[sum % COLOURS.len()]
}
