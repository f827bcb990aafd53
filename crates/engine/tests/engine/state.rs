//! `tools.state`: kept between runs, compared and set, and written once whatever happens.

use std::time::Duration;

use fermata_model::record::Run;
use fermata_model::usage::Used;
use fermata_model::{CallStatus, RunStatus};

use crate::support::Bench;

async fn bench(source: &str) -> Bench {
    bench_with(source, Duration::from_secs(5)).await
}

async fn bench_with(source: &str, resident_for: Duration) -> Bench {
    let bench = Bench::with(|settings| settings.resident_for = resident_for).await;
    bench.publish("kept.js", source).await;
    bench
}

async fn result(bench: &Bench, input: &str) -> String {
    let run = bench.run("kept", input).await;
    bench.result(&run)
}

#[tokio::test]
async fn what_one_run_keeps_the_next_one_finds() {
    let bench = bench(
        "export default async (n, { tools: { state } }) => {
           const before = await state.get('cursor');
           await state.set('cursor', { page: n });
           return [before, await state.get('cursor'), await state.list(), await state.list('x')];
         }",
    )
    .await;
    assert_eq!(result(&bench, "1").await, r#"[null,{"page":1},["cursor"],[]]"#);
    let bench = bench.restart().await;
    assert_eq!(result(&bench, "2").await, r#"[{"page":1},{"page":2},["cursor"],[]]"#);
    bench
        .publish("other.js", "export default async (_, { tools }) => [await tools.state.get('cursor'), await tools.state.list()]")
        .await;
    let other = bench.run("other", "null").await;
    assert_eq!(bench.result(&other), "[null,[]]", "each task has its own");
}

#[tokio::test]
async fn a_comparison_tells_what_is_there() {
    let bench = bench(
        "export default async (_, { tools: { state } }) => {
           const seen = [];
           const first = await state.compareAndSet('lock', null, 'a');
           seen.push(first.done, (await state.compareAndSet('lock', null, 'b')).done);
           const lost = await state.compareAndSet('lock', first.version - 1, 'c');
           seen.push(lost.done, lost.value, lost.version === first.version);
           const second = await state.compareAndSet('lock', first.version, 'd');
           seen.push(second.done, second.version === first.version + 1, await state.delete('lock'), await state.delete('lock'));
           const anew = await state.compareAndSet('lock', null, 'e');
           seen.push((await state.compareAndSet('lock', second.version, 'f')).done, await state.get('lock'));
           const entry = await state.entry('lock');
           seen.push(entry.version === anew.version, await state.entry('none'));
           return seen;
         }",
    )
    .await;
    assert_eq!(
        result(&bench, "null").await,
        r#"[true,false,false,"a",true,true,true,true,false,false,"e",true,null]"#
    );
}

#[tokio::test]
async fn runs_that_count_together_lose_nothing() {
    for resident_for in [Duration::ZERO, Duration::from_secs(5)] {
        let source = "export default async (n, { tools: { state } }) => {
            await Promise.all(Array.from({ length: n }, () => state.increment('all')));
            await state.increment('half', 0.5);
        }";
        let bench = bench_with(source, resident_for).await;
        let mut runs = Vec::new();
        for _ in 0..6 {
            runs.push(bench.start("kept", "5").await);
        }
        for run in &runs {
            assert_eq!(bench.ended(run.birth.id).await.state.status, RunStatus::Completed);
        }
        bench
            .publish(
                "kept.js",
                "export default async (_, { tools: { state } }) => [await state.get('all'), await state.get('half')]",
            )
            .await;
        assert_eq!(result(&bench, "null").await, "[30,3]");
    }
}

#[tokio::test]
async fn a_count_goes_on_where_the_engine_was_stopped() {
    for resident_for in [Duration::ZERO, Duration::from_secs(5)] {
        let source = "export default async (n, { tools: { state } }) => {
            let sum = 0;
            for (let i = 0; i < n; i++) sum = await state.increment('steps');
            return sum;
        }";
        let mut bench = bench_with(source, resident_for).await;
        let run = bench.start("kept", "150").await.birth.id;
        for _ in 0..4 {
            let slices = bench.engine.stats().slices;
            bench.until(|stats| stats.slices > slices + 5 || stats.runs_ended > 0).await;
            bench = bench.restart().await;
        }
        let run = bench.ended(run).await;
        assert_eq!(bench.result(&run), "150", "each step counted once");
        let calls = bench.engine.store().calls(&bench.workspace, run.birth.id, 0, 200).unwrap();
        assert!(calls.iter().all(|call| call.state.status == CallStatus::Completed));
        assert_eq!(run.state.used, used_by(&calls), "counted once over all restarts");
    }
}

/// What the calls of a run come to, from their rows.
fn used_by(calls: &[fermata_model::record::Call]) -> Used {
    let mut used = Used::default();
    for call in calls {
        used.add_call(call.birth.args.get().len());
        if let Some(fermata_model::record::Outcome::Ok(result)) = &call.state.outcome {
            used.add_answer(result.get().len(), None);
        }
    }
    used
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused_by_name() {
    let bench = bench(
        "export default async ([method, ...args], { tools: { state } }) => {
           try { return await state[method](...args) } catch (error) { return [error.code, error.message] }
         }",
    )
    .await;
    let refused: [(&str, &str); 8] = [
        (r#"["set", "", 1]"#, "bad_key"),
        (r#"["get", "a\u0000b"]"#, "bad_key"),
        (r#"["set", "k"]"#, "bad_arguments"),
        (r#"["set", 1, 2]"#, "bad_arguments"),
        (r#"["compareAndSet", "k", "x", 1]"#, "bad_arguments"),
        (r#"["increment", "k", "x"]"#, "bad_arguments"),
        (r#"["erase", "k"]"#, "unknown_method"),
        (r#"["get"]"#, "bad_key"),
    ];
    for (input, code) in refused {
        let answer = result(&bench, input).await;
        assert!(answer.starts_with(&format!("[\"{code}\"")), "{input}: {answer}");
    }
    let large = format!(r#"["set", "k", "{}"]"#, "x".repeat(40_000));
    assert!(result(&bench, &large).await.starts_with("[\"value_too_large\""));
    assert!(result(&bench, r#"["set", "text", "x"]"#).await.starts_with("{\"version\":"));
    assert!(result(&bench, r#"["increment", "text"]"#).await.starts_with("[\"not_a_number\""));
    assert_eq!(result(&bench, r#"["get", "text"]"#).await, "\"x\"");
}

#[tokio::test]
async fn a_run_stops_where_its_budget_ends() {
    let bench = Bench::new().await;
    let source = |budget: &str| {
        format!(
            "export const config = {{ budget: {budget} }};
             export default async (n, {{ tools }}) => {{
               const all = Array.from({{ length: n }}, () => tools.state.increment('n'));
               const ended = await Promise.allSettled(all);
               await tools.sleep(1);
               return ended.filter(({{ status }}) => status === 'fulfilled').length + ' ' +
                 [...new Set(ended.flatMap(({{ reason }}) => reason ? [reason.code, reason.message] : []))].join(': ');
             }}"
        )
    };
    bench.publish("calls.js", &source("{ calls: 7 }")).await;
    bench.publish("bytes.js", &source("{ bytes: 30 }")).await;
    bench.publish("free.js", &source("{}")).await;
    let ended = async |task: &str| -> (String, Run) {
        let run = bench.run(task, "20").await;
        (bench.result(&run), run)
    };
    let (result, run) = ended("calls").await;
    let refused =
        "budget_used_up: The run's budget is used up: 7 calls, by the `budget` of the task's config";
    assert_eq!(result, format!("\"7 {refused}\""));
    assert_eq!(run.state.used.calls, 20, "those that were refused were made");
    assert!(ended("bytes").await.0.contains("30 bytes, by the `budget`"));
    assert!(ended("free").await.0.starts_with("\"20 "));
    let policy = serde_json::from_str(r#"{"budget": {"calls": 3}}"#).unwrap();
    bench.engine.put_policy(&bench.workspace, &policy).await.unwrap();
    let (result, _) = ended("free").await;
    assert!(
        result.starts_with("\"3 budget_used_up: ") && result.contains("by the workspace's policy"),
        "{result}"
    );
}
