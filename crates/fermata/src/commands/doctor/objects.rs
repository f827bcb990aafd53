//! The place of large values: what the server does there can be done.

use fermata_store::{Objects, ObjectsError, ObjectsPlace};

use super::Finding;
use crate::exit::with_causes;
use crate::node;

const ABOUT: &str = "objects";

/// Writes, reads, lists and deletes a probe.
pub(super) async fn check(place: ObjectsPlace) -> Finding {
    let advice =
        "check the address with --objects (FERMATA_OBJECTS), and what the key in AWS_ACCESS_KEY_ID may do";
    let checked = node::blocking(move || -> Result<String, ObjectsError> {
        let objects = Objects::open(&place)?;
        objects.check().map(|()| objects.describe())
    });
    match checked.await {
        Ok(Ok(place)) => Finding::good(ABOUT, format!("{place} takes, gives, lists and deletes")),
        Ok(Err(error)) => Finding::bad(ABOUT, with_causes(&error), advice),
        Err(failure) => Finding::failed(ABOUT, failure),
    }
}
