//! Calls that stay inside, answered from the script of a dry run in place of being performed.

use fermata_model::record::{Call, CallBirth, Outcome};
use fermata_model::{CallError, Millis};
use fermata_services::{Asked, INSIDE, Registry};

use super::{Step, events, idempotency_key, keystore, state, tasks};

/// What a call leads to that the script answers. Nothing when it is to be performed, which also refuses what is
/// badly put; calls to the outside ask by themselves.
pub(crate) fn step(services: &Registry, call: &Call, now: Millis) -> Option<Step> {
    let script = services.script()?;
    let CallBirth { service, method, args, .. } = &call.birth;
    if !INSIDE.contains(&service.as_str()) {
        return None;
    }
    let until = limit(call).ok()?;
    let key = idempotency_key(call.run, call.number);
    match (script.outcome(&Asked { service, method, args, key: &key })?, until) {
        (Ok(value), _) => Some(Step::ok(value)),
        // Nobody sends the event: that is known when the time is over. Then the call asks once more.
        (Err(error), Some(until)) if error.code == events::TIMEOUT && until > now => Some(Step::Until(until)),
        (Err(error), _) => Some(Step::Done(Outcome::Err(error))),
    }
}

/// When a wait for an event is over, if the call is one that has a limit. Refuses a call that cannot be performed.
fn limit(call: &Call) -> Result<Option<Millis>, CallError> {
    let CallBirth { service, method, args, created_at, .. } = &call.birth;
    match service.as_str() {
        "events" => match events::step(method, args, *created_at) {
            Step::Event { until, .. } => return Ok(until),
            Step::Done(Outcome::Err(error)) => return Err(error),
            _ => {}
        },
        "keystore" => keystore::check(&call.workspace, method, args)?,
        "tasks" => tasks::read(method, args).map(drop)?,
        _ => state::check(method, args)?,
    }
    Ok(None)
}
