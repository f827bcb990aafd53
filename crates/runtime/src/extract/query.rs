//! Query parameters.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use fermata_model::RunStatus;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, de};

use crate::problem::{Code, Problem};

/// The query, read as a `T`.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let read = axum::extract::Query::try_from_uri(&parts.uri);
        read.map(|axum::extract::Query(query)| Self(query)).map_err(|refusal| {
            let text = refusal.body_text();
            let said = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
            Problem::new(Code::QueryInvalid, said.to_owned())
        })
    }
}

/// States of runs, by words with commas between them.
#[derive(Debug, Default)]
pub(crate) struct Statuses(pub(crate) Vec<RunStatus>);

impl<'de> Deserialize<'de> for Statuses {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = String::deserialize(input)?;
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        words.map(str::parse).collect::<Result<_, _>>().map(Self).map_err(de::Error::custom)
    }
}
