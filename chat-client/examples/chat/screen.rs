//! The lines of the conversation, and below them what is being written.
//!
//! Lines scroll away as in any terminal, so they can be scrolled back to and copied. Only the last rows are drawn
//! again and again: what waits for its ack, one row of state, and the line that is being written.

use std::io::{self, IsTerminal, Write};

use crossterm::cursor::{MoveToColumn, MoveUp};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::style::Stylize;
use crossterm::terminal::{Clear, ClearType, disable_raw_mode, enable_raw_mode, size};
use crossterm::{execute, queue};
use tui_input::{Input, InputRequest};

use crate::text::{Line, safe};

/// Unacknowledged messages shown; more are counted.
const MAX_PENDING: usize = 5;

const PROMPT: &str = "> ";

pub(crate) struct Screen {
    terminal: bool,
    input: Input,
    /// Columns of each line that is drawn above the cursor's. How many rows they take depends on the window, which
    /// may have become narrower since.
    above: Vec<usize>,
    status: String,
    pending: Vec<String>,
}

impl Screen {
    /// Takes the terminal over, if there is one at both ends.
    pub(crate) fn open() -> io::Result<Self> {
        let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
        if terminal {
            let report = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                give_back();
                report(panic);
            }));
            enable_raw_mode()?;
            execute!(io::stdout(), EnableBracketedPaste)?;
        }
        let (status, pending) = (String::new(), Vec::new());
        Ok(Self { terminal, input: Input::default(), above: Vec::new(), status, pending })
    }

    pub(crate) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Adds lines to the conversation.
    pub(crate) fn print(&mut self, lines: &[Line]) -> io::Result<()> {
        let mut out = Vec::new();
        if self.terminal {
            self.erase(&mut out)?;
            for line in lines {
                write!(out, "{}\r\n", line.coloured())?;
            }
            self.draw(&mut out)?;
        } else {
            for line in lines {
                writeln!(out, "{}", line.plain())?;
            }
        }
        show(&out)
    }

    /// Shows what waits and how things are; only on a terminal.
    pub(crate) fn update(&mut self, status: String, pending: Vec<String>) -> io::Result<()> {
        if (&self.status, &self.pending) == (&status, &pending) {
            return Ok(());
        }
        (self.status, self.pending) = (status, pending);
        self.redraw()
    }

    pub(crate) fn redraw(&mut self) -> io::Result<()> {
        if !self.terminal {
            return Ok(());
        }
        let mut out = Vec::new();
        self.erase(&mut out)?;
        self.draw(&mut out)?;
        show(&out)
    }

    /// Changes the line that is being written.
    pub(crate) fn edit(&mut self, request: InputRequest) -> io::Result<()> {
        self.input.handle(request);
        self.redraw()
    }

    /// Inserts text into the line. It is one line, so line ends become spaces.
    pub(crate) fn paste(&mut self, text: &str) -> io::Result<()> {
        for c in text.chars() {
            self.input.handle(InputRequest::InsertChar(if c.is_control() { ' ' } else { c }));
        }
        self.redraw()
    }

    /// The line as it is.
    pub(crate) fn line(&self) -> &str {
        self.input.value()
    }

    /// Takes the finished line.
    pub(crate) fn take_line(&mut self) -> io::Result<String> {
        let line = self.input.value_and_reset();
        self.redraw()?;
        Ok(line)
    }

    fn erase(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        let columns = usize::from(size().map_or(80, |(columns, _)| columns)).max(1);
        let rows: usize = self.above.drain(..).map(|width| width.div_ceil(columns).max(1)).sum();
        if rows > 0 {
            queue!(out, MoveUp(rows.try_into().unwrap_or(u16::MAX)))?;
        }
        queue!(out, MoveToColumn(0), Clear(ClearType::FromCursorDown))
    }

    fn draw(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        // One column stays free: a terminal wraps when the last one is filled.
        let columns = usize::from(size().map_or(80, |(columns, _)| columns)).saturating_sub(1).max(10);
        let mut lines: Vec<String> =
            self.pending.iter().take(MAX_PENDING).map(|text| format!("… {}", safe(text))).collect();
        if self.pending.len() > MAX_PENDING {
            lines.push(format!("… and {} more", self.pending.len() - MAX_PENDING));
        }
        for line in &lines {
            let line = fit(line, columns);
            self.above.push(width(&line));
            write!(out, "{}\r\n", line.dark_grey())?;
        }
        let rule = format!("── {} ", self.status);
        let rest = columns.saturating_sub(width(&rule));
        let rule = fit(&(rule + &"─".repeat(rest)), columns);
        self.above.push(width(&rule));
        write!(out, "{}\r\n", rule.dark_cyan())?;

        let room = columns - PROMPT.len();
        let scroll = self.input.visual_scroll(room);
        let visible = fit(&skip(self.input.value(), scroll), room);
        let cursor = PROMPT.len() + self.input.visual_cursor().saturating_sub(scroll);
        write!(out, "{}{visible}", PROMPT.bold())?;
        queue!(out, MoveToColumn(cursor.try_into().unwrap_or(u16::MAX)))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if self.terminal {
            let mut out = Vec::new();
            // A failure leaves nothing to be done on the way out.
            let _ = self.erase(&mut out).and_then(|()| show(&out));
            give_back();
        }
    }
}

fn give_back() {
    let _ = execute!(io::stdout(), DisableBracketedPaste);
    let _ = disable_raw_mode();
}

/// In one write, so that nothing flickers.
fn show(out: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(out)?;
    stdout.flush()
}

/// Columns that a text takes.
fn width(text: &str) -> usize {
    Input::new(text.to_owned()).visual_cursor()
}

/// The beginning of a text that fits into so many columns.
fn fit(text: &str, columns: usize) -> String {
    let mut text = text.to_owned();
    while width(&text) > columns {
        text.pop();
    }
    text
}

/// A text without its first columns.
fn skip(text: &str, columns: usize) -> String {
    let mut rest = text;
    while columns > 0 && width(text) - width(rest) < columns {
        let mut chars = rest.chars();
        if chars.next().is_none() {
            break;
        }
        rest = chars.as_str();
    }
    rest.to_owned()
}
