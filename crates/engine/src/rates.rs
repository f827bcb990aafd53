//! How often and how much at once a workspace may call a service: a token bucket and a number of places for
//! each, on this node. Where several nodes are up each has its share.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fermata_model::WorkspaceId;
use fermata_model::policy::Rate;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// Buckets beyond which those that nobody waits for are forgotten.
const BUCKETS_MAX: usize = 10_000;
/// Most attempts of one workspace on their way, so that it leaves places to others.
const WORKSPACE_PLACES: usize = 512;

/// All buckets.
#[derive(Default)]
pub(crate) struct Rates {
    buckets: Mutex<HashMap<(WorkspaceId, String), Arc<Bucket>>>,
    places: Mutex<HashMap<WorkspaceId, Arc<Semaphore>>>,
}

/// Held while an attempt is on its way.
#[derive(Debug)]
pub(crate) struct Place {
    _of_workspace: Option<OwnedSemaphorePermit>,
    _of_service: Option<OwnedSemaphorePermit>,
}

/// The attempts of a workspace at a service.
#[derive(Debug)]
struct Bucket {
    rate: Rate,
    nodes: u32,
    /// When the bucket would be full again, if nothing more were taken.
    full_at: Mutex<Instant>,
    places: Option<Arc<Semaphore>>,
}

impl Rates {
    /// Waits for the turn of an attempt: first for a place, then for the bucket. Those who wait come in the
    /// order in which they came.
    pub(crate) async fn turn(
        &self,
        workspace: &WorkspaceId,
        service: &str,
        rate: Option<Rate>,
        nodes: u32,
    ) -> Place {
        let of_workspace = self.place_of(workspace).acquire_owned().await.ok();
        let Some(rate) = rate else { return Place { _of_workspace: of_workspace, _of_service: None } };
        let bucket = self.bucket(workspace, service, rate, nodes);
        let of_service = match bucket.places.clone() {
            Some(places) => places.acquire_owned().await.ok(),
            None => None,
        };
        tokio::time::sleep_until(bucket.take(Instant::now())).await;
        Place { _of_workspace: of_workspace, _of_service: of_service }
    }

    fn place_of(&self, workspace: &WorkspaceId) -> Arc<Semaphore> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() >= BUCKETS_MAX {
            places.retain(|_, semaphore| semaphore.available_permits() < WORKSPACE_PLACES);
        }
        places.entry(workspace.clone()).or_insert_with(|| Arc::new(Semaphore::new(WORKSPACE_PLACES))).clone()
    }

    /// The bucket; a new one when the rate was changed.
    fn bucket(&self, workspace: &WorkspaceId, service: &str, rate: Rate, nodes: u32) -> Arc<Bucket> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= BUCKETS_MAX {
            buckets.retain(|_, bucket| Arc::strong_count(bucket) > 1);
        }
        let key = (workspace.clone(), service.to_owned());
        match buckets.get(&key) {
            Some(bucket) if bucket.rate == rate && bucket.nodes == nodes => bucket.clone(),
            _ => {
                let bucket = Arc::new(Bucket::new(rate, nodes));
                buckets.insert(key, bucket.clone());
                bucket
            }
        }
    }
}

impl Bucket {
    fn new(rate: Rate, nodes: u32) -> Self {
        let share = |places: NonZeroU32| Arc::new(Semaphore::new((places.get() / nodes).max(1) as usize));
        Self { rate, nodes, full_at: Mutex::new(Instant::now()), places: rate.concurrent.map(share) }
    }

    /// Takes a token; it may be used from the moment that is given.
    fn take(&self, now: Instant) -> Instant {
        let Some(per_minute) = self.rate.per_minute else { return now };
        let each = Duration::from_secs(60) * self.nodes / per_minute.get();
        let burst = each * self.rate.burst.get();
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        *full_at = (*full_at).max(now) + each;
        full_at.checked_sub(burst).map_or(now, |at| at.max(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(per_minute: u32, burst: u32) -> Rate {
        Rate {
            per_minute: NonZeroU32::new(per_minute),
            burst: NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN),
            concurrent: None,
        }
    }

    #[test]
    fn a_burst_goes_at_once_and_the_rest_evenly() {
        let bucket = Bucket::new(rate(60, 3), 1);
        let now = Instant::now();
        let waits: Vec<u64> = (0..6).map(|_| (bucket.take(now) - now).as_secs_f64().round() as u64).collect();
        assert_eq!(waits, [0, 0, 0, 1, 2, 3]);
        // After a pause there is a burst again, and no more than that.
        let later = now + Duration::from_secs(100);
        let waits: Vec<u64> =
            (0..4).map(|_| (bucket.take(later) - later).as_secs_f64().round() as u64).collect();
        assert_eq!(waits, [0, 0, 0, 1]);
    }

    #[test]
    fn nodes_share_a_rate() {
        let bucket = Bucket::new(rate(60, 1), 3);
        let now = Instant::now();
        assert_eq!(bucket.take(now), now);
        assert_eq!((bucket.take(now) - now).as_secs(), 3);
    }

    #[tokio::test]
    async fn a_workspace_that_waits_does_not_hold_another_up() {
        let (rates, one) = (Rates::default(), rate(1, 1));
        let (a, b) = (WorkspaceId::default_workspace(), "other".parse::<WorkspaceId>().unwrap());
        let first = rates.turn(&a, "http", Some(one), 1).await;
        let mut second = Box::pin(rates.turn(&a, "http", Some(one), 1));
        tokio::select! {
            biased;
            _ = &mut second => panic!("it may go only after a minute"),
            _ = rates.turn(&b, "http", Some(one), 1) => {}
        }
        drop(first);
    }
}
