//! What the examples come to when nothing is killed.

use std::fmt;

use serde_json::{Value, json};

use crate::client::{Client, Question};
use crate::example::{self, Example, counted};
use crate::world::{CUSTOMERS, DOMAINS, ORDERS, UNREAD, USERS, World};

/// Tokens that all examples need: two for the directory, one for each mailbox.
pub(crate) const TOKENS: usize = 2 + DOMAINS * USERS;
/// Discovery documents that all examples need.
pub(crate) const DOCUMENTS: usize = 2;

/// The results of the examples, in their order.
pub(crate) struct Reference {
    pub(crate) results: Vec<Value>,
    calls: u64,
    checkpoints: u64,
}

impl Reference {
    /// Runs each once, one after the other, and holds what it does to what it must do.
    pub(crate) async fn of(client: &mut Client, world: &World) -> Self {
        let mut reference = Self { results: Vec::new(), calls: 0, checkpoints: 0 };
        for example in example::all() {
            let result = reference.take(client, &example).await;
            reference.results.push(result);
        }
        reference.check_results();
        let asked = world.asked();
        let (got, needed) = ([asked.tokens, asked.documents, asked.directories], [TOKENS, DOCUMENTS, 1]);
        assert_eq!(got, needed, "each token and document is asked for once");
        let mut calls = Vec::new();
        for run in client.list("/v1/runs").await {
            calls.extend(client.calls(&run).await);
        }
        let again = calls.iter().find(|call| call["attempts"].as_u64() > Some(1));
        assert_eq!(again, None, "nothing is tried twice");
        let mut called = counted(&calls);
        called.retain(|method, _| !method.starts_with("tasks.") && !method.starts_with("sleep."));
        assert_eq!(asked.requests, called, "one request for each call");
        reference
    }

    /// Runs an example and gives its result.
    async fn take(&mut self, client: &mut Client, example: &Example) -> Value {
        let before = checkpoints(client).await;
        let start = json!({ "task": example.task, "input": example.input });
        let started = client.ask(&Question::post("/v1/runs", start)).await;
        assert_eq!(started.status, 202, "{}", started.body);
        let run = client.ended(started.body["id"].as_str().unwrap()).await;
        assert_eq!(run["status"], "completed", "{}: {run}", example.task);
        let calls = counted(&client.calls(&run).await);
        let (task, count) = (example.task, calls.values().sum::<u64>());
        assert_eq!(calls, example.calls(), "{task}");
        assert_eq!(run["deliveries"], count, "{task}: each outcome is a delivery of its own");
        let taken = checkpoints(client).await - before;
        assert!(taken > 0, "{task} was put down");
        if example.is_sequential {
            assert_eq!(taken, count, "{task} was put down at every call");
        }
        self.calls += count;
        self.checkpoints += taken;
        example.comparable(&run["result"])
    }

    /// The results are those of the small world.
    fn check_results(&self) {
        let [search, one_by_one, users, bulk, post, tree, night, totals] = &self.results[..] else {
            panic!("eight examples")
        };
        let (mailboxes, unread) = (DOMAINS * USERS, DOMAINS * USERS * UNREAD);
        let summary = json!({
            "totalDomains": DOMAINS, "totalUsers": mailboxes, "totalMessagesFound": unread, "searchQuery": "is:unread",
        });
        assert_eq!(search["summary"], summary);
        assert_eq!(
            search["domainResults"], one_by_one["domainResults"],
            "order does not depend on what is at once"
        );
        for user in list(&search["domainResults"]).iter().flat_map(|domain| list(&domain["users"])) {
            let messages = list(&user["messages"]);
            let address = user["email"].as_str().unwrap();
            let is_own = |message: &Value| message["snippet"].as_str().unwrap().contains(address);
            assert!(messages.len() == UNREAD && messages.iter().all(is_own), "{user}");
        }
        assert_eq!(list(&users["users"]).len(), mailboxes);
        assert_eq!((&bulk["messages"], &bulk["failed"]), (&json!(mailboxes * example::IN_BATCH), &json!([])));
        assert_eq!(post["metadata"]["pagesRead"], 4, "one of five pages is gone: {post}");
        assert!(post["content"].as_str().unwrap().contains("[4] Page 3 about bees"), "{post}");
        let amount = ORDERS * (ORDERS + 1) / 2;
        let expected = json!({ "customers": CUSTOMERS, "orders": ORDERS, "amount": amount });
        assert_eq!(*totals, expected);
        assert_eq!((tree, night), (&json!({ "runs": 13, "depth": 2 }), &json!("early")));
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

/// How many checkpoints the server has written.
async fn checkpoints(client: &mut Client) -> u64 {
    client.ask(&Question::get("/v1/stats")).await.body["engine"]["checkpoints"].as_u64().unwrap()
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "undisturbed: {} calls, {} checkpoints", self.calls, self.checkpoints)
    }
}
