//! Hostile code in module scope, which is executed when a task is published.

use fermata_model::RunError;
use fermata_vm::{LoadError, source};

use crate::support::{assert_engine_is_well, task, try_load};
use crate::tight;

fn refused(file_name: &str, source: &str) -> RunError {
    let error = try_load(file_name, source, tight()).map(drop).expect_err("it cannot be loaded");
    assert_engine_is_well();
    match error {
        LoadError::Program(error) => error,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn check(module_scope: &str, code: &str, message: &str) {
    for (file_name, source) in [
        ("task.js", format!("{module_scope}\n{}", task("return 1"))),
        ("task.cjs", format!("{module_scope}\nmodule.exports = async () => 1")),
    ] {
        let error = refused(file_name, &source);
        assert_eq!((error.code.as_str(), error.message.as_str()), (code, message), "{file_name}: {source}");
    }
}

#[test]
fn module_scope_is_limited_like_a_run() {
    check("for (;;) {}", "cpu_limit", "The task computed for longer than 200 ms without waiting");
    let full = "The task needs more memory than its limit of 16777216 bytes";
    check("const all = []; for (;;) all.push(new Array(1e5).fill(0))", "memory_limit", full);
    check("const f = () => f() + 1; f()", "stack_overflow", "Maximum call stack size exceeded");
    check("throw new RangeError('mine')", "task_error", "mine");
    check("(() => { throw 'text' })()", "task_error", "text");
}

#[test]
fn module_scope_that_throws_what_cannot_be_read() {
    for thrown in [
        "{ get name() { throw this }, toString() { throw this } }",
        "{ get name() { throw 1 }, toString() { throw 2 } }",
        "new Proxy({}, { get() { throw new Proxy({}, this) } })",
        "Symbol('s')",
        "Object.create(null)",
        "undefined",
    ] {
        for file_name in ["task.js", "task.cjs"] {
            let end =
                if file_name == "task.js" { task("return 1") } else { "module.exports = () => 1".to_owned() };
            let error = refused(file_name, &format!("(() => {{ throw {thrown} }})()\n{end}"));
            assert_eq!(error.code, "task_error", "{thrown}: {error:?}");
        }
    }
}

#[test]
fn calls_and_waits_belong_in_the_task_function() {
    let early = "A call can be made only while a run executes: move it into the task function";
    let error = refused("task.js", &format!("setTimeout(() => 1, 1)\n{}", task("return 1")));
    assert_eq!((error.code.as_str(), error.message.as_str()), ("task_error", early));
    let error = source::compile("task.js", &format!("await null\n{}", task("return 1"))).unwrap_err();
    assert!(error.to_string().contains("await"), "{error}");
}

#[test]
fn exports_that_fight_back() {
    let error =
        refused("task.cjs", "module.exports = new Proxy(() => 1, { get() { throw new Error('trap') } })");
    assert_eq!((error.code.as_str(), error.message.as_str()), ("task_error", "trap"));
    let error = refused("task.cjs", "Object.defineProperty(globalThis, 'module', { get() { throw 1 } })");
    assert_eq!(error.code, "task_error");
    let error = refused(
        "task.js",
        &format!("export const config = {{ toJSON() {{ throw new Error('c') }} }}\n{}", task("")),
    );
    assert!(error.message.contains("config cannot be written as JSON"), "{error:?}");
    let error = refused(
        "task.js",
        &format!("export const config = {{ toJSON() {{ for (;;) {{}} }} }}\n{}", task("")),
    );
    assert_eq!(error.code, "cpu_limit");
    let error = refused("task.cjs", "globalThis.x = 1");
    assert!(error.message.starts_with("no task function found"), "{error:?}");
}
