//! A run's events as they happen: what the store has, then what comes, until the run has ended.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::http::{HeaderName, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use fermata_engine::Watch;
use fermata_model::record::Run;
use fermata_model::{RunId, WorkspaceId};
use fermata_store::{ReadError, Store, StreamEntry};
use futures::Stream;
use serde::Serialize;

use crate::app::App;
use crate::problem::Problem;
use crate::wire;

const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(15);
/// Entries read at once: few, since each may carry a large outcome.
const ENTRIES_READ: u32 = 32;
/// The place of `run_started` in every stream.
const FIRST_SEQ: u32 = 1;

/// Answers with the events of a run after number `after`.
pub(crate) async fn open(
    app: App,
    workspace: WorkspaceId,
    run: RunId,
    after: u32,
) -> Result<Response, Problem> {
    // Before the first read: what happens after the read is then never missed.
    let watch = app.engine.watch(run);
    let mut follow = Follow { app, workspace, run, watch, after, ready: VecDeque::new(), is_over: false };
    if !follow.read().await? {
        return Err(Problem::run_unknown(run));
    }
    if follow.is_over && follow.ready.is_empty() {
        // Tells clients that come back by themselves to stay away.
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE_EVERY).text("keep-alive");
    let events = Sse::new(follow.into_events()).keep_alive(keep_alive);
    Ok(([(ACCEL_BUFFERING, "no")], events).into_response())
}

/// How far a client has followed a run.
struct Follow {
    app: App,
    workspace: WorkspaceId,
    run: RunId,
    watch: Watch,
    /// Number of the last event that was made.
    after: u32,
    /// Events that are made and not sent.
    ready: VecDeque<Event>,
    /// Nothing follows what is ready.
    is_over: bool,
}

impl Follow {
    fn into_events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        futures::stream::unfold(self, |mut follow| async {
            let event = follow.next().await?;
            Some((Ok(event), follow))
        })
    }

    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if self.is_over || !self.read_or_give_up().await {
                return None;
            }
            if self.ready.is_empty() && !self.is_over {
                tokio::select! {
                    () = self.watch.changed() => {}
                    () = self.app.settings.stopped() => return None,
                }
            }
        }
    }

    /// A stream that has begun cannot answer with a problem: it ends, and the client comes back.
    async fn read_or_give_up(&mut self) -> bool {
        match self.read().await {
            Ok(is_there) => is_there,
            Err(problem) => {
                let cause = problem.cause_chain();
                tracing::error!(run.id = %self.run, cause, "An event stream cannot go on");
                false
            }
        }
    }

    /// Makes the events that follow. False when there is no such run.
    async fn read(&mut self) -> Result<bool, Problem> {
        let (run, after) = (self.run, self.after);
        let seen =
            self.app.read_of(&self.workspace, move |store, of| Seen::read(store, of, run, after)).await?;
        let Some(seen) = seen else { return Ok(false) };
        if self.after < FIRST_SEQ {
            self.make(FIRST_SEQ, "run_started", &wire::Run::from(&seen.run))?;
        }
        for entry in &seen.entries {
            self.make_entry(entry)?;
        }
        if seen.is_last() {
            self.is_over = true;
            let last = seen.run.state.seq;
            if self.after < last {
                self.make(last, "run_ended", &wire::Run::from(&seen.run))?;
            }
        }
        Ok(true)
    }

    fn make_entry(&mut self, entry: &StreamEntry) -> Result<(), Problem> {
        match entry {
            StreamEntry::CallBegan(call) => self.make(entry.seq(), "call_began", &wire::Call::from(&**call)),
            StreamEntry::CallEnded(call) => self.make(entry.seq(), "call_ended", &wire::Call::from(&**call)),
            StreamEntry::Log(line) => self.make(entry.seq(), "log", &wire::LogLine::from(line)),
        }
    }

    fn make<T: Serialize>(&mut self, seq: u32, name: &str, content: &T) -> Result<(), Problem> {
        let event = Event::default().id(seq.to_string()).event(name);
        self.ready.push_back(event.json_data(content).map_err(Problem::internal)?);
        self.after = seq;
        Ok(())
    }
}

/// What the store says about a run.
struct Seen {
    run: Run,
    entries: Vec<StreamEntry>,
}

impl Seen {
    /// Reads the run before its entries: when it has ended by then, no entry can follow them.
    fn read(store: &Store, of: &WorkspaceId, id: RunId, after: u32) -> Result<Option<Self>, ReadError> {
        let Some(run) = store.run(of, id)? else { return Ok(None) };
        let entries = store.stream(of, id, after.max(FIRST_SEQ), ENTRIES_READ)?;
        Ok(Some(Self { run, entries }))
    }

    /// Whether the entries reach to the end of an ended run.
    fn is_last(&self) -> bool {
        self.run.state.status.is_ended() && self.entries.len() < ENTRIES_READ as usize
    }
}
