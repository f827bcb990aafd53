//! Clients that run the examples again and again.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::client::{Access, Client, Question};
use crate::example;

/// What all clients share.
pub(crate) struct Visits {
    access: Access,
    /// No more runs are started.
    pub(crate) is_over: AtomicBool,
    /// Runs that were accepted, once they have ended.
    pub(crate) accepted: Mutex<Vec<Accepted>>,
    /// How often a start had to be asked for again, since its answer was lost.
    pub(crate) repeated: AtomicU32,
}

/// A run that was accepted.
pub(crate) struct Accepted {
    /// Which of the examples it is.
    pub(crate) example: usize,
    /// The run as it was when its end was first seen.
    pub(crate) ended: Value,
}

impl Visits {
    pub(crate) fn new(access: Access) -> Arc<Self> {
        let (is_over, accepted, repeated) = (AtomicBool::new(false), Mutex::default(), AtomicU32::new(0));
        Arc::new(Self { access, is_over, accepted, repeated })
    }

    /// Lets the clients come.
    pub(crate) fn begin(self: &Arc<Self>) -> JoinSet<()> {
        let mut visitors = JoinSet::new();
        for (at, example) in example::all().into_iter().enumerate() {
            for number in 0..example.clients {
                let visits = self.clone();
                visitors.spawn(async move { visits.visit(at, number).await });
            }
        }
        visitors
    }

    /// Runs one example until the visits are over and the last run has ended.
    async fn visit(&self, at: usize, number: u32) {
        let example = &example::all()[at];
        let start = json!({ "task": example.task, "input": example.input });
        let mut client = Client::new(&self.access);
        let mut round = 0;
        while !self.is_over.load(Ordering::SeqCst) {
            round += 1;
            let key = format!("{at}-{number}-{round}");
            let started = client.ask(&Question::post("/v1/runs", start.clone()).with_key(&key)).await;
            assert!(matches!(started.status, 200 | 202), "{key}: {}", started.body);
            self.repeated.fetch_add(started.times - 1, Ordering::Relaxed);
            let ended = client.ended(started.body["id"].as_str().unwrap()).await;
            self.accepted.lock().unwrap().push(Accepted { example: at, ended });
        }
    }
}
