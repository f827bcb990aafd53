//! Problems (RFC 9457): the one table from what went wrong to what the client is told.
//!
//! The client's text and the log's text are different: the cause of a server's fault is logged
//! under the request's id and never sent.

use std::borrow::Cow;
use std::error::Error;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use fermata_engine::{KeystoreError, PublishError, RunActionError, StartError};
use fermata_model::RunId;
use fermata_store as store;
use serde::Serialize;
use utoipa::ToSchema;

macro_rules! codes {
    ($($variant:ident $status:literal $word:literal $title:literal)*) => {
        /// The stable word of a problem, with its status and title.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Code {
            $($variant,)*
        }

        impl Code {
            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$variant,)*];

            fn row(self) -> (u16, &'static str, &'static str) {
                match self {
                    $(Self::$variant => ($status, $word, $title),)*
                }
            }
        }
    };
}

codes! {
    JsonInvalid             400 "json_invalid"             "The body is not JSON"
    QueryInvalid            400 "query_invalid"            "A query parameter is not usable"
    CursorInvalid           400 "cursor_invalid"           "The cursor is not one of this list"
    PathInvalid             400 "path_invalid"             "A part of the path is not usable"
    HeaderInvalid           400 "header_invalid"           "A header is not usable"
    BodyBroken              400 "body_broken"              "The body did not arrive whole"
    TaskNameMissing         400 "task_name_missing"        "The task's name is missing"
    Unauthorized            401 "unauthorized"             "A known token is needed"
    PathUnknown             404 "path_unknown"             "There is nothing at this path"
    TaskUnknown             404 "task_unknown"             "There is no such task"
    RunUnknown              404 "run_unknown"              "There is no such run"
    KeystoreEntryUnknown    404 "keystore_entry_unknown"   "There is no such keystore entry"
    KeystoreVersionUnknown  404 "keystore_version_unknown" "That version of the entry is not kept"
    MethodNotAllowed        405 "method_not_allowed"       "The path does not take this method"
    BodyTimeout             408 "body_timeout"             "The body took too long to arrive"
    RunEnded                409 "run_ended"                "The run has ended"
    TooManyEvents           409 "too_many_events"          "The run keeps as many events as it may"
    KeystoreVersionOther    409 "keystore_version_other"   "The entry has another version"
    PublishContended        409 "publish_contended"        "The task is being published by others"
    BodyTooLarge            413 "body_too_large"           "The body is too large"
    InputTooLarge           413 "input_too_large"          "The input is too large"
    ValueTooLarge           413 "value_too_large"          "The value is too large"
    ContentTypeUnsupported  415 "content_type_unsupported" "The body must be JSON"
    BodyInvalid             422 "body_invalid"             "The body does not have the right form"
    SourceInvalid           422 "source_invalid"           "The source is not a task"
    LoadFailed              422 "load_failed"              "The task cannot be loaded"
    ConfigInvalid           422 "config_invalid"           "The task's config is not usable"
    NameInvalid             422 "name_invalid"             "The name is not usable"
    InputInvalid            422 "input_invalid"            "The input does not fit the task's schema"
    IdempotencyKeyReused    422 "idempotency_key_reused"   "The idempotency key came with another request"
    Internal                500 "internal"                 "Something went wrong on the server"
    StoreUnavailable        503 "store_unavailable"        "The store does not take changes"
    Stopping                503 "stopping"                 "The server is stopping"
}

/// What went wrong with a request. As a response it is only noted; [`Problem::write`] writes it out
/// where the request's id is known.
#[derive(Debug, Clone)]
pub(crate) struct Problem(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    code: Code,
    detail: Cow<'static, str>,
    faults: Vec<Fault>,
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

/// One place in the request where something is wrong.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct Fault {
    /// JSON pointer into the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pointer: Option<String>,
    /// Name of the query parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parameter: Option<&'static str>,
    /// What is wrong there.
    pub(crate) message: String,
    /// Line in the text, from 1: of the body, or of the source that the pointer names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<u32>,
    /// Column in the line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) column: Option<u32>,
}

impl Fault {
    /// A fault at a JSON pointer into the body.
    pub(crate) fn at(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: Some(pointer.into()), message: message.into(), ..Self::default() }
    }

    /// A fault of a query parameter.
    pub(crate) fn of_parameter(parameter: &'static str, message: impl Into<String>) -> Self {
        Self { parameter: Some(parameter), message: message.into(), ..Self::default() }
    }

    /// The same fault at a place in a text.
    pub(crate) fn on(self, line: u32, column: u32) -> Self {
        Self { line: Some(line), column: Some(column), ..self }
    }
}

/// A problem as it is sent: `application/problem+json`, RFC 9457.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Document<'a> {
    /// `urn:fermata:problem:` and the code.
    r#type: String,
    /// What the code means, for people.
    title: &'a str,
    /// The response's status.
    status: u16,
    /// What happened this time, for people.
    detail: &'a str,
    /// The request's id, as in `x-request-id`.
    instance: &'a str,
    /// Stable word for programs.
    code: &'a str,
    /// The places in the request where something is wrong.
    #[serde(skip_serializing_if = "<[Fault]>::is_empty")]
    errors: &'a [Fault],
}

impl Problem {
    /// A problem of the client's making.
    pub(crate) fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Parts { code, detail: detail.into(), faults: Vec::new(), cause: None }))
    }

    /// A problem of the server's making; the cause is logged and not sent.
    pub(crate) fn internal(cause: impl Error + Send + Sync + 'static) -> Self {
        Self::new(Code::Internal, "The server's log says more under this request's id").caused_by(cause)
    }

    /// A body of JSON that says something it may not.
    pub(crate) fn body(pointer: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::new(Code::BodyInvalid, message.clone()).with(vec![Fault::at(pointer, message)])
    }

    /// A query parameter that is not usable.
    pub(crate) fn query(parameter: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        let fault = Fault::of_parameter(parameter, message.clone());
        Self::new(Code::QueryInvalid, message).with(vec![fault])
    }

    /// No such run in the workspace.
    pub(crate) fn run_unknown(run: RunId) -> Self {
        Self::new(Code::RunUnknown, format!("There is no run {run}"))
    }

    /// The same problem with the places where something is wrong.
    pub(crate) fn with(mut self, faults: Vec<Fault>) -> Self {
        self.0.faults = faults;
        self
    }

    fn caused_by(mut self, cause: impl Error + Send + Sync + 'static) -> Self {
        self.0.cause = Some(Arc::new(cause));
        self
    }

    /// The stable word.
    pub(crate) fn code(&self) -> &'static str {
        self.0.code.row().1
    }

    /// The server's fault behind the problem, outermost first; nothing when it is the client's.
    pub(crate) fn cause_chain(&self) -> Option<String> {
        let mut next: Option<&(dyn Error + 'static)> = Some(self.0.cause.as_deref()?);
        let mut chain = Vec::new();
        while let Some(error) = next {
            chain.push(error.to_string());
            next = error.source();
        }
        Some(chain.join(": "))
    }

    /// Turns `response` into the problem's document. Headers that are set stay.
    pub(crate) fn write(&self, request_id: &str, response: &mut Response) {
        let (status, code, title) = self.0.code.row();
        let document = Document {
            r#type: format!("urn:fermata:problem:{code}"),
            title,
            status,
            detail: &self.0.detail,
            instance: request_id,
            code,
            errors: &self.0.faults,
        };
        let body = serde_json::to_vec(&document).expect("text and numbers have a JSON form");
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        match self.0.code {
            Code::Unauthorized => headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            Code::Stopping | Code::StoreUnavailable => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"))
            }
            _ => None,
        };
        *response.body_mut() = Body::from(body);
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.code.row().0).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<store::ReadError> for Problem {
    fn from(error: store::ReadError) -> Self {
        match error {
            store::ReadError::Unavailable { .. } => {
                Self::new(Code::StoreUnavailable, "The database cannot be reached; try again")
                    .caused_by(error)
            }
            error => Self::internal(error),
        }
    }
}

impl From<store::CommitError> for Problem {
    fn from(error: store::CommitError) -> Self {
        match error {
            store::CommitError::Closed => Self::new(Code::Stopping, "The server is stopping; try again"),
            store::CommitError::Io { .. } => {
                Self::new(Code::StoreUnavailable, "Nothing was changed; try again").caused_by(error)
            }
            store::CommitError::Unavailable { .. } => {
                let detail = "The database cannot be reached; whether anything was changed is not known";
                Self::new(Code::StoreUnavailable, detail).caused_by(error)
            }
            // It begins anew by itself, and says so in its log.
            store::CommitError::Deposed => {
                Self::new(Code::StoreUnavailable, "Other nodes have taken over from this one; try again")
            }
            // What was written before it was not, for a reason that has been told: the run is taken up anew.
            store::CommitError::CutOff => Self::new(Code::StoreUnavailable, "Nothing was changed; try again"),
            error => Self::internal(error),
        }
    }
}

impl From<PublishError> for Problem {
    fn from(error: PublishError) -> Self {
        let said = error.to_string();
        match error {
            PublishError::Source(error) => {
                let fault = Fault::at("/source", error.message).on(error.line, error.column);
                let snippet = error.snippet.map(|snippet| format!("\n{snippet}")).unwrap_or_default();
                Self::new(Code::SourceInvalid, said + &snippet).with(vec![fault])
            }
            PublishError::Load(reason) => {
                Self::new(Code::LoadFailed, said).with(vec![Fault::at("/source", reason)])
            }
            PublishError::Config(reason) => {
                Self::new(Code::ConfigInvalid, said).with(vec![Fault::at("/source", reason)])
            }
            PublishError::Name(_) => Self::new(Code::NameInvalid, said),
            PublishError::Contended => Self::new(Code::PublishContended, said),
            PublishError::Store(error) => error.into(),
            PublishError::Commit(error) => error.into(),
        }
    }
}

impl From<StartError> for Problem {
    fn from(error: StartError) -> Self {
        let said = error.to_string();
        match error {
            StartError::TaskUnknown { .. } => Self::new(Code::TaskUnknown, said),
            StartError::Input(faults) => {
                let place = |fault: fermata_engine::InputFault| {
                    Fault::at(format!("/input{}", fault.pointer), fault.message)
                };
                Self::new(Code::InputInvalid, said).with(faults.into_iter().map(place).collect())
            }
            StartError::InputTooLarge { .. } => Self::new(Code::InputTooLarge, said),
            StartError::KeyReused => Self::new(Code::IdempotencyKeyReused, said),
            StartError::Stopping => Self::new(Code::Stopping, said),
            StartError::Lost => Self::new(Code::StoreUnavailable, said),
            StartError::Store(error) => error.into(),
            StartError::Commit(error) => error.into(),
        }
    }
}

impl From<RunActionError> for Problem {
    fn from(error: RunActionError) -> Self {
        let said = error.to_string();
        match error {
            RunActionError::Unknown(run) => Self::run_unknown(run),
            RunActionError::Ended(_) => Self::new(Code::RunEnded, said),
            RunActionError::BadEventName(_) => {
                Self::new(Code::NameInvalid, said.clone()).with(vec![Fault::at("/name", said)])
            }
            RunActionError::TooManyEvents(_) => Self::new(Code::TooManyEvents, said),
            RunActionError::Elsewhere | RunActionError::NoAnswer => Self::new(Code::StoreUnavailable, said),
            RunActionError::Stopping => Self::new(Code::Stopping, said),
            RunActionError::Store(error) => error.into(),
            RunActionError::Commit(error) => error.into(),
        }
    }
}

impl From<KeystoreError> for Problem {
    fn from(error: KeystoreError) -> Self {
        let said = error.to_string();
        match error {
            KeystoreError::TooLarge { .. } => Self::new(Code::ValueTooLarge, said),
            KeystoreError::BadName(_) => Self::new(Code::NameInvalid, said),
            KeystoreError::Unknown { .. } => Self::new(Code::KeystoreEntryUnknown, said),
            KeystoreError::UnknownVersion { .. } => Self::new(Code::KeystoreVersionUnknown, said),
            KeystoreError::OtherVersion { .. } => Self::new(Code::KeystoreVersionOther, said),
            KeystoreError::BadGrants(_) => Self::body("/hosts", &said),
            KeystoreError::BadPolicy(_) => Self::body("", &said),
            // Only tasks, and those who read an entry, meet these.
            error @ (KeystoreError::Broken(_) | KeystoreError::Secret(_) | KeystoreError::NotGranted(_)) => {
                Self::internal(error)
            }
            KeystoreError::Store(error) => error.into(),
            KeystoreError::Commit(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_each_word_once_and_only_error_statuses() {
        let mut words: Vec<_> = Code::ALL.iter().map(|code| code.row().1).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Code::ALL.len());
        for code in Code::ALL {
            let (status, word, title) = code.row();
            assert!((400..600).contains(&status) && !title.ends_with('.'), "{word}");
            assert!(word.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{word}");
        }
    }

    #[test]
    fn a_servers_fault_is_told_to_the_log_and_not_to_the_client() {
        let cause = std::io::Error::other("the disk is made of cheese");
        let problem =
            Problem::internal(store::OpenError::Io { action: "open", path: "/secret".into(), source: cause });
        assert_eq!(problem.cause_chain().unwrap(), "cannot open \"/secret\": the disk is made of cheese");
        assert!(!problem.0.detail.contains("secret") && !problem.0.detail.contains("cheese"));
    }
}
