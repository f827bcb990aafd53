//! The statements, one file per table. Writes take the committer's connection inside its
//! transaction; reads take a reader's.
//!
//! Files that read across workspaces say so: [`nodes`], [`workspaces`], [`tokens`] and the
//! `wake` files of [`runs`] and [`calls`].

pub(crate) mod calls;
pub(crate) mod checkpoints;
pub(crate) mod idempotency;
pub(crate) mod keystore;
pub(crate) mod letters;
pub(crate) mod logs;
pub(crate) mod nodes;
pub(crate) mod objects;
pub(crate) mod runs;
pub(crate) mod sent_events;
pub(crate) mod state;
pub(crate) mod stream;
pub(crate) mod tasks;
pub(crate) mod tokens;
pub(crate) mod workspaces;
