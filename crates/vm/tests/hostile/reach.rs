//! What a task can get hold of: never the bridge's own functions.

use fermata_model::Limits;

use crate::support::{assert_engine_is_well, first_slice, returned};

/// Names of the host's functions and of the prelude's entry points. Bundling may number them.
const FORBIDDEN: &str = "const forbidden = (f) => {
      let name; try { name = Object.getOwnPropertyDescriptor(f, 'name')?.value } catch { return }
      return /^(__host|host[A-Z])|^(settle|start|prepare|drive|bind|open|evaluate|makeStart)\\d*$/.test(name) &&
        f !== Function.prototype.bind;
    };";

/// Walks everything that can be reached from `roots` by properties, accessors, prototypes and calls
/// of getters, and names the forbidden functions it meets.
const WALK: &str = "const walk = (roots) => {
      const seen = new Set(), found = [], queue = [...roots];
      let errors = 0; const note = (error) => { if (errors++ < 50) queue.push(error) };
      while (queue.length > 0 && seen.size < 20000) {
        const value = queue.pop();
        if (value === null || (typeof value !== 'object' && typeof value !== 'function') || seen.has(value) || ArrayBuffer.isView(value)) continue;
        seen.add(value);
        if (typeof value === 'function' && forbidden(value)) found.push(value.name);
        try { queue.push(Reflect.getPrototypeOf(value)) } catch {}
        let keys = []; try { keys = Reflect.ownKeys(value) } catch {}
        for (const key of keys) {
          let property; try { property = Reflect.getOwnPropertyDescriptor(value, key) } catch {}
          if (property === undefined) continue;
          queue.push(property.value, property.get, property.set);
          if (property.get) try { queue.push(property.get.call(value)) } catch (e) { note(e) }
        }
        if (typeof value === 'function' && Reflect.getPrototypeOf(value) === null) continue;
        for (const key of ['caller', 'arguments', 'callee', 'constructor', '__proto__']) try { queue.push(value[key]) } catch (e) { note(e) }
        if (value instanceof Map || value instanceof Set) for (const entry of value) queue.push(entry, entry[0], entry[1]);
      }
      if (seen.size < 500) throw new Error('the walk is too short: ' + seen.size);
      if (seen.size >= 20000) throw new Error('the walk is too long: ' + queue.length);
      return [...new Set(found)];
    };";

#[track_caller]
fn check(body: &str) {
    let body = format!("{FORBIDDEN}\n{WORK_AROUND}\n{WALK}\n{body}");
    let limits = Limits { memory_bytes: 200 << 20, slice_cpu_ms: 30_000, ..Limits::default() };
    let slice = first_slice(&body, limits);
    assert_eq!(returned(&slice), "[]", "{body}");
    assert_engine_is_well();
}

/// Something to hang on to while a getter or trap is called from inside the bridge.
const WORK_AROUND: &str = "const caught = [];";

#[test]
fn by_properties() {
    check("return walk([globalThis, tools, arguments, input])");
    check(
        "return walk([tools.http, tools.http.get, tools.log, tools.sleep, tools.sleepUntil, tools.secret, tools.secret('x'), tools.events.wait, tools.echo.x, console, crypto, crypto.subtle, __callHostTool__, globalThis])",
    );
    check(
        "return walk([globalThis, new Headers(), new Request('http://x/'), new Response('x'), new URL('http://x/'), new AbortController(), new EventTarget(), new Event('x'), new TextDecoder(), structuredClone(new Map([[1, 2]])), setTimeout, new ToolError('x')])",
    );
    check(
        "return walk([globalThis, (async () => {})(), (function* () {})(), (async function* () {})(), new Map().entries(), ''.matchAll(/x/g), new Proxy({}, {}), Function('return this')(), (0, eval)('this')])",
    );
}

#[test]
fn by_names() {
    let names = "const names = ['__host_call', '__host_finish', '__host_log', '__host_cancel', '__host_random', '__host_random_hex', 'prelude', 'settle', 'bind', 'prepare', 'start', 'drive', 'hostCall', 'pending', 'module', 'exports', 'require', 'std', 'os', 'print', 'process', 'Deno', 'gc', 'scriptArgs'];";
    let body = format!(
        "{names} return names.filter((name) => name in globalThis || (0, eval)('typeof ' + name) !== 'undefined' || Function('return typeof ' + name)() !== 'undefined')"
    );
    let slice = first_slice(&body, Limits::default());
    assert_eq!(returned(&slice), "[]");
}

#[test]
fn by_errors_and_callers() {
    check("try { null.x } catch (e) { caught.push(e, e.stack) }
        try { tools.x = 1 } catch (e) { caught.push(e) }
        try { caught.push(Error.prepareStackTrace) } catch {}
        for (const set of [() => { Error.prepareStackTrace = (e, sites) => caught.push(...sites) }, () => Object.defineProperty(Error, 'prepareStackTrace', { value: (e, sites) => caught.push(...sites) })]) try { set() } catch (e) { caught.push(e) }
        const holder = {}; Error.captureStackTrace(holder); caught.push(holder.stack, new Error('x').stack);
        try { await tools.echo.x({ toJSON() { caught.push(new Error('inside'), holder); Error.captureStackTrace(this); return 1 } }).catch } catch (e) { caught.push(e) }
        return walk([caught, globalThis])");
    check("const sloppy = Function('caught', `
            const grab = function () { try { caught.push(arguments.callee, arguments.callee.caller, grab.caller, grab.arguments) } catch (e) { caught.push(e) } return 'x' };
            return { toJSON: grab, toString: grab, valueOf: grab, get length() { return grab() }, [Symbol.toPrimitive]: grab };`)(caught);
        tools.echo.x(sloppy).catch(() => 1); console.log(sloppy); tools.log('info', 'x', sloppy); tools.log(sloppy);
        __callHostTool__(sloppy, sloppy, sloppy).catch(() => 1); try { setTimeout(sloppy, sloppy) } catch {} setTimeout(sloppy.toJSON, sloppy); clearTimeout(sloppy);
        return walk([caught, globalThis])");
}

/// Uses every part of the bridge, each for itself: what was planted may break it.
const USE: &str = "
    const uses = [
      () => tools.echo.x({ a: 1 }).catch(() => 1), () => console.log('x %o', { a: 1 }), () => tools.log('info', 'x', { a: [1] }),
      () => clearTimeout(setTimeout(() => 1, 1)), () => crypto.randomUUID(), () => crypto.getRandomValues(new Uint8Array(4)),
      () => new URL('http://x/?a=b').searchParams.get('a'), () => structuredClone({ a: [1] }), () => tools.secret('x') + '',
      () => tools.sleep('1s').catch(() => 1), () => new Headers({ a: 'b' }).get('a'), () => new EventTarget().dispatchEvent(new Event('x')),
      () => __callHostTool__('a', ['b'], [1]).catch(() => 1), () => new TextDecoder().decode(new Uint8Array([65])), () => tools.x().catch(() => 1),
    ];
    for (let i = 0; i < 15; i++) { try { uses[i]() } catch (e) { keep(e) } }
    await null;";

/// Keeps what it is given, without the help of anything that may have been patched.
const KEEP: &str = "let kept = null, count = 0;
    const keep = (value) => { if (count++ < 3000) kept = { __proto__: null, value, next: kept } };";

#[test]
fn by_properties_that_the_bridge_reads_and_writes() {
    for prototypes in [
        "[Object.prototype, Function.prototype]",
        "[Array.prototype]",
        "[Promise.prototype, Error.prototype, String.prototype]",
    ] {
        check(&format!("{KEEP}
            const accessor = {{ __proto__: null, get() {{ keep(this); return undefined }}, set(value) {{ keep(this); keep(value) }}, configurable: true }};
            const keys = ['get', 'set', 'value', 'service', 'method', 'resolve', 'reject', 'stack', 'toJSON', 'apply', 'construct', 'has', 'ownKeys', '0', '1', '2', 'handler', 'pending', 'cause', 'code', 'task', 'run'];
            const planted = [];
            for (const prototype of {prototypes}) for (const key of keys) if (!Object.hasOwn(prototype, key)) planted.push({{ __proto__: null, prototype, key }});
            for (const plant of planted) Object.defineProperty(plant.prototype, plant.key, accessor);
            {USE}
            for (const plant of planted) delete plant.prototype[plant.key];
            return walk([kept, globalThis])"));
    }
}

#[test]
fn by_functions_that_the_bridge_may_call() {
    check(&format!("{KEEP}
        const {{ apply }} = Reflect, {{ defineProperty }} = Object;
        const patched = [[Promise.prototype, 'then'], [Promise, 'resolve'], [Function.prototype, 'call'], [Function.prototype, 'apply'], [Function.prototype, 'bind'], [Array.prototype, Symbol.iterator], [JSON, 'stringify'], [JSON, 'parse'], [RegExp.prototype, 'exec'], [String.prototype, 'replace'], [Array.prototype, 'push'], [Array.prototype, 'map'], [Object, 'keys'], [Object, 'defineProperty'], [WeakMap.prototype, 'get'], [Map.prototype, 'get'], [Reflect, 'apply'], [Error, 'captureStackTrace']];
        const originals = patched.map(([object, key]) => ({{ object, key, original: object[key] }}));
        for (const {{ object, key, original }} of originals) {{
          defineProperty(object, key, {{ __proto__: null, configurable: true, writable: true, value: function (...args) {{ keep(this); for (let i = 0; i < args.length; i++) keep(args[i]); return apply(original, this, args) }} }});
        }}
        {USE}
        for (let i = 0; i < originals.length; i++) defineProperty(originals[i].object, originals[i].key, {{ __proto__: null, configurable: true, writable: true, value: originals[i].original }});
        return walk([kept, globalThis])"));
}

#[test]
fn by_importing() {
    for name in ["fs", "data:text/javascript,export default 1", "fermata:prelude", "./other.js", "std", "os"]
    {
        let body = format!(
            "try {{ return Object.keys(await (0, eval)(`import('{name}')`)) }} catch (e) {{ return 'refused' }}"
        );
        let slice = first_slice(&body, Limits::default());
        match &slice.end {
            fermata_vm::SliceEnd::Returned(value) if value.get() == "\"refused\"" => {}
            fermata_vm::SliceEnd::Threw(error) if error.code == "task_error" => {}
            other => panic!("{name}: {other:?}"),
        }
    }
    assert_engine_is_well();
}

/// A module that imports itself gets what it exports, which it has anyway.
#[test]
fn by_importing_itself() {
    check("return walk([await (0, eval)(`import('task.js')`), globalThis])");
}

#[test]
fn nothing_blocks_the_thread() {
    let body = "try { return Atomics.wait(new Int32Array(new SharedArrayBuffer(8)), 0, 0, 60000) } catch (e) { return e.name }";
    let slice = first_slice(body, Limits { slice_cpu_ms: 1_000, ..Limits::default() });
    assert!(slice.cpu.as_secs() < 5, "{slice:?}");
    assert_engine_is_well();
}
