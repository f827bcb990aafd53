//! The little HTTP and TCP it takes to see whether an address is free and a server ready.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};

const PATIENCE: Duration = Duration::from_secs(2);

/// Fails when something else listens at the address.
pub(super) fn check_free(listen: &str) -> Result<()> {
    match TcpListener::bind(listen) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            bail!(
                "{listen} is in use: stop what listens there, or choose another address with --listen 127.0.0.1:8788"
            )
        }
        Err(error) => Err(error).with_context(|| format!("cannot listen on {listen}")),
    }
}

/// Whether the server at the address says that it is ready.
pub(super) fn is_ready(listen: &str) -> bool {
    status_line(listen).is_ok_and(|line| line.starts_with("HTTP/1.1 200"))
}

fn status_line(listen: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(listen)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(stream, "GET /readyz HTTP/1.1\r\nHost: {listen}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(4096).read_to_string(&mut answer)?;
    Ok(answer)
}
