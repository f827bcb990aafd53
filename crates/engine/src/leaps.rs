//! Time that is skipped: when nothing is left to do, the clock leaps to the next moment somebody waits for.
//!
//! So whoever waits sees the clock of a wait that lasted, in the order in which the waits would have ended.

use std::thread;
use std::time::Duration;

use fermata_model::Millis;

use crate::inner::Inner;

/// How often it is looked whether anything is left to do.
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// Does what the timers' thread does, under a clock that leaps. In one thread, so that no leap falls between
/// the end of a wait and the moment its run is told.
pub(crate) fn run(inner: &Inner) {
    while !inner.is_stopping() {
        let due = inner.timers.take_due();
        if !due.is_empty() {
            due.iter().for_each(|timer| inner.ring(timer));
        } else if let Some(next) = next_moment(inner) {
            inner.clock.leap_to(next);
        } else {
            thread::sleep(LOOK_EVERY);
        }
    }
}

/// The next moment that somebody waits for, if until then there is nothing to do.
fn next_moment(inner: &Inner) -> Option<Millis> {
    // Whoever is given something to do after being looked at is counted here.
    let before = inner.ready.pushed();
    // In this order: a call is on its way before the turn that made it is written.
    let rests = inner.all_rest() && inner.in_flight_count() == 0;
    let next = inner.timers.first_due()?;
    let stayed_so = inner.ready.pushed() == before;
    (rests && stayed_so).then_some(next)
}
