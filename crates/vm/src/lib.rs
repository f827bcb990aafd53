//! Runs slices of JavaScript in QuickJS inside Wasm, and writes the VM's state down and reads it back.
//!
//! No effect leaves this crate. A slice ends in *finished*, *failed* or *wants these calls*, and
//! hands that back as data. Clock and randomness are inputs. Every limit is a mandatory argument.
//!
//! The way through: [`source::compile`] turns a text into a program; [`Engine::load`] turns the
//! program into a [`Baseline`]; [`Vm::start`] and [`Vm::deliver`] execute slices;
//! [`Vm::checkpoint`] and [`Vm::restore`] put the heap down and pick it up.

mod anchors;
mod baseline;
mod boot;
mod cache;
mod checkpoint;
mod engine;
mod exports;
mod guest_error;
mod host;
mod image;
mod machine;
mod slice;
pub mod source;
mod stop;
mod vm;
mod written;

pub use baseline::{Baseline, LoadError};
pub use checkpoint::{BadCheckpoint, Snapshot};
pub use engine::{Config, Engine, OpenError};
pub use image::EngineHash;
pub use slice::{CallRequest, LogRequest, Slice, SliceEnd};
pub use vm::{Clock, Identity, StartError, Vm};
