//! The port: free, or a Fermata server's.

use std::io::ErrorKind;
use std::net::SocketAddr;

use tokio::net::TcpListener;
use url::Url;

use super::Finding;
use crate::client::Client;
use crate::settings::{self, ConnectArgs, ListenArgs, Server};

const ABOUT: &str = "port";

/// Checks the port, and gives the server that answers there.
pub(super) async fn check(listen: &ListenArgs, connect: &ConnectArgs) -> (Finding, Option<Server>) {
    let address = match listen.validate() {
        Ok(address) => address,
        Err(failure) => return (Finding::failed(ABOUT, failure), None),
    };
    match TcpListener::bind(address).await {
        Ok(_) => (Finding::good(ABOUT, format!("{address} is free")), None),
        Err(error) if error.kind() == ErrorKind::AddrInUse => ask_who_listens(address, connect).await,
        Err(error) => {
            let advice = "choose another with --listen (FERMATA_LISTEN)";
            (Finding::bad(ABOUT, format!("cannot listen on {address}: {error}"), advice), None)
        }
    }
}

async fn ask_who_listens(address: SocketAddr, connect: &ConnectArgs) -> (Finding, Option<Server>) {
    let token = connect.server().ok().and_then(|server| server.token);
    let Ok(url) = Url::parse(&format!("http://{}", settings::reachable(address))) else {
        return (Finding::good(ABOUT, format!("{address} is in use")), None);
    };
    let server = Server { url, token };
    match Client::remote(server.clone()).is_ready().await {
        Ok(()) => (Finding::good(ABOUT, format!("a Fermata server answers on {address}")), Some(server)),
        Err(_) => {
            let advice = "choose another with --listen (FERMATA_LISTEN)";
            (Finding::bad(ABOUT, format!("another program listens on {address}"), advice), None)
        }
    }
}
