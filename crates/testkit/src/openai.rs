//! A server on loopback that speaks OpenAI's protocol: chat, responses, completions, embeddings, images, models.
//!
//! What it says is made of what it is asked, so the same request has the same answer. It checks the key and the
//! request as the API would, counts tokens (a word is one), and can be told to misbehave.

mod chat;
mod check;
mod other;
mod response;
mod text;

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::http_peer::{HttpPeer, Reply, ReplyBody, Seen};
use check::Refusal;

/// The time that every answer bears, in seconds since 1970: nothing here reads a clock.
const CREATED: u64 = 1_790_000_000;

/// A running server; it ends when this is dropped.
pub struct OpenAiPeer {
    peer: HttpPeer,
}

/// What the server does with a request instead of answering it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 429, with `Retry-After` in seconds.
    RateLimit {
        /// How long to wait, in seconds.
        retry_after: u64,
    },
    /// 429 that no waiting cures.
    NoQuota,
    /// 500.
    ServerError,
    /// 200 and something that is no JSON.
    Garbage,
    /// Half a body.
    HalfBody,
    /// A stream of events that never ends.
    EndlessStream,
    /// Nothing, for ever.
    Hang,
}

impl OpenAiPeer {
    /// Starts one that knows this key.
    ///
    /// # Panics
    ///
    /// As [`HttpPeer::start`].
    pub fn start(key: &str) -> Self {
        let expected = format!("Bearer {key}");
        Self { peer: HttpPeer::start(move |seen| answer(seen, &expected)) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.peer.address()
    }

    /// The base URL for clients.
    pub fn base_url(&self) -> String {
        self.peer.url("/v1")
    }

    /// The next so many requests meet this instead of an answer.
    pub fn fail_next(&self, requests: usize, fault: Fault) {
        self.peer.next(std::iter::repeat_with(|| misbehave(fault)).take(requests));
    }

    /// All requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.peer.seen()
    }
}

fn misbehave(fault: Fault) -> Reply {
    match fault {
        Fault::RateLimit { retry_after } => {
            let refusal = Refusal::new(429, "rate_limit_exceeded", "Rate limit reached for requests");
            refusal.reply().with("retry-after", &retry_after.to_string())
        }
        Fault::NoQuota => Refusal::new(429, "insufficient_quota", "You exceeded your current quota").reply(),
        Fault::ServerError => Refusal::new(500, "server_error", "The server had an error").reply(),
        Fault::Garbage => Reply::new(200, "application/json", "<html>{\"choices\": [</html>"),
        Fault::HalfBody => Reply::json(200, &json!({})).coming(ReplyBody::Half(b"{\"id\": \"half".to_vec())),
        Fault::EndlessStream => {
            let piece = chat::piece("endless", "chat-1", &json!({ "content": "more " }), None);
            events([]).coming(ReplyBody::Endless(event(&piece)))
        }
        Fault::Hang => Reply::json(200, &Value::Null).coming(ReplyBody::Hang),
    }
}

fn answer(seen: &Seen, expected: &str) -> Reply {
    if seen.header("authorization") != Some(expected) {
        return Refusal::new(401, "invalid_api_key", "Incorrect API key provided").reply();
    }
    let path = seen.path.strip_prefix("/v1").unwrap_or_default();
    let answered = match (seen.method.as_str(), path) {
        ("POST", "/chat/completions") => check::body(seen).and_then(|body| chat::answer(&body)),
        ("POST", "/completions") => check::body(seen).and_then(|body| text::answer(&body)),
        ("POST", "/responses") => check::body(seen).and_then(|body| response::answer(&body)),
        ("POST", "/embeddings") => check::body(seen).and_then(|body| other::embeddings(&body)),
        ("POST", "/images/generations") => check::body(seen).and_then(|body| other::images(&body)),
        ("POST", "/moderations") => check::body(seen).and_then(|body| other::moderations(&body)),
        ("GET", "/models") => Ok(other::models()),
        ("GET", _) if path.starts_with("/models/") => other::model(&path["/models/".len()..]),
        _ => Err(Refusal::new(404, "unknown_url", &format!("Unknown request URL: {} {path}", seen.method))),
    };
    answered.unwrap_or_else(|refusal| refusal.reply())
}

/// A stream of these events, and what ends it.
fn events(pieces: impl IntoIterator<Item = Vec<u8>>) -> Reply {
    let body = ReplyBody::Pieces(pieces.into_iter().collect());
    Reply::new(200, "text/event-stream; charset=utf-8", "").coming(body)
}

/// One event of a stream.
fn event(data: &Value) -> Vec<u8> {
    format!("data: {data}\n\n").into_bytes()
}

/// What streams of completions end with.
fn done() -> Vec<u8> {
    b"data: [DONE]\n\n".to_vec()
}

/// A number made of a text, the same each time (FNV-1a).
fn fingerprint(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// How many tokens a text has: one for each word.
fn tokens(text: &str) -> usize {
    text.split_whitespace().count()
}

/// What is said to a prompt.
fn reply_to(prompt: &str) -> String {
    format!("You said: {}", prompt.trim())
}

/// The pieces that a text is streamed in: words, each with the space before it.
fn words(text: &str) -> Vec<&str> {
    text.split_inclusive(' ').collect()
}
