//! A connection that is logged in.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use fermata_connect::egress;
use fermata_model::CallError;
use futures::future::{Either, select};
use tokio::time::timeout;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{CancelToken, Client, Connection, Error};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::super::place::Place;
use super::fault;
use crate::call::Failure;
use crate::way::Way;

/// How long saying goodbye may take.
const GOODBYE_WITHIN: Duration = Duration::from_secs(1);

type Connector = <MakeRustlsConnect as MakeTlsConnect<egress::Connection>>::TlsConnect;
type Stream = <MakeRustlsConnect as MakeTlsConnect<egress::Connection>>::Stream;

/// A connection that is logged in.
pub(super) struct Session {
    client: Client,
    /// Moves the bytes, as long as it is polled.
    driver: Connection<egress::Connection, Stream>,
}

/// How TLS is spoken with the server.
pub(super) fn connector(place: &Place) -> Result<Connector, CallError> {
    let mut tls = MakeRustlsConnect::new(rustls::ClientConfig::clone(&place.tls));
    MakeTlsConnect::<egress::Connection>::make_tls_connect(&mut tls, place.name()).map_err(|_| {
        CallError::fatal("bad_setting", "SQL_URL in the keystore has a host that TLS cannot name")
    })
}

impl Session {
    /// Connects and logs in.
    pub(super) async fn log_in(place: &Place, way: &Way<'_>) -> Result<Self, Failure> {
        let connection = way.connect(&place.host, place.port).await?;
        let connected = place.config.connect_raw(connection, connector(place)?).await;
        let (client, driver) = connected.map_err(|error| fault::of_login(&error))?;
        Ok(Self { client, driver })
    }

    /// What has the server give up what it does on this connection.
    pub(super) fn cancel_token(&self) -> CancelToken {
        self.client.cancel_token()
    }

    /// Does work on the connection, and then closes it.
    pub(super) async fn drive<T, F>(self, work: impl FnOnce(Client) -> F) -> Result<T, CallError>
    where
        F: Future<Output = Result<T, fault::Broken>>,
    {
        let (work, driver) = (pin!(work(self.client)), Box::pin(self.driver));
        let (done, why) = match select(work, driver).await {
            Either::Left((done, driver)) => {
                // The client is gone, so the driver only has its goodbye to say.
                let _ = timeout(GOODBYE_WITHIN, driver).await;
                (done, None)
            }
            // With the driver gone, the client knows that no answer comes any more.
            Either::Right((ended, work)) => (work.await, ended.err()),
        };
        done.map_err(|broken| broken.named(why.as_ref().map(|error: &Error| error as _)))
    }
}
