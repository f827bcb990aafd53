//! What tasks may call, and how often: refused before anything leaves, counted at the peer.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fermata_engine::KeystorePut;
use fermata_model::WorkspaceId;
use fermata_model::policy::{Rate, WorkspacePolicy};
use fermata_model::record::KeystoreKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::support::Bench;

/// Attempts of one workspace that may be on their way, as documented.
const WORKSPACE_PLACES: usize = 512;
/// Longest a test waits for requests.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long the peer takes for an answer.
const TAKES: Duration = Duration::from_millis(20);

/// A peer that counts the requests, and how many it has at the same time.
#[derive(Clone)]
struct Peer {
    address: SocketAddr,
    /// Whether it answers yet.
    answers: watch::Sender<bool>,
    came: Arc<Mutex<Vec<Instant>>>,
    present: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Peer {
    async fn start() -> Self {
        Self::answering(true).await
    }

    async fn answering(answers: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answers = watch::Sender::new(answers);
        let (came, present, most) = (Arc::default(), Arc::default(), Arc::default());
        let peer = Self { address, answers, came, present, most };
        let own = peer.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(own.clone().serve(stream));
            }
        });
        peer
    }

    /// Answers requests on one connection.
    async fn serve(self, mut stream: TcpStream) {
        let mut heard = Vec::new();
        loop {
            while !heard.windows(4).any(|end| end == b"\r\n\r\n") {
                let mut bytes = [0; 2048];
                match stream.read(&mut bytes).await {
                    Ok(count) if count > 0 => heard.extend_from_slice(&bytes[..count]),
                    _ => return,
                }
            }
            heard.clear();
            self.came.lock().unwrap().push(Instant::now());
            let present = self.present.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(present, Ordering::SeqCst);
            self.answers.subscribe().wait_for(|answers| *answers).await.unwrap();
            tokio::time::sleep(TAKES).await;
            self.present.fetch_sub(1, Ordering::SeqCst);
            if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.is_err() {
                return;
            }
        }
    }

    fn input(&self) -> String {
        format!("\"http://{}/\"", self.address)
    }

    fn asked(&self) -> usize {
        self.came.lock().unwrap().len()
    }

    /// Waits until so many have come.
    async fn until_asked(&self, count: usize) {
        let began = Instant::now();
        while self.asked() < count {
            assert!(began.elapsed() < PATIENCE, "{} came", self.asked());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

fn policy(text: &str) -> WorkspacePolicy {
    serde_json::from_str(text).unwrap()
}

const ASK: &str = "export default async (url, { tools }) => {
  try { return (await tools.http.get(url)).status } catch (error) { return error.code }
}";

async fn result_of(bench: &Bench, task: &str, input: &str) -> String {
    let run = bench.run(task, input).await;
    bench.result(&run)
}

#[tokio::test]
async fn a_task_calls_what_it_declares_and_nothing_else() {
    let (bench, peer) = (Bench::new().await, Peer::start().await);
    let declared = |allow: &str| format!("export const config = {{ allow: {allow} }};\n{ASK}");
    bench.publish("none.js", &declared("{ services: ['keystore'] }")).await;
    bench.publish("elsewhere.js", &declared("{ services: ['http'], hosts: ['*.example.com'] }")).await;
    bench.publish("here.js", &declared("{ services: ['http'], hosts: ['127.0.0.1'] }")).await;
    assert_eq!(result_of(&bench, "none", &peer.input()).await, "\"not_allowed\"");
    assert_eq!(result_of(&bench, "elsewhere", &peer.input()).await, "\"not_allowed\"");
    assert_eq!(peer.asked(), 0);
    assert_eq!(result_of(&bench, "here", &peer.input()).await, "200");
    assert_eq!(peer.asked(), 1);
}

#[tokio::test]
async fn a_workspace_grants_services_and_hosts_to_tasks() {
    let (bench, peer) = (Bench::new().await, Peer::start().await);
    bench.publish("ask.js", &format!("export const config = {{ name: 'web/ask' }};\n{ASK}")).await;
    bench.publish("other.js", ASK).await;
    let rules = r#"{"rules": [{"tasks": ["web/*"], "services": ["http"], "hosts": ["127.0.0.1"]}]}"#;
    bench.engine.put_policy(&bench.workspace, &policy(rules)).await.unwrap();
    assert_eq!(result_of(&bench, "web/ask", &peer.input()).await, "200");
    assert_eq!(result_of(&bench, "other", &peer.input()).await, "\"not_allowed\"");
    let elsewhere = r#"{"rules": [{"services": ["*"], "hosts": ["*.example.com"]}]}"#;
    bench.engine.put_policy(&bench.workspace, &policy(elsewhere)).await.unwrap();
    assert_eq!(result_of(&bench, "web/ask", &peer.input()).await, "\"not_allowed\"");
    assert_eq!(peer.asked(), 1);
    assert_eq!(bench.engine.policy(&bench.workspace).await.unwrap(), policy(elsewhere));
}

#[tokio::test]
async fn a_policy_is_out_of_the_reach_of_tasks() {
    let bench = Bench::new().await;
    let rules = policy(r#"{"rules": [{"services": ["keystore"]}]}"#);
    bench.engine.put_policy(&bench.workspace, &rules).await.unwrap();
    bench
        .publish(
            "reach.js",
            "export default async (how, { tools }) => {
               if (how === 'listNamespaces') return await tools.keystore[how]();
               const args = { setKey: ['fermata', 'policy', {}], listKeys: ['fermata'] }[how] ?? ['fermata', 'policy'];
               try { return await tools.keystore[how](...args) } catch (error) { return error.code }
             }",
        )
        .await;
    for how in ["\"getKey\"", "\"setKey\"", "\"hasKey\"", "\"listKeys\""] {
        assert_eq!(result_of(&bench, "reach", how).await, "\"bad_name\"", "{how}");
    }
    assert_eq!(result_of(&bench, "reach", "\"listNamespaces\"").await, "[]");
    let put = KeystorePut { kind: KeystoreKind::Value, value: "{}", tasks: None, hosts: None, over: None };
    assert!(bench.engine.keystore_put(&bench.workspace, "fermata", "policy", put).await.is_err());
}

/// A task that asks so many times at once, and gives how many were answered.
fn many(count: usize) -> String {
    format!(
        "export default async (url, {{ tools }}) =>
           (await Promise.all(Array.from({{ length: {count} }}, () => tools.http.get(url)))).length"
    )
}

#[tokio::test]
async fn calls_at_the_same_time_are_bounded() {
    let (bench, peer) = (Bench::new().await, Peer::start().await);
    bench.publish("many.js", &many(30)).await;
    let rate = Rate { per_minute: None, burst: NonZeroU32::MIN, concurrent: NonZeroU32::new(3) };
    let rates = [("http".to_owned(), rate)].into();
    let policy = WorkspacePolicy { rates, ..WorkspacePolicy::default() };
    bench.engine.put_policy(&bench.workspace, &policy).await.unwrap();
    assert_eq!(result_of(&bench, "many", &peer.input()).await, "30");
    assert_eq!((peer.asked(), peer.most.load(Ordering::SeqCst)), (30, 3));
}

#[tokio::test]
async fn a_rate_holds_however_many_ask_at_once() {
    let (bench, peer) = (Bench::new().await, Peer::start().await);
    bench.publish("many.js", &many(8)).await;
    let policy = policy(r#"{"rates": {"http": {"per_minute": 1500, "burst": 5}}}"#);
    bench.engine.put_policy(&bench.workspace, &policy).await.unwrap();
    let began = Instant::now();
    let runs = [bench.start("many", &peer.input()).await, bench.start("many", &peer.input()).await];
    let third = bench.start("many", &peer.input()).await;
    for run in runs.iter().chain([&third]) {
        assert_eq!(bench.result(&bench.ended(run.birth.id).await), "8");
    }
    let mut came = peer.came.lock().unwrap().clone();
    came.sort_unstable();
    assert_eq!(came.len(), 24);
    // One in 40 ms behind the first five: none comes before it may leave.
    for (at, moment) in came.iter().enumerate().skip(5) {
        let (after, least) = (moment.duration_since(began), 40 * u128::try_from(at - 4).unwrap());
        assert!(after.as_millis() >= least, "request {at} came after {after:?}");
    }
}

#[tokio::test]
async fn a_workspace_that_floods_leaves_room_for_another() {
    let (mut bench, flooded, other) = (Bench::new().await, Peer::answering(false).await, Peer::start().await);
    bench.publish("many.js", &many(1_200)).await;
    let flood = bench.start("many", &flooded.input()).await.birth.id;
    flooded.until_asked(WORKSPACE_PLACES).await;
    bench.workspace = "quiet".parse().unwrap();
    bench.publish("few.js", &many(20)).await;
    assert_eq!(result_of(&bench, "few", &other.input()).await, "20");
    assert_eq!((other.asked(), flooded.asked()), (20, WORKSPACE_PLACES), "nobody else has gone on meanwhile");
    flooded.answers.send_replace(true);
    bench.workspace = WorkspaceId::default_workspace();
    assert_eq!(bench.result(&bench.ended(flood).await), "1200");
    assert_eq!(flooded.most.load(Ordering::SeqCst), WORKSPACE_PLACES);
}

#[tokio::test]
async fn a_budget_holds_however_many_are_made_at_once() {
    let (bench, peer) = (Bench::new().await, Peer::start().await);
    let task = "export const config = { budget: { calls: 7 } };
      export default async (url, { tools }) => {
        const ended = await Promise.allSettled(Array.from({ length: 30 }, () => tools.http.get(url)));
        return ended.filter(({ status }) => status === 'fulfilled').length;
      }";
    bench.publish("spend.js", task).await;
    let runs = [bench.start("spend", &peer.input()).await, bench.start("spend", &peer.input()).await];
    for run in runs {
        assert_eq!(bench.result(&bench.ended(run.birth.id).await), "7");
    }
    assert_eq!(peer.asked(), 14, "each run has its own");
}
