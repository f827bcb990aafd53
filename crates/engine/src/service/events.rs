//! `tools.events`: waiting for what somebody sends to the run.

use fermata_model::limits::{EVENT_NAME_CHARS_MAX, WAIT_MS_MAX};
use fermata_model::{CallError, Json, Millis};
use serde::Deserialize;

use super::{Step, arguments, unknown_method};

/// The code of a wait that went on for its whole time.
pub(crate) const TIMEOUT: &str = "timeout";

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    timeout: Option<i64>,
}

/// What a call of this service leads to; whether the event is here already is for the caller to see.
pub(crate) fn step(method: &str, args: &Json, now: Millis) -> Step {
    if method != "wait" {
        return Step::error(unknown_method("events", method, &["wait"]));
    }
    wait(args, now).unwrap_or_else(Step::error)
}

fn wait(args: &Json, now: Millis) -> Result<Step, CallError> {
    let what = "tools.events.wait(name, { timeout })";
    let parts: Vec<Json> = arguments(what, args)?;
    let bad = |message: String| CallError::fatal("bad_arguments", format!("{what}: {message}"));
    let name: String = match parts.first().map(|name| serde_json::from_str(name.get())) {
        Some(Ok(name)) => name,
        _ => return Err(bad("the name is a text".into())),
    };
    check_name(&name).map_err(bad)?;
    let options = match parts.get(1).filter(|options| options.get() != "null") {
        Some(options) => serde_json::from_str(options.get()).map_err(|error| bad(error.to_string()))?,
        None => Options::default(),
    };
    let until = match options.timeout {
        Some(wait) if !(0..=WAIT_MS_MAX).contains(&wait) => {
            return Err(bad(format!("the timeout is between 0 and {WAIT_MS_MAX} ms")));
        }
        wait => wait.map(|wait| now + wait),
    };
    Ok(Step::Event { name, until })
}

/// Checks an event's name.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    if name.is_empty() || name.chars().count() > EVENT_NAME_CHARS_MAX {
        return Err(format!("an event's name has 1 to {EVENT_NAME_CHARS_MAX} characters"));
    }
    Ok(())
}

/// The rejection of a wait that went on for its whole time.
pub(crate) fn timed_out(name: &str) -> CallError {
    CallError::fatal(TIMEOUT, format!("No event {name:?} came in time"))
}
