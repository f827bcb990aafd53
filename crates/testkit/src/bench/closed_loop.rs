//! Clients that each do one thing after the other: by time, or a given number of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::task::JoinSet;

use super::connection::{Answer, Connection};
use super::latency::Latency;
use super::report::Cost;
use super::server::Server;
use super::usage::Usage;

/// Clients that send the same request again and again and wait for its run to complete.
pub(crate) struct ClosedLoop {
    /// The request of each server.
    pub(crate) requests: Vec<Vec<u8>>,
    /// How many there are, shared out among the servers.
    pub(crate) clients: usize,
    /// How long they do it before it counts.
    pub(crate) warm_up: Duration,
    /// How long it counts.
    pub(crate) measured: Duration,
}

/// A request that was answered: when it was sent and when that was.
type Sample = (Instant, Instant);

impl ClosedLoop {
    /// Runs the clients. What counts is what was answered while it was measured.
    pub(crate) async fn run(self, servers: &[Server]) -> Result<(Option<Latency>, Cost)> {
        let begun = Instant::now();
        let until = begun + self.warm_up + self.measured;
        let requests: Vec<Arc<[u8]>> = self.requests.into_iter().map(Into::into).collect();
        let mut clients = JoinSet::new();
        for (server, request) in servers.iter().zip(&requests).cycle().take(self.clients) {
            let connection = server.access.connect().await?;
            clients.spawn(repeat(connection, request.clone(), until));
        }
        tokio::time::sleep_until((begun + self.warm_up).into()).await;
        let before = usage_of(servers)?;
        tokio::time::sleep_until(until.into()).await;
        let after = usage_of(servers)?;
        let mut took = Vec::new();
        while let Some(samples) = clients.join_next().await {
            let counts = |(_, ended): &Sample| (before.at..after.at).contains(ended);
            took.extend(samples??.into_iter().filter(counts).map(|(began, ended)| ended - began));
        }
        let count = took.len() as u64;
        Ok((Latency::of(took), Cost::of(count, &before, &after)))
    }
}

fn usage_of(servers: &[Server]) -> Result<Usage> {
    let usages = servers.iter().map(Server::usage).collect::<Result<Vec<_>>>()?;
    Usage::together(&usages).context("there is no server")
}

async fn repeat(mut connection: Connection, request: Arc<[u8]>, until: Instant) -> Result<Vec<Sample>> {
    let mut samples = Vec::new();
    let mut began = Instant::now();
    while began < until {
        connection.send(&request).await?.must_be_completed()?;
        let ended = Instant::now();
        samples.push((began, ended));
        began = ended;
    }
    Ok(samples)
}

/// Sends `requests` once each over `clients` connections and gives what `read` makes of the answers, in
/// the order of the requests. They are made one by one, when they are sent.
pub(crate) async fn send_all<T: Send + 'static>(
    server: &Server,
    clients: usize,
    count: usize,
    request: impl Fn(usize) -> Vec<u8> + Send + Sync + 'static,
    read: impl Fn(&Answer<'_>) -> Result<T> + Copy + Send + Sync + 'static,
) -> Result<Vec<T>> {
    let next = Arc::new(AtomicUsize::new(0));
    let request = Arc::new(request);
    let mut working = JoinSet::new();
    for _ in 0..clients {
        let mut connection = server.access.connect().await?;
        let (next, request) = (next.clone(), request.clone());
        working.spawn(async move {
            let mut answers = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return Ok::<_, anyhow::Error>(answers);
                }
                answers.push((number, read(&connection.send(&request(number)).await?)?));
            }
        });
    }
    let mut answers = Vec::with_capacity(count);
    while let Some(done) = working.join_next().await {
        answers.extend(done??);
    }
    answers.sort_unstable_by_key(|(number, _)| *number);
    Ok(answers.into_iter().map(|(_, answer)| answer).collect())
}
