//! The API token: found, closed to others, and good for the server that runs.

use std::os::unix::fs::PermissionsExt;

use super::Finding;
use crate::client::{Client, RunFilter};
use crate::settings::{ConnectArgs, Server};

const ABOUT: &str = "token";

pub(super) async fn check(connect: &ConnectArgs, server: Option<Server>) -> Finding {
    if let Some(path) = connect.token_file.as_deref().filter(|path| path.exists()) {
        let mode = path.metadata().map_or(0, |metadata| metadata.permissions().mode() & 0o777);
        if mode & 0o077 != 0 {
            let shown = path.display();
            let message = format!("{shown} can be read by other users (mode {mode:03o})");
            return Finding::bad(ABOUT, message, format!("close it: chmod 600 {shown}"));
        }
    }
    let found = match connect.server() {
        Ok(server) => server.token,
        Err(failure) => return Finding::failed(ABOUT, failure),
    };
    match (found, server) {
        (None, None) => Finding::good(ABOUT, "is made at the first start"),
        (None, Some(_)) => Finding::bad(
            ABOUT,
            "none found for the server that runs",
            "give it in FERMATA_TOKEN or with --token-file",
        ),
        (Some(_), None) => Finding::good(ABOUT, "found; no server runs to try it on"),
        (Some(_), Some(server)) => try_on(server).await,
    }
}

async fn try_on(server: Server) -> Finding {
    match Client::remote(server).runs(&RunFilter::default(), 1).await {
        Ok(_) => Finding::good(ABOUT, "the server takes it"),
        Err(error) => Finding::failed(ABOUT, error.into()),
    }
}
