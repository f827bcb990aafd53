//! Values that one asks for and all wait for.

use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use moka::future::Cache;

use crate::call::Failure;

/// Failures that come from the rules of whoever asked: another one's may allow what they refuse.
const OF_RULES: [&str; 3] = ["not_allowed", "private_address", "too_large"];

/// The value of a key; makes it when there is none. Who asks for it meanwhile gets the same, be it a failure.
pub(super) async fn get<K, V, F, M>(cache: &Cache<K, V>, key: &K, make: F) -> Result<V, Failure>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    F: Fn() -> M,
    M: Future<Output = Result<V, Failure>>,
{
    let is_ours = AtomicBool::new(false);
    let made = async {
        is_ours.store(true, Ordering::Relaxed);
        make().await
    };
    let failure: Arc<Failure> = match cache.try_get_with_by_ref(key, made).await {
        Ok(value) => return Ok(value),
        Err(failure) => failure,
    };
    if !is_ours.load(Ordering::Relaxed) && OF_RULES.contains(&failure.error.code.as_str()) {
        return make().await;
    }
    Err(Failure {
        error: failure.error.clone(),
        retry_after: failure.retry_after,
        last_answer: failure.last_answer.clone(),
    })
}

#[cfg(test)]
mod tests {
    use fermata_model::CallError;
    use tokio::sync::Notify;

    use super::*;

    /// What the second one gets when the first one, for whom it waits, fails in this way.
    async fn second_after(code: &str) -> Result<u8, Failure> {
        let cache: Cache<u8, u8> = Cache::new(10);
        let begun = Notify::new();
        let first = get(&cache, &1, || async {
            begun.notified().await;
            Err(CallError::fatal(code, "").into())
        });
        let second = get(&cache, &1, || async { Ok(7) });
        let (first, second, ()) = tokio::join!(first, second, async { begun.notify_one() });
        assert!(first.is_err_and(|failure| failure.error.code == code));
        second
    }

    #[tokio::test]
    async fn failures_are_shared_but_for_those_of_somebodys_rules() {
        assert_eq!(second_after("not_allowed").await.ok(), Some(7));
        assert!(second_after("no_token").await.is_err_and(|failure| failure.error.code == "no_token"));
    }
}
