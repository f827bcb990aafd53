//! Letters between nodes: what is asked of a run that another node owns, and how the answer comes
//! back. Both lie in the ledger, so that neither the one node nor the other has to live for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use fermata_model::record::Run;
use fermata_model::{Json, RunId, WorkspaceId, json};
use fermata_store::{Change, Letter, Notice};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::api::RunActionError;
use crate::cell::Mail;
use crate::clock;
use crate::engine::Engine;
use crate::inner::Inner;

/// Longest wait for an answer: the time to take over a run, and some.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// How often the ledger is asked for an answer that nobody was told of.
const ASK_EVERY: Duration = Duration::from_millis(500);

/// What a run answers to a letter.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// It was done; for an event, its number.
    Done(u32),
    /// The run has ended.
    Ended,
    /// The run keeps as many events as it may.
    TooManyEvents(u32),
    /// It could not be done.
    Failed(String),
}

/// A value as the answer to a letter.
pub(crate) trait AnswerText: Send + 'static {
    /// The answer that says it.
    fn text(&self) -> Json;
}

impl AnswerText for u32 {
    fn text(&self) -> Json {
        spelled(&Answer::Done(*self))
    }
}

impl AnswerText for Run {
    /// Who asked reads the run from the ledger.
    fn text(&self) -> Json {
        spelled(&Answer::Done(0))
    }
}

/// The answer that says why not.
pub(crate) fn refusal(error: &RunActionError) -> Json {
    spelled(&match error {
        RunActionError::Ended(_) => Answer::Ended,
        RunActionError::TooManyEvents(most) => Answer::TooManyEvents(*most),
        error => Answer::Failed(error.to_string()),
    })
}

fn spelled(answer: &Answer) -> Json {
    json::of(answer).unwrap_or_else(|_| json::null())
}

/// What can be asked of a run.
#[derive(Debug, Clone)]
pub(crate) enum Wish {
    Event { name: String, payload: Json },
    Cancel,
    Kill,
}

/// Writes down what is asked of a run.
pub(crate) fn write(workspace: &WorkspaceId, run: RunId, wish: &Wish) -> Letter {
    let (kind, name, payload) = match wish {
        Wish::Event { name, payload } => ("event", name.as_str(), payload.get()),
        Wish::Cancel => ("cancel", "", "null"),
        Wish::Kill => ("kill", "", "null"),
    };
    Letter {
        id: Uuid::now_v7().into_bytes(),
        workspace: workspace.clone(),
        run,
        kind: kind.into(),
        name: name.into(),
        payload: payload.into(),
        sent_at: clock::now(),
    }
}

/// Those who wait for answers in this process.
#[derive(Default)]
pub(crate) struct Answers {
    waiting: Mutex<HashMap<[u8; 16], oneshot::Sender<()>>>,
}

impl Answers {
    fn expect(&self, id: [u8; 16]) -> oneshot::Receiver<()> {
        let (tell, told) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(id, tell);
        told
    }

    /// The letter has an answer.
    pub(crate) fn came(&self, id: &[u8; 16]) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        if let Some(waiting) = waiting {
            // Who gave up is not told.
            let _ = waiting.send(());
        }
    }
}

impl Engine {
    /// Asks something of a run that another node owns, and waits for the answer.
    pub(crate) async fn ask_elsewhere(
        &self,
        workspace: &WorkspaceId,
        run: RunId,
        wish: Wish,
    ) -> Result<u32, RunActionError> {
        let letter = write(workspace, run, &wish);
        let id = letter.id;
        let mut told = self.inner.answers.expect(id);
        let written = self.inner.store.commit_async(vec![Change::PutLetter(Box::new(letter))]).await;
        written.map_err(RunActionError::Commit)?;
        let until = Instant::now() + ANSWER_WITHIN;
        let answer = loop {
            // Whoever owns it now is told; if nobody does, this node takes it up and reads the letter.
            self.inner.post(workspace, run, Mail::Look);
            let waited = tokio::time::timeout(ASK_EVERY, &mut told).await;
            match self.letter_answer(id).await? {
                Some(Some(answer)) => break Some(answer),
                None => break None,
                Some(None) if Instant::now() >= until => break None,
                // Told of an answer that is not there yet: it is being written.
                Some(None) if waited.is_ok() => told = self.inner.answers.expect(id),
                Some(None) => {}
            }
        };
        self.inner.answers.came(&id);
        self.inner.store.submit(fermata_store::Group::new(vec![Change::DropLetter { id }]));
        self.read_answer(workspace, run, answer).await
    }

    async fn letter_answer(&self, id: [u8; 16]) -> Result<Option<Option<Json>>, RunActionError> {
        let store = self.inner.store.clone();
        let read = tokio::task::spawn_blocking(move || store.letter_answer(&id)).await;
        read.unwrap_or(Ok(None)).map_err(RunActionError::Store)
    }

    async fn read_answer(
        &self,
        workspace: &WorkspaceId,
        run: RunId,
        answer: Option<Json>,
    ) -> Result<u32, RunActionError> {
        match answer.and_then(|answer| serde_json::from_str(answer.get()).ok()) {
            Some(Answer::Done(number)) => Ok(number),
            Some(Answer::TooManyEvents(most)) => Err(RunActionError::TooManyEvents(most)),
            Some(Answer::Ended) => match self.read_run(workspace, run).await {
                Ok(Some(run)) => Err(RunActionError::Ended(Box::new(run))),
                Ok(None) => Err(RunActionError::Unknown(run)),
                Err(error) => Err(RunActionError::Store(error)),
            },
            Some(Answer::Failed(_)) | None => Err(RunActionError::NoAnswer),
        }
    }
}

impl Inner {
    /// Tells other nodes something, from a thread that may not wait for the database.
    pub(crate) fn tell(self: &Arc<Self>, notice: Notice) {
        let inner = self.clone();
        self.tokio.spawn_blocking(move || {
            if let Err(error) = inner.store.tell(&notice) {
                tracing::warn!(error = &error as &dyn std::error::Error, "Other nodes were not told");
            }
        });
    }
}
