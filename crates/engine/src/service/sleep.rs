//! `tools.sleep`, `tools.sleepUntil` and the guest's timers: durable waits.

use fermata_model::limits::WAIT_MS_MAX;
use fermata_model::{CallError, Json, Millis, json};

use super::{Step, arguments, unknown_method};

/// What a call of this service leads to when the slice's clock shows `now`.
pub(crate) fn step(method: &str, args: &Json, now: Millis) -> Step {
    match due(method, args, now) {
        Ok(due) if due <= now => Step::ok(json::null()),
        Ok(due) => Step::Until(due),
        Err(error) => Step::error(error),
    }
}

fn due(method: &str, args: &Json, now: Millis) -> Result<Millis, CallError> {
    let (number,): (f64,) = arguments(&format!("tools.sleep.{method}"), args)?;
    let wait = match method {
        "for" | "timer" => number,
        "until" => number - to_f64(now),
        _ => return Err(unknown_method("sleep", method, &["for", "until", "timer"])),
    };
    if wait > to_f64(WAIT_MS_MAX) {
        let message = format!("A wait of {wait} ms is longer than the limit of {WAIT_MS_MAX} ms (ten years)");
        return Err(CallError::fatal("wait_too_long", message));
    }
    Ok(now + to_millis(wait.max(0.0).ceil()))
}

#[expect(clippy::cast_precision_loss, reason = "times are far below 2^53 milliseconds")]
fn to_f64(millis: Millis) -> f64 {
    millis as f64
}

#[expect(clippy::cast_possible_truncation, reason = "the wait was checked against WAIT_MS_MAX")]
fn to_millis(wait: f64) -> Millis {
    wait as Millis
}

#[cfg(test)]
mod tests {
    use super::*;
    use fermata_model::record::Outcome;

    fn check(method: &str, args: &str) -> Result<Option<Millis>, String> {
        match step(method, &json::parse(args.into()).unwrap(), 1_000) {
            Step::Until(due) => Ok(Some(due)),
            Step::Done(Outcome::Ok(_)) => Ok(None),
            Step::Done(Outcome::Err(error)) => Err(error.code),
            _ => unreachable!("a sleep does nothing else"),
        }
    }

    #[test]
    fn waits() {
        assert_eq!(check("for", "[0]"), Ok(None));
        assert_eq!(check("for", "[250]"), Ok(Some(1_250)));
        assert_eq!(check("timer", "[0.2]"), Ok(Some(1_001)));
        assert_eq!(check("until", "[5000]"), Ok(Some(5_000)));
        assert_eq!(check("until", "[10]"), Ok(None));
        assert_eq!(check("for", "[1e300]"), Err("wait_too_long".into()));
        assert_eq!(check("for", "[\"x\"]"), Err("bad_arguments".into()));
        assert_eq!(check("nap", "[1]"), Err("unknown_method".into()));
    }
}
