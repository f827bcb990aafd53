//! Tests of what the other tests stand on: databases, object stores, lines that break, and a peer that
//! others are measured by.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod postgres;
mod postgrest;
mod proxy;
mod s3;
