//! What is run under load, and what must come of it: pure functions of the input.

use rand::Rng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

/// The tasks, by file name.
pub(crate) const SOURCES: [(&str, &str); 14] = [
    ("nested.ts", include_str!("tasks/nested.ts")),
    ("timers.js", include_str!("tasks/timers.js")),
    ("part.js", include_str!("tasks/part.js")),
    ("fan_out.js", include_str!("tasks/fan_out.js")),
    ("failing.js", include_str!("tasks/failing.js")),
    ("counter.js", include_str!("tasks/counter.js")),
    ("events.js", include_str!("tasks/events.js")),
    ("ambient.js", include_str!("tasks/ambient.js")),
    ("look.js", include_str!("tasks/look.js")),
    ("nap.js", include_str!("tasks/nap.js")),
    ("cancelled.js", include_str!("tasks/cancelled.js")),
    ("shape_module.ts", include_str!("tasks/shape_module.ts")),
    ("shape_commonjs.js", include_str!("tasks/shape_commonjs.js")),
    ("shape_host_call.js", include_str!("tasks/shape_host_call.js")),
];

/// Names of the events a run waits for.
const EVENTS: [&str; 4] = ["approval", "payment", "delivery", "review"];

/// A task with an input.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) task: &'static str,
    pub(crate) input: Value,
}

/// How a run must end.
#[derive(Debug)]
pub(crate) enum End {
    /// With this result.
    Completed(Value),
    /// With a result that is not a function of the input; who checks it knows what it must be.
    CompletedSomehow,
    /// With an error that says this.
    Failed(&'static str),
    Cancelled,
}

impl Job {
    /// A job of the task, of a size that differs from one to the next.
    pub(crate) fn random(task: &'static str, url: &str, random: &mut StdRng) -> Self {
        let input = match task {
            "nested" => json!({ "depth": random.random_range(1..=3), "branches": 3 }),
            "timers" => {
                let most = if random.random_ratio(1, 8) { 150 } else { 30 };
                json!({ "naps": random.random_range(1..=most), "seed": random.random_range(1..1_000_000) })
            }
            "fan_out" => json!({ "parts": 30, "failing": random.random_range(2..=7) }),
            "failing" => json!({ "parts": random.random_range(4..=12) }),
            "counter" => json!({ "url": url, "steps": random.random_range(1..=12) }),
            "events" => {
                let names: Vec<&str> = EVENTS.into_iter().filter(|_| random.random()).collect();
                json!({ "names": names, "nap": random.random_range(0..=6) })
            }
            "ambient" => json!({ "rounds": random.random_range(1..=8) }),
            "cancelled" => json!({ "url": url, "parts": random.random_range(0..=4) }),
            _ => json!({ "from": random.random_range(1..=16) }),
        };
        Self { task, input }
    }

    fn number(&self, name: &str) -> u64 {
        self.input[name].as_u64().unwrap()
    }

    /// How it must end.
    pub(crate) fn end(&self) -> End {
        match self.task {
            "nested" => End::Completed(nested(self.number("depth") as u32, self.number("branches"))),
            "timers" => End::Completed(timers(self.number("naps"), self.number("seed"))),
            "fan_out" => End::Completed(fan_out(self.number("parts"), self.number("failing"))),
            "failing" => End::Failed("part 3 fails"),
            "events" => End::Completed(events(&self.names())),
            "counter" | "ambient" => End::CompletedSomehow,
            "republished" => End::Completed(self.input.clone()),
            "cancelled" => End::Cancelled,
            "shape_module" => End::Completed(countdown(self.number("from"))),
            _ => End::Completed(json!({ "product": product(self.number("from")) })),
        }
    }

    /// The events it waits for.
    pub(crate) fn names(&self) -> Vec<String> {
        let names = self.input["names"].as_array().into_iter().flatten();
        names.map(|name| name.as_str().unwrap().to_owned()).collect()
    }
}

/// What comes with an event.
pub(crate) fn payload(event: &str) -> Value {
    json!({ "event": event, "letters": event.len() })
}

fn nested(depth: u32, branches: u64) -> Value {
    let runs: u64 = (0..=depth).map(|level| branches.pow(level)).sum();
    json!({ "runs": runs, "depth": depth })
}

fn timers(naps: u64, seed: u64) -> Value {
    let mut state = seed;
    let mut seen: Vec<(u64, u64)> = Vec::new();
    for _ in 0..naps {
        state = state * 48_271 % 2_147_483_647;
        let ms = 1 + state % 30;
        match seen.iter_mut().find(|(known, _)| *known == ms) {
            Some((_, count)) => *count += 1,
            None => seen.push((ms, 1)),
        }
    }
    json!({ "state": state, "seen": seen })
}

fn fan_out(parts: u64, failing: u64) -> Value {
    let half = parts / 2;
    let (failed, succeeded): (Vec<u64>, Vec<u64>) = (half..parts).partition(|number| number % failing == 0);
    let rejected = failed.iter().map(|number| format!("RangeError: part {number} fails"));
    json!({
        "squares": (0..half).map(|number| number * number).sum::<u64>(),
        "fulfilled": succeeded.iter().map(|number| number * number).collect::<Vec<_>>(),
        "rejected": rejected.collect::<Vec<_>>(),
    })
}

fn events(names: &[String]) -> Value {
    names.iter().flat_map(|name| [payload(name), json!("timeout")]).collect()
}

fn product(from: u64) -> String {
    (1..=from).product::<u64>().to_string()
}

fn countdown(from: u64) -> Value {
    let odd = from.div_ceil(2);
    let (red, green) = (json!(["red", odd]), json!(["green", from / 2]));
    let tally = match from {
        1 => vec![red],
        _ if from % 2 == 1 => vec![red, green],
        _ => vec![green, red],
    };
    json!({ "product": product(from), "tally": tally })
}
