//! The outside world of a run as a function of a seed: outcomes, their order, the clock.

use fermata_model::record::Outcome;
use fermata_model::{CallError, CallNumber, Json, Millis, json};
use fermata_vm::CallRequest;

/// Answers every call, always in the same way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Service {
    pub(crate) seed: u64,
}

impl Service {
    /// `sleep` answers nothing, `echo` its first argument, `flaky` fails half the time; any other
    /// service answers something, and fails at times.
    pub(crate) fn outcome(self, request: &CallRequest) -> Outcome {
        let die = self.draw("outcome", request.number);
        let fails = match request.service.as_str() {
            "sleep" => return Outcome::Ok(json::null()),
            "echo" => return Outcome::Ok(first_argument(&request.args)),
            "flaky" => die.is_multiple_of(2),
            _ => die.is_multiple_of(8),
        };
        if fails { Outcome::Err(failure(die / 16)) } else { Outcome::Ok(value(die / 16)) }
    }

    /// Which of `count` open calls is answered next.
    pub(crate) fn pick(self, delivery: u32, count: usize) -> usize {
        let count = u64::try_from(count).unwrap();
        usize::try_from(self.draw("order", delivery) % count).unwrap()
    }

    /// How far the clock moves before a delivery.
    pub(crate) fn pause(self, delivery: u32) -> Millis {
        Millis::try_from(self.draw("pause", delivery) % 5_000).unwrap()
    }

    fn draw(self, purpose: &str, number: u32) -> u64 {
        let mut hasher = blake3::Hasher::new();
        hasher.update(purpose.as_bytes()).update(&self.seed.to_le_bytes()).update(&number.to_le_bytes());
        let hash = hasher.finalize();
        u64::from_le_bytes(hash.as_bytes()[..8].try_into().unwrap())
    }
}

/// Calls that wait for their outcome.
#[derive(Debug, Clone, Default)]
pub(crate) struct Open(Vec<CallRequest>);

impl Open {
    /// Takes note of what a slice asked for.
    pub(crate) fn note(&mut self, calls: &[CallRequest], dropped: &[CallNumber]) {
        self.0.extend(calls.iter().cloned());
        self.0.retain(|call| !dropped.contains(&call.number));
    }

    /// The call that is answered next.
    pub(crate) fn next(&mut self, service: Service, delivery: u32) -> CallRequest {
        self.0.remove(service.pick(delivery, self.0.len()))
    }
}

fn first_argument(args: &Json) -> Json {
    let args: Vec<Json> = serde_json::from_str(args.get()).unwrap();
    args.into_iter().next().unwrap_or_else(json::null)
}

fn value(die: u64) -> Json {
    let text = match die % 14 {
        0 => "null".to_owned(),
        1 => "true".to_owned(),
        2 => "-0".to_owned(),
        3 => "1.7976931348623157e308".to_owned(),
        4 => "\"\"".to_owned(),
        5 => "\"Gr\u{fc}\u{df}e \u{1f600} \u{2028} \\u0000 \\\" \\ud800\"".to_owned(),
        6 => r#"{"a":[1,{"b":null}],"ü":"x","__proto__":{"y":1},"constructor":2}"#.to_owned(),
        7 => "[]".to_owned(),
        8 => "{}".to_owned(),
        9 => format!("[{}]", (0..400).map(|n| (n * 7 % 31).to_string()).collect::<Vec<_>>().join(",")),
        10 => format!("\"{}\"", "long ".repeat(5_000)),
        11 => format!("{}1{}", "[".repeat(60), "]".repeat(60)),
        12 => format!("{{{}}}", (0..150).map(|n| format!("\"k{n}\":{n}")).collect::<Vec<_>>().join(",")),
        _ => (die % 1_000).to_string(),
    };
    json::parse(text).unwrap()
}

fn failure(die: u64) -> CallError {
    match die % 4 {
        0 => CallError::passing("timeout", "no answer"),
        1 => CallError {
            name: "HttpError".into(),
            ..CallError::fatal("status", "404: \u{1f937} \"nothing\" here")
        },
        2 => CallError::fatal("", "").with_details(value(die / 4)),
        _ => CallError { attempts: Some(3), ..CallError::cancelled() },
    }
}
