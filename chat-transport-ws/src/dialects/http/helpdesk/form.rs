//! Multipart forms (RFC 7578): fields are read into memory, a file goes piece by piece to where it is kept.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use chat_protocol::dialect::helpdesk::{Refusal, SendMessage};
use chat_protocol::limits::MAX_FRAME;
use chat_server_core::blob::is_shown;
use chat_server_core::dialects::Visit;
use chat_server_core::{NewFile, Upload};
use futures::stream::{Stream, StreamExt, try_unfold};
use multer::{Constraints, Field, Multipart, SizeLimit, parse_boundary};
use tokio::time::{Instant, timeout, timeout_at};

use super::{error, name};
use crate::dialects::facts::Facts;
use crate::edge::Edge;

/// What may come without being part of a field that was begun. The parser keeps all of it, for it knows no bound: heads of
/// parts and what stands before the first have some hundred bytes.
const MAX_HEAD: usize = MAX_FRAME;

/// What a form held.
pub(super) struct Filled {
    pub(super) message: SendMessage,
    /// All its bytes are there, and are kept once it has its room.
    pub(super) file: Option<Upload>,
}

type Incoming = Pin<Box<dyn Stream<Item = Result<Bytes, Refusal>> + Send>>;

/// Reads a form whose file has at most so many bytes.
pub(super) async fn fill(
    visit: &Visit,
    edge: &Edge,
    (facts, body): (&Facts, Body),
    max_upload: u64,
) -> Result<Filled, Refusal> {
    let handshake = facts.handshake();
    let boundary = parse_boundary(handshake.header("content-type").unwrap_or_default());
    let boundary = boundary.map_err(|_| Refusal::Malformed)?;
    let pace = (edge.config.request_timeout, Instant::now() + edge.config.upload_timeout);
    let size = handshake.header("content-length").and_then(|size| size.parse::<u64>().ok()).unwrap_or(0);
    let max_text = edge.server.config().max_frame;
    // Beside the file: a text of the greatest length, and as much for the desk and the heads of the parts.
    let most = max_upload.saturating_add(2 * max_text as u64);
    if size > most {
        return Err(Refusal::TooLarge);
    }
    let kept = Arc::new(AtomicUsize::new(0));
    let constraints = Constraints::new().size_limit(SizeLimit::new().whole_stream(most));
    let form = Multipart::with_constraints(incoming(body, pace, kept.clone()), boundary, constraints);
    Form { form, kept, max_text, max_upload }.read(visit).await
}

/// The body piece by piece. Neither a sender that pauses nor one that trickles keeps its place for ever.
fn incoming(body: Body, (pause, deadline): (Duration, Instant), kept: Arc<AtomicUsize>) -> Incoming {
    let next = move |(mut body, kept): (BodyDataStream, Arc<AtomicUsize>)| async move {
        // The parser reads on and keeps what it reads as long as there is something at once: there never is.
        tokio::task::yield_now().await;
        let next = timeout_at(deadline, timeout(pause, body.next())).await;
        let late = |_| Refusal::Malformed;
        let Some(piece) = next.map_err(late)?.map_err(late)? else { return Ok(None) };
        let piece = piece.map_err(|_| Refusal::Malformed)?;
        if kept.fetch_add(piece.len(), Ordering::Relaxed) > MAX_HEAD {
            return Err(Refusal::Malformed);
        }
        Ok(Some((piece, (body, kept))))
    };
    Box::pin(try_unfold((body.into_data_stream(), kept), next))
}

/// A form while it is read.
struct Form {
    form: Multipart<'static>,
    /// What the parser has taken since it gave something.
    kept: Arc<AtomicUsize>,
    /// Greatest length of a field that is no file, in bytes.
    max_text: usize,
    max_upload: u64,
}

impl Form {
    async fn read(mut self, visit: &Visit) -> Result<Filled, Refusal> {
        let (mut desk, mut text, mut file) = (None, None, None);
        while let Some(field) = self.form.next_field().await.map_err(why)? {
            self.kept.store(0, Ordering::Relaxed);
            match (field.name(), field.file_name().is_some_and(|name| !name.is_empty())) {
                (Some("help_desk"), _) if desk.is_none() => {
                    let named = self.text(field).await?;
                    // Known before the file comes, as a rule: then nothing of it is taken of who may not send it.
                    let uuid = named.parse().map_err(|_| Refusal::NotFound)?;
                    visit.enter_desk(&name(uuid)).await.map_err(error)?;
                    desk = Some(named);
                }
                (Some("message"), _) => text = Some(self.text(field).await?),
                (Some("file"), true) if file.is_none() => file = Some(self.file(visit, field).await?),
                // A second one costs as much again, and says nothing.
                (Some("help_desk"), _) | (Some("file"), true) => return Err(Refusal::Malformed),
                _ => self.skip(field).await?,
            }
        }
        let message = SendMessage::from_fields(desk.as_deref(), text, file.is_some())?;
        Ok(Filled { message, file })
    }

    async fn piece(&self, field: &mut Field<'_>) -> Result<Option<Bytes>, Refusal> {
        let piece = field.chunk().await.map_err(why)?;
        self.kept.store(0, Ordering::Relaxed);
        Ok(piece)
    }

    async fn text(&self, mut field: Field<'_>) -> Result<String, Refusal> {
        let mut text = Vec::new();
        while let Some(piece) = self.piece(&mut field).await? {
            if text.len() + piece.len() > self.max_text {
                return Err(Refusal::TooLarge);
            }
            text.extend_from_slice(&piece);
        }
        String::from_utf8(text).map_err(|_| Refusal::Malformed)
    }

    /// What the bytes are counts alone: a claim that they are a picture would only be a reason to refuse them.
    async fn file(&self, visit: &Visit, mut field: Field<'_>) -> Result<Upload, Refusal> {
        let claimed = field.content_type().map(|kind| kind.essence_str().to_owned());
        let kind = claimed.filter(|kind| !is_shown(kind) && !kind.starts_with("multipart/"));
        let file_name = field.file_name().map(shortened).unwrap_or_default();
        let mut upload = visit.desk_upload(NewFile { file_name, kind, size: None }).await.map_err(error)?;
        let mut size = 0;
        while let Some(piece) = self.piece(&mut field).await? {
            size += piece.len() as u64;
            if size > self.max_upload {
                return Err(Refusal::TooLarge);
            }
            upload.write(&piece).await.map_err(error)?;
        }
        Ok(upload)
    }

    async fn skip(&self, mut field: Field<'_>) -> Result<(), Refusal> {
        while self.piece(&mut field).await?.is_some() {}
        Ok(())
    }
}

/// The end of a name that is longer than the server keeps: it says what the file is.
fn shortened(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let first = (last.len().saturating_sub(MAX_NAME)..).find(|at| last.is_char_boundary(*at));
    last[first.unwrap_or_default()..].to_owned()
}

/// Greatest length of a file's name in bytes: any is taken, and of this the server's format makes a shorter one.
const MAX_NAME: usize = 200;

/// Why a form cannot be read.
fn why(error: multer::Error) -> Refusal {
    match error {
        multer::Error::StreamSizeExceeded { .. } | multer::Error::FieldSizeExceeded { .. } => {
            Refusal::TooLarge
        }
        multer::Error::StreamReadFailed(cause) => cause.downcast().map_or(Refusal::Malformed, |why| *why),
        _ => Refusal::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_name_the_end_is_kept() {
        for (name, kept) in [
            ("a.png", "a.png".to_owned()),
            ("/x/a.png", "a.png".to_owned()),
            (&format!("{}.png", "x".repeat(300)), format!("{}.png", "x".repeat(196))),
            (&format!("{}.jpg", "é".repeat(100)), format!("{}.jpg", "é".repeat(98))),
        ] {
            assert_eq!(shortened(name), kept);
        }
    }
}
