//! `tools.gapi`: any API of Google's, by its discovery document.
//!
//! A path such as `gmail.users.messages.list` names an API and a method in its document, which is fetched when it is
//! needed. Parameters are held to it; the request is the one that Google's official client for Python would send.

mod access;
mod answer;
mod arguments;
mod bases;
mod batch;
mod credentials;
mod discovery;
mod document;
mod error;
mod jwt;
mod legacy;
mod media;
mod multipart;
mod nearest;
mod own;
mod pages;
mod parameters;
mod path;
mod request;
mod scopes;
mod shared;
mod template;
mod tokens;
mod upload;

use std::time::Duration;

use fermata_connect::retry;
use fermata_model::{CallError, Json};

pub use discovery::{Description, describe};
pub use document::Document;

use crate::call::{self, Attempt, Attempted, Failure, Policy, Service};
use crate::way::Way;
use access::{Access, Opens};
use arguments::{Arguments, Options};
use bases::Bases;
use batch::Batch;
use path::Path;
use request::Call;

/// Methods that are not an API's.
const OWN_METHODS: [&str; 6] =
    ["batch", "health", "echo", "checkCredentials", "getTokenInfo", "clearTokenCache"];
/// Exponential backoff as Google asks for it: from a second to about half a minute, with chance.
const RETRY: retry::Policy = retry::Policy {
    attempts_max: 5,
    base: Duration::from_secs(1),
    cap: Duration::from_secs(32),
    jitter: retry::Jitter::Equal,
};

/// The service.
#[derive(Default)]
pub struct Gapi {
    discovery: discovery::Discovery,
    tokens: tokens::Tokens,
}

impl Service for Gapi {
    fn check(&self, method: &str, args: &Json) -> Result<Policy, CallError> {
        let timeout = match method {
            "echo" => return Ok(policy(Options::default().timeout())),
            "batch" => Batch::parse(args)?.options.timeout(),
            own if OWN_METHODS.contains(&own) => Options::parse(own, args)?.timeout(),
            path => {
                Path::parse(path)?;
                Arguments::parse(path, args)?.options.timeout()
            }
        };
        Ok(policy(timeout))
    }

    fn attempt<'a>(&'a self, request: call::Request, way: &'a Way<'a>) -> Attempt<'a> {
        Box::pin(async move { self.perform(request, way).await })
    }
}

fn policy(timeout: Duration) -> Policy {
    Policy { timeout, retry: RETRY }
}

impl Gapi {
    async fn perform(&self, request: call::Request, way: &Way<'_>) -> Attempted {
        let args = &request.args;
        let options = || Options::parse(&request.method, args);
        let value = match request.method.as_str() {
            "health" => own::health(self),
            "echo" => own::echo(args)?,
            "checkCredentials" => own::check_credentials(self, &options()?, way).await?,
            "getTokenInfo" => own::token_info(self, &options()?, way).await?,
            "clearTokenCache" => own::clear_tokens(self, &options()?, way).await?,
            "batch" => self.batch(Batch::parse(args)?, way).await?,
            path => self.call(Path::parse(path)?, Arguments::parse(path, args)?, way).await?,
        };
        Ok(value.into())
    }

    async fn call(&self, path: Path, mut arguments: Arguments, way: &Way<'_>) -> Result<Json, Failure> {
        let bases = Bases::of(way.vault)?;
        let options = std::mem::take(&mut arguments.options);
        let document = self.discovery.document(way, &bases, &path, options.version.as_deref()).await?;
        let method = document.method(&path.method)?;
        legacy::adjust(&path, &document, method, &mut arguments);
        let call =
            Call { what: path.text(), document: &document, method, root: bases.root(&document.root_url)? };
        let scopes = options.scopes.clone().unwrap_or_else(|| narrowest(&[&call]));
        // What the task got wrong is told before a token is asked for.
        let mut request = request::build(&call, arguments.params.clone())?;
        let mailbox = mailbox(&path, &arguments);
        let opens = Opens { api: &path.api, scopes, mailbox };
        let access = Access::new(&self.tokens, way, &bases, &options, opens)?;
        if options.all {
            pages::check(&call, &arguments.params)?;
            return pages::all(&call, &access, way, arguments.params, options.limit).await;
        }
        request.timeout = Some(options.timeout());
        let wants_media = Call::wants_media(&arguments.params);
        let answer = access.send(request, call.is_repeatable()).await?;
        answer::read(&call, wants_media, answer).map_err(|failure| *failure)
    }

    async fn batch(&self, batch: Batch, way: &Way<'_>) -> Result<Json, Failure> {
        let bases = Bases::of(way.vault)?;
        let Some(path) = batch.path() else { return Ok(fermata_model::json::null()) };
        let options = &batch.options;
        let document = self.discovery.document(way, &bases, path, options.version.as_deref()).await?;
        let calls = batch::calls(&batch, &document, &bases.root(&document.root_url)?)?;
        let scopes = options.scopes.clone().unwrap_or_else(|| narrowest(&calls.iter().collect::<Vec<_>>()));
        let opens = Opens { api: &path.api, scopes, mailbox: None };
        let access = Access::new(&self.tokens, way, &bases, options, opens)?;
        batch::send(&batch, &calls, &access).await
    }
}

/// The user whose mailbox a call names by an address.
fn mailbox(path: &Path, arguments: &Arguments) -> Option<String> {
    let user = arguments.params.read::<String>("userId").filter(|_| path.api == access::GMAIL);
    user.filter(|user| arguments::is_user(user))
}

/// The narrowest scope of each.
fn narrowest(calls: &[&Call<'_>]) -> Vec<String> {
    let scopes = calls.iter().filter_map(|call| scopes::narrowest(call.document, call.method));
    scopes.map(str::to_owned).collect()
}
