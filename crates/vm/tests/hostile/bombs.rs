//! Code that wants more memory than there is.

use fermata_model::Limits;

use crate::support::{self, assert_engine_is_well, first_slice, returned};
use crate::{assert_returns, assert_stopped, tight};

const FULL: &str = "The task needs more memory than its limit of 16777216 bytes";

pub(crate) fn roomy() -> Limits {
    Limits { slice_cpu_ms: 10_000, ..tight() }
}

#[track_caller]
fn check(body: &str) {
    assert_stopped(body, roomy(), "memory_limit", FULL);
}

#[test]
fn memory_is_limited() {
    check("const list = []; for (;;) list.push(new Array(1000).fill(1))");
    check("let text = 'x'; for (;;) text = [text, text].join('')");
    check("const map = new Map(); for (let i = 0; ; i++) map.set(i, { i })");
    check("const all = []; for (;;) all.push(new ArrayBuffer(1 << 20))");
    check("return new Uint8Array(1 << 30).length");
    check("let list = [1]; for (;;) list = [...list, ...list]");
    check("const all = []; const f = (n) => () => n; for (let i = 0; ; i++) all.push(f(i))");
    check("const all = []; for (;;) all.push(Symbol('s'))");
    check("const o = {}; for (let i = 0; ; i++) o['key' + i] = i");
    check("function* all() { for (;;) yield 1 } return [...all()].length");
    check("const it = { [Symbol.iterator]: () => it, next: () => ({ done: false }) }; const [...rest] = it;");
    check("await Promise.all(Array.from({ length: 1e7 }, () => new Promise(() => {})))");
}

/// Where the engine's parsers run out of memory, they call it a mistake in the text.
#[test]
fn memory_of_parsers_is_limited() {
    for body in [
        "const all = []; for (let i = 0; ; i++) all.push(new RegExp('(a|b)*?'.repeat(50) + i))",
        "return eval('(' + 'x => x,'.repeat(1 << 18) + '1)')",
    ] {
        let slice = first_slice(body, roomy());
        let error = support::error(&slice);
        let told = error.code == "memory_limit" || error.message.contains("out of memory");
        assert!(told, "{body}: {error:?}");
        assert_engine_is_well();
    }
}

#[test]
fn a_task_that_catches_it_goes_on_or_fails_by_itself() {
    let body = "let caught = 0;
        for (let i = 0; i < 3; i++) {
          let all = [];
          try { for (;;) all.push(new Array(1000).fill(i)) } catch (e) { all = null; caught++ }
        }
        return caught";
    assert_returns(body, roomy(), "3");
    let kept = "const all = []; try { for (;;) all.push([]) } catch { for (;;) { try { for (;;) all.push([]) } catch {} } }";
    let slice = first_slice(kept, tight());
    assert_eq!(support::error(&slice).code, "cpu_limit");
    let ends = "const all = []; try { for (;;) all.push([]) } catch { return all.length > 1000 }";
    let slice = first_slice(ends, roomy());
    assert!(
        matches!(&slice.end, fermata_vm::SliceEnd::Returned(_))
            || support::error(&slice).code == "memory_limit",
        "{slice:?}"
    );
    assert_engine_is_well();
}

/// The heap is full when the task throws, when it calls, when it logs: never a fault of the engine.
#[test]
fn a_full_heap_at_every_way_out() {
    let fill = "globalThis.all = []; let size = 1 << 16;
        while (size >= 1) { try { for (;;) all.push('x'.repeat(size) + all.length) } catch { size >>= 2 } }";
    for end in [
        "throw new Error('full')",
        "return 'x'.repeat(100000)",
        "await tools.echo.x('y'.repeat(10000))",
        "await tools.echo.x(1)",
        "console.log('z'.repeat(10000)); return 1",
        "setTimeout(() => 1, 1); await tools.sleep(1)",
        "return crypto.getRandomValues(new Uint8Array(60000)).length",
        "tools.some.new.path; return new URL('http://x/').href",
        "await new Promise((r) => r({ then() { throw 1 } }))",
    ] {
        let slice = first_slice(&format!("{fill}\n{end}"), roomy());
        if let fermata_vm::SliceEnd::Threw(error) = &slice.end {
            let known = ["memory_limit", "task_error", "stack_overflow"].contains(&error.code.as_str());
            assert!(known, "{end}: {error:?}");
        }
        assert_engine_is_well();
    }
}

#[test]
fn memory_that_was_given_back_can_be_used_again() {
    let body = "let total = 0; for (let i = 0; i < 200; i++) total += new Uint8Array(1 << 20).fill(1)[i]; return total";
    let slice = first_slice(body, roomy());
    assert_eq!(returned(&slice), "200");
}
