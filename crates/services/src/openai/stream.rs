//! A streamed answer, gathered into what a call without streaming gives.

mod chat;
mod progress;
mod response;
mod text;

use fermata_connect::{egress, http};
use fermata_model::CallError;
use serde_json::Value;

use super::paths::Gives;
use super::{answer, fault};
use crate::call::{Attempted, Failure};
use crate::sse::{Event, Events};
use crate::way::{Way, refused};
use progress::Pace;

/// The largest event: the last one of a response holds all of it.
const EVENT_BYTES_MAX: usize = fermata_model::limits::OUTCOME_BYTES_MAX;
/// The most bytes of a whole stream.
const STREAM_BYTES_MAX: usize = 64 << 20;
/// The most bytes of an error that are read.
const ERROR_BYTES_MAX: usize = 64 << 10;
/// What a stream ends with.
const DONE: &str = "[DONE]";

/// Puts the pieces of a stream together.
trait Gather: Send {
    /// Takes a piece, and says what it brought.
    fn take(&mut self, piece: Value) -> Result<Brought, CallError>;

    /// The whole, as JSON text.
    fn finish(&mut self) -> Result<String, CallError>;
}

/// What a piece of a stream brought.
enum Brought {
    /// So many characters; none is possible.
    Characters(usize),
    /// The end.
    End,
}

/// Sends a request and gathers the answer.
pub(super) async fn attempt(gives: Gives, request: http::Request, way: &Way<'_>) -> Attempted {
    let mut incoming = way.open(request).await?;
    if !(200..300).contains(&incoming.status) {
        let (body, _) = rest(&mut incoming, ERROR_BYTES_MAX).await?;
        return Err(fault::of_status(incoming.status, &incoming.headers, &body));
    }
    let mut gathered: Box<dyn Gather> = match gives {
        Gives::Response => Box::new(response::Response::default()),
        Gives::Text => Box::new(text::Text::default()),
        _ => Box::new(chat::Chat::default()),
    };
    if !is_stream(&incoming) {
        return whole(gives, &mut incoming).await;
    }
    read(&mut incoming, gathered.as_mut(), &mut Pace::new(way.progress)).await?;
    Ok(answer::of_text(gives, gathered.finish()?)?)
}

async fn read(
    incoming: &mut egress::Incoming,
    to: &mut dyn Gather,
    pace: &mut Pace<'_>,
) -> Result<(), Failure> {
    let mut events = Events::new(EVENT_BYTES_MAX);
    let mut left = STREAM_BYTES_MAX;
    while let Some(bytes) = incoming.chunk().await.map_err(|error| refused(&error))? {
        left = left.checked_sub(bytes.len()).ok_or_else(|| too_large(STREAM_BYTES_MAX))?;
        for event in events.push(&bytes)? {
            if is_last(event, to, pace)? {
                return Ok(());
            }
        }
    }
    if let Some(event) = events.finish() {
        is_last(event, to, pace)?;
    }
    Ok(())
}

fn is_last(event: Event, to: &mut dyn Gather, pace: &mut Pace<'_>) -> Result<bool, CallError> {
    if event.data.trim() == DONE {
        return Ok(true);
    }
    let piece = serde_json::from_str(&event.data);
    let mut piece: Value =
        piece.map_err(|error| fault::bad_answer(&format!("an event is no JSON: {error}")))?;
    let is_error = event.name == "error" || piece["type"] == "error";
    match piece.get_mut("error").map(Value::take).filter(|error| !error.is_null()) {
        Some(error) => return Err(fault::in_stream(&error)),
        None if is_error => return Err(fault::in_stream(&piece)),
        None => {}
    }
    match to.take(piece)? {
        Brought::Characters(count) => pace.add(count),
        Brought::End => return Ok(true),
    }
    Ok(false)
}

fn is_stream(incoming: &egress::Incoming) -> bool {
    let kind = incoming.headers.iter().find(|(name, _)| name == "content-type");
    kind.is_none_or(|(_, value)| value.trim().to_ascii_lowercase().starts_with("text/event-stream"))
}

/// The answer of a server that does not stream.
async fn whole(gives: Gives, incoming: &mut egress::Incoming) -> Attempted {
    let (body, is_complete) = rest(incoming, EVENT_BYTES_MAX).await?;
    if !is_complete {
        return Err(too_large(EVENT_BYTES_MAX).into());
    }
    let text = String::from_utf8(body).map_err(|_| fault::bad_answer("it is no UTF-8"))?;
    Ok(answer::of_text(gives, text)?)
}

/// The rest of a body up to a size, and whether that is all.
async fn rest(incoming: &mut egress::Incoming, bytes_max: usize) -> Result<(Vec<u8>, bool), Failure> {
    let mut body = Vec::new();
    while let Some(bytes) = incoming.chunk().await.map_err(|error| refused(&error))? {
        let room = bytes_max - body.len();
        body.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if bytes.len() > room {
            return Ok((body, false));
        }
    }
    Ok((body, true))
}

fn too_large(limit: usize) -> CallError {
    CallError::fatal("response_too_large", format!("The stream is over the limit of {limit} bytes"))
}

/// A stream that ended before what it was to bring was complete.
fn cut_short(what: &str) -> CallError {
    CallError::passing("incomplete_stream", format!("The stream ended early: {what}"))
}

/// Adds a text to a member that is a text, or becomes one.
fn append(object: &mut serde_json::Map<String, Value>, name: &str, more: &str) {
    match object.get_mut(name) {
        Some(Value::String(text)) => text.push_str(more),
        _ => {
            object.insert(name.to_owned(), Value::from(more));
        }
    }
}
