//! A port on this machine that is ours for as long as we like, whether something listens there or not.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result};
use tokio::net::TcpSocket;

/// A reserved port. The system gives it to nobody else, but a server that binds it with `SO_REUSEADDR`, as all
/// do, may listen there.
pub(crate) struct Port {
    address: SocketAddr,
    /// Bound, and never listening.
    _reservation: TcpSocket,
}

impl Port {
    /// Reserves a free one on 127.0.0.1.
    pub(crate) fn reserve() -> Result<Self> {
        let reservation = TcpSocket::new_v4().context("cannot make a socket")?;
        reservation.set_reuseaddr(true).context("cannot share a port")?;
        reservation.bind((Ipv4Addr::LOCALHOST, 0).into()).context("cannot reserve a port on 127.0.0.1")?;
        let address = reservation.local_addr().context("cannot learn which port is reserved")?;
        Ok(Self { address, _reservation: reservation })
    }

    /// Where a server on it is reached.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}
