//! `tools.gapi` against a Google on loopback, and beside Google's official client.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod answers;
mod calls;
mod official;
mod quotas;
mod support;
mod tokens;
