//! Dry runs: calls that stay inside, answered from a file as those to the outside are, and recorded.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::dry_runs::{dry, result};
use crate::program::{Place, collect};

/// Reads the keystore, waits for an event and executes a task that has no file.
const INSIDE: &str = "export default async (input, { keystore, state, events, tasks }) => {
  const began = Date.now();
  const rules = await keystore.getKey('orders', 'rules');
  await keystore.set('seen', 1);
  const seen = await keystore.get('seen');
  const times = await state.increment('times', 2);
  const event = await events.wait('approval', { timeout: '2d' });
  const price = await tasks.execute('orders/price', { id: 7 });
  const { id } = await tasks.start('orders/print', {});
  const late = await events.wait('payment', { timeout: '1h' }).catch(({ code, message }) => [code, message]);
  const refused = await tasks.execute('orders/none', {}).catch(({ code, retryable }) => [code, retryable]);
  return { rules, seen, times, event, price, id, late, refused, ms: Date.now() - began };
}";

/// An entry for a call that stays inside.
fn inside(service: &str, method: &str, args: Value, rest: Value) -> Value {
    let mut entry = json!({ "service": service, "method": method, "args": args });
    entry.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    entry
}

#[test]
fn calls_that_stay_inside_are_answered_too_and_performed_without_an_entry() {
    let place = Place::new();
    let entries = json!([
        inside("keystore", "getKey", json!(["orders", "rules"]), json!({ "result": { "limit": 5 } })),
        inside("events", "wait", json!(["approval"]), json!({ "result": { "by": "Ada" } })),
        inside("tasks", "execute", json!(["orders/price"]), json!({ "result": 12 })),
        inside("tasks", "execute", json!(["orders/none"]), json!({ "error": { "code": "task_error" } })),
        inside("tasks", "start", json!(["orders/print"]), json!({ "result": { "id": "r-1" } })),
        inside(
            "events",
            "wait",
            json!(["payment"]),
            json!({ "error": { "code": "timeout", "message": "too late" } })
        ),
    ]);
    let ended = dry(&place, INSIDE, &entries, &["--skip-sleeps"]).with_code(0);
    assert_eq!(ended.stderr, "", "every entry was used");
    let mut found = result(&ended);
    assert_eq!(
        found["ms"].take(),
        3_600_000,
        "the event came at once, and the other one not within its hour"
    );
    let wanted = json!({ "rules": { "limit": 5 }, "seen": 1, "times": 2, "event": { "by": "Ada" }, "price": 12,
        "id": "r-1", "late": ["timeout", "too late"], "refused": ["task_error", false], "ms": null });
    assert_eq!(found, wanted);
}

#[test]
fn what_is_answered_is_not_performed_and_what_may_not_be_is_not_answered() {
    let place = Place::new();
    let task = "export const config = { allow: { services: ['keystore', 'tasks'] } };
      export default async (input, { keystore, state, events, tasks }) => {
        const code = (promise) => promise.then((value) => value, (error) => error.code);
        await keystore.set('a', 1);
        return [
          await code(keystore.get('a')),
          await code(state.get('a')),
          await code(keystore.get(7)),
          await code(tasks.execute({})),
          await code(events.wait('')),
          await code(tasks.execute('child', 1)),
          await code(tasks.execute('child', 2)),
          await code(Promise.race([events.wait('now', { timeout: 0 }), events.wait('ever')])),
        ];
      }";
    place.file("tasks/child.js", "export default (n) => n * 10");
    let any = |service: &str, method: &str, result: Value| json!({ "service": service, "method": method, "times": "any", "result": result });
    let entries = json!([
        any("keystore", "set", json!(null)),
        inside("keystore", "get", json!([7]), json!({ "result": "no" })),
        inside("tasks", "execute", json!([{}]), json!({ "result": "no" })),
        inside("tasks", "execute", json!(["child", 2]), json!({ "result": "told" })),
        inside("events", "wait", json!(["now"]), json!({ "result": "there" })),
        inside("state", "get", json!(["a"]), json!({ "result": "no" })),
    ]);
    let ended = dry(&place, task, &entries, &[]).with_code(0);
    let wanted =
        json!([null, "not_allowed", "bad_arguments", "bad_arguments", "bad_arguments", 10, "told", "there"]);
    assert_eq!(result(&ended), wanted);
    let unused = ended.telling(&["keystore.get", "tasks.execute", "state.get"]).stderr;
    assert_eq!(unused.matches("no call used the entry").count(), 3, "{unused}");
}

/// What a place has that a dry run has not: a value, an event and a state. The calls of the child are recorded, not
/// its result.
const PLACED: &str = "export default async (input, { keystore, state, events, tasks }) => {
  const none = await keystore.get('later');
  await keystore.set('later', 'set');
  const refused = await keystore.get('K').catch(({ code }) => code);
  const { version } = await state.set('count', 1);
  const { done } = await state.compareAndSet('count', version, 2);
  const missed = await events.wait('go', { timeout: 0 }).catch(({ code }) => code);
  console.log('waiting');
  const event = await events.wait('go');
  const below = await tasks.execute('reading', 'rules');
  return [none, await keystore.get('later'), refused, done, missed, event, below, await keystore.list()];
}";

#[test]
fn server_runs_that_read_what_is_there_are_the_same_dry() {
    let place = Place::new();
    let server = place.serve();
    let task = place.file("tasks/placed.js", PLACED);
    let reading = place.file("tasks/reading.js", "export default (name, { keystore }) => keystore.get(name)");
    for file in [&task, &reading] {
        place.ask(&server, ["publish", file]).with_code(0);
    }
    let kept = [("rules", "{\"limit\": 5}", "value"), ("K", "sealed-4711", "secret")];
    for (name, value, kind) in kept {
        let value = place.file("value", value);
        let arguments = ["keystore", "set", name, "--kind", kind, "--value-file", &value];
        place.ask(&server, arguments).with_code(0);
    }
    let mut command = place.asking(&server, ["run", "placed", "--record", "calls.json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(told.by_ref().any(|line| line.ends_with("waiting")));
    let runs = place.ask(&server, ["runs", "list", "--json"]).with_code(0).stdout;
    let runs: Value = serde_json::from_str(&runs).unwrap();
    let id = runs[0]["id"].as_str().unwrap();
    place.ask(&server, ["send-event", id, "go", "{\"n\": 1}"]).with_code(0);
    told.for_each(drop);
    let real = collect(child).with_code(0);
    let wanted =
        json!([null, "set", "secret", true, "timeout", { "n": 1 }, { "limit": 5 }, ["K", "later", "rules"]]);
    assert_eq!(result(&real), wanted);
    let dry = place.run(["run", &task, "--mock", "calls.json"]).with_code(0);
    assert_eq!(dry.stdout, real.stdout);
    assert!(!dry.stderr.contains("warning"), "every entry was used: {}", dry.stderr);
    let text = fs::read_to_string(place.path("calls.json")).unwrap();
    assert!(!text.contains("sealed-4711") && !text.contains("\"tasks\""), "{text}");
    // Recorded once more from the dry run, it is the same file: what was answered without a run is in it too.
    let again = ["run", &task, "--mock", "calls.json", "--record", "again.json"];
    place.run(again).with_code(0);
    assert_eq!(fs::read_to_string(place.path("again.json")).unwrap(), text);
}
