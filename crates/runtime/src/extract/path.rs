//! Parts of the path.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use fermata_model::RunId;
use serde::de::DeserializeOwned;

use crate::problem::{Code, Problem};

/// The parts of the path, percent-decoded.
pub(crate) struct Segments<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Segments<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = Path::from_request_parts(parts, state).await;
        read.map(|Path(segments)| Self(segments))
            .map_err(|refusal| Problem::new(Code::PathInvalid, refusal.body_text()))
    }
}

/// The run a path names.
pub(crate) struct RunPath(pub(crate) RunId);

impl<S: Send + Sync> FromRequestParts<S> for RunPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Segments(text) = Segments::<String>::from_request_parts(parts, state).await?;
        text.parse()
            .map(Self)
            .map_err(|error| Problem::new(Code::PathInvalid, format!("The path has {error}")))
    }
}
