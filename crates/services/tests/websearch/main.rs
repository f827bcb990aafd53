//! `tools.websearch` held against pages and answers in the forms of those it asks.

#![expect(clippy::unwrap_used, reason = "tests may unwrap")]

#[path = "../support/outside.rs"]
mod outside;

mod arguments;
mod pages;
mod searching;
