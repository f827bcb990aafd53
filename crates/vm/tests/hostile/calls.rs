//! Calls by the million, and the limits on calls at their edges.

use fermata_model::record::Outcome;
use fermata_model::{Limits, json};
use fermata_vm::{Clock, SliceEnd};

use crate::support::{START, assert_engine_is_well, first_slice, load, start, task};
use crate::{assert_error, assert_returns, assert_stopped};

fn few() -> Limits {
    Limits { pending_calls: 100, calls: 150, args_bytes: 64, ..Limits::default() }
}

#[test]
fn a_million_calls_uncaught() {
    let body =
        |n: &str| format!("await Promise.all(Array.from({{ length: {n} }}, (_, i) => tools.echo.x(i)))");
    let slice = first_slice(&body("20000"), Limits::default());
    assert_error(&slice, "task_error", "More than 10000 calls are pending");
    assert_eq!(slice.calls.len(), 10_000);
    let slice = first_slice(&body("1e6"), crate::bombs::roomy());
    assert_error(&slice, "memory_limit", "The task needs more memory than its limit of 16777216 bytes");
    assert!(slice.calls.len() <= 10_000);
    assert_engine_is_well();
}

#[test]
fn a_million_calls_caught() {
    let body = "let refused = 0;
        for (let i = 0; i < 40000; i++) {
          tools.echo.x(i).catch(() => refused++);
          if (i % 100 === 0) await null;
        }
        await null; await null;
        return refused";
    assert_returns(body, Limits::default(), "30000");
}

#[test]
fn a_million_timers() {
    let message = "More than 10000 calls are pending";
    assert_stopped("for (;;) setTimeout(() => {}, 1)", Limits::default(), "task_error", message);
    let body = "for (let i = 0; i < 30000; i++) clearTimeout(setTimeout(() => {}, 1)); return 'done'";
    assert_returns(body, Limits::default(), "\"done\"");
}

#[test]
fn pending_calls_at_the_edge() {
    let body = |n: u32| format!("await Promise.all(Array.from({{ length: {n} }}, () => tools.echo.x()))");
    let slice = first_slice(&body(100), few());
    assert!(matches!(slice.end, SliceEnd::Waiting) && slice.calls.len() == 100, "{slice:?}");
    let slice = first_slice(&body(101), few());
    assert_error(&slice, "task_error", "More than 100 calls are pending");
}

#[test]
fn calls_of_a_run_at_the_edge() {
    let body =
        "let n = 0; try { for (;;) { await tools.echo.x(); n++ } } catch (e) { return [n, e.message] }";
    let (mut vm, _) = start(&load("task.js", &task(body), few()));
    for delivery in 1..150 {
        let slice = vm.deliver(Clock { delivery, now: START }, delivery, &Outcome::Ok(json::null()));
        assert!(matches!(slice.end, SliceEnd::Waiting), "{slice:?}");
    }
    let slice = vm.deliver(Clock { delivery: 150, now: START }, 150, &Outcome::Ok(json::null()));
    assert_eq!(crate::support::returned(&slice), r#"[150,"The run has made more than 150 calls"]"#);
}

#[test]
fn arguments_at_the_edge() {
    let body = |n: u32| format!("await tools.echo.x('a'.repeat({n}))");
    // Brackets and quotes count.
    let slice = first_slice(&body(60), few());
    assert_eq!(slice.calls[0].args.get().len(), 64);
    let message = "The arguments of echo.x take 65 bytes as JSON; the limit is 64";
    assert_stopped(&body(61), few(), "task_error", message);
    // Bytes, not characters.
    assert_stopped(
        "await tools.echo.x('\u{1f600}'.repeat(16))",
        few(),
        "task_error",
        "The arguments of echo.x take 68 bytes as JSON; the limit is 64",
    );
}

/// Arguments that each fit would together fill the host's memory.
#[test]
fn arguments_of_many_calls() {
    let body = "const text = 'x'.repeat(1 << 19);
        let made = 0, refused;
        for (let i = 0; i < 150; i++) await Promise.race([tools.echo.x(text), null]).then(() => made++, (e) => (refused = e.message));
        return [made, refused]";
    let slice = first_slice(body, Limits::default());
    let bytes: usize = slice.calls.iter().map(|call| call.args.get().len()).sum();
    assert!(bytes <= 64 << 20, "{bytes}");
    assert_engine_is_well();
}

#[test]
fn words_that_are_no_service() {
    for words in [
        "['x'.repeat(1 << 24)].y",
        "x['y'.repeat(1 << 24)]",
        "['a b']['c']",
        "['a\\nb'].c",
        "['']['']",
        "['\\ud800'].x",
        "a['b c d']",
        "a['\\n[]']",
        "['\\u0000'].x",
    ] {
        let body = format!(
            "try {{ return ['called', await tools{words}(1)] }} catch (e) {{ return [e.name, typeof e.message] }}"
        );
        let slice = first_slice(&body, Limits::default());
        let fault = matches!(&slice.end, SliceEnd::Threw(error) if error.code != "task_error");
        assert!(!fault, "{words}: {slice:?}");
        assert!(slice.calls.iter().all(|call| call.service.len() + call.method.len() < 1_000), "{words}");
    }
    assert_engine_is_well();
}
