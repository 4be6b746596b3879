//! What the user says: messages, commands, and that something is being written.

use std::io;

use chat_client::Draft;
use chat_client::protocol::{Content, Seq, UserId};

use crate::app::{App, Done, Pending};
use crate::input::Input;

pub(crate) const HELP: &str =
    "/reply <number> <text> answers a message, /who tells who is online, /quit leaves";

impl App {
    pub(crate) fn on_input(&mut self, input: Input) -> io::Result<()> {
        match input {
            Input::Edit(request) => {
                let before = self.screen.line().to_owned();
                self.screen.edit(request)?;
                self.tell_typing(&before);
                Ok(())
            }
            Input::Paste(text) => {
                self.screen.paste(&text)?;
                self.tell_typing("");
                Ok(())
            }
            Input::Enter => {
                let line = self.screen.take_line()?;
                self.on_line(&line)
            }
            Input::Line(line) => self.on_line(&line),
            Input::Resize => self.screen.redraw(),
            Input::End => {
                self.over = true;
                Ok(())
            }
        }
    }

    fn on_line(&mut self, line: &str) -> io::Result<()> {
        let line = line.trim();
        let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
        match command {
            "" => Ok(()),
            "/quit" | "/exit" => {
                self.over = true;
                Ok(())
            }
            "/help" => self.notice(HELP.to_owned()),
            "/who" => {
                let names: Vec<&str> = self.online.iter().map(UserId::as_str).collect();
                self.notice(format!(
                    "online: {}",
                    if names.is_empty() { "nobody else".to_owned() } else { names.join(", ") }
                ))
            }
            "/reply" => self.reply(rest),
            _ if command.starts_with('/') => self.notice(format!("{command} is no command. {HELP}")),
            _ => {
                self.send(line.to_owned(), None);
                Ok(())
            }
        }
    }

    fn reply(&mut self, rest: &str) -> io::Result<()> {
        let (number, text) = rest.split_once(' ').unwrap_or((rest, ""));
        let number = number.trim_start_matches('#').parse().ok().and_then(Seq::new);
        match (number, text.trim()) {
            (Some(number), text) if !text.is_empty() => {
                self.send(text.to_owned(), Some(number));
                Ok(())
            }
            _ => self.notice("/reply <number> <text>".to_owned()),
        }
    }

    fn send(&mut self, text: String, reply_to: Option<Seq>) {
        let number = self.next_number;
        self.next_number += 1;
        let draft = Draft::new(Content::plain(&text));
        let draft = if let Some(to) = reply_to { draft.reply_to(to) } else { draft };
        self.pending.push(Pending { number, text, seq: None });
        let room = self.room.clone();
        self.job(async move { Done::Sent { number, outcome: room.send(draft).await } });
    }

    /// Tells the others that something is being written, or not any more.
    fn tell_typing(&mut self, before: &str) {
        let line = self.screen.line();
        if line == before || line.starts_with('/') {
            return;
        }
        let (room, stop) = (self.room.clone(), line.is_empty());
        self.job(async move {
            // Best effort by its nature.
            let _ = if stop { room.stop_typing().await } else { room.typing().await };
            Done::Nothing
        });
    }
}
