//! What surrounds runs: the services they call, and the time.

use std::sync::Arc;

use fermata_services::Script;

/// The surroundings of an engine. The default is the real ones.
#[derive(Default)]
pub struct World {
    /// What answers calls in place of what lies outside.
    pub script: Option<Arc<Script>>,
    /// Whether waits are over as soon as nothing else is left to do. The clock of runs then stands still, and
    /// leaps to the end of each wait: a sleep of a year takes no time, and is followed by a date of a year later.
    pub skips_waits: bool,
}
