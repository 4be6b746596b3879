//! What the user does, at the keyboard or through a pipe.

use crossterm::event::{Event, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use futures::stream::{BoxStream, StreamExt, unfold};
use tokio::io::{AsyncBufReadExt, BufReader};
use tui_input::InputRequest;

/// One thing that the user did.
pub(crate) enum Input {
    /// Changed the line.
    Edit(InputRequest),
    /// Pasted into the line.
    Paste(String),
    /// Finished the line.
    Enter,
    /// Gave a whole line.
    Line(String),
    /// Changed the size of the window.
    Resize,
    /// Has nothing more to say.
    End,
}

/// What the user does from now on.
pub(crate) fn open(terminal: bool) -> BoxStream<'static, Input> {
    if terminal {
        return EventStream::new().filter_map(async |event| pressed(event.ok()?)).boxed();
    }
    let lines = BufReader::new(tokio::io::stdin()).lines();
    unfold(Some(lines), async |lines| {
        let mut lines = lines?;
        match lines.next_line().await {
            Ok(Some(line)) => Some((Input::Line(line), Some(lines))),
            // The end, or text that is none.
            Ok(None) | Err(_) => Some((Input::End, None)),
        }
    })
    .boxed()
}

fn pressed(event: Event) -> Option<Input> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => key_pressed(key),
        Event::Paste(text) => Some(Input::Paste(text)),
        Event::Resize(..) => Some(Input::Resize),
        _ => None,
    }
}

/// The usual keys of a line editor.
fn key_pressed(key: KeyEvent) -> Option<Input> {
    use InputRequest as Do;
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let alt = key.modifiers.contains(KeyModifiers::ALT);
    Some(Input::Edit(match key.code {
        KeyCode::Enter => return Some(Input::Enter),
        KeyCode::Char('c' | 'd') if control => return Some(Input::End),
        KeyCode::Char('a') if control => Do::GoToStart,
        KeyCode::Char('e') if control => Do::GoToEnd,
        KeyCode::Char('b') if control => Do::GoToPrevChar,
        KeyCode::Char('f') if control => Do::GoToNextChar,
        KeyCode::Char('u') if control => Do::DeleteFromStart,
        KeyCode::Char('k') if control => Do::DeleteTillEnd,
        KeyCode::Char('w') if control => Do::DeletePrevWord,
        KeyCode::Char('y') if control => Do::Yank,
        KeyCode::Char('b') if alt => Do::GoToPrevWord,
        KeyCode::Char('f') if alt => Do::GoToNextWord,
        KeyCode::Char('d') if alt => Do::DeleteNextWord,
        KeyCode::Char(c) if !control && !alt => Do::InsertChar(c),
        KeyCode::Backspace if control || alt => Do::DeletePrevWord,
        KeyCode::Backspace => Do::DeletePrevChar,
        KeyCode::Delete => Do::DeleteNextChar,
        KeyCode::Left if control || alt => Do::GoToPrevWord,
        KeyCode::Right if control || alt => Do::GoToNextWord,
        KeyCode::Left => Do::GoToPrevChar,
        KeyCode::Right => Do::GoToNextChar,
        KeyCode::Home => Do::GoToStart,
        KeyCode::End => Do::GoToEnd,
        KeyCode::Esc => Do::DeleteLine,
        _ => return None,
    }))
}
