//! A database under test, and what to ask it.

use std::sync::atomic::{AtomicU32, Ordering};

use fermata_model::CallError;
use fermata_services::sql::Sql;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::outside::Outside;

/// The service with what surrounds it.
pub(crate) struct Database {
    pub(crate) sql: Sql,
    pub(crate) outside: Outside,
    pub(crate) folder: TempDir,
    calls: AtomicU32,
}

impl Database {
    /// A workspace's file.
    pub(crate) fn file() -> Self {
        Self::with(Outside::with(&[]))
    }

    /// What these settings name.
    pub(crate) fn with(outside: Outside) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sql = Sql::new(Some(folder.path().join("sql")));
        Self { sql, outside, folder, calls: AtomicU32::new(0) }
    }

    /// Makes one attempt at a call that is like no other.
    pub(crate) async fn call(&self, method: &str, args: Value) -> Result<Value, CallError> {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        self.call_as(&format!("call-{number}"), method, args).await
    }

    /// Makes one attempt at the call of this key.
    pub(crate) async fn call_as(&self, key: &str, method: &str, args: Value) -> Result<Value, CallError> {
        let attempted = self.outside.attempt_as(key, &self.sql, method, &args.to_string()).await;
        let answer = attempted.map_err(|failure| failure.error)?;
        Ok(serde_json::from_str(answer.value.get()).unwrap())
    }

    pub(crate) async fn query(&self, text: &str, params: Value) -> Result<Value, CallError> {
        self.call("query", json!([text, params])).await
    }

    /// The rows of a query that succeeds.
    pub(crate) async fn rows(&self, text: &str, params: Value) -> Value {
        self.query(text, params).await.unwrap()["rows"].take()
    }

    /// The error of a query that fails.
    pub(crate) async fn error(&self, text: &str, params: Value) -> CallError {
        self.query(text, params).await.unwrap_err()
    }

    /// Executes statements that return nothing.
    pub(crate) async fn set_up(&self, texts: &[&str]) {
        for text in texts {
            self.query(text, json!([])).await.unwrap();
        }
    }
}

/// Statements as `transaction` takes them.
pub(crate) fn statements(texts: &[&str]) -> Value {
    json!([texts.iter().map(|text| json!({ "text": text })).collect::<Vec<_>>()])
}

/// The facts of an error.
pub(crate) fn details(error: &CallError) -> Value {
    serde_json::from_str(error.details.as_ref().unwrap().get()).unwrap()
}
