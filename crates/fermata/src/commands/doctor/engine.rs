//! The engine: boots, and runs a task from publish to result in a store of its own.

use std::time::Instant;

use fermata_connect::egress::Policy;
use fermata_engine::World;

use super::Finding;
use crate::client::{Client, Publish, Run, RunEvent, StartRun};
use crate::exit::{Exit, Failure};
use crate::node::Embedded;
use crate::{input, spans};

const ABOUT: &str = "engine";
const HELLO: &str = "export async function runTask(input) { return `Hello, ${input.name}!`; }";

pub(super) async fn check() -> Finding {
    match greet().await {
        Ok(took) => Finding::good(ABOUT, took),
        Err(failure) => Finding::failed(ABOUT, failure),
    }
}

async fn greet() -> Result<String, Failure> {
    let began = Instant::now();
    let embedded = Embedded::open(None, Policy::default(), World::default()).await?;
    let (booted, began) = (began.elapsed(), Instant::now());
    let ran = run_hello(&embedded.client).await;
    let took = began.elapsed();
    embedded.close().await;
    ran?;
    let ms = |took: std::time::Duration| spans::of_ms(i64::try_from(took.as_millis()).unwrap_or(i64::MAX));
    Ok(format!("booted in {}, ran a task in {}", ms(booted), ms(took)))
}

async fn run_hello(client: &Client) -> Result<(), Failure> {
    let publish = Publish { file_name: "hello.js".to_owned(), source: HELLO.to_owned(), name: None };
    client.publish(&publish).await?;
    let input = input::read_or(None, r#"{"name":"doctor"}"#)?;
    let run = client.start_run(&StartRun { task: "hello".to_owned(), version: None, input }).await?;
    let mut events = client.events(&run.id);
    loop {
        if let RunEvent::Ended(run) = events.next().await? {
            return judge(&run);
        }
    }
}

fn judge(run: &Run) -> Result<(), Failure> {
    match run.result.as_ref().map(|result| result.get()) {
        Some("\"Hello, doctor!\"") => Ok(()),
        _ => {
            Err(Failure::new(Exit::Internal, format!("a greeting ended {} with another result", run.status)))
        }
    }
}
