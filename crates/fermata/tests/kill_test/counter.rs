//! A server outside that has an effect once for each idempotency key, and is not always well.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::Deserialize;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};

/// Longest that an answer is held back.
const DELAY_MS_MAX: u64 = 40;

/// What was done for one key.
#[derive(Clone)]
pub(crate) struct Effect {
    pub(crate) cause: Cause,
    /// The answer, the same on every repetition.
    pub(crate) value: u64,
    /// How often it was asked for.
    pub(crate) requests: u32,
}

/// Whose effect it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub(crate) struct Cause {
    pub(crate) run: String,
    pub(crate) step: String,
}

/// The server outside.
pub(crate) struct Counter {
    pub(crate) address: SocketAddr,
    state: Mutex<State>,
}

struct State {
    effects: HashMap<String, Effect>,
    /// Keys that were told to come again.
    refused: Vec<String>,
    /// What no client may do.
    mistakes: Vec<String>,
    random: StdRng,
}

/// What happens to one request.
struct Mood {
    refuses: bool,
    drops: bool,
    before: Duration,
    after: Duration,
}

/// The connection ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection was dropped")]
struct Dropped;

impl Counter {
    pub(crate) async fn start(seed: u64) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let state = State {
            effects: HashMap::new(),
            refused: Vec::new(),
            mistakes: Vec::new(),
            random: StdRng::seed_from_u64(seed),
        };
        let counter = Arc::new(Self { address: listener.local_addr().unwrap(), state: Mutex::new(state) });
        tokio::spawn(accept(counter.clone(), listener));
        counter
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/count", self.address)
    }

    /// Every effect, by its key.
    pub(crate) fn effects(&self) -> HashMap<String, Effect> {
        self.state.lock().unwrap().effects.clone()
    }

    /// What clients did that they may not do.
    pub(crate) fn mistakes(&self) -> Vec<String> {
        self.state.lock().unwrap().mistakes.clone()
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Dropped> {
        let key = request.headers().get("idempotency-key").map(|key| key.to_str().unwrap().to_owned());
        let body = request.into_body().collect().await.map_err(|_| Dropped)?.to_bytes();
        let (Some(key), Ok(cause)) = (key, serde_json::from_slice::<Cause>(&body)) else {
            self.state.lock().unwrap().mistakes.push(format!("no key, or a broken body: {body:?}"));
            return Ok(respond(StatusCode::BAD_REQUEST, String::new()));
        };
        let mood = self.mood(&key);
        tokio::time::sleep(mood.before).await;
        if mood.refuses {
            return Ok(respond(StatusCode::SERVICE_UNAVAILABLE, String::new()));
        }
        let value = self.apply(key, cause);
        tokio::time::sleep(mood.after).await;
        if mood.drops {
            return Err(Dropped);
        }
        Ok(respond(StatusCode::OK, json!({ "value": value }).to_string()))
    }

    fn mood(&self, key: &str) -> Mood {
        let mut state = self.state.lock().unwrap();
        let refuses = state.random.random_ratio(1, 8) && !state.refused.iter().any(|refused| refused == key);
        if refuses {
            state.refused.push(key.to_owned());
        }
        let mut delay = |likely| {
            let ms = if state.random.random_bool(likely) {
                state.random.random_range(1..=DELAY_MS_MAX)
            } else {
                0
            };
            Duration::from_millis(ms)
        };
        let (before, after) = (delay(0.3), delay(0.2));
        Mood { refuses, drops: state.random.random_ratio(1, 8), before, after }
    }

    /// Has the effect, unless it was had before.
    fn apply(&self, key: String, cause: Cause) -> u64 {
        let mut state = self.state.lock().unwrap();
        let next = state.effects.len() as u64 + 1;
        let fresh = Effect { cause: cause.clone(), value: next, requests: 0 };
        let effect = state.effects.entry(key.clone()).or_insert(fresh);
        effect.requests += 1;
        let (value, first) = (effect.value, effect.cause.clone());
        if first != cause {
            state.mistakes.push(format!("{key} was used for {first:?} and for {cause:?}"));
        }
        value
    }
}

async fn accept(counter: Arc<Counter>, listener: TcpListener) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(converse(counter.clone(), stream));
    }
}

async fn converse(counter: Arc<Counter>, stream: TcpStream) -> Result<(), Infallible> {
    let answer = service_fn(|request| counter.answer(request));
    // Ends with an error whenever it drops a connection or a server is killed.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
    Ok(())
}

fn respond(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let response = Response::builder().status(status).header("content-type", "application/json");
    response.body(Full::from(body)).unwrap()
}
