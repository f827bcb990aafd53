//! Code and values that are nested too deeply.

use fermata_model::record::Outcome;
use fermata_model::{Limits, json};
use fermata_vm::{Clock, Vm};

use crate::support::{self, START, assert_engine_is_well, identity, load, returned, start, task};
use crate::{assert_returns, assert_stopped};

/// The task runs out of stack and says so; and one that catches that goes on.
#[track_caller]
fn check(body: &str) {
    for stack_bytes in [16 << 10, Limits::default().stack_bytes, u32::MAX] {
        let limits = Limits { stack_bytes, ..Limits::default() };
        assert_stopped(body, limits, "stack_overflow", "Maximum call stack size exceeded");
        let caught = format!("try {{ await (async () => {{ {body} }})() }} catch (e) {{ return e.name }}");
        assert_returns(&caught, limits, "\"RangeError\"");
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
    check("const f = () => new Function('f', 'f()')(f); f()");
    check("const f = (n) => `${{ toString: () => f(n + 1) }}`; f(0)");
}

#[test]
fn recursion_through_the_engines_own_functions() {
    check("const o = { get x() { return this.x } }; o.x");
    check("const o = { set x(v) { this.x = v } }; o.x = 1");
    check("const o = { toJSON: () => JSON.stringify(o) }; JSON.stringify(o)");
    check("const p = new Proxy({}, { get: (t, k) => p[k] }); p.x");
    check("const p = new Proxy({}, { has: (t, k) => k in p }); 'x' in p");
    check("const p = new Proxy(() => {}, { apply: () => p() }); p()");
    check("const p = new Proxy({}, {}); Object.setPrototypeOf(p, p); p.x; const f = () => f(); f()");
    check("const f = () => [1, 2].sort(f); f()");
    check("const f = () => 'x'.replace(/x/, f); f()");
    check("const f = () => [1].map(f); f()");
    check("const f = () => Reflect.apply(f, null, []); f()");
    check("const f = () => JSON.parse('[1]', f); f()");
    check("const r = /x/; Object.defineProperty(r, 'exec', { value: () => r.test('x') }); r.test('x')");
    check("let f = () => 1; for (let i = 0; i < 100000; i++) f = f.bind(null); f()");
    check("const f = () => Array.from({ length: 1 }, f); f()");
    check("const o = { [Symbol.toPrimitive]: () => +o }; +o");
    check("const s = new Set([1]); const f = () => s.forEach(f); f()");
}

#[test]
fn values_nested_deeply() {
    check("let v = []; for (let i = 0; i < 100000; i++) v = [v]; JSON.stringify(v)");
    check("JSON.parse('['.repeat(100000) + ']'.repeat(100000))");
    check("let v = []; for (let i = 0; i < 100000; i++) v = [v]; String(v)");
    check("let v = []; for (let i = 0; i < 100000; i++) v = [v]; v.flat(Infinity)");
    check("let v = {}; for (let i = 0; i < 100000; i++) v = new Proxy(v, {}); v.x");
}

/// Some of the engine's own ways down end in a syntax error; what matters is that they end.
#[test]
fn texts_nested_deeply() {
    for text in ["'('.repeat(1e5) + ')'.repeat(1e5)", "'['.repeat(1e5)", "'-'.repeat(1e5) + '1'", "'a=>'.repeat(1e5) + '1'"] {
        let body = format!("try {{ eval({text}) }} catch (e) {{ return e instanceof Error }}");
        assert_returns(&body, Limits::default(), "true");
    }
    let body = "try { new RegExp('('.repeat(1e5) + ')'.repeat(1e5)) } catch (e) { return e instanceof Error }";
    assert_returns(body, Limits::default(), "true");
    let body = "return /^(?:(a)|b)*$/.test('ab'.repeat(300000))";
    let slice = support::first_slice(body, Limits::default());
    assert!(["true", "false"].contains(&returned(&slice)) , "{slice:?}");
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
