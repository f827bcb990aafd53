//! Results, errors and log lines by the megabyte.

use fermata_model::Limits;
use fermata_model::limits::{LOG_DATA_BYTES_MAX, LOG_MESSAGE_BYTES_MAX};

use crate::support::{self, assert_engine_is_well, error, first_slice, returned};
use crate::{assert_returns, assert_stopped};

/// Most bytes of an error's text that may reach the ledger.
const ERROR_BYTES_MAX: usize = 64 << 10;

fn small_result() -> Limits {
    Limits { result_bytes: 1_000, ..Limits::default() }
}

#[test]
fn a_result_at_the_edge() {
    let slice = first_slice("return 'x'.repeat(998)", small_result());
    assert_eq!(returned(&slice).len(), 1_000);
    let message = "The result takes 1001 bytes as JSON; the limit is 1000";
    assert_stopped("return 'x'.repeat(999)", small_result(), "result_too_large", message);
    let message = "The result takes 1002 bytes as JSON; the limit is 1000";
    assert_stopped("return '\u{fc}'.repeat(500)", small_result(), "result_too_large", message);
}

#[test]
fn a_giant_result() {
    let slice = first_slice("return 'x'.repeat(5 << 20)", Limits::default());
    assert_eq!(error(&slice).code, "result_too_large");
    assert_engine_is_well();
}

#[test]
fn a_giant_error() {
    for body in [
        "throw new Error('m'.repeat(5 << 20))",
        "throw Object.assign(new Error('m'), { stack: 's\\n'.repeat(1 << 17) })",
        "const e = new Error('m'); e.name = 'n'.repeat(5 << 20); throw e",
        "throw 't'.repeat(5 << 20)",
        "throw Object.assign(new Error('m'), { code: 'c'.repeat(5 << 20) })",
        "throw Object.assign(new Error('m'), { details: 'c'.repeat(5 << 20) })",
        "throw new Error('m', { cause: new Error('c'.repeat(5 << 20)) })",
        "throw Object.assign(new Error('m'), { name: 'e'.repeat(2000), message: '\u{fc}'.repeat(99999) })",
    ] {
        let slice = first_slice(body, Limits::default());
        let error = error(&slice);
        assert_eq!(error.code, "task_error", "{body}: {}", error.message.len());
        let text = [Some(&error.name), Some(&error.message), error.stack.as_ref(), error.call_code.as_ref()];
        let bytes: usize = text.into_iter().flatten().map(String::len).sum();
        assert!(bytes <= ERROR_BYTES_MAX, "{body}: {bytes}");
    }
    assert_engine_is_well();
}

#[test]
fn an_odd_error_is_told_as_far_as_it_can_be_read() {
    let told = |body: &str| {
        let slice = first_slice(body, Limits::default());
        let error = error(&slice);
        assert_eq!(error.code, "task_error", "{body}: {error:?}");
        (error.name.clone(), error.message.clone(), error.call_code.clone())
    };
    let check = |body: &str, name: &str, message: &str, code: Option<&str>| {
        assert_eq!(told(body), (name.into(), message.into(), code.map(Into::into)), "{body}");
    };
    check("throw Object.assign(new Error('m'), { code: 42 })", "Error", "m", None);
    check("throw Object.assign(new Error('m'), { code: { a: 1 } })", "Error", "m", None);
    check("throw Object.assign(new Error('m'), { code: 'E1' })", "Error", "m", Some("E1"));
    check("throw new Error('a \\ud800 b')", "Error", "a \u{fffd}\u{fffd}\u{fffd} b", None);
    check(
        "throw Object.assign(new Error('m'), { '__proto__': 1, ok: true, value: 2, error: 3 })",
        "Error",
        "m",
        None,
    );
    check("throw undefined", "Error", "the task threw undefined", None);
    check("throw null", "Error", "the task threw null", None);
    check("throw Symbol('s')", "Error", "the task threw Symbol(s)", None);
    let unreadable = "the task failed with an error that cannot be read";
    check("throw Object.assign(new Error('m'), { '\\ud800': 1 })", "Error", unreadable, None);
    check(
        "throw Object.assign(new Error('m'), { get name() { throw 1 } })",
        "Error",
        "the task threw 1",
        None,
    );
    check(
        "const e = new Error('m'); Object.defineProperty(e, 'name', { get() { throw e } }); throw e",
        "Error",
        unreadable,
        None,
    );
    check(
        "const e = new Error('m'); e.message = { toString() { throw e } }; throw e",
        "Error",
        unreadable,
        None,
    );
    check("throw Object.assign(new Error('m'), { name: Symbol('n') })", "Error", unreadable, None);
    check("const e = new Error('m'); e.cause = e; e.self = e; throw e", "Error", "m", None);
    assert_engine_is_well();
}

/// An error that does not go through the task's promise is described by the host itself.
#[test]
fn an_odd_error_outside_the_task_function() {
    for thrown in [
        "{ get name() { throw this }, toString() { throw this } }",
        "{ get name() { throw 1 }, toString() { throw 2 } }",
        "{ name: { toString() { throw 1 } }, message: { toString() { throw 2 } }, stack: Symbol('s') }",
        "new Proxy({}, { get() { throw new Proxy({}, this) } })",
        "Symbol('s')",
        "null",
        "Object.create(null)",
        "new Error('m'.repeat(5 << 20))",
    ] {
        let body = format!("queueMicrotask(() => {{ throw {thrown} }}); await null; await null; return 1");
        let slice = first_slice(&body, Limits { slice_cpu_ms: 1_000, ..Limits::default() });
        if !matches!(slice.end, fermata_vm::SliceEnd::Returned(_)) {
            let error = error(&slice);
            assert_eq!(error.code, "task_error", "{thrown}: {error:?}");
            assert!(error.message.len() <= ERROR_BYTES_MAX);
        }
    }
    assert_engine_is_well();
}

#[test]
fn lines_by_the_million() {
    let limits = Limits { log_lines: 50, slice_cpu_ms: 20_000, ..Limits::default() };
    let body = "for (let i = 0; i < 100000; i++) console.log('line ' + i); return 'done'";
    let slice = first_slice(body, limits);
    assert_eq!(slice.logs.len(), 51);
    assert_eq!(slice.logs[50].message, "The run has written 50 lines; what follows is dropped");
    assert_eq!(returned(&slice), "\"done\"");
    assert_engine_is_well();
}

#[test]
fn giant_lines() {
    let body =
        "console.log('m'.repeat(5 << 20)); tools.log('info', '\u{fc}'.repeat(1 << 20), 'd'.repeat(5 << 20));
        tools.log('info', 'x', { toJSON() { throw 1 } }); tools.log('\\ud800', '\\ud800', ['\\ud800']);
        tools.log(Symbol('s'), Symbol('m'), Symbol('d')); tools.log('info', 'at the edge', 'e'.repeat(16382));
        return 1";
    let slice = first_slice(body, Limits::default());
    assert_eq!(slice.logs.len(), 6);
    for line in &slice.logs {
        assert!(line.message.len() <= LOG_MESSAGE_BYTES_MAX + 3, "{}", line.message.len());
        assert!(line.data.as_ref().is_none_or(|data| data.get().len() <= LOG_DATA_BYTES_MAX));
    }
    assert_eq!(slice.logs[5].data.as_ref().unwrap().get().len(), LOG_DATA_BYTES_MAX);
    assert_eq!(slice.logs[3].message, "\u{fffd}\u{fffd}\u{fffd}", "what is no text is replaced");
}

#[test]
fn a_result_that_is_no_json() {
    assert_returns("return undefined", Limits::default(), "null");
    assert_returns("return () => 1", Limits::default(), "null");
    assert_returns("return tools", Limits::default(), "null");
    let written = |what: &str, why: &str| {
        let slice = first_slice(what, Limits::default());
        let error = support::error(&slice);
        assert_eq!(error.code, "task_error");
        assert!(
            error.message.starts_with("the task's result cannot be written as JSON")
                && error.message.contains(why),
            "{error:?}"
        );
    };
    written("return 1n", "BigInt");
    written("const o = {}; o.o = o; return o", "circular");
    written("return { toJSON() { throw new Error('mine') } }", "mine");
    assert_engine_is_well();
}
