//! What tasks may call, and how often: refused before anything leaves, counted at the peer.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fermata_engine::KeystorePut;
use fermata_model::policy::{Rate, WorkspacePolicy};
use fermata_model::record::KeystoreKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::Bench;

/// How long the peer takes for an answer.
const TAKES: Duration = Duration::from_millis(20);

/// A peer that counts the requests, and how many it has at the same time.
#[derive(Clone)]
struct Peer {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
    present: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Peer {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let peer = Self { address, asked: Arc::default(), present: Arc::default(), most: Arc::default() };
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
            self.asked.fetch_add(1, Ordering::SeqCst);
            let present = self.present.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(present, Ordering::SeqCst);
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
        self.asked.load(Ordering::SeqCst)
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
    bench
        .publish(
            "reach.js",
            "export default async (how, { tools }) => {
               const args = how === 'setKey' ? ['fermata', 'policy', {}] : ['fermata', 'policy'];
               try { return await tools.keystore[how](...args) } catch (error) { return error.code }
             }",
        )
        .await;
    for how in ["\"getKey\"", "\"setKey\"", "\"hasKey\""] {
        assert_eq!(result_of(&bench, "reach", how).await, "\"bad_name\"", "{how}");
    }
    let put = KeystorePut { kind: KeystoreKind::Value, value: "{}", tasks: None, hosts: None };
    assert!(bench.engine.keystore_put(&bench.workspace, "fermata", "policy", put).await.is_err());
}

#[tokio::test]
async fn calls_at_the_same_time_are_bounded() {
    let (bench, peer) = (Bench::new().await, Peer::start().await);
    let many = "export default async (url, { tools }) =>
      (await Promise.all(Array.from({ length: 30 }, () => tools.http.get(url)))).length";
    bench.publish("many.js", many).await;
    let rate = Rate { per_minute: None, burst: NonZeroU32::MIN, concurrent: NonZeroU32::new(3) };
    let rates = [("http".to_owned(), rate)].into();
    let policy = WorkspacePolicy { rates, ..WorkspacePolicy::default() };
    bench.engine.put_policy(&bench.workspace, &policy).await.unwrap();
    assert_eq!(result_of(&bench, "many", &peer.input()).await, "30");
    assert_eq!((peer.asked(), peer.most.load(Ordering::SeqCst)), (30, 3));
}
