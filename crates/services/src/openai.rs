//! `tools.openai`: the official SDK's methods, on OpenAI and on everybody who speaks its protocol.
//!
//! The API is described at platform.openai.com/docs/api-reference. A method is a line of the table in
//! `openai/paths.rs`.

mod answer;
mod arguments;
mod fault;
mod options;
mod outgoing;
mod paths;
mod provider;
mod stream;
mod usage;

use fermata_model::{CallError, Json};

use crate::call::{Attempt, Attempted, Policy, Request, Service};
use crate::way::Way;
use arguments::Call;

/// The service.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenAi;

impl Service for OpenAi {
    fn check(&self, method: &str, args: &Json) -> Result<Policy, CallError> {
        Ok(Call::read(method, args)?.options.policy())
    }

    fn attempt<'a>(&'a self, request: Request, way: &'a Way<'a>) -> Attempt<'a> {
        Box::pin(attempt(request, way))
    }
}

async fn attempt(request: Request, way: &Way<'_>) -> Attempted {
    let mut call = Call::read(&request.method, &request.args)?;
    let outgoing = outgoing::request(&mut call, way.vault, &request.idempotency_key)?;
    if call.streamed {
        return stream::attempt(call.path.gives, outgoing, way).await;
    }
    let response = way.send(outgoing).await?;
    if !(200..300).contains(&response.status) {
        return Err(fault::of_status(response.status, &response.headers, &response.body));
    }
    Ok(answer::read(call.path.gives, response)?)
}
