//! What tests share, and the benchmark.

pub mod bench;
