//! Chains over a real PostgreSQL: by the official client and by ours, against the same peer and on the same rows.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use fermata_services::supabase::Supabase;
use fermata_testkit::postgres;
use fermata_testkit::postgrest::PostgRest;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_postgres::NoTls;

use crate::outside::Outside;
use crate::recorded::Call;

/// Fewer would mean that the list was not read.
const CHAINS_MIN: usize = 180;
/// How many have to hold what was written down by hand.
const KNOWN_MIN: usize = 150;
/// How many have to change what is in the database.
const WRITING_MIN: usize = 25;
/// The key, which is what a reference to it becomes on the way out of a test.
const KEY: &str = "{{secret:SUPABASE_SERVICE_ROLE_KEY}}";

/// One chain of the list.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Chain {
    chain: String,
    /// What its result holds in any case.
    wants: Option<Value>,
    /// Whether it is for a PostgREST that stands alone.
    is_plain: bool,
    guest: Call,
}

/// How a chain ended, by either client.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Ended {
    Ok(Value),
    Thrown(Value),
}

#[tokio::test]
async fn server_chains_do_over_a_database_what_the_official_client_does() {
    let world = World::start().await;
    let mut official = Official::start(&world.peer.url());
    let (mut known, mut writing, mut faults) = (0, 0, Vec::new());
    let chains = official.chains();
    assert!(chains.len() >= CHAINS_MIN, "{}", chains.len());
    for (number, chain) in chains.iter().enumerate() {
        let theirs = official.result(number);
        let after_theirs = world.state_and_reset().await;
        let ours = world.ours(chain).await;
        let after_ours = world.state_and_reset().await;
        known += usize::from(chain.wants.is_some());
        writing += usize::from(after_theirs != world.fresh);
        let is_wanted = chain
            .wants
            .as_ref()
            .is_none_or(|wants| matches!(&theirs, Ended::Ok(ended) if holds(ended, wants)));
        if comparable(&theirs) != comparable(&ours) || after_theirs != after_ours || !is_wanted {
            let rows = if after_theirs == after_ours { "" } else { "  the rows differ\n" };
            let Chain { chain, wants, .. } = chain;
            faults.push(format!("{chain}\n{rows}  theirs {theirs:?}\n  ours   {ours:?}\n  wanted {wants:?}"));
        }
    }
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), chains.len(), faults.join("\n"));
    assert!(known >= KNOWN_MIN && writing >= WRITING_MIN, "{known} known, {writing} writing");
}

/// The database, the peer over it, and our client.
struct World {
    // Dropped in this order.
    peer: PostgRest,
    client: tokio_postgres::Client,
    _database: postgres::Database,
    project: Outside,
    plain: Outside,
    /// What the database tells of itself when nothing was done.
    fresh: String,
}

impl World {
    async fn start() -> Self {
        let database = postgres::Database::create().unwrap();
        database.execute(include_str!("database.sql")).unwrap();
        // What is written here need not outlive the machine.
        let mark = if database.url().contains('?') { '&' } else { '?' };
        let url = format!("{}{mark}options=-csynchronous_commit%3Doff", database.url());
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        let peer = PostgRest::start(&url, &["public", "private"], KEY).unwrap();
        let project = Outside::with(&[("SUPABASE_URL", &peer.url())]);
        let secret = ("POSTGREST_SECRET", "SUPABASE_SERVICE_ROLE_KEY");
        let plain = Outside::with(&[("POSTGREST_URL", &peer.url()), secret]);
        let mut world = Self { peer, client, _database: database, project, plain, fresh: String::new() };
        world.fresh = world.state().await;
        world
    }

    async fn state(&self) -> String {
        self.client.query_one("select harness.state()", &[]).await.unwrap().get(0)
    }

    /// All that is in the database, which then is as new.
    async fn state_and_reset(&self) -> String {
        let state = self.state().await;
        if state != self.fresh {
            self.client.execute("select harness.reset()", &[]).await.unwrap();
        }
        state
    }

    async fn ours(&self, chain: &Chain) -> Ended {
        let outside = if chain.is_plain { &self.plain } else { &self.project };
        match outside.attempt(&Supabase, &chain.guest.method, &chain.guest.args).await {
            Ok(answer) => Ended::Ok(serde_json::from_str(answer.value.get()).unwrap()),
            Err(failure) => {
                let error = failure.error;
                let details =
                    error.details.map(|details| serde_json::from_str::<Value>(details.get()).unwrap());
                let details = details.unwrap_or_else(|| panic!("{}: {}", chain.chain, error.message));
                assert_eq!(details["code"], error.code);
                Ended::Thrown(json!({
                    "name": error.name,
                    "message": error.message,
                    "code": error.code,
                    "details": details["details"],
                    "hint": details["hint"],
                }))
            }
        }
    }
}

/// The official client, in a process of its own.
struct Official {
    process: Child,
    asking: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Official {
    fn start(url: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/supabase");
        let mut node = Command::new("node");
        node.args(["database.mjs", url, KEY]).current_dir(folder);
        let mut process = node.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let asking = process.stdin.take().unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap());
        Self { process, asking, answers }
    }

    fn chains(&mut self) -> Vec<Chain> {
        serde_json::from_str(&self.line()).unwrap()
    }

    fn result(&mut self, number: usize) -> Ended {
        writeln!(self.asking, "{number}").unwrap();
        serde_json::from_str(&self.line()).unwrap()
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line
    }
}

impl Drop for Official {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Whether a value has all that is wanted: of objects the named parts, of everything else the whole.
fn holds(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::Object(value), Value::Object(wanted)) => wanted.iter().all(|(name, wanted)| {
            value
                .get(name)
                .is_some_and(|value| if name == "data" { value == wanted } else { holds(value, wanted) })
        }),
        _ => value == wanted,
    }
}

/// Without what a plan says of costs, which may change from one moment to the next.
fn comparable(ended: &Ended) -> String {
    let told = format!("{ended:?}");
    let is_plan = told.contains("Node Type") || told.contains("cost=");
    if is_plan { told.chars().filter(|symbol| !symbol.is_ascii_digit()).collect() } else { told }
}
