//! Clients that keep the servers busy: each starts a run, does what the run waits for, sees it end
//! and starts the next.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::client::{Access, Client, Question};
use crate::job::{self, Job, payload};

/// Which tasks are run, each by this many clients at the same time.
const CLIENTS: [(&str, u32); 11] = [
    ("nested", 1),
    ("timers", 3),
    ("fan_out", 1),
    ("failing", 1),
    ("counter", 3),
    ("events", 3),
    ("ambient", 2),
    ("cancelled", 2),
    ("shape_module", 1),
    ("shape_commonjs", 1),
    ("shape_host_call", 1),
];

/// What all clients share.
pub(crate) struct Load {
    pub(crate) access: Access,
    /// Where the counter is.
    pub(crate) url: String,
    /// No more runs are started.
    pub(crate) is_over: AtomicBool,
    /// Runs whose acceptance was answered.
    pub(crate) accepted: Mutex<Vec<Accepted>>,
    /// Starts without a key whose answer was lost: each may have led to a run.
    pub(crate) unknown: AtomicU32,
    pub(crate) seed: u64,
}

/// A run that was accepted.
pub(crate) struct Accepted {
    pub(crate) id: String,
    pub(crate) job: Job,
    /// The run as it was when its end was first seen.
    pub(crate) ended: Value,
}

/// One client.
struct Visitor<'a> {
    load: &'a Load,
    client: Client,
    random: StdRng,
    task: &'static str,
    name: String,
}

impl Load {
    pub(crate) fn new(access: Access, url: String, seed: u64) -> Arc<Self> {
        let (is_over, unknown) = (AtomicBool::new(false), AtomicU32::new(0));
        Arc::new(Self { access, url, is_over, accepted: Mutex::default(), unknown, seed })
    }

    /// Publishes the tasks that are run.
    pub(crate) async fn publish(&self) {
        let mut client = Client::new(&self.access);
        for (file_name, source) in job::SOURCES {
            client.publish(file_name, source).await;
        }
    }

    /// Lets the clients come.
    pub(crate) fn begin(self: &Arc<Self>) -> JoinSet<()> {
        let mut visitors = JoinSet::new();
        for (task, clients) in CLIENTS {
            for number in 0..clients {
                let load = self.clone();
                visitors.spawn(async move { load.visit(task, number).await });
            }
        }
        for visit in [true, false] {
            let load = self.clone();
            visitors.spawn(async move {
                if visit { load.visit_publishing().await } else { load.visit_without_keys().await }
            });
        }
        visitors
    }

    /// Starts and watches runs of one task until the load is over and the last has ended.
    async fn visit(&self, task: &'static str, number: u32) {
        let name = format!("{task}-{number}");
        let seed =
            name.bytes().fold(self.seed, |seed, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
        let (client, random) = (Client::new(&self.access), StdRng::seed_from_u64(seed));
        let mut visitor = Visitor { load: self, client, random, task, name };
        let mut round = 0;
        while !self.is_over.load(Ordering::SeqCst) {
            round += 1;
            visitor.see_one_through(round).await;
        }
    }

    /// Starts runs without a key and waits for them in the same request. What is not answered is
    /// not repeated.
    async fn visit_without_keys(&self) {
        let (mut client, mut random) = (Client::new(&self.access), StdRng::seed_from_u64(self.seed));
        while !self.is_over.load(Ordering::SeqCst) {
            let job = Job::random("shape_commonjs", &self.url, &mut random);
            let start = json!({ "task": job.task, "input": job.input, "wait": self.access.wait });
            match client.ask_once(&Question::post("/v1/runs", start)).await {
                Some((200 | 202, run)) => {
                    let id = run["id"].as_str().unwrap().to_owned();
                    let ended = client.ended(&id).await;
                    self.accepted.lock().unwrap().push(Accepted { id, job, ended });
                }
                Some((status, body)) if status < 500 => panic!("{status}: {body}"),
                fault => {
                    self.access.faults.fetch_add(fault.is_some().into(), Ordering::Relaxed);
                    self.unknown.fetch_add(1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
        }
    }

    /// Publishes version after version of a task and runs each of them.
    async fn visit_publishing(&self) {
        let mut client = Client::new(&self.access);
        let mut round = 0;
        while !self.is_over.load(Ordering::SeqCst) {
            round += 1;
            let source = format!(
                "export default async (input, tools) => {{ await tools.sleep(5); return {{ round: {round} }} }}"
            );
            let version = client.publish("republished.js", &source).await;
            let key = format!("republished-{round}");
            let mut start = json!({ "task": "republished" });
            if self.access.addresses.len() > 1 {
                // The other servers learn of it a moment later.
                start["version"] = version;
            }
            let answer = client.ask(&Question::post("/v1/runs", start).with_key(&key)).await;
            assert!(matches!(answer.status, 200 | 202), "{}", answer.body);
            let id = answer.body["id"].as_str().unwrap().to_owned();
            let ended = client.ended(&id).await;
            // It answers its input only when it is of the version that was the latest at its start.
            let job = Job { task: "republished", input: json!({ "round": round }) };
            self.accepted.lock().unwrap().push(Accepted { id, job, ended });
        }
    }
}

impl Visitor<'_> {
    async fn see_one_through(&mut self, round: u32) {
        let job = Job::random(self.task, &self.load.url, &mut self.random);
        let id = self.start(&job, &format!("{}-{round}", self.name)).await;
        match self.task {
            "events" => self.send_events(&id, &job).await,
            "cancelled" => self.cancel(&id).await,
            _ => {}
        }
        let ended = self.client.ended(&id).await;
        self.load.accepted.lock().unwrap().push(Accepted { id, job, ended });
    }

    /// Starts a run, sometimes twice over with the same key.
    async fn start(&mut self, job: &Job, key: &str) -> String {
        let start = json!({ "task": job.task, "input": job.input });
        let question = Question::post("/v1/runs", start).with_key(key);
        let times = if self.random.random_ratio(1, 4) { 2 } else { 1 };
        let mut ids = HashSet::new();
        for _ in 0..times {
            let answer = self.client.ask(&question).await;
            assert!(matches!(answer.status, 200 | 202), "{key}: {} {}", answer.status, answer.body);
            ids.insert(answer.body["id"].as_str().unwrap().to_owned());
        }
        assert_eq!(ids.len(), 1, "one key, one run: {key}");
        ids.into_iter().next().unwrap()
    }

    async fn send_events(&mut self, id: &str, job: &Job) {
        let mut names = job.names();
        names.shuffle(&mut self.random);
        let (mut numbers, mut sent) = (HashSet::new(), 0);
        for name in names {
            self.pause(40).await;
            let event = json!({ "name": name, "payload": payload(&name) });
            let answer = self.client.ask(&Question::post(format!("/v1/runs/{id}/events"), event)).await;
            sent += u64::from(answer.times);
            match answer.status {
                202 => {
                    let number = answer.body["number"].as_u64().unwrap();
                    assert!(numbers.insert(number), "a number for each event");
                    assert!(number <= sent, "{id} counts {number} events of {sent} that were sent");
                }
                // It was heard the first time, and was the last that the run waited for.
                409 if answer.times > 1 => {}
                409 => panic!(
                    "{id} waits for {name}, and has ended: {:#}",
                    with_calls(&mut self.client, id).await
                ),
                status => panic!("{id} {name}: {status} {}", answer.body),
            }
        }
    }

    async fn cancel(&mut self, id: &str) {
        self.pause(80).await;
        let answer = self.client.ask(&Question::post(format!("/v1/runs/{id}/cancel"), Value::Null)).await;
        match answer.status {
            202 => {}
            409 => assert!(answer.times > 1, "{id} does not end by itself: {}", answer.body),
            status => panic!("{id}: {status} {}", answer.body),
        }
    }

    async fn pause(&mut self, ms_max: u64) {
        tokio::time::sleep(Duration::from_millis(self.random.random_range(0..=ms_max))).await;
    }
}

/// The run with its calls, for an error.
async fn with_calls(client: &mut Client, id: &str) -> Value {
    json!({ "run": client.run(id).await, "calls": client.list(&format!("/v1/runs/{id}/calls")).await })
}
