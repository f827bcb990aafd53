//! What tests share: databases, object stores and bad lines to them; and the benchmark.

pub mod bench;
pub mod postgres;
pub mod proxy;
pub mod s3;
