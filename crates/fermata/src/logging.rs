//! Log lines to stderr.

use tracing_subscriber::EnvFilter;

use crate::console::Console;
use crate::settings::{self, LogFormat};

/// What is logged when the user set no filter: by the server, and by every other command.
pub(crate) const SERVER: &str = "info";
/// See [`SERVER`].
pub(crate) const COMMAND: &str = "error";

/// Starts logging. `default` is the filter unless `FERMATA_LOG` says otherwise.
pub(crate) fn start(console: &Console, format: LogFormat, default: &str) {
    let filter = settings::log_filter().unwrap_or_else(|| default.to_owned());
    let filter = EnvFilter::try_new(&filter).unwrap_or_else(|error| {
        console.tell(&format!("warning: FERMATA_LOG is not a filter ({error}); {default} is used"));
        EnvFilter::new(default)
    });
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Logging that is on already (in a test) may stay as it is.
    let _ = match format {
        LogFormat::Json => lines.json().flatten_event(true).try_init().map_err(drop),
        LogFormat::Text => {
            lines.with_ansi(console.stderr.has_colour).with_target(false).try_init().map_err(drop)
        }
    };
}
