//! Code and values that are nested too deeply.

use fermata_model::record::Outcome;
use fermata_model::{Limits, json};
use fermata_vm::{Clock, SliceEnd, Vm};

use crate::support::{
    self, START, assert_engine_is_well, first_slice, identity, load, returned, start, task,
};
use crate::{assert_returns, assert_stopped};

/// The task runs out of stack and says so; and one that catches that goes on.
#[track_caller]
fn check(body: &str) {
    for stack_bytes in [16 << 10, Limits::default().stack_bytes] {
        let limits = Limits { stack_bytes, ..Limits::default() };
        assert_stopped(body, limits, "stack_overflow", "Maximum call stack size exceeded");
        let caught = format!("try {{ await (async () => {{ {body} }})() }} catch (e) {{ return e.name }}");
        assert_returns(&caught, limits, "\"RangeError\"");
    }
    check_end(body);
}

/// The same where the engine's own functions go deep: its stack may end before the task's does, and
/// that cannot be caught.
#[track_caller]
fn check_end(body: &str) {
    for stack_bytes in [16 << 10, Limits::default().stack_bytes, u32::MAX] {
        let slice = first_slice(body, Limits { stack_bytes, ..Limits::default() });
        let error = support::error(&slice);
        let known = ["Maximum call stack size exceeded", "The task's calls are nested too deeply"];
        assert_eq!(error.code, "stack_overflow", "{body}: {error:?}");
        assert!(known.contains(&error.message.as_str()), "{body}: {error:?}");
        assert_engine_is_well();
    }
}

#[test]
fn recursion() {
    check("const f = () => f() + 1; f()");
    check("const f = (...args) => f(...args, 1); f()");
    check("const a = () => b() + 1; const b = () => a() + 1; a()");
    check("class A { constructor() { new A() } } new A()");
    check("function* f() { yield* f() } [...f()]");
    check("const f = async () => { await f() }; await f()");
    check("const f = () => eval('f()'); f()");
    check("const f = (n) => `${{ toString: () => f(n + 1) }}`; f(0)");
}

#[test]
fn recursion_through_the_engines_own_functions() {
    check_end("const o = { get x() { return this.x } }; o.x");
    check_end("const o = { set x(v) { this.x = v } }; o.x = 1");
    check_end("const o = { toJSON: () => JSON.stringify(o) }; JSON.stringify(o)");
    check_end("const p = new Proxy({}, { get: (t, k) => p[k] }); p.x");
    check_end("const p = new Proxy({}, { has: (t, k) => k in p }); 'x' in p");
    check_end("const p = new Proxy(() => {}, { apply: () => p() }); p()");
    check_end("const p = new Proxy({}, {}); Object.setPrototypeOf(p, p); p.x; const f = () => f(); f()");
    check_end("const f = () => [1, 2].sort(f); f()");
    check_end("const f = () => 'x'.replace(/x/, f); f()");
    check_end("const f = () => [1].map(f); f()");
    check_end("const f = () => Reflect.apply(f, null, []); f()");
    check_end("const f = () => JSON.parse('[1]', f); f()");
    check_end("const r = /x/; Object.defineProperty(r, 'exec', { value: () => r.test('x') }); r.test('x')");
    check_end("const f = () => Array.from({ length: 1 }, f); f()");
    check_end("const o = { [Symbol.toPrimitive]: () => +o }; +o");
    check_end("const s = new Set([1]); const f = () => s.forEach(f); f()");
}

#[test]
fn values_nested_deeply() {
    check_end("let v = []; for (let i = 0; i < 100000; i++) v = [v]; JSON.stringify(v)");
    check_end("JSON.parse('['.repeat(100000) + ']'.repeat(100000))");
    check_end("let v = []; for (let i = 0; i < 100000; i++) v = [v]; String(v)");
    check_end("let v = []; for (let i = 0; i < 100000; i++) v = [v]; v.flat(Infinity)");
    check_end("let v = {}; for (let i = 0; i < 100000; i++) v = new Proxy(v, {}); v.x");
}

/// Some of the engine's own ways down end in a syntax error; what matters is that they end.
#[test]
fn texts_nested_deeply() {
    let body =
        "const f = () => new Function('f', 'f()')(f); try { f() } catch (e) { return e instanceof Error }";
    assert_returns(body, Limits::default(), "true");
    for text in [
        "eval('('.repeat(1e5) + ')'.repeat(1e5))",
        "eval('['.repeat(1e5))",
        "eval('-'.repeat(1e5) + '1')",
        "eval('a=>'.repeat(1e5) + '1')",
        "new RegExp('('.repeat(1e5) + ')'.repeat(1e5))",
        "/^(?:(a)|b)*$/.test('ab'.repeat(300000))",
    ] {
        let body = format!("try {{ {text}; return true }} catch (e) {{ return e instanceof Error }}");
        let slice = first_slice(&body, Limits::default());
        if !matches!(&slice.end, SliceEnd::Returned(value) if value.get() == "true") {
            assert_eq!(support::error(&slice).code, "stack_overflow", "{text}");
        }
        assert_engine_is_well();
    }
}

#[test]
fn a_deep_input_and_a_deep_outcome() {
    let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    let baseline = load("task.js", &task("return await tools.echo.x(1)"), Limits::default());
    let input = format!(r#"{{"input":{},"run":{{"id":"r","task":"t","version":1}}}}"#, deep(1_000_000));
    let (_, slice) = Vm::start(&baseline, identity(), START, &input).unwrap();
    assert_eq!(support::error(&slice).code, "stack_overflow");
    let (mut vm, _) = start(&baseline);
    let outcome = Outcome::Ok(json::parse(deep(1_000_000)).unwrap());
    let slice = vm.deliver(Clock { delivery: 1, now: START }, 1, &outcome);
    assert_eq!(support::error(&slice).code, "stack_overflow");
    assert_engine_is_well();
}

#[test]
fn a_deep_result_that_fits_is_passed_on() {
    let body = "let v = 0; for (let i = 0; i < 400; i++) v = [v]; return v";
    let slice = support::first_slice(body, Limits::default());
    assert_eq!(returned(&slice).len(), 801);
}
