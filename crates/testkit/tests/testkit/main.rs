//! Tests of what the other tests stand on: databases, object stores, lines that break.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod postgres;
mod proxy;
mod s3;
