//! Which examples are run, with what, and which calls that takes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::client::Client;
use crate::world::{DOMAINS, ORDERS, UNREAD, USERS};

/// The examples, by file name.
const SOURCES: [(&str, &str); 8] = [
    ("blog-generator.ts", include_str!("../../../../examples/blog-generator.ts")),
    ("bulk-user-search.ts", include_str!("../../../../examples/bulk-user-search.ts")),
    ("customer-totals.ts", include_str!("../../../../examples/customer-totals.ts")),
    ("gmail-search.ts", include_str!("../../../../examples/gmail-search.ts")),
    ("gmail-user-search.ts", include_str!("../../../../examples/gmail-user-search.ts")),
    ("nested-calls.ts", include_str!("../../../../examples/nested-calls.ts")),
    ("sleep-until-morning.ts", include_str!("../../../../examples/sleep-until-morning.ts")),
    ("user-list.ts", include_str!("../../../../examples/user-list.ts")),
];
/// How many of a mailbox's messages the bulk search asks for, all in one batch.
pub(crate) const IN_BATCH: usize = 12;
/// How many users, messages or orders are asked for at once.
const PAGE: usize = 10;

/// How many calls of a method there are, by `service.method`.
pub(crate) type Calls = BTreeMap<String, u64>;

/// One example with an input.
pub(crate) struct Example {
    pub(crate) task: &'static str,
    pub(crate) input: Value,
    /// How many clients run it at the same time while servers are killed.
    pub(crate) clients: u32,
    /// Whether each of its calls waits for the one before, in the runs that it starts too.
    pub(crate) is_sequential: bool,
    calls: Vec<(&'static str, usize)>,
}

/// Publishes all of them.
pub(crate) async fn publish(client: &mut Client) {
    for (file_name, source) in SOURCES {
        client.publish(file_name, source).await;
    }
}

/// All of them.
pub(crate) fn all() -> Vec<Example> {
    let users = DOMAINS * USERS;
    let search = |mailboxes: usize| {
        json!({
            "query": "is:unread", "maxUsersPerDomain": USERS, "maxResultsPerUser": UNREAD, "pageSize": PAGE,
            "mailboxesAtOnce": mailboxes,
        })
    };
    let searched = vec![
        ("gapi.admin.domains.list", 1),
        ("gapi.admin.users.list", DOMAINS * USERS.div_ceil(PAGE)),
        ("gapi.gmail.users.messages.list", users * UNREAD.div_ceil(PAGE)),
        ("gapi.gmail.users.messages.get", users * UNREAD),
    ];
    let written =
        vec![("websearch.search", 1), ("websearch.fetchPage", 5), ("openai.chat.completions.create", 2)];
    let bulk = json!({ "query": "is:unread", "maxMessagesPerUser": IN_BATCH, "pageSize": PAGE });
    vec![
        Example::new("gmail-search", search(6), searched.clone()).by(1),
        Example::new("gmail-search", search(1), searched).sequential(),
        Example::new(
            "user-list",
            json!({ "pageSize": 5 }),
            vec![("gapi.admin.users.list", users.div_ceil(5))],
        )
        .sequential()
        .by(1),
        Example::new("bulk-user-search", bulk, vec![("tasks.execute", 1 + users)]).by(1),
        Example::new("blog-generator", json!({ "topic": "bees", "sources": 5, "model": "chat-1" }), written)
            .by(2),
        Example::new("nested-calls", json!({ "depth": 2, "branches": 3 }), vec![("tasks.execute", 3)]).by(1),
        Example::new("sleep-until-morning", json!({ "maxWaitSeconds": 0.03 }), vec![("sleep.until", 1)])
            .sequential()
            .by(1),
        Example::new(
            "customer-totals",
            json!({ "pageSize": PAGE }),
            vec![
                ("supabase.from.select.eq.gt.order.limit.throwOnError", ORDERS / PAGE + 1),
                ("supabase.from.upsert.throwOnError", 1),
                ("supabase.rpc.throwOnError", 1),
            ],
        )
        .sequential()
        .by(1),
    ]
}

impl Example {
    fn new(task: &'static str, input: Value, calls: Vec<(&'static str, usize)>) -> Self {
        Self { task, input, clients: 0, is_sequential: false, calls }
    }

    fn by(self, clients: u32) -> Self {
        Self { clients, ..self }
    }

    fn sequential(self) -> Self {
        Self { is_sequential: true, ..self }
    }

    /// The calls of one run of it.
    pub(crate) fn calls(&self) -> Calls {
        self.calls.iter().map(|(method, count)| ((*method).to_owned(), *count as u64)).collect()
    }

    /// What of a result is the same for every run.
    pub(crate) fn comparable(&self, result: &Value) -> Value {
        match self.task {
            "sleep-until-morning" => result["woke"].clone(),
            _ => result.clone(),
        }
    }
}

/// How many calls of each method are among these.
pub(crate) fn counted(calls: &[Value]) -> Calls {
    let mut counted = Calls::new();
    for call in calls {
        *counted.entry(method_of(call)).or_default() += 1;
    }
    counted
}

/// The name of a call's method.
pub(crate) fn method_of(call: &Value) -> String {
    format!("{}.{}", call["service"].as_str().unwrap(), call["method"].as_str().unwrap())
}
