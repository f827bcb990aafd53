//! What happens to a run, as it happens. A broken connection is made again and goes on where it was.

use std::time::Duration;

use axum::body::Body;
use http_body_util::BodyExt;
use hyper::Method;
use serde::Deserialize;

use super::sse::{Message, Parser};
use super::wire::{Document, LogLine, Run, RunError};
use super::{Client, ClientError, Exchange};

/// How long the stream may be silent. The server sends a comment well within this time.
const SILENCE_MAX: Duration = Duration::from_secs(90);
/// How often a connection may fail without anything new before the stream is given up.
const FAILURES_MAX: u32 = 6;
/// Wait before the first attempt to connect again; doubles from there.
const RECONNECT_AFTER: Duration = Duration::from_millis(100);

/// Something that happened to a run.
#[derive(Debug)]
pub(crate) enum RunEvent {
    /// Its first slice began.
    Started,
    /// It made a call.
    CallBegan(CallBegan),
    /// A call of it ended.
    CallEnded(CallEnded),
    /// It wrote a line.
    Log(Document<LogLine>),
    /// It ended.
    Ended(Box<Document<Run>>),
}

/// A call was made.
#[derive(Debug, Deserialize)]
pub(crate) struct CallBegan {
    /// Its number in the run.
    pub(crate) number: u64,
    /// The service.
    #[serde(default)]
    pub(crate) service: String,
    /// The method.
    #[serde(default)]
    pub(crate) method: String,
}

/// A call has ended.
#[derive(Debug, Deserialize)]
pub(crate) struct CallEnded {
    /// Its number in the run.
    pub(crate) number: u64,
    /// How.
    #[serde(default)]
    pub(crate) status: String,
    /// Why it failed.
    #[serde(default)]
    pub(crate) error: Option<RunError>,
}

/// The stream of a run's events.
pub(crate) struct Events<'a> {
    client: &'a Client,
    path: String,
    /// The number of the last event that was seen.
    last: Option<String>,
    connection: Option<(Body, Parser)>,
    failures: u32,
}

impl<'a> Events<'a> {
    /// The stream from its beginning. Connects when it is asked for the first event.
    pub(super) fn new(client: &'a Client, path: String) -> Self {
        Self { client, path, last: None, connection: None, failures: 0 }
    }

    /// The next event. After [`RunEvent::Ended`] there is none. May be dropped and called again.
    ///
    /// # Errors
    /// [`ClientError`] when the server refuses, or cannot be reached for a while.
    pub(crate) async fn next(&mut self) -> Result<RunEvent, ClientError> {
        loop {
            match self.next_message().await {
                Ok(message) => {
                    self.failures = 0;
                    self.last = message.id.clone().or(self.last.take());
                    if let Some(event) = read(&message)? {
                        return Ok(event);
                    }
                }
                Err(error) => self.fail(error).await?,
            }
        }
    }

    /// The next message, over a new connection when there is none.
    async fn next_message(&mut self) -> Result<Message, ClientError> {
        if self.connection.is_none() {
            let mut exchange = Exchange::new(Method::GET, self.path.as_str());
            exchange.headers.push(("accept", "text/event-stream".to_owned()));
            exchange.headers.extend(self.last.clone().map(|last| ("last-event-id", last)));
            self.connection = Some((self.client.open(exchange).await?.into_body(), Parser::default()));
        }
        let Some((body, parser)) = &mut self.connection else {
            return Err(ClientError::Broken("there is no connection".to_owned()));
        };
        loop {
            if let Some(message) = parser.next() {
                return Ok(message);
            }
            let frame = tokio::time::timeout(SILENCE_MAX, body.frame()).await;
            let frame = frame.map_err(|_| ClientError::Broken("it fell silent".to_owned()))?;
            let frame = frame.ok_or_else(|| ClientError::Broken("the stream ended early".to_owned()))?;
            let frame = frame.map_err(|error| ClientError::Broken(error.to_string()))?;
            if let Some(piece) = frame.data_ref() {
                parser.push(piece).map_err(|_| ClientError::BadAnswer("an event is too long".to_owned()))?;
            }
        }
    }

    /// Waits before another attempt, or gives up.
    async fn fail(&mut self, error: ClientError) -> Result<(), ClientError> {
        self.connection = None;
        self.failures += 1;
        if !error.is_connection() || self.failures > FAILURES_MAX {
            return Err(error);
        }
        tracing::debug!(%error, failures = self.failures, "Event stream broke");
        tokio::time::sleep(RECONNECT_AFTER * 2_u32.pow(self.failures - 1)).await;
        Ok(())
    }
}

/// The event a message tells of; kinds that this version does not know are none.
fn read(message: &Message) -> Result<Option<RunEvent>, ClientError> {
    fn parse<T: serde::de::DeserializeOwned>(message: &Message) -> Result<T, ClientError> {
        serde_json::from_str(&message.data)
            .map_err(|error| ClientError::BadAnswer(format!("event {}: {error}", message.event)))
    }
    Ok(match message.event.as_str() {
        "run_started" => Some(RunEvent::Started),
        "call_began" => Some(RunEvent::CallBegan(parse(message)?)),
        "call_ended" => Some(RunEvent::CallEnded(parse(message)?)),
        "log" => Some(RunEvent::Log(parse(message)?)),
        "run_ended" => Some(RunEvent::Ended(Box::new(parse(message)?))),
        _ => None,
    })
}
