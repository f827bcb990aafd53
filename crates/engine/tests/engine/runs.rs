//! Runs from accepted to ended, over a real store and a real VM.

use std::time::Duration;

use crate::support::{self, Bench};
use fermata_engine::RunActionError;
use fermata_model::RunStatus;

/// Time for what is asked to have its effect in memory.
const GATHERS: Duration = Duration::from_millis(100);

#[tokio::test]
async fn a_task_without_calls_completes() {
    let bench = Bench::new().await;
    bench.publish("hello.js", "export async function runTask(input) { return 'hello ' + input.name }").await;
    let run = bench.run("hello", r#"{"name":"you"}"#).await;
    assert_eq!(bench.result(&run), "\"hello you\"");
    assert_eq!(run.state.status, RunStatus::Completed);
    let kept = bench.engine.store().run(&bench.workspace, run.birth.id).unwrap().unwrap();
    assert_eq!(kept.state.result.unwrap().get(), "\"hello you\"");
}

#[tokio::test]
async fn runs_that_ended_long_ago_go_and_their_keys_with_them() {
    let bench = Bench::with(|settings| settings.keep_runs = Some(Duration::from_millis(100))).await;
    bench.publish("echo.js", "export default async (input) => input").await;
    bench.publish("wait.js", "export default async (_, { tools }) => tools.events.wait('go')").await;
    let waiting = bench.start("wait", "null").await;
    let keyed = || bench.start_with_key("echo", "7", "key");
    let first = keyed().await;
    bench.ended(first.birth.id).await;
    let store = bench.engine.store();
    while store.run(&bench.workspace, first.birth.id).unwrap().is_some() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // What has not ended is not touched, and the key may be used anew.
    assert!(store.run(&bench.workspace, waiting.birth.id).unwrap().is_some());
    let second = keyed().await;
    assert_ne!(first.birth.id, second.birth.id);
}

#[tokio::test]
async fn a_thousand_children_are_joined() {
    let bench = Bench::new().await;
    bench.publish("square.js", "export default async (n) => n * n").await;
    bench
        .publish(
            "sum.js",
            "export async function runTask(n, tools) {
               const all = await Promise.all(Array.from({ length: n }, (_, i) => tools.tasks.execute('square', i)));
               return all.reduce((a, b) => a + b, 0);
             }",
        )
        .await;
    let run = bench.run("sum", "1000").await;
    assert_eq!(bench.result(&run), "332833500");
}

#[tokio::test]
async fn a_new_version_does_not_disturb_a_run_of_the_old_one() {
    let bench = Bench::new().await;
    let text = |word: &str| {
        format!(
            "export async function runTask(_, tools) {{ await tools.events.wait('go'); return '{word}' }}"
        )
    };
    bench.publish("wait.js", &text("old")).await;
    let run = bench.start("wait", "null").await;
    bench.publish("wait.js", &text("new")).await;
    bench.engine.send_event(&bench.workspace, run.birth.id, "go", support::json("1")).await.unwrap();
    let run = bench.ended(run.birth.id).await;
    assert_eq!(bench.result(&run), "\"old\"");
    assert_eq!(run.birth.task_version, 1);
}

#[tokio::test]
async fn an_event_sent_before_it_is_asked_for_is_kept() {
    let bench = Bench::new().await;
    bench
        .publish(
            "events.js",
            "export async function runTask(_, tools) {
               await tools.sleep(50);
               return [await tools.events.wait('a'), await tools.events.wait('b', { timeout: 20 }).catch(e => e.code)];
             }",
        )
        .await;
    let run = bench.start("events", "null").await;
    bench.engine.send_event(&bench.workspace, run.birth.id, "a", support::json("{\"x\":1}")).await.unwrap();
    let run = bench.ended(run.birth.id).await;
    assert_eq!(bench.result(&run), r#"[{"x":1},"timeout"]"#);
}

#[tokio::test]
async fn every_wait_may_put_the_run_down() {
    let bench = Bench::with(|settings| settings.resident_for = Duration::ZERO).await;
    bench
        .publish(
            "steps.js",
            "export async function runTask(n, tools) {
               const seen = [];
               for (let i = 0; i < n; i++) { await tools.sleep(1); seen.push(i) }
               await tools.keystore.set('seen', seen);
               return (await tools.keystore.get('seen')).length;
             }",
        )
        .await;
    let run = bench.run("steps", "40").await;
    assert_eq!(bench.result(&run), "40");
    let stats = bench.engine.stats();
    assert!(stats.restores >= 39, "{stats:?}");
    assert_eq!(stats.rebuilds, 0, "{stats:?}");
}

#[tokio::test]
async fn a_cancelled_run_cleans_up() {
    let bench = Bench::new().await;
    bench
        .publish(
            "tidy.js",
            "export async function runTask(_, tools) {
               try { await tools.sleep('1h') } finally { await tools.keystore.set('tidy', true) }
             }",
        )
        .await;
    let run = bench.start("tidy", "null").await;
    // One that has not begun has nothing to clean up.
    bench.until(|stats| stats.slices == 1).await;
    bench.engine.cancel_run(&bench.workspace, run.birth.id).await.unwrap();
    let run = bench.ended(run.birth.id).await;
    assert_eq!(run.state.status, RunStatus::Cancelled);
    bench.publish("look.js", "export default (_, tools) => tools.keystore.get('tidy')").await;
    assert_eq!(bench.result(&bench.run("look", "null").await), "true");
    assert!(bench.engine.cancel_run(&bench.workspace, run.birth.id).await.is_err(), "it has ended");
}

#[tokio::test]
async fn a_kill_ends_an_endless_loop() {
    let bench = Bench::new().await;
    bench.publish("loop.js", "export async function runTask() { for (;;) {} }").await;
    let run = bench.start("loop", "null").await;
    bench.until(|stats| stats.resident == 1 || stats.active == 1).await;
    let run = bench.engine.kill_run(&bench.workspace, run.birth.id).await.unwrap();
    let run = bench.ended(run.birth.id).await;
    assert_eq!(run.state.status, RunStatus::Cancelled);
    assert_eq!(run.state.error.unwrap().code, "killed");
}

#[tokio::test]
async fn an_error_keeps_the_authors_line() {
    let bench = Bench::new().await;
    bench
        .publish(
            "fails.ts",
            "interface Input { x: number }\n\nexport async function runTask(input: Input): Promise<void> {\n  throw new RangeError(`no ${input.x}`);\n}\n",
        )
        .await;
    let run = bench.run("fails", r#"{"x":7}"#).await;
    assert_eq!(run.state.status, RunStatus::Failed);
    let error = run.state.error.unwrap();
    assert_eq!((error.name.as_str(), error.message.as_str()), ("RangeError", "no 7"));
    assert!(error.stack.unwrap().contains("fails.ts:4:"), "the line of the TypeScript text");
}

#[tokio::test]
async fn a_timeout_ends_a_run_that_waits() {
    let bench = Bench::new().await;
    bench.publish("slow.js", "export async function runTask(_, tools) { await tools.sleep('1d') }\nexport const config = { timeout: '80ms' }").await;
    let run = bench.run("slow", "null").await;
    assert_eq!(run.state.error.unwrap().code, "timeout");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_deposed_node_does_in_memory_is_told_to_nobody() {
    let bench = Bench::new().await;
    bench.publish("wait.js", "export default async (_, tools) => tools.events.wait('never')").await;
    let run = bench.start("wait", "null").await.birth.id;
    bench.until(|stats| stats.slices > 0).await;
    let deposing = tokio::task::block_in_place(|| bench.depose());
    let (engine, workspace) = (&bench.engine, &bench.workspace);
    // The first ends the run in memory. That waits to be written, and never will be.
    let later = async || {
        tokio::time::sleep(GATHERS).await;
        let cancelled = engine.cancel_run(workspace, run);
        let sent = engine.send_event(workspace, run, "never", support::json("1"));
        let deposed = async || {
            tokio::time::sleep(GATHERS).await;
            deposing.iter().for_each(|ledger| ledger.execute_batch("commit").unwrap());
        };
        tokio::join!(cancelled, sent, deposed())
    };
    let (killed, (cancelled, sent, ())) = tokio::join!(engine.kill_run(workspace, run), later());
    let not_known = |error: &RunActionError| !matches!(error, RunActionError::Ended(_));
    assert!(killed.as_ref().is_err_and(not_known), "{killed:?}");
    assert!(cancelled.as_ref().is_err_and(not_known), "{cancelled:?}");
    assert!(sent.as_ref().is_err_and(not_known), "{sent:?}");
}

#[tokio::test]
async fn what_was_just_kept_is_listed() {
    let bench = Bench::new().await;
    let source = "export default async (n, { tools: { keystore } }) => {
        const missing = [];
        for (let i = 0; i < n; i++) {
          const name = `name ${i}`;
          await keystore.set(name, i);
          if ((await keystore.list(name))[0] !== name) missing.push(name);
        }
        return missing;
      }";
    bench.publish("keep.js", source).await;
    let run = bench.run("keep", "400").await;
    assert_eq!(bench.result(&run), "[]", "whether it is on disk or on its way there");
}
