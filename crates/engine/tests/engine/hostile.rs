//! Tasks and ledgers that mean harm, through the engine over a real store.

use std::time::Duration;

use crate::support::{self, Bench};
use fermata_model::record::{Checkpoint, Outcome, Run};
use fermata_model::{CallError, RunStatus, json};
use fermata_store::Change;

/// How a run failed.
#[track_caller]
fn failure(run: &Run) -> (String, String) {
    assert_eq!(run.state.status, RunStatus::Failed, "{:?}", run.state);
    let error = run.state.error.clone().unwrap();
    (error.code, error.message)
}

async fn assert_well(bench: &Bench) {
    bench
        .publish("well.js", "export default async (n, tools) => { await tools.sleep(1); return n * 2 }")
        .await;
    assert_eq!(bench.result(&bench.run("well", "21").await), "42");
}

#[tokio::test]
async fn endless_loops_do_not_hold_up_the_rest() {
    let bench = Bench::with(|settings| settings.limits.slice_cpu_ms = 700).await;
    bench.publish("loop.js", "export default () => { for (;;) {} }").await;
    bench
        .publish("quick.js", "export default async (n, tools) => { await tools.sleep(1); return n + 1 }")
        .await;
    let mut loops = Vec::new();
    for _ in 0..5 {
        loops.push(bench.start("loop", "null").await.birth.id);
    }
    // Both threads are in loops by then; those that follow need another one.
    bench.until(|stats| stats.active >= 5).await;
    assert_eq!(bench.result(&bench.run("quick", "0").await), "1");
    let ended = bench.engine.stats().runs_ended;
    assert!(ended < 4, "it waited for {ended} others");
    for n in 1..20 {
        assert_eq!(bench.result(&bench.run("quick", &n.to_string()).await), (n + 1).to_string());
    }
    for run in loops {
        let failed = ("cpu_limit".into(), "The task computed for longer than 700 ms without waiting".into());
        assert_eq!(failure(&bench.ended(run).await), failed);
    }
    assert_well(&bench).await;
}

#[tokio::test]
async fn a_task_may_not_eat_memory() {
    let bench = Bench::with(|settings| settings.limits.memory_bytes = 16 << 20).await;
    bench
        .publish(
            "bomb.js",
            "export default () => { const all = []; for (;;) all.push(new Array(1000).fill(1)) }",
        )
        .await;
    let failed =
        ("memory_limit".into(), "The task needs more memory than its limit of 16777216 bytes".into());
    assert_eq!(failure(&bench.run("bomb", "null").await), failed);
    let promises =
        "export default () => Promise.all(Array.from({ length: 1e6 }, () => new Promise(() => {})))";
    bench.publish("promises.js", promises).await;
    assert_eq!(failure(&bench.run("promises", "null").await), failed);
    assert_well(&bench).await;
}

#[tokio::test]
async fn a_promise_that_never_settles_ends_the_run() {
    let bench = Bench::new().await;
    bench.publish("never.js", "export default () => new Promise(() => {})").await;
    assert_eq!(failure(&bench.run("never", "null").await).0, "deadlock");
    assert_well(&bench).await;
}

#[tokio::test]
async fn recursion_on_any_thread_is_an_error() {
    let bench = Bench::new().await;
    let deep = "JSON.parse('['.repeat(1e6) + ']'.repeat(1e6))";
    for expression in [
        deep,
        "(function f() { f() })()",
        "eval('('.repeat(1e6))",
        "JSON.stringify([['[']].flatMap(function f(x) { return f([x]) }))",
    ] {
        bench.publish("deep.js", &format!("export default () => {{ {expression} }}")).await;
        assert_eq!(failure(&bench.run("deep", "null").await).0, "stack_overflow", "{expression}");
        // The module scope is executed on the thread that publishes.
        let publish = fermata_engine::Publish {
            file_name: "scope.js".into(),
            source: format!("{expression}\nexport default () => 1"),
            name: None,
        };
        assert!(bench.engine.publish(&bench.workspace, publish).await.is_err(), "{expression}");
    }
    assert_well(&bench).await;
}

#[tokio::test]
async fn what_does_not_exist_is_rejected() {
    let bench = Bench::new().await;
    bench
        .publish(
            "ask.js",
            "export async function runTask(_, tools) {
               const told = (call) => call.then((value) => ['ok', value], (error) => [error.name, error.code, error.message]);
               return [
                 await told(tools.nothing.at.all()), await told(tools.keystore.steal('x')), await told(tools['']['']()),
                 await told(tools['a\\nb'].c()), await told(tools['\\ud800'].x('\\ud800')), await told(tools['x'.repeat(5000)].y()),
                 await told(tools.tasks.execute('no such task', 1)),
               ].map(([name, code, message]) => [name, code, message.length > 10 && message.length < 1000]);
             }",
        )
        .await;
    let run = bench.run("ask", "null").await;
    assert_eq!(run.state.status, RunStatus::Completed, "{:?}", run.state.error);
    let answers: Vec<(String, Option<String>, bool)> = serde_json::from_str(&bench.result(&run)).unwrap();
    assert!(answers.iter().all(|(name, _, told)| name != "ok" && *told), "{answers:?}");
    assert_well(&bench).await;
}

#[tokio::test]
async fn a_giant_result_fails_the_run() {
    let bench = Bench::with(|settings| settings.limits.result_bytes = 10_000).await;
    bench.publish("giant.js", "export default (n) => 'x'.repeat(n)").await;
    let failed =
        ("result_too_large".into(), "The result takes 10001 bytes as JSON; the limit is 10000".into());
    assert_eq!(failure(&bench.run("giant", "9999").await), failed);
    assert_eq!(bench.result(&bench.run("giant", "9998").await).len(), 10_000);
}

const STEPS: &str = "export async function runTask(_, tools) {
    const seen = [await tools.keystore.set('a', 1), await tools.keystore.get('a')];
    if (seen[1] !== 1) return 'another way';
    seen.push(await tools.events.wait('go'));
    return seen[2];
  }";

/// A run that has had two deliveries and was put down.
async fn parked() -> (Bench, Run) {
    let bench = Bench::with(|settings| settings.resident_for = Duration::ZERO).await;
    bench.publish("steps.js", STEPS).await;
    let run = bench.start("steps", "null").await;
    bench.until(|stats| stats.checkpoints >= 1 && stats.active == 0).await;
    let run = bench.engine.store().run(&bench.workspace, run.birth.id).unwrap().unwrap();
    assert_eq!((run.state.status, run.state.deliveries), (RunStatus::Suspended, 2));
    (bench, run)
}

/// Puts a copy of the run's checkpoint in its place that differs by one bit.
async fn bend_checkpoint(bench: &Bench, run: &Run) {
    let (workspace, run) = (bench.workspace.clone(), run.birth.id);
    let store = bench.engine.store();
    let mut checkpoint: Checkpoint = store.checkpoint(&workspace, run).unwrap().unwrap();
    let middle = checkpoint.sealed.len() / 2;
    checkpoint.sealed[middle] ^= 1;
    let checkpoint = Box::new(checkpoint);
    store
        .commit_async(vec![Change::PutCheckpoint { workspace, run, checkpoint, taken_at: 0 }])
        .await
        .unwrap();
}

async fn go(bench: &Bench, run: &Run) -> Run {
    bench.engine.send_event(&bench.workspace, run.birth.id, "go", support::json("\"went\"")).await.unwrap();
    bench.ended(run.birth.id).await
}

#[tokio::test]
async fn a_bent_checkpoint_is_made_anew_from_the_ledger() {
    let (bench, run) = parked().await;
    bend_checkpoint(&bench, &run).await;
    let run = go(&bench, &run).await;
    assert_eq!(bench.result(&run), "\"went\"");
    let stats = bench.engine.stats();
    assert_eq!((stats.restores, stats.rebuilds), (0, 1), "{stats:?}");
    assert_well(&bench).await;
}

#[tokio::test]
async fn a_bent_ledger_fails_the_run_and_says_so() {
    let (bench, run) = parked().await;
    bend_checkpoint(&bench, &run).await;
    let (workspace, id) = (bench.workspace.clone(), run.birth.id);
    let store = bench.engine.store();
    let mut call = store.call(&workspace, id, 2).unwrap().unwrap();
    call.state.outcome = Some(Outcome::Ok(json::parse("2".into()).unwrap()));
    let state = Box::new(call.state);
    store.commit_async(vec![Change::UpdateCall { workspace, run: id, number: 2, state }]).await.unwrap();
    let (code, message) = failure(&go(&bench, &run).await);
    assert_eq!(code, "diverged");
    assert!(message.contains("delivery 2"), "{message}");
    assert_well(&bench).await;
}

#[tokio::test]
async fn an_outcome_that_became_an_error_diverges_too() {
    let (bench, run) = parked().await;
    bend_checkpoint(&bench, &run).await;
    let (workspace, id) = (bench.workspace.clone(), run.birth.id);
    let store = bench.engine.store();
    let mut call = store.call(&workspace, id, 1).unwrap().unwrap();
    call.state.outcome = Some(Outcome::Err(CallError::fatal("bent", "bent")));
    let state = Box::new(call.state);
    store.commit_async(vec![Change::UpdateCall { workspace, run: id, number: 1, state }]).await.unwrap();
    let (code, message) = failure(&go(&bench, &run).await);
    assert_eq!(code, "diverged");
    assert!(message.contains("delivery 2"), "{message}");
}
