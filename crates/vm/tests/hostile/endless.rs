//! Code that never stops by itself.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use fermata_model::Limits;
use fermata_vm::{Identity, Vm};

use crate::support::{NO_INPUT, START, assert_engine_is_well, identity, load, task};
use crate::{assert_error, assert_stopped, tight};

const TOO_LONG: &str = "The task computed for longer than 200 ms without waiting";

#[track_caller]
fn check(body: &str) {
    assert_stopped(body, tight(), "cpu_limit", TOO_LONG);
}

#[test]
fn loops() {
    check("for (;;) {}");
    check("for (;;) { try { for (;;) { try { throw 1 } finally { continue } } } catch {} }");
    check("let n = 0n; while (true) n = (n * 31n + 7n) % 1000003n");
    check("while (true) await null");
    check("const again = () => { Promise.resolve().then(again) }; again(); await new Promise(() => {})");
    check("const again = () => queueMicrotask(again); again(); await new Promise(() => {})");
}

#[test]
fn generators() {
    check("function* all() { let n = 0; for (;;) yield n++ } for (const n of all()) ;");
    check("async function* all() { for (;;) yield 1 } for await (const n of all()) ;");
    check("const it = { [Symbol.iterator]: () => it, next: () => ({ done: false }) }; new Set(it)");
}

#[test]
fn inside_the_engines_own_functions() {
    check("return /^(a+)+$/.test('a'.repeat(40) + '!')");
    check("return /^(?:(?:\\w+)\\s?)*$/.exec('many words and '.repeat(20) + '!')");
    check("return 'x'.repeat(60000).replace(/(x+x+)+y/g, '')");
    check("Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)");
    check("Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1)");
    check("let n = 3n; for (;;) { n = n * n; if (n > 1n << 200000n) n = 3n }");
    check("return { toJSON() { for (;;) {} } }");
    check("throw Object.defineProperty(new Error('x'), 'name', { get() { for (;;) {} } })");
    check("throw new Proxy(new Error('x'), { get() { for (;;) {} } })");
    check(
        "console.log({ get [Symbol.toStringTag]() { for (;;) {} }, toString() { for (;;) {} } }); for (;;) {}",
    );
    check("await tools.echo.x({ toJSON() { for (;;) {} } })");
}

#[test]
fn a_kill_stops_a_loop_at_once() {
    let baseline = load("task.js", &task("for (;;) {}"), Limits::default());
    let identity = Identity { ..identity() };
    let kill = identity.kill.clone();
    let began = Instant::now();
    let slice = thread::scope(|scope| {
        let slice = scope.spawn(|| Vm::start(&baseline, identity, START, NO_INPUT).unwrap().1);
        kill.store(true, Ordering::Relaxed);
        slice.join().unwrap()
    });
    assert_error(&slice, "killed", "The run was killed");
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_engine_is_well();
}
