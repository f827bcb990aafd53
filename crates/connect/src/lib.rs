//! Everything that leaves the system on a socket: services, webhooks out, payments, chat replies.
//!
//! This is the only crate that opens outbound connections, and inside it only [`egress::Gate`] does.
//! A service is one file that turns a call into an [`http::Request`], sends it through the gate
//! under the caller's [`egress::Policy`], and reads the [`http::Response`]; it never holds a client
//! of its own. When to try again is decided by the caller with [`retry`]; this crate never repeats a
//! request that a server may have acted on.

#![forbid(unsafe_code)]

pub mod egress;
pub mod http;
pub mod redact;
pub mod retry;

mod error;

pub use error::{Direction, Error};
