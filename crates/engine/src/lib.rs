//! Drives runs from accepted to ended: orders the store, the VM and the services in time.
//!
//! A run in memory is a cell with a mailbox; executor threads take cells out of the queue and work
//! on each for one turn. All that a turn changes reaches the disk as one group, in the order of the
//! turns. What stays inside runs ahead of the disk; what leaves the system waits for it.
#![forbid(unsafe_code)]

mod api;
mod body;
mod cell;
mod clock;
mod engine;
mod executor;
mod housekeeping;
mod inner;
mod keystore;
mod leaps;
mod letter;
mod load;
mod neighbours;
mod outage;
mod outward;
mod policies;
mod programs;
mod publish;
mod rates;
mod ready;
mod service;
mod start;
mod sweep;
mod timers;
mod turn;
mod vault;
mod watch;
mod world;

pub use api::{
    InputFault, Publish, PublishError, Published, RunActionError, Settings, StartError, StartRun, Started,
};
pub use engine::{Ending, Engine, OpenError, Stats};
pub use keystore::{KeystoreError, KeystorePut, KeystoreRestored, open_namespace as open_keystore_namespace};
pub use watch::Watch;
pub use world::World;
