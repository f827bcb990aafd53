//! A task that breaks the language under its own feet. It may fail by that; the bridge to the host
//! must not.

use fermata_model::Limits;
use fermata_vm::{CallRequest, Clock, Slice, SliceEnd};

use crate::support::service::{Open, Service};
use crate::support::{START, assert_engine_is_well, first_slice, load, returned, start, task};

/// Calls, a timer, a failure, a line and a result, without the help of anything that can be patched.
const WORK: &str = "
    const a = await tools.echo.x({ q: [1, 'two'] });
    await new P((resolve) => setTimeout(resolve, 1));
    let failed;
    try { await tools.tell.fail() } catch (error) { failed = error.code }
    console.log('line');
    return { a, failed };";
const RESULT: &str = r#"{"a":{"q":[1,"two"]},"failed":"fatal"}"#;

/// Every call of a run, and its last slice.
fn run(body: &str) -> (Vec<CallRequest>, Slice) {
    let limits = Limits { slice_cpu_ms: 200, ..Limits::default() };
    let (mut vm, mut slice) = start(&load("task.js", &task(body), limits));
    let service = Service { seed: 1 };
    let (mut open, mut calls) = (Open::default(), Vec::new());
    for delivery in 1..20 {
        open.note(&slice.calls, &slice.dropped);
        calls.append(&mut slice.calls);
        if vm.is_over() {
            break;
        }
        let request = open.next(service, delivery);
        let outcome = match request.service.as_str() {
            "tell" => fermata_model::record::Outcome::Err(fermata_model::CallError::fatal("fatal", "told")),
            _ => service.outcome(&request),
        };
        slice = vm.deliver(Clock { delivery, now: START }, request.number, &outcome);
    }
    assert!(vm.is_over(), "it came to an end: {body}");
    vm.retire();
    (calls, slice)
}

#[track_caller]
fn assert_bridge_held(sabotage: &str, calls: &[CallRequest]) {
    let numbers: Vec<_> = calls.iter().map(|call| call.number).collect();
    assert_eq!(numbers, (1..=u32::try_from(calls.len()).unwrap()).collect::<Vec<_>>(), "{sabotage}");
    for call in calls {
        assert!(["echo", "sleep", "tell"].contains(&call.service.as_str()), "{sabotage}: {call:?}");
        assert!(call.args.get().starts_with('['), "{sabotage}: {call:?}");
    }
    assert_engine_is_well();
}

/// Goes through as if nothing had happened.
#[track_caller]
fn survives(sabotage: &str) {
    let (calls, slice) = run(&format!("const P = Promise;\n{sabotage};\n{WORK}"));
    assert_eq!(seen(&slice), RESULT, "{sabotage}");
    assert_eq!(calls[0].args.get(), r#"[{"q":[1,"two"]}]"#, "{sabotage}");
    assert_eq!(calls.len(), 3, "{sabotage}");
    assert_bridge_held(sabotage, &calls);
}

/// The result, or what came instead.
fn seen(slice: &Slice) -> String {
    match &slice.end {
        SliceEnd::Returned(value) => value.get().to_owned(),
        other => format!("{other:?}"),
    }
}

/// Fails, or gives an odd result, by the task's own doing.
#[track_caller]
fn harms_only_itself(sabotage: &str) {
    let (calls, slice) = run(&format!("const P = Promise;\n{sabotage};\n{WORK}"));
    if let SliceEnd::Threw(error) = &slice.end {
        let own = ["task_error", "deadlock", "stack_overflow", "cpu_limit"].contains(&error.code.as_str());
        assert!(own, "{sabotage}: {error:?}");
    }
    assert_bridge_held(sabotage, &calls);
}

#[test]
fn patched_functions_are_not_asked() {
    const NO: &str = "() => { throw new Error('patched') }";
    for place in [
        "Promise.prototype.then",
        "Promise.prototype.catch",
        "Promise.prototype.finally",
        "Promise.resolve",
        "Promise.reject",
        "Promise.all",
        "JSON.stringify",
        "JSON.parse",
        "Map.prototype.get",
        "Map.prototype.set",
        "WeakMap.prototype.get",
        "WeakMap.prototype.set",
        "Function.prototype.call",
        "Function.prototype.apply",
        "Function.prototype.bind",
        "Object.keys",
        "Object.defineProperty",
        "Object.freeze",
        "Object.entries",
        "Array.isArray",
        "Array.prototype.push",
        "Array.prototype.join",
        "Array.prototype.map",
        "Array.prototype.slice",
        "Array.prototype.concat",
        "Array.prototype[Symbol.iterator]",
        "String.prototype.slice",
        "String.prototype.indexOf",
        "String.prototype.concat",
        "String.prototype.split",
        "String.prototype.trim",
        "String.prototype.toString",
        "String.prototype[Symbol.iterator]",
        "RegExp.prototype.exec",
        "RegExp.prototype.test",
        "Number.prototype.toString",
        "Number.isFinite",
        "Math.ceil",
        "Math.random",
        "Reflect.apply",
        "Reflect.get",
        "Error.captureStackTrace",
        "Error.prototype.toString",
        "Object.prototype.toString",
        "Object.prototype.valueOf",
        "Object.prototype.hasOwnProperty",
        "Symbol.prototype.toString",
        "Date.now",
        "Date.prototype.getTime",
        "globalThis.Promise",
        "globalThis.Error",
        "globalThis.TypeError",
        "globalThis.Object",
        "globalThis.Array",
        "globalThis.String",
        "globalThis.Number",
        "globalThis.Proxy",
        "globalThis.WeakMap",
        "globalThis.Reflect",
        "globalThis.JSON",
        "globalThis.Symbol",
        "globalThis.ToolError",
    ] {
        survives(&format!("{place} = {NO}"));
        survives(&format!("Object.defineProperty({}, {}, {{ get: {NO} }})", split(place).0, split(place).1));
    }
}

/// `a.b` as `a` and `'b'`.
fn split(place: &str) -> (String, String) {
    match place.strip_suffix(']').and_then(|place| place.split_once('[')) {
        Some((object, key)) => (object.to_owned(), key.to_owned()),
        None => {
            let (object, key) = place.rsplit_once('.').unwrap();
            (object.to_owned(), format!("'{key}'"))
        }
    }
}

#[test]
fn planted_properties_are_not_seen() {
    for plant in [
        "for (const key of ['get', 'set', 'value', 'writable', 'enumerable', 'service', 'method', 'resolve', 'reject', 'stack', 'number', 'ok', 'error', 'cause', 'task', 'shape', 'config', 'name', 'input', 'run', 'timeout']) Object.defineProperty(Object.prototype, key, { __proto__: null, set() { throw new Error('seen ' + key) }, get() { throw new Error('seen ' + key) } })",
        "for (let i = 0; i < 8; i++) Object.defineProperty(Object.prototype, i, { set() { throw new Error('seen') }, get() { throw new Error('seen') } })",
        "Object.defineProperty(Array.prototype, 'toJSON', { configurable: true, value() { return 'evil' } }); delete Array.prototype.toJSON",
        "Object.defineProperty(Promise, Symbol.species, { get() { throw new Error('species') } })",
        "Object.defineProperty(Array, Symbol.species, { get() { throw new Error('species') } })",
        "Object.defineProperty(Error, Symbol.hasInstance, { value() { throw new Error('instance') } })",
        "Object.freeze(Object.prototype); Object.freeze(Array.prototype); Object.freeze(Function.prototype); Object.freeze(Promise.prototype)",
        "Error.stackTraceLimit = 0",
        "Error.stackTraceLimit = Infinity",
        "Error.stackTraceLimit = -1",
        "Error.stackTraceLimit = 'x'",
        "for (const name of Reflect.ownKeys(globalThis)) if (!['setTimeout', 'console', 'undefined', 'NaN', 'Infinity', 'globalThis'].includes(name)) delete globalThis[name]",
        "Object.setPrototypeOf(globalThis, null)",
        "try { Error.prepareStackTrace = (e, sites) => { throw new Error('sites') } } catch {}",
        "try { Object.defineProperty(Error, 'prepareStackTrace', { value: () => { throw 1 } }) } catch {}",
    ] {
        survives(plant);
    }
}

#[test]
fn worse_sabotage_harms_the_task_alone() {
    for harm in [
        "Object.prototype.then = function (resolve) { resolve(5) }",
        "Object.prototype.then = () => { throw new Error('then') }",
        "Object.defineProperty(Object.prototype, 'then', { get() { throw new Error('get') } })",
        "Object.defineProperty(Promise.prototype, 'constructor', { get() { throw new Error('constructor') } })",
        "Object.prototype.toJSON = () => 'evil'",
        "Array.prototype.toJSON = () => 'evil'; String.prototype.toJSON = () => 'evil'",
        "Object.prototype.toJSON = () => { for (;;) {} }",
        "Object.setPrototypeOf(ToolError, class { constructor() { throw new Error('super') } })",
        "Object.setPrototypeOf(ToolError, function () { return Object.freeze({}) })",
        "Object.setPrototypeOf(ToolError, new Proxy(Error, { construct() { for (;;) {} } }))",
        "Object.setPrototypeOf(ToolError.prototype, null)",
        "Object.setPrototypeOf(Function.prototype, new Proxy({}, { get() { throw new Error('proxy') } }))",
        "Object.setPrototypeOf(Array.prototype, new Proxy({}, { get() { throw new Error('proxy') }, has() { throw new Error('proxy') } }))",
        // The engine's own JSON.stringify looks there.
        "for (let i = 0; i < 8; i++) Object.defineProperty(Array.prototype, i, { set() { throw new Error('seen') }, get() { throw new Error('seen') } })",
        "Error.stackTraceLimit = { valueOf() { throw new Error('limit') } }",
        "Error.stackTraceLimit = { valueOf() { tools.echo.again(); return 1 } }",
        "Error.stackTraceLimit = { valueOf() { for (;;) {} } }",
        "const f = () => f(); Error.stackTraceLimit = { valueOf: f }",
        "Error.stackTraceLimit = Symbol('s')",
        "Error.stackTraceLimit = 1n",
        "Object.defineProperty(Error, 'stackTraceLimit', { get() { throw new Error('limit') } })",
        "Object.defineProperty(globalThis, 'currentTaskRunId', { get() { throw 1 } })",
        "setTimeout = console = undefined",
        "setTimeout(() => { throw { get name() { throw 1 } } }, 1)",
    ] {
        harms_only_itself(harm);
    }
}

/// Prototypes that are spoilt while the module is loaded, before the prelude takes the exports apart.
#[test]
fn sabotage_in_module_scope() {
    for harm in [
        "Object.defineProperty(Object.prototype, 'run', { set() { throw new Error('seen') }, get() { return 1 } });",
        "Object.prototype.config = { evil: 1 }; JSON.stringify = () => '{}';",
        "JSON.parse = () => ({ input: 'evil', run: {} });",
        "Object.defineProperty(globalThis, 'currentTaskRunId', { value: 1, configurable: true, writable: false });",
        "Object.freeze = () => { throw 1 };",
    ] {
        let source = format!("{harm}\n{}", task("return input"));
        let (vm, slice) = start(&load("task.js", &source, Limits::default()));
        assert_eq!(returned(&slice), "null", "{harm}");
        vm.retire();
    }
    assert_engine_is_well();
}

#[test]
fn tools_cannot_be_changed() {
    for change in [
        "tools.x = 1",
        "tools.echo.x = 1",
        "delete tools.echo",
        "delete tools.echo.x",
        "Object.defineProperty(tools, 'x', { value: 1 })",
        "Object.setPrototypeOf(tools, {})",
        "tools.__proto__ = {}",
        "Object.assign(tools, { x: 1 })",
        "Object.assign(tools.echo, { x: 1 })",
        "Object.freeze(tools)",
        "Object.preventExtensions(tools.echo)",
        "Object.seal(tools.echo.x)",
        "new tools.echo.x()",
        "new tools()",
        "tools.log.x = 1",
        "tools.sleep.x = 1",
        "tools.http.get = 1",
        "tools.secret.x = 1",
        "Object.defineProperty(tools, 'then', { value: 1 })",
    ] {
        survives(&format!(
            "let refused = false; try {{ {change} }} catch (e) {{ refused = e instanceof TypeError }} if (!refused) throw new Error('changed')"
        ));
    }
    survives(
        "if (Reflect.ownKeys(tools).length || tools.then !== undefined || (await tools) !== tools) throw new Error('odd')",
    );
    survives(
        "if (tools.echo !== tools.echo || tools.tools !== tools || 'then' in tools || tools[Symbol.iterator]) throw new Error('odd')",
    );
    survives(
        "if (typeof tools.__proto__ !== 'undefined' || Object.getPrototypeOf(tools) !== null) throw new Error('odd')",
    );
    let slice = first_slice("try { await tools() } catch (e) { return e.message }", Limits::default());
    assert!(returned(&slice).contains("is not a method"), "{slice:?}");
}
