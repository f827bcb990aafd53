//! Drives the real program in folders of its own, on ports the system chooses.

mod doctor;
mod exit_codes;
mod keystore;
mod program;
mod publish;
mod resume;
mod run;
mod runs;
mod serve;
mod store_failures;
mod token_file;
