//! What tests share: databases, object stores and bad lines to them, servers of other people's APIs, a mail
//! server; and the benchmark.

pub mod bench;
pub mod certificate;
pub mod google;
pub mod http_peer;
pub mod openai;
pub mod postgres;
pub mod postgrest;
pub mod proxy;
pub mod python;
pub mod s3;
pub mod search_pages;
pub mod smtp;

mod debian;
mod own_thread;
