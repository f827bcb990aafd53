//! Runs go on where they were when the engine is stopped in the middle and started again over the
//! same store, whether their VMs were in memory or not.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use crate::support::{self, Bench};
use fermata_engine::StartRun;
use fermata_model::record::{Call, Run, TaskVersion};
use fermata_model::{CallStatus, Millis, RunId, RunStatus};
use fermata_vm as vm;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// VMs leave memory whenever they wait, or stay there.
const RESIDENCES: [Duration; 2] = [Duration::ZERO, Duration::from_secs(5)];
/// Longest a test waits for a run to come somewhere.
const PATIENCE: Duration = Duration::from_secs(30);
/// Calls of a run that are looked at.
const CALLS_MAX: u32 = 500;

#[tokio::test]
async fn a_sleeping_run_wakes_up() {
    for resident_for in RESIDENCES {
        let bench = bench(resident_for).await;
        bench
            .publish(
                "naps.js",
                "export default async (n, tools) => {
                   const seen = new Set();
                   for (let i = 0; i < n; i++) { await (i % 2 ? tools.sleep(5) : new Promise(r => setTimeout(r, 5))); seen.add(i) }
                   return seen.size;
                 }",
            )
            .await;
        let run = bench.start("naps", "60").await.birth.id;
        let bench = restart_once(bench, run, |calls| delivered(calls) >= 7).await;
        let bench = restart_once(bench, run, |calls| delivered(calls) >= 29).await;
        assert_eq!(result(&bench, run).await, "60");
        check_ledger(&bench, run);
    }
}

#[tokio::test]
async fn a_run_that_waits_for_an_event_receives_it() {
    for resident_for in RESIDENCES {
        let bench = bench(resident_for).await;
        bench
            .publish(
                "wait.js",
                "export default async (_, tools) => [await tools.events.wait('a'), await tools.events.wait('b')]",
            )
            .await;
        let run = bench.start("wait", "null").await.birth.id;
        let bench = restart_once(bench, run, |calls| calls.len() == 1).await;
        send(&bench, run, "b", "2").await;
        let bench = bench.restart().await;
        send(&bench, run, "a", "1").await;
        assert_eq!(result(&bench, run).await, "[1,2]");
        check_ledger(&bench, run);
    }
}

#[tokio::test]
async fn events_for_a_run_that_has_not_begun_are_kept() {
    let bench = bench(Duration::ZERO).await;
    bench
        .publish(
            "wait.js",
            "export default async (_, tools) => [await tools.events.wait('a'), await tools.events.wait('a')]",
        )
        .await;
    let run = start_with(&bench, "wait", |start| start.start_at = Some(now() + 700)).await;
    send(&bench, run, "a", "1").await;
    let bench = bench.restart().await;
    send(&bench, run, "a", "2").await;
    let bench = bench.restart().await;
    assert_eq!(result(&bench, run).await, "[1,2]");
}

#[tokio::test]
async fn a_run_that_waits_for_children_joins_them() {
    for resident_for in RESIDENCES {
        let bench = bench(resident_for).await;
        bench
            .publish(
                "square.js",
                "export default async (n, tools) => { await tools.sleep(n * 7 % 150); return n * n }",
            )
            .await;
        bench
            .publish(
                "sum.js",
                "export default async (n, tools) => {
                   const all = await Promise.all(Array.from({ length: n }, (_, i) => tools.tasks.execute('square', i)));
                   return all.reduce((a, b) => a + b, 0);
                 }",
            )
            .await;
        let run = bench.start("sum", "50").await.birth.id;
        let bench = restart_once(bench, run, |calls| calls.len() == 50).await;
        let bench = restart_once(bench, run, |calls| ended(calls) >= 20).await;
        assert_eq!(result(&bench, run).await, "40425");
        check_ledger(&bench, run);
    }
}

#[tokio::test]
async fn a_call_on_its_way_is_attempted_again_with_its_key() {
    for resident_for in RESIDENCES {
        let outside = Outside::start().await;
        let bench = bench(resident_for).await;
        bench.publish("call.js", CALL).await;
        let run = bench.start("call", &outside.input()).await.birth.id;
        outside.requests(1).await;
        let bench = bench.restart().await;
        outside.requests(2).await;
        outside.answers.store(true, Ordering::SeqCst);
        // The second request is held for good; the third is answered.
        let bench = bench.restart().await;
        assert_eq!(result(&bench, run).await, "200");
        let keys: HashSet<String> = outside.keys().into_iter().collect();
        assert_eq!(keys.len(), 1, "{keys:?}");
        let call = &calls(&bench, run)[0];
        assert_eq!((call.state.attempts, call.state.failures), (3, 0), "what was cut off has not failed");
        check_ledger(&bench, run);
    }
}

#[tokio::test]
async fn a_call_that_waits_for_its_next_attempt_makes_it() {
    for resident_for in RESIDENCES {
        let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let bench = bench(resident_for).await;
        let config = "export const config = { retries: { attempts: 20, backoff: 100, backoffMax: 100 } };";
        bench.publish("call.js", &format!("{config}\n{CALL}")).await;
        let run = bench.start("call", &format!("\"http://{nobody}/\"")).await.birth.id;
        let bench = restart_once(bench, run, |calls| calls.iter().any(|call| call.state.attempts >= 2)).await;
        let outside = Outside::start_at(nobody).await;
        outside.answers.store(true, Ordering::SeqCst);
        assert_eq!(result(&bench, run).await, "200");
        assert!(calls(&bench, run)[0].state.attempts >= 3);
        check_ledger(&bench, run);
    }
}

#[tokio::test]
async fn a_cancelled_run_goes_on_cleaning_up() {
    for resident_for in RESIDENCES {
        let bench = bench(resident_for).await;
        bench.publish("nap.js", "export default (_, tools) => tools.sleep(200)").await;
        bench
            .publish(
                "tidy.js",
                "export default async (_, tools) => {
                   try {
                     await Promise.all([tools.sleep('1h'), tools.tasks.execute('nap'), tools.events.wait('never')]);
                   } finally {
                     for (let i = 1; i <= 5; i++) { await tools.sleep(20); await tools.keystore.set('tidy', i) }
                   }
                 }",
            )
            .await;
        let run = bench.start("tidy", "null").await.birth.id;
        reached(&bench, run, |calls| calls.len() == 3).await;
        bench.engine.cancel_run(&bench.workspace, run).await.unwrap();
        let bench = restart_once(bench, run, |calls| calls.len() >= 5).await;
        let bench = restart_once(bench, run, |calls| calls.len() >= 8).await;
        assert_eq!(bench.ended(run).await.state.status, RunStatus::Cancelled);
        bench.publish("look.js", "export default (_, tools) => tools.keystore.get('tidy')").await;
        assert_eq!(bench.result(&bench.run("look", "null").await), "5");
        check_ledger(&bench, run);
    }
}

#[tokio::test]
async fn children_of_a_run_that_failed_leave_its_calls_alone() {
    for resident_for in RESIDENCES {
        let bench = bench(resident_for).await;
        bench
            .publish(
                "part.js",
                "export default async (n, tools) => { await tools.sleep(n % 5); if (n === 9) throw new Error('nine'); return n }",
            )
            .await;
        bench
            .publish(
                "fails.js",
                "export default (n, tools) => Promise.all(Array.from({ length: n }, (_, i) => tools.tasks.execute('part', i)))",
            )
            .await;
        let runs = start_several(&bench, "fails", "20", 8).await;
        for run in &runs {
            assert_eq!(bench.ended(run.birth.id).await.state.status, RunStatus::Failed);
        }
        bench.until(|stats| stats.active == 0).await;
        runs.iter().for_each(|run| check_ledger(&bench, run.birth.id));
        let bench = bench.restart().await;
        bench.until(|stats| stats.active == 0).await;
        runs.iter().for_each(|run| check_ledger(&bench, run.birth.id));
    }
}

#[tokio::test]
async fn a_run_that_may_not_start_yet_starts_in_time() {
    let bench = bench(Duration::ZERO).await;
    bench.publish("now.js", "export default () => Date.now()").await;
    let start_at = now() + 400;
    let run = start_with(&bench, "now", |start| start.start_at = Some(start_at)).await;
    let bench = bench.restart().await;
    let began: Millis = result(&bench, run).await.parse().unwrap();
    assert!((start_at..start_at + 5_000).contains(&began), "{start_at} {began}");
}

#[tokio::test]
async fn a_deadline_holds() {
    for resident_for in RESIDENCES {
        let bench = bench(resident_for).await;
        bench.publish("slow.js", "export default (_, tools) => tools.sleep('1d')").await;
        let run = start_with(&bench, "slow", |start| start.timeout_ms = Some(300)).await;
        let bench = restart_once(bench, run, |calls| calls.len() == 1).await;
        let run = bench.ended(run).await;
        assert_eq!(run.state.error.as_ref().unwrap().code, "timeout");
        assert_eq!(run.birth.deadline_at, Some(run.birth.created_at + 300));
        check_ledger(&bench, run.birth.id);
    }
}

#[tokio::test]
async fn what_was_kept_in_the_keystore_stays() {
    for resident_for in RESIDENCES {
        let bench = bench(resident_for).await;
        bench
            .publish(
                "keep.js",
                "export default async (n, tools) => {
                   const own = [];
                   for (let i = 0; i < n; i++) {
                     own.push([Date.now(), Math.random(), crypto.randomUUID()]);
                     await tools.keystore.set('k' + i, own[i]);
                     await tools.sleep(5);
                   }
                   const kept = await Promise.all(own.map((_, i) => tools.keystore.get('k' + i)));
                   return JSON.stringify(own) === JSON.stringify(kept);
                 }",
            )
            .await;
        let run = bench.start("keep", "30").await.birth.id;
        let bench = restart_once(bench, run, |calls| delivered(calls) >= 11).await;
        let bench = restart_once(bench, run, |calls| delivered(calls) >= 37).await;
        assert_eq!(result(&bench, run).await, "true");
        check_ledger(&bench, run);
    }
}

#[tokio::test]
async fn a_run_of_many_lives_has_the_heap_of_an_undisturbed_one() {
    let bench = bench(Duration::ZERO).await;
    let source = "export default async (n, tools) => {
        const seen = new Map();
        for (let i = 0; i < n; i++) {
          await tools.sleep(2);
          seen.set(Math.random(), { at: new Date(), id: crypto.randomUUID(), i });
        }
        const go = await tools.events.wait('go');
        return [go, seen.size];
      }";
    bench.publish("heap.js", source).await;
    let run = bench.start("heap", "40").await.birth.id;
    let bench = restart_once(bench, run, |calls| delivered(calls) >= 9).await;
    let bench = restart_once(bench, run, |calls| delivered(calls) >= 23).await;
    reached(&bench, run, |calls| calls.len() == 41).await;
    bench.until(|stats| stats.active == 0).await;

    let store = bench.engine.store();
    let checkpoint = store.checkpoint(&bench.workspace, run).unwrap().unwrap();
    assert_eq!(checkpoint.delivery, 40);
    let deliveries = store.deliveries(&bench.workspace, run, 0, CALLS_MAX).unwrap();
    let version = store.task(&bench.workspace, "heap", None).unwrap().unwrap();
    let kept = store.run(&bench.workspace, run).unwrap().unwrap();
    assert_eq!(heap_of_undisturbed(&bench, &kept, &version, &deliveries), checkpoint.heap_hash);
    send(&bench, run, "go", "7").await;
    assert_eq!(result(&bench, run).await, "[7,40]");
    assert!(bench.engine.stats().restores >= 1, "{:?}", bench.engine.stats());
    check_ledger(&bench, run);
}

/// A task that makes one request and answers its status.
const CALL: &str = "export default async (url, tools) => (await tools.http.post(url, {})).status";

async fn bench(resident_for: Duration) -> Bench {
    Bench::with(|settings| settings.resident_for = resident_for).await
}

async fn start_with(bench: &Bench, task: &str, change: impl FnOnce(&mut StartRun)) -> RunId {
    let mut start = StartRun {
        task: task.into(),
        version: None,
        input: support::json("null"),
        priority: 0,
        start_at: None,
        timeout_ms: None,
        idempotency_key: None,
    };
    change(&mut start);
    bench.engine.start_run(&bench.workspace, start).await.unwrap().run.birth.id
}

async fn start_several(bench: &Bench, task: &str, input: &str, count: usize) -> Vec<Run> {
    let mut runs = Vec::with_capacity(count);
    for _ in 0..count {
        runs.push(bench.start(task, input).await);
    }
    runs
}

async fn send(bench: &Bench, run: RunId, name: &str, payload: &str) {
    bench.engine.send_event(&bench.workspace, run, name, support::json(payload)).await.unwrap();
}

async fn result(bench: &Bench, run: RunId) -> String {
    bench.result(&bench.ended(run).await)
}

/// Stops the engine when the run's calls are as asked for, and starts another.
async fn restart_once(bench: Bench, run: RunId, is_there: impl Fn(&[Call]) -> bool) -> Bench {
    reached(&bench, run, is_there).await;
    bench.restart().await
}

async fn reached(bench: &Bench, run: RunId, is_there: impl Fn(&[Call]) -> bool) {
    let began = Instant::now();
    loop {
        let calls = calls(bench, run);
        if is_there(&calls) {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{calls:?}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn calls(bench: &Bench, run: RunId) -> Vec<Call> {
    bench.engine.store().calls(&bench.workspace, run, 0, CALLS_MAX).unwrap()
}

fn delivered(calls: &[Call]) -> usize {
    calls.iter().filter(|call| call.state.delivered.is_some()).count()
}

fn ended(calls: &[Call]) -> usize {
    calls.iter().filter(|call| call.state.outcome.is_some()).count()
}

/// Every call has ended, and the deliveries are numbered without a gap.
#[track_caller]
fn check_ledger(bench: &Bench, id: RunId) {
    let run = bench.engine.store().run(&bench.workspace, id).unwrap().unwrap();
    let calls = calls(bench, id);
    for call in &calls {
        assert!(call.state.status.is_ended(), "{:?}: {call:?}", run.state);
        let is_delivered = call.state.delivered.is_some() || call.state.status == CallStatus::Cancelled;
        assert!(is_delivered || run.state.status != RunStatus::Completed, "{call:?}");
    }
    let mut numbers: Vec<u32> = calls.iter().filter_map(|call| Some(call.state.delivered?.number)).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=run.state.deliveries).collect::<Vec<_>>(), "{calls:?}");
}

/// The hash of the heap after the deliveries, in a VM that was never put down.
fn heap_of_undisturbed(bench: &Bench, run: &Run, version: &TaskVersion, deliveries: &[Call]) -> [u8; 32] {
    let config = vm::Config { folder: bench.settings.engine_folder.clone(), instances_max: 4 };
    let engine = vm::Engine::open(&config).unwrap();
    let program = vm::source::Program {
        file_name: version.file_name.clone(),
        code: version.code.clone(),
        is_module: version.is_module,
        source_map: version.source_map.clone(),
        description: None,
        input_schema: None,
    };
    let baseline = engine.load(&program, bench.settings.limits).unwrap();
    let identity = vm::Identity { seed: run.birth.seed, ..vm::Identity::default() };
    let start = format!(
        r#"{{"input":{},"run":{{"id":"{}","task":"{}","version":{}}}}}"#,
        run.birth.input.get(),
        run.birth.id,
        version.name,
        version.version
    );
    let (mut vm, _) = vm::Vm::start(&baseline, identity, run.state.started_at.unwrap(), &start).unwrap();
    for call in deliveries {
        let delivered = call.state.delivered.unwrap();
        let clock = vm::Clock { delivery: delivered.number, now: delivered.clock };
        vm.deliver(clock, call.number, call.state.outcome.as_ref().unwrap());
    }
    vm.checkpoint().heap_hash()
}

fn now() -> Millis {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Millis::try_from(since.as_millis()).unwrap()
}

/// A server outside. It holds requests for good until it is told to answer those that follow.
struct Outside {
    address: SocketAddr,
    answers: Arc<AtomicBool>,
    keys: Arc<Mutex<Vec<String>>>,
}

impl Outside {
    async fn start() -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    async fn start_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let outside = Self { address, answers: Arc::default(), keys: Arc::default() };
        let (answers, keys) = (outside.answers.clone(), outside.keys.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(hear(stream, answers.clone(), keys.clone()));
            }
        });
        outside
    }

    fn input(&self) -> String {
        format!("\"http://{}/\"", self.address)
    }

    fn keys(&self) -> Vec<String> {
        self.keys.lock().unwrap().clone()
    }

    async fn requests(&self, count: usize) {
        let began = Instant::now();
        while self.keys().len() < count {
            assert!(began.elapsed() < PATIENCE, "{:?}", self.keys());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// Reads one request; answers it, or holds it until the other side is gone.
async fn hear(mut stream: TcpStream, answers: Arc<AtomicBool>, keys: Arc<Mutex<Vec<String>>>) {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut bytes = [0; 1024];
        match stream.read(&mut bytes).await {
            Ok(count) if count > 0 => head.extend_from_slice(&bytes[..count]),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&head).to_lowercase();
    let key = head.lines().find_map(|line| line.strip_prefix("idempotency-key: ")).unwrap_or("no key");
    keys.lock().unwrap().push(key.to_owned());
    if answers.load(Ordering::SeqCst) {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        // Who is gone is not answered.
        let _ = stream.write_all(answer).await;
    } else {
        let _ = stream.read(&mut [0; 1024]).await;
        std::future::pending::<()>().await;
    }
}
