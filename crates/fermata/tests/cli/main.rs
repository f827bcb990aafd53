//! Drives the real program in folders of its own, on ports the system chooses.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod doctor;
mod documents;
mod dry_inside;
mod dry_runs;
mod exit_codes;
mod program;
mod run;
mod sdk_types;
mod server_backup;
mod server_docs;
mod server_keystore;
mod server_life;
mod server_nodes;
mod server_publish;
mod server_resume;
mod server_runs;
mod server_services;
mod server_store_failures;
mod server_tls;
mod server_token_file;
mod types;
