//! Promises and thenables that never settle, or settle too often.

use fermata_model::Limits;

use crate::{assert_returns, assert_stopped};

const NEVER: &str =
    "The task waits for something that can never happen: no call is pending and nothing is left to run";

#[test]
fn what_never_settles_is_a_deadlock() {
    for body in [
        "await new Promise(() => {})",
        "await { then() {} }",
        "return { then() {} }",
        "return new Promise(() => {})",
        "for await (const x of { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) }) ;",
        "clearTimeout(setTimeout(() => {}, 1)); await new Promise(() => {})",
        "await Promise.race([])",
        "let p; p = (async () => { await null; await p })(); await p",
    ] {
        assert_stopped(body, Limits::default(), "deadlock", NEVER);
    }
}

#[test]
fn what_settles_too_often_settles_once() {
    let limits = Limits::default();
    assert_returns("return { then(r) { r(1); r(2); throw 3 } }", limits, "1");
    assert_returns("return { then(r, j) { r({ then(r) { r('inner') } }); j(2) } }", limits, "\"inner\"");
    assert_stopped("return { then() { throw new Error('then') } }", limits, "task_error", "then");
    assert_stopped("return { get then() { throw new Error('get') } }", limits, "task_error", "get");
    assert_stopped("return { then(r, j) { j(new Error('j')); r(1) } }", limits, "task_error", "j");
    assert_stopped(
        "let p; p = Promise.resolve().then(() => p); return p",
        limits,
        "task_error",
        "promise self resolution",
    );
    assert_returns(
        "let n = 0; const t = { then(r) { r(n++ < 500 ? t : 'end') } }; return t",
        limits,
        "\"end\"",
    );
}

#[test]
fn a_promise_that_lies_about_itself() {
    let body = "const p = Promise.resolve(1);
        Object.defineProperty(p, 'constructor', { get() { throw new Error('constructor') } });
        return p";
    assert_stopped(body, Limits::default(), "task_error", "constructor");
    let body = "class P extends Promise { then(a, b) { a(1); a(2); b(3); return super.then(a, b) } }
        return new P((r) => r('x'))";
    assert_returns(body, Limits::default(), "1");
}
