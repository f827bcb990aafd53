//! Dry runs: calls answered from a file, files recorded, time skipped.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use fermata_testkit::http_peer::{HttpPeer, Reply};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::program::{Ended, Place, Server, collect, signal};

/// Asks a model, and tells how that went.
const ASK: &str = "export default async (model, { openai }) => {
  try {
    const { data } = await openai.embeddings.create({ model, input: 'x' });
    return data;
  } catch ({ code, message, attempts, retryable, details }) {
    return { code, message, attempts, retryable, details };
  }
}";

/// A run of a task with a mock file of these entries.
pub(crate) fn dry(place: &Place, task: &str, entries: &Value, arguments: &[&str]) -> Ended {
    let task = place.file("tasks/task.js", task);
    let mock = place.file("mock.json", &entries.to_string());
    place.run([&["run", &task, "--mock", &mock][..], arguments].concat())
}

pub(crate) fn result(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap()
}

/// An entry for `openai.embeddings.create`.
fn embedding(rest: Value) -> Value {
    let mut entry = json!({ "service": "openai", "method": "embeddings.create" });
    entry.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    entry
}

#[test]
fn calls_are_answered_from_a_file_and_nothing_leaves() {
    let place = Place::new();
    let peer = HttpPeer::start(|_| Reply::new(500, "text/plain", "real"));
    let task = "export default async (url, { http, slack }) => {
      const got = await http.get(url + '/a');
      const sent = await http.post(url + '/b', { x: 1 });
      const response = await fetch(url + '/c');
      const { ts } = await slack.chat.postMessage({ channel: '#x', text: 'hi' });
      return [got.data, got.ok, sent.status, sent.data, response.url, await response.text(), ts];
    }";
    let fetch = |path: &str, method: &str, result: Value| {
        let args = json!([{ "url": peer.url(path), "method": method }]);
        json!({ "service": "http", "method": "fetch", "args": args, "result": result })
    };
    let entries = json!([
        fetch("/c", "GET", json!({ "status": 200, "body": "plain" })),
        fetch("/b", "POST", json!({ "status": 409, "headers": { "x": "y" }, "data": null, "body": "taken" })),
        fetch("/a", "GET", json!({ "status": 200, "data": { "a": 1.5 } })),
        { "service": "slack", "method": "chat.postMessage", "result": { "ok": true, "ts": "1.2" } },
    ]);
    // A server that is named, an egress that is closed, and no key: none of it matters.
    let (input, server) = (json!(peer.url("")).to_string(), peer.url(""));
    let arguments = ["--input", &input, "--url", &server];
    let ended = dry(&place, task, &entries, &arguments).with_code(0);
    let wanted = json!([{ "a": 1.5 }, true, 409, "taken", peer.url("/c"), "plain", "1.2"]);
    assert_eq!((result(&ended), ended.stderr.as_str()), (wanted, ""));
    assert!(peer.seen().is_empty());
}

#[test]
fn equal_calls_are_answered_in_order_and_closer_entries_go_first() {
    let place = Place::new();
    let task = "export default async (input, { openai }) => {
      const ask = async (model, input) => (await openai.embeddings.create({ model, input })).data;
      const results = [];
      for (const [model, input] of [['a', 'x'], ['b', 'x'], ['a', 'x'], ['a', 'y'], ['c', 'x'], ['d', 'x'], ['a', 'x']])
        results.push(await ask(model, input));
      return results;
    }";
    let answer = |data: u32| json!({ "data": data });
    let entries = json!([
        embedding(json!({ "result": answer(9), "times": "any" })),
        embedding(json!({ "args": [{ "model": "a" }], "result": answer(5) })),
        embedding(json!({ "args": [{ "model": "a", "input": "x" }], "result": answer(1) })),
        embedding(json!({ "args": [{ "model": "b" }], "result": answer(2) })),
        embedding(json!({ "args": [{ "model": "a", "input": "x" }], "result": answer(3), "times": 2 })),
    ]);
    let ended = dry(&place, task, &entries, &[]).with_code(0);
    assert_eq!(result(&ended), json!([1, 2, 3, 5, 9, 9, 3]));
}

#[test]
fn calls_at_the_same_time_get_each_their_own() {
    let place = Place::new();
    let task = "export default async (input, { openai }) => Promise.all(
      Array.from({ length: 50 }, async (_, i) => (await openai.embeddings.create({ model: 'm', input: `${i}` })).data))";
    let entries: Vec<Value> = (0..50)
        .rev()
        .map(|i| embedding(json!({ "args": [{ "input": i.to_string() }], "result": { "data": i } })))
        .collect();
    let ended = dry(&place, task, &entries.into(), &[]).with_code(0);
    assert_eq!(result(&ended), json!((0..50).collect::<Vec<_>>()));
}

#[test]
fn a_call_without_an_answer_fails_the_run() {
    let place = Place::new();
    let entries = json!([
        embedding(json!({ "args": [{ "model": "near", "input": "x" }], "result": {} })),
        embedding(json!({ "args": [{ "model": "far", "input": "y" }], "result": {} })),
    ]);
    let ask = "export default async (model, { openai }) => {
      return await openai.embeddings.create({ model, input: 'x' });
    }";
    let call = "nothing in the mock file answers tools.openai.embeddings.create with [{\"model\":\"other\"";
    let nearest = "the nearest entry, on line 1, wants \"near\" at /0/model, not \"other\"";
    let ended = dry(&place, ask, &entries, &["--input", "\"other\""]).with_code(1);
    let ended = ended.telling(&[call, nearest, "task.js:2:"]);
    assert_eq!(ended.stderr.matches(call).count(), 1, "{}", ended.stderr);
    // The task that deals with the error has a result, and the command fails all the same.
    let ended = dry(&place, ASK, &entries, &["--input", "\"other\""]).with_code(1);
    assert_eq!(result(&ended)["code"], "not_mocked");
    ended.telling(&["mock.json: calls without an answer: 1", call, nearest]);
    let twice = "export default async (model, { openai }) => {
      await openai.embeddings.create({ model, input: 'x' });
      await openai.embeddings.create({ model, input: 'x' });
    }";
    let ended = dry(&place, twice, &entries, &["--input", "\"near\""]).with_code(1);
    ended.telling(&["the entry on line 1 would, but is used up"]);
    let entries = json!([{ "service": "openai", "method": "models.list", "result": {} }]);
    let ended = dry(&place, ask, &entries, &["--input", "\"other\""]).with_code(1);
    ended.telling(&["the nearest entry, on line 1, answers openai.models.list"]);
    dry(&place, ask, &json!([]), &["--input", "\"other\""]).with_code(1).telling(&["it has no entries"]);
}

#[test]
fn entries_that_no_call_used_are_told() {
    let place = Place::new();
    let task = place.file("task.js", "export default async () => 1");
    let entry = r#"{"service": "slack", "method": "notify", "result": null}"#;
    let mock = place.file("mock.json", &format!("[\n{entry},\n{entry}]"));
    let ended = place.run(["run", &task, "--mock", &mock]).with_code(0);
    let wanted =
        [2, 3].map(|line| format!("warning: {mock}:{line}: no call used the entry for slack.notify\n"));
    assert_eq!((ended.stdout.as_str(), ended.stderr), ("1\n", wanted.concat()));
}

#[test]
fn errors_and_attempts_are_those_of_the_file() {
    let place = Place::new();
    let arguments = ["--skip-sleeps", "--input", "\"m\""];
    let run = |entry: Value| result(&dry(&place, ASK, &json!([entry]), &arguments).with_code(0));
    let error =
        json!({ "code": "model_not_found", "message": "no such model", "details": { "status": 404 } });
    let wanted = json!({ "code": "model_not_found", "message": "no such model", "attempts": 1,
        "retryable": false, "details": { "status": 404 } });
    assert_eq!(run(embedding(json!({ "error": error }))), wanted);
    let busy = json!({ "code": "overloaded", "retryable": true });
    let answer = run(embedding(json!({ "error": busy })));
    assert_eq!((&answer["code"], &answer["attempts"]), (&json!("overloaded"), &json!(3)));
    assert_eq!(run(embedding(json!({ "fails": 2, "result": { "data": 7 } }))), 7);
    let answer = run(embedding(json!({ "fails": 3, "result": { "data": 7 } })));
    assert_eq!((&answer["code"], &answer["attempts"]), (&json!("mock_failure"), &json!(3)));
}

#[test]
fn what_a_task_may_not_do_it_may_not_do_in_a_dry_run() {
    let place = Place::new();
    let task = "export const config = { allow: { services: ['openai', 'http'], hosts: ['*.example.com'] } };
      export default async (input, { openai, http, slack }) => {
        const code = (promise) => promise.then(() => 'done', (error) => error.code);
        return [
          await code(openai.embeddings.create('no object')),
          await code(openai.no.such.thing()),
          await code(slack.notify('hi')),
          await code(http.get('http://other.test/')),
          await code(http.get('http://api.example.com/')),
        ];
      }";
    let page = json!({ "service": "http", "method": "fetch", "times": "any", "result": { "status": 200 } });
    let ended = dry(&place, task, &json!([page]), &[]).with_code(0);
    let wanted = json!(["bad_arguments", "unknown_method", "not_allowed", "not_allowed", "done"]);
    assert_eq!(result(&ended), wanted);
}

/// A task that calls another, and both call outward.
const PARENT: &str = "export default async (url, { http, tasks }) => {
  const first = await http.get(url + '/page');
  const below = await tasks.execute('child', url);
  const again = await http.get(url + '/page');
  const refused = await http.get('http://127.0.0.1:1/').catch((error) => error);
  return [first.data, below, again.data, refused.code, refused.attempts];
}";
const CHILD: &str = "export default async (url, { http }) => {
  const [one, other] = await Promise.all([http.get(url + '/page'), http.get(url + '/other', { headers: { k: tools.secret('K') } })]);
  return [one.data, other.status, other.data];
}";

#[test]
fn what_was_recorded_answers_the_same_calls_in_the_same_way() {
    let place = Place::new();
    let peer = HttpPeer::start(|_| Reply::new(404, "text/plain", "gone"));
    peer.next([
        Reply::json(200, &json!({ "visit": 1 })),
        Reply::json(503, &json!({})).with("retry-after", "0"),
        Reply::json(200, &json!({ "visit": 2 })),
    ]);
    let (parent, input) = (place.file("tasks/parent.js", PARENT), json!(peer.url("")).to_string());
    let child = CHILD.replace(", { headers: { k: tools.secret('K') } }", "");
    place.file("tasks/child.js", &child);
    let common = ["run", &parent, "--input", &input, "--skip-sleeps"];
    let real = ["--record", "made/calls.json", "--egress-allow-private", "127.0.0.0/8"];
    fs::create_dir(place.path("made")).unwrap();
    let recorded = place.run([&common[..], &real].concat()).with_code(0);
    let asked = peer.seen().len();
    drop(peer);
    let mocked = place.run([&common[..], &["--mock", "made/calls.json"]].concat()).with_code(0);
    assert_eq!((mocked.stdout, mocked.stderr.as_str()), (recorded.stdout, ""));
    assert_eq!(asked, 5, "one was asked twice");
    let entries: Value =
        serde_json::from_str(&fs::read_to_string(place.path("made/calls.json")).unwrap()).unwrap();
    assert_eq!(entries.as_array().unwrap().len(), 5, "{entries}");
    assert_eq!(entries[4]["error"]["retryable"], true);
    assert_eq!(fs::read_dir(place.path("made")).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn server_runs_are_recorded_for_dry_runs_elsewhere() {
    let place = Place::new();
    place.bring_engine();
    let token = place.path("token");
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--token-file", token.to_str().unwrap()];
    let mut command = place.fermata(arguments);
    command.args(["--egress-allow-private", "127.0.0.0/8"]);
    let server = Server::start(command);
    let peer = HttpPeer::start(|_| Reply::json(200, &json!({ "from": "afar" })));
    let input = json!(peer.url("/")).to_string();
    let task = "export default async (url, { http }) => (await http.get(url)).data";
    let task = place.file("asking.js", task);
    place.ask(&server, ["publish", &task]).with_code(0);
    let arguments = ["run", "asking", "--input", &input, "--record", "calls.json"];
    let real = place.ask(&server, arguments).with_code(0);
    assert_eq!((result(&real), peer.take_seen().len()), (json!({ "from": "afar" }), 1));
    let dry = place.ask(&server, ["run", &task, "--input", &input, "--mock", "calls.json"]).with_code(0);
    assert_eq!((dry.stdout, dry.stderr.as_str()), (real.stdout, ""));
    assert!(peer.seen().is_empty());
}

#[test]
fn a_recording_holds_references_and_what_was_got_before_the_end() {
    let place = Place::new();
    let fetch = |path: &str| {
        json!({ "service": "http", "method": "fetch", "result": { "status": 200, "body": "ok" },
            "args": [{ "url": format!("http://a.test{path}") }] })
    };
    place.file("tasks/child.js", CHILD);
    let parent = "export default async (url, { tasks }) => { await tasks.execute('child', url); throw new Error('end') }";
    let entries = json!([fetch("/other"), fetch("/page")]);
    let arguments = ["--input", "\"http://a.test\"", "--record", "out.json"];
    dry(&place, parent, &entries, &arguments).with_code(1).telling(&["error: Error: end"]);
    let text = fs::read_to_string(place.path("out.json")).unwrap();
    assert!(text.contains(r#""k": "{{secret:K}}""#), "{text}");
    let recorded: Value = serde_json::from_str(&text).unwrap();
    let urls: Vec<_> = recorded.as_array().unwrap().iter().map(|entry| &entry["args"][0]["url"]).collect();
    assert_eq!(urls, ["http://a.test/page", "http://a.test/other"]);
}

#[test]
fn an_interrupted_run_is_recorded() {
    let place = Place::new();
    let task = "export default async (input, { slack, events }) => {
      await slack.notify('hi');
      console.log('waiting');
      await events.wait('never');
    }";
    let task = place.file("task.js", task);
    let entry = r#"[{"service": "slack", "method": "notify", "result": {"ok": true}}]"#;
    let mock = place.file("mock.json", entry);
    let mut command = place.fermata(["run", &task, "--mock", &mock, "--record", "out.json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(told.next().unwrap().ends_with("waiting"));
    signal(&child, Signal::INT);
    told.for_each(drop);
    collect(child).with_code(130);
    let recorded: Value = serde_json::from_str(&fs::read_to_string(place.path("out.json")).unwrap()).unwrap();
    assert_eq!(recorded.as_array().unwrap().len(), 1);
    assert_eq!(recorded[0]["result"], json!({ "ok": true }));
}

#[test]
fn a_skipped_year_is_a_year_later() {
    let place = Place::new();
    let task = "export default async (input, { sleep, sleepUntil, events, tasks }) => {
      const began = Date.now();
      const since = () => Date.now() - began;
      const times = [];
      const note = (name) => times.push([name, since()]);
      await Promise.all([
        sleep('2d').then(() => note('two days')),
        sleep('1d').then(() => note('a day')),
        new Promise((done) => setTimeout(done, 500)).then(() => note('a timer')),
      ]);
      await sleep('365d');
      note('a year');
      await sleepUntil(new Date(began + 400 * 86_400_000));
      note('a moment');
      await events.wait('never', { timeout: '1h' }).catch((error) => note(error.code));
      await tasks.execute('napping', '1w');
      note('a child');
      return times;
    }";
    let day = 86_400_000_u64;
    place.file("tasks/napping.js", "export default (time, { sleep }) => sleep(time)");
    let ended = dry(&place, task, &json!([]), &["--skip-sleeps"]).with_code(0);
    let wanted = json!([
        ["a timer", 500],
        ["a day", day],
        ["two days", 2 * day],
        ["a year", 367 * day],
        ["a moment", 400 * day],
        ["timeout", 400 * day + 3_600_000],
        ["a child", 407 * day + 3_600_000],
    ]);
    assert_eq!(result(&ended), wanted);
}

#[test]
fn many_skipped_waits_end_in_their_order_and_to_the_millisecond() {
    const RUNS: usize = 40;
    let place = Place::new();
    let task = "export default async (runs, { tasks }) => {
      const began = Date.now();
      const ends = [];
      await Promise.all(Array.from({ length: runs }, async (_, i) => {
        const naps = [1, 2, 3].map((k) => ((i * 7919 * k) % 1009) * 1000 + 1);
        await tasks.execute('napping', naps);
        ends.push([naps.reduce((a, b) => a + b), Date.now() - began]);
      }));
      return ends;
    }";
    let napping = "export default async (naps, { sleep, openai }) => {
      for (const nap of naps) { await openai.models.list(); await sleep(nap) }
    }";
    place.file("tasks/napping.js", napping);
    let models = json!([{ "service": "openai", "method": "models.list", "times": "any", "result": {} }]);
    let ended = dry(&place, task, &models, &["--skip-sleeps", "--input", &RUNS.to_string()]).with_code(0);
    let ends: Vec<(u64, u64)> = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(ends.len(), RUNS);
    assert!(ends.is_sorted_by_key(|(_, at)| *at), "{ends:?}");
    assert!(ends.iter().all(|(naps, at)| naps == at), "{ends:?}");
}

#[test]
fn skipped_waits_do_not_overtake_calls() {
    let place = Place::new();
    let peer = HttpPeer::start(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        Reply::new(200, "text/plain", "slow")
    });
    let task = "export const config = { timeout: '1d' };
      export default async (url, { http, sleep }) => {
        const first = await Promise.race([http.get(url).then(({ data }) => data), sleep('1s').then(() => 'waited')]);
        if (first !== 'slow') throw new Error(first);
        const until = Date.now() + 60_000;
        while (Date.now() < until) await sleep('1s');
        await tools.events.wait('never');
      }";
    let task = place.file("task.js", task);
    let input = json!(peer.url("")).to_string();
    let arguments = ["run", &task, "--skip-sleeps", "--egress-allow-private", "127.0.0.0/8", "--json"];
    let ended = place.run([&arguments[..], &["--input", &input]].concat()).with_code(1);
    let run = result(&ended);
    assert_eq!(run["error"]["code"], "timeout", "the run's own time is skipped too: {run}");
    let moment =
        |name: &str| run[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_millisecond();
    assert_eq!(moment("ended_at") - moment("created_at"), 86_400_000);
}

#[test]
fn attempts_are_skipped_to_by_the_clock() {
    let place = Place::new();
    let task = "export const config = { retries: { attempts: 4, backoff: '10m', backoffMax: '1h' } };
      export default async (input, { openai }) => {
        const began = Date.now();
        const { data } = await openai.embeddings.create({ model: 'm', input: 'x' });
        return [data, Date.now() - began];
      }";
    let entries = json!([embedding(json!({ "fails": 3, "result": { "data": 1 } }))]);
    let run = || result(&dry(&place, task, &entries, &["--skip-sleeps"]).with_code(0));
    let first = run();
    assert!(first[1].as_u64().unwrap() >= 600_000, "{first}");
    assert_eq!(run(), first, "chance has no part in it");
}

#[test]
fn a_file_that_is_none_is_refused_with_the_place() {
    let place = Place::new();
    let task = place.file("task.js", "export default async () => 1");
    for (text, wanted) in [
        ("[\n  {\"service\": \"slack\",}\n]", "mock.json:2:2"),
        (
            "[\n  {\"service\": \"slack\", \"method\": \"notify\"}\n]",
            "mock.json:2:3: it has neither a result",
        ),
        (
            "[{\"service\": \"slak\", \"method\": \"notify\", \"result\": 1}]",
            "mock.json:1:2: there is no service",
        ),
        ("{}", "mock.json:1:1: invalid type: map"),
    ] {
        let mock = place.file("mock.json", text);
        place.run(["run", &task, "--mock", &mock]).with_code(2).telling(&[wanted]);
    }
    place
        .run(["run", &task, "--mock", "gone.json"])
        .with_code(2)
        .telling(&["there is no file \"gone.json\""]);
    place.run(["run", "published", "--skip-sleeps"]).with_code(2).telling(&["are for a task's file"]);
    place.run(["run", &task, "--mock", "m", "--data", "d"]).with_code(2).telling(&["cannot be used with"]);
    place.run(["run", &task, "--record", "gone/x.json"]).with_code(2).telling(&["cannot be written"]);
}
