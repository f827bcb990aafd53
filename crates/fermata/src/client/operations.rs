//! The operations of the API, one method each.

use std::fmt::Write;

use hyper::Method;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use url::form_urlencoded::byte_serialize;

use super::{
    Call, Client, ClientError, Document, Entry, EntryVersion, Events, Exchange, LogLine, Page, Publish,
    PutEntry, RestoreEntry, Run, SendEvent, StartRun, Task, WrittenEntry,
};

/// Items asked for with one page.
const PAGE_ITEMS: u32 = 200;

/// Which runs to list.
#[derive(Debug, Clone, Default)]
pub(crate) struct RunFilter {
    /// In this state only.
    pub(crate) status: Option<String>,
    /// Of this task only.
    pub(crate) task: Option<String>,
}

impl Client {
    /// Publishes a text. The same text again makes no new version, so it may be repeated.
    pub(crate) async fn publish(&self, publish: &Publish) -> Result<Document<Task>, ClientError> {
        self.fetch(Exchange::new(Method::POST, "/v1/tasks").with_body(publish)?.repeatable()).await
    }

    /// All tasks, by name.
    pub(crate) async fn tasks(&self) -> Result<Vec<Document<Task>>, ClientError> {
        self.all("/v1/tasks?").await
    }

    /// Starts a run, once, whatever the connection does.
    pub(crate) async fn start_run(&self, start: &StartRun) -> Result<Document<Run>, ClientError> {
        let mut exchange = Exchange::new(Method::POST, "/v1/runs").with_body(start)?.repeatable();
        exchange.headers.push(("idempotency-key", format!("cli-{:032x}", rand::random::<u128>())));
        self.fetch(exchange).await
    }

    /// A run.
    pub(crate) async fn run(&self, id: &str) -> Result<Document<Run>, ClientError> {
        self.fetch(Exchange::new(Method::GET, run_path(id, ""))).await
    }

    /// The newest runs, at most `limit`.
    pub(crate) async fn runs(
        &self,
        filter: &RunFilter,
        limit: usize,
    ) -> Result<Vec<Document<Run>>, ClientError> {
        let mut path = "/v1/runs?".to_owned();
        for (name, value) in [("status", &filter.status), ("task", &filter.task)] {
            if let Some(value) = value {
                add_parameter(&mut path, name, value);
            }
        }
        self.up_to(limit, &path).await
    }

    /// Asks a run to end.
    pub(crate) async fn cancel_run(&self, id: &str) -> Result<Document<Run>, ClientError> {
        self.fetch(Exchange::new(Method::POST, run_path(id, "/cancel")).repeatable()).await
    }

    /// Ends a run at once.
    pub(crate) async fn kill_run(&self, id: &str) -> Result<Document<Run>, ClientError> {
        self.fetch(Exchange::new(Method::POST, run_path(id, "/kill")).repeatable()).await
    }

    /// The calls a run has made.
    pub(crate) async fn calls(&self, id: &str) -> Result<Vec<Document<Call>>, ClientError> {
        self.all(&(run_path(id, "/calls") + "?")).await
    }

    /// The lines a run has written.
    pub(crate) async fn logs(&self, id: &str) -> Result<Vec<Document<LogLine>>, ClientError> {
        self.all(&(run_path(id, "/logs") + "?")).await
    }

    /// What happens to a run, from its beginning.
    pub(crate) fn events(&self, id: &str) -> Events<'_> {
        Events::new(self, run_path(id, "/events"))
    }

    /// Sends an event to a run. Not repeated: the run would receive it twice.
    pub(crate) async fn send_event(&self, id: &str, event: &SendEvent) -> Result<(), ClientError> {
        self.order(Exchange::new(Method::POST, run_path(id, "/events")).with_body(event)?).await
    }

    /// The names in a namespace of the keystore.
    pub(crate) async fn keystore_entries(
        &self,
        namespace: &str,
    ) -> Result<Vec<Document<Entry>>, ClientError> {
        let mut path = "/v1/keystore?".to_owned();
        add_parameter(&mut path, "namespace", namespace);
        self.all(&path).await
    }

    /// Writes an entry of the keystore.
    pub(crate) async fn put_entry(
        &self,
        namespace: &str,
        name: &str,
        entry: &PutEntry,
    ) -> Result<WrittenEntry, ClientError> {
        let mut exchange = Exchange::new(Method::PUT, entry_path(namespace, name)).with_body(entry)?;
        // The second time it would meet the version that the first one made.
        exchange.is_repeatable = entry.expected_version.is_none();
        self.fetch(exchange).await
    }

    /// Deletes an entry of the keystore.
    pub(crate) async fn delete_entry(&self, namespace: &str, name: &str) -> Result<(), ClientError> {
        self.order(Exchange::new(Method::DELETE, entry_path(namespace, name))).await
    }

    /// The versions kept of an entry of the keystore, the newest first.
    pub(crate) async fn entry_versions(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Vec<Document<EntryVersion>>, ClientError> {
        self.all(&format!("{}/versions?", entry_path(namespace, name))).await
    }

    /// Puts a version of an entry back. Not repeated: each time would be a version.
    pub(crate) async fn restore_entry(
        &self,
        namespace: &str,
        name: &str,
        which: &RestoreEntry,
    ) -> Result<WrittenEntry, ClientError> {
        let path = format!("{}/restore", entry_path(namespace, name));
        self.fetch(Exchange::new(Method::POST, path).with_body(which)?).await
    }

    /// Forgets the earlier versions of an entry.
    pub(crate) async fn purge_entry(&self, namespace: &str, name: &str) -> Result<(), ClientError> {
        self.order(Exchange::new(Method::DELETE, format!("{}/versions", entry_path(namespace, name)))).await
    }

    /// What tasks may call, and how often.
    pub(crate) async fn policy(&self) -> Result<Box<RawValue>, ClientError> {
        let document: Document<IgnoredAny> = self.fetch(Exchange::new(Method::GET, "/v1/policy")).await?;
        Ok(document.text)
    }

    /// Replaces that.
    pub(crate) async fn put_policy(&self, policy: &RawValue) -> Result<(), ClientError> {
        self.order(Exchange::new(Method::PUT, "/v1/policy").with_body(&policy)?.repeatable()).await
    }

    /// Whether the server says that it takes requests.
    pub(crate) async fn is_ready(&self) -> Result<(), ClientError> {
        self.order(Exchange::new(Method::GET, "/readyz")).await
    }

    async fn all<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, ClientError> {
        self.up_to(usize::MAX, path).await
    }

    /// The items of a list, page by page. `path` ends in `?` or with a parameter.
    async fn up_to<T: serde::de::DeserializeOwned>(
        &self,
        limit: usize,
        path: &str,
    ) -> Result<Vec<T>, ClientError> {
        let mut items = Vec::new();
        let mut next: Option<String> = None;
        while items.len() < limit {
            let mut path = path.to_owned();
            let wanted = u32::try_from(limit - items.len()).unwrap_or(PAGE_ITEMS).min(PAGE_ITEMS);
            add_parameter(&mut path, "limit", &wanted.to_string());
            if let Some(next) = &next {
                add_parameter(&mut path, "cursor", next);
            }
            let page: Page<T> = self.fetch(Exchange::new(Method::GET, path)).await?;
            let is_empty = page.items.is_empty();
            items.extend(page.items);
            next = page.next;
            if next.is_none() || is_empty {
                break;
            }
        }
        items.truncate(limit);
        Ok(items)
    }
}

fn run_path(id: &str, rest: &str) -> String {
    format!("/v1/runs/{}{rest}", segment(id))
}

fn entry_path(namespace: &str, name: &str) -> String {
    format!("/v1/keystore/{}/{}", segment(namespace), segment(name))
}

fn add_parameter(path: &mut String, name: &str, value: &str) {
    if !path.ends_with('?') {
        path.push('&');
    }
    let value: String = byte_serialize(value.as_bytes()).collect();
    // Writing to a text cannot fail.
    let _ = write!(path, "{name}={value}");
}

/// A text as one segment of a path. Forms write a space as `+`, paths do not.
fn segment(text: &str) -> String {
    byte_serialize(text.as_bytes()).map(|part| part.replace('+', "%20")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_user_typed_stays_inside_its_segment() {
        assert_eq!(run_path("run_1/../x?y", "/kill"), "/v1/runs/run_1%2F..%2Fx%3Fy/kill");
        assert_eq!(entry_path("a b", "c+d"), "/v1/keystore/a%20b/c%2Bd");
        let mut path = "/v1/runs?".to_owned();
        add_parameter(&mut path, "task", "a&b=c");
        add_parameter(&mut path, "limit", "5");
        assert_eq!(path, "/v1/runs?task=a%26b%3Dc&limit=5");
    }
}
