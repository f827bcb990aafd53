//! Objects in a bucket of an S3 server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientConfigKey, ClientOptions, ObjectMeta, ObjectStore, ObjectStoreExt, RetryConfig,
};

use super::crew::Crew;
use super::error::{ObjectsError, Reason};
use super::failure::{Failure, Kind};
use super::name::ObjectName;
use super::place::{self, Address};
use super::{MANY_AT_ONCE, ObjectInfo, fits};

/// Longest wait for a connection.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(3);
/// Longest time of one request, its answer included.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(30);
/// Most attempts after the first.
const RETRIES_MAX: usize = 3;
/// How long after the first attempt another one may begin.
const RETRY_TIME_MAX: Duration = Duration::from_secs(10);
/// Wait before the second attempt; those that follow grow, with jitter.
const BACKOFF_FIRST: Duration = Duration::from_millis(100);
/// Longest wait before an attempt.
const BACKOFF_MAX: Duration = Duration::from_secs(2);
/// Longest time of a request with all its attempts.
const ATTEMPTS_TIME_MAX: Duration = Duration::from_secs(45);
/// Most objects deleted by one request; the protocol's limit.
const DELETED_AT_ONCE_MAX: usize = 1000;
/// What every failed deletion was meant to do.
const DELETE: &str = "delete objects";
/// Most characters of a reason.
const REASON_CHARS_MAX: usize = 400;
/// What stands for a credential in a text.
const HIDDEN: &str = "…";

/// A bucket, and the threads that talk to its server.
pub(super) struct Bucket {
    client: Arc<Client>,
    crew: Crew,
}

impl Bucket {
    /// Reads the settings. The server is not asked.
    pub(super) fn open(url: &str, variables: &[(String, String)]) -> Result<Self, ObjectsError> {
        let client = Arc::new(Client::new(url, variables)?);
        let crew = Crew::start()
            .map_err(|error| ObjectsError::io(client.place.clone(), "start threads", error.to_string()))?;
        Ok(Self { client, crew })
    }

    pub(super) fn describe(&self) -> &str {
        &self.client.place
    }

    pub(super) fn put(&self, name: ObjectName, bytes: Bytes) -> Result<(), ObjectsError> {
        self.wait_for(|client| async move { client.put(&name, bytes).await })
    }

    pub(super) fn put_many(&self, objects: Vec<(ObjectName, Bytes)>) -> Result<(), ObjectsError> {
        self.wait_for(|client| async move {
            let puts = stream::iter(objects).map(|(name, bytes)| {
                let client = Arc::clone(&client);
                async move { client.put(&name, bytes).await }
            });
            puts.buffer_unordered(MANY_AT_ONCE).try_collect().await
        })
    }

    pub(super) fn get(&self, name: ObjectName) -> Result<Bytes, ObjectsError> {
        self.wait_for(|client| async move { client.get(&name).await })
    }

    pub(super) fn get_many(&self, names: Vec<ObjectName>) -> Result<Vec<Bytes>, ObjectsError> {
        self.wait_for(|client| async move {
            let gets = stream::iter(names).map(|name| {
                let client = Arc::clone(&client);
                async move { client.get(&name).await }
            });
            gets.buffered(MANY_AT_ONCE).try_collect().await
        })
    }

    pub(super) fn delete(&self, names: Vec<ObjectName>) -> Result<u64, ObjectsError> {
        self.wait_for(|client| async move {
            for some in names.chunks(DELETED_AT_ONCE_MAX) {
                client.delete(some).await?;
            }
            Ok(names.len() as u64)
        })
    }

    pub(super) fn list(
        &self,
        after: Option<ObjectName>,
        limit: usize,
    ) -> Result<Vec<ObjectInfo>, ObjectsError> {
        self.wait_for(move |client| async move { client.list(after.as_ref(), limit).await })
    }

    fn wait_for<T, W>(&self, work: impl FnOnce(Arc<Client>) -> W) -> Result<T, ObjectsError>
    where
        T: Send + 'static,
        W: Future<Output = Result<T, ObjectsError>> + Send + 'static,
    {
        let done = self.crew.wait_for(work(Arc::clone(&self.client)));
        done.unwrap_or_else(|| {
            Err(ObjectsError::io(self.describe().to_owned(), "talk to the server", "the work was given up"))
        })
    }
}

/// The requests, as they are made on the threads.
struct Client {
    store: AmazonS3,
    /// The same bucket, for a server that does not know how to delete several objects at once.
    store_singly: AmazonS3,
    deletes_singly: AtomicBool,
    prefix: Path,
    /// The place in words, without credentials.
    place: String,
    /// What must not be shown.
    credentials: Vec<String>,
    has_access_key: bool,
}

impl Client {
    fn new(url: &str, variables: &[(String, String)]) -> Result<Self, ObjectsError> {
        let address = Address::parse(url)?;
        place::check_endpoint(variables)?;
        let place = match place::endpoint(variables) {
            Some(endpoint) => format!("{url} at {}", place::without_credentials(endpoint)),
            None => url.to_owned(),
        };
        let credentials = credentials(variables);
        let build = |builder: AmazonS3Builder| {
            builder.build().map_err(|error| ObjectsError::BadUrl {
                text: place.clone(),
                reason: hide(error.to_string(), &credentials),
            })
        };
        let builder = configured(&address.bucket, variables);
        let store = build(builder.clone())?;
        let store_singly = build(builder.with_config(AmazonS3ConfigKey::DisableBulkDelete, "true"))?;
        let has_access_key = place::settings(variables).any(|(key, _)| key == AmazonS3ConfigKey::AccessKeyId);
        let deletes_singly = AtomicBool::new(false);
        let prefix = Path::from(address.prefix);
        Ok(Self { store, store_singly, deletes_singly, prefix, place, credentials, has_access_key })
    }

    async fn put(&self, name: &ObjectName, bytes: Bytes) -> Result<(), ObjectsError> {
        let path = self.path(name);
        let put = within(self.store.put(&path, bytes.into())).await;
        put.map(|_| ()).map_err(|failure| self.named(&format!("write the object {name}"), failure))
    }

    async fn get(&self, name: &ObjectName) -> Result<Bytes, ObjectsError> {
        let path = self.path(name);
        let named = |failure: Failure| match failure.kind {
            Kind::Missing => ObjectsError::Missing { name: name.clone() },
            _ => self.named(&format!("read the object {name}"), failure),
        };
        let found = within(self.store.get(&path)).await.map_err(named)?;
        fits(name, found.meta.size)?;
        within(found.bytes()).await.map_err(named)
    }

    async fn delete(&self, names: &[ObjectName]) -> Result<(), ObjectsError> {
        let rest = match self.deletes_singly.load(Ordering::Relaxed) {
            true => names.to_vec(),
            false => self.delete_at_once(names).await?,
        };
        let deletes = stream::iter(rest).map(|name| async move { self.delete_one(&name).await });
        deletes.buffer_unordered(MANY_AT_ONCE).try_collect().await
    }

    /// Deletes with one request, and gives the names for which that did not work.
    async fn delete_at_once(&self, names: &[ObjectName]) -> Result<Vec<ObjectName>, ObjectsError> {
        let paths: Vec<_> = names.iter().map(|name| Ok(self.path(name))).collect();
        let deletes = self.store.delete_stream(stream::iter(paths).boxed());
        let answers: Vec<_> =
            within_time(deletes.collect()).await.map_err(|failure| self.named(DELETE, failure))?;
        let is_whole = answers.len() == names.len();
        let mut rest = Vec::new();
        for (name, answer) in names.iter().zip(answers) {
            let Err(error) = answer else { continue };
            let failure = Failure::of(&error);
            if !matches!(failure.kind, Kind::Other | Kind::Missing) {
                return Err(self.named(DELETE, failure));
            }
            if !is_whole {
                return Ok(self.delete_singly_from_here_on(names));
            }
            rest.push(name.clone());
        }
        Ok(rest)
    }

    /// The server refused the request as such: it is not asked again in this way.
    fn delete_singly_from_here_on(&self, names: &[ObjectName]) -> Vec<ObjectName> {
        if !self.deletes_singly.swap(true, Ordering::Relaxed) {
            tracing::info!(
                place = self.place,
                "the server does not delete several objects at once; one by one then"
            );
        }
        names.to_vec()
    }

    async fn delete_one(&self, name: &ObjectName) -> Result<(), ObjectsError> {
        let path = self.path(name);
        match within(self.store_singly.delete(&path)).await {
            Err(failure) if failure.kind != Kind::Missing => Err(self.named(DELETE, failure)),
            _ => Ok(()),
        }
    }

    async fn list(&self, after: Option<&ObjectName>, limit: usize) -> Result<Vec<ObjectInfo>, ObjectsError> {
        let prefix = Some(&self.prefix).filter(|prefix| !prefix.as_ref().is_empty());
        let mut objects = match after {
            Some(after) => self.store.list_with_offset(prefix, &self.path(after)),
            None => self.store.list(prefix),
        };
        let mut found = Vec::new();
        while found.len() < limit {
            let next = within(objects.try_next()).await;
            let Some(object) = next.map_err(|failure| self.named("list the objects", failure))? else {
                break;
            };
            // Not every server knows how to begin behind a key.
            found.extend(self.info(&object).filter(|info| after.is_none_or(|after| info.name > *after)));
        }
        Ok(found)
    }

    /// What is known of an object, when it is one of ours.
    fn info(&self, object: &ObjectMeta) -> Option<ObjectInfo> {
        let path = object.location.as_ref().strip_prefix(self.prefix.as_ref())?;
        let name = path.strip_prefix('/').unwrap_or(path).parse().ok()?;
        Some(ObjectInfo { name, bytes: object.size, modified_ms: object.last_modified.timestamp_millis() })
    }

    fn path(&self, name: &ObjectName) -> Path {
        Path::from(format!("{}/{name}", self.prefix))
    }

    /// A failure as an error for people.
    fn named(&self, action: &str, failure: Failure) -> ObjectsError {
        let mut reason = hide(failure.reason, &self.credentials);
        if failure.kind == Kind::Unreachable && !self.has_access_key {
            reason.push_str(" (no access key is set, so this machine was asked for credentials)");
        }
        let (place, action, source) = (self.place.clone(), action.to_owned(), Reason::new(reason));
        match failure.kind {
            Kind::NoBucket => {
                ObjectsError::BadUrl { text: place, reason: "there is no such bucket".to_owned() }
            }
            Kind::Denied => ObjectsError::Denied { place, action, source },
            Kind::Full => ObjectsError::Full { place, action, source },
            Kind::Unreachable => ObjectsError::Unreachable { place, action, source },
            Kind::Missing | Kind::Other => ObjectsError::Io { place, action, source },
        }
    }
}

/// Waits for a request with all its attempts, and not longer.
async fn within<T>(request: impl Future<Output = object_store::Result<T>>) -> Result<T, Failure> {
    within_time(request).await?.map_err(|error| Failure::of(&error))
}

async fn within_time<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    tokio::time::timeout(ATTEMPTS_TIME_MAX, work).await.map_err(|_| Failure::too_late())
}

/// The bucket with our time limits, then with the settings, which may change these.
fn configured(bucket: &str, variables: &[(String, String)]) -> AmazonS3Builder {
    let options = ClientOptions::new().with_connect_timeout(CONNECT_TIME_MAX).with_timeout(REQUEST_TIME_MAX);
    let backoff = BackoffConfig { init_backoff: BACKOFF_FIRST, max_backoff: BACKOFF_MAX, base: 2.0 };
    let retry = RetryConfig { backoff, max_retries: RETRIES_MAX, retry_timeout: RETRY_TIME_MAX };
    let mut builder = AmazonS3Builder::new().with_client_options(options).with_retry(retry);
    for (key, value) in place::settings(variables) {
        builder = builder.with_config(key, value);
    }
    if place::endpoint(variables).is_some_and(|endpoint| endpoint.to_ascii_lowercase().starts_with("http://"))
    {
        builder = builder.with_allow_http(true);
    }
    builder.with_bucket_name(bucket)
}

/// The values among the settings that must not be shown.
fn credentials(variables: &[(String, String)]) -> Vec<String> {
    let is_credential = |key: &AmazonS3ConfigKey| {
        matches!(
            key,
            AmazonS3ConfigKey::AccessKeyId
                | AmazonS3ConfigKey::SecretAccessKey
                | AmazonS3ConfigKey::Token
                | AmazonS3ConfigKey::Encryption(_)
                | AmazonS3ConfigKey::Client(ClientConfigKey::ProxyUrl)
        )
    };
    let credentials = place::settings(variables).filter(|(key, _)| is_credential(key));
    credentials.map(|(_, value)| value.to_owned()).collect()
}

/// The text with credentials covered, then cut, lest a part of one be left. The server's words are chosen so
/// that there are none; this is the net below.
fn hide(text: String, credentials: &[String]) -> String {
    let text = credentials.iter().fold(text, |text, credential| text.replace(credential.as_str(), HIDDEN));
    text.chars().take(REASON_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests;
