//! Secrets: a granted task may have one sent to a host it is bound to, and nobody ever sees it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use fermata_engine::KeystorePut;
use fermata_model::grants::TaskPattern;
use fermata_model::record::KeystoreKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::Bench;

const SECRET: &str = "hunter2-and-more";
/// Most rows of a test's runs.
const ROWS_MAX: u32 = 1_000;

/// A server that answers with what it was sent.
struct Echo {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Echo {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, heard) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<String>>>::default());
        let kept = heard.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut bytes = vec![0; 16 << 10];
                let count = stream.read(&mut bytes).await.unwrap_or(0);
                let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
                let head =
                    format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", text.len());
                // Who is gone is not answered.
                let _ = stream.write_all((head + &text).as_bytes()).await;
                kept.lock().unwrap().push(text);
            }
        });
        Self { address, heard }
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

async fn keep(bench: &Bench, name: &str, hosts: &[&str], tasks: &[&str]) {
    let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
    let tasks = tasks.iter().map(|task| TaskPattern::try_from((*task).to_owned()).unwrap()).collect();
    let (kind, value) = (KeystoreKind::Secret, SECRET);
    let put = KeystorePut { kind, value, tasks: Some(tasks), hosts: Some(hosts), over: None };
    bench.engine.keystore_put(&bench.workspace, "global", name, put).await.unwrap();
}

const SEND: &str = "export default async ({ url, name }, { tools, log }) => {
  const secret = tools.secret(name);
  try {
    const answer = await tools.http.post(url, { inside: secret }, { headers: { 'x-key': `Key ${secret}` } });
    tools.log('info', 'sent', { secret, answer });
    return answer.data;
  } catch (error) { return error.code }
}";

#[tokio::test]
async fn a_secret_goes_to_its_host_and_comes_back_as_nothing() {
    let (bench, echo) = (Bench::new().await, Echo::start().await);
    keep(&bench, "KEY", &["127.0.0.1"], &["send"]).await;
    bench.publish("send.js", SEND).await;
    let input = format!(r#"{{"url":"http://{}/","name":"KEY"}}"#, echo.address);
    let run = bench.run("send", &input).await;
    let result = bench.result(&run);
    assert!(result.contains("Key [redacted]"), "{result}");
    let heard = echo.heard();
    assert_eq!(heard.len(), 1);
    let sent = format!(r#"{{"inside":"{SECRET}"}}"#);
    assert!(heard[0].contains(&format!("Key {SECRET}")) && heard[0].ends_with(&sent), "{}", heard[0]);

    // What the VM got is recorded, and it is nowhere there: so it is in no checkpoint either.
    let store = bench.engine.store();
    let calls = store.calls(&bench.workspace, run.birth.id, 0, ROWS_MAX).unwrap();
    let logs = store.logs(&bench.workspace, run.birth.id, 0, ROWS_MAX).unwrap();
    let rows = format!("{run:?} {calls:?} {logs:?}");
    assert!(rows.contains("{{secret:KEY}}") || rows.contains("$secret"), "{rows}");
    assert!(!rows.contains("hunter2"), "{rows}");
}

#[tokio::test]
async fn a_secret_of_others_or_for_another_host_is_not_sent() {
    let (bench, echo) = (Bench::new().await, Echo::start().await);
    keep(&bench, "ELSEWHERE", &["api.example.com"], &["*"]).await;
    keep(&bench, "NOWHERE", &[], &["*"]).await;
    keep(&bench, "OTHERS", &["127.0.0.1"], &["other"]).await;
    bench.publish("send.js", SEND).await;
    let refused = [
        ("ELSEWHERE", "secret_not_bound"),
        ("NOWHERE", "secret_not_bound"),
        ("OTHERS", "secret_not_granted"),
        ("MISSING", "secret_unknown"),
    ];
    for (name, code) in refused {
        let input = format!(r#"{{"url":"http://{}/","name":"{name}"}}"#, echo.address);
        let run = bench.run("send", &input).await;
        assert_eq!(bench.result(&run), format!("\"{code}\""), "{name}");
    }
    assert!(echo.heard().is_empty());
}

/// 0.0.0.0 reaches this machine and is no address of it or of a private network: it stands for any other host.
#[tokio::test]
async fn a_secret_goes_unencrypted_only_where_it_is_bound_to_so() {
    let everywhere = "0.0.0.0/8".parse().unwrap();
    let (bench, echo) =
        (Bench::with(|settings| settings.egress.allow_private.push(everywhere)).await, Echo::start().await);
    keep(&bench, "SEALED", &["0.0.0.0", "*", "http://api.example.com"], &["*"]).await;
    keep(&bench, "OPEN", &["http://0.0.0.0"], &["*"]).await;
    bench.publish("send.js", SEND).await;
    let input =
        |name: &str| format!(r#"{{"url":"http://0.0.0.0:{}/","name":"{name}"}}"#, echo.address.port());
    let refused = bench.run("send", &input("SEALED")).await;
    assert_eq!(bench.result(&refused), r#""secret_not_encrypted""#);
    assert!(echo.heard().is_empty());
    let sent = bench.run("send", &input("OPEN")).await;
    assert!(bench.result(&sent).contains("[redacted]"), "{}", bench.result(&sent));
    assert_eq!(echo.heard().len(), 1);
}
