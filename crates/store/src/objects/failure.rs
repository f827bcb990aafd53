//! What a server's failure means, read from the errors of `object_store`.
//!
//! Its errors repeat what the server sent, and a server may send credentials back. So nothing of them is shown
//! but the S3 code and message, the status, or the words of the transport.

use std::error::Error;

use object_store::client::HttpError;

/// What stands before the status in the texts of `object_store`, whose error type is private.
const BEFORE_STATUS: &str = "status code: ";

/// Codes of a server that may do later what it does not do now.
const CODES_OF_LATER: [&str; 5] =
    ["InternalError", "OperationAborted", "RequestTimeout", "ServiceUnavailable", "SlowDown"];
/// Codes about credentials; some come with other statuses than 401 and 403.
const CODES_OF_CREDENTIALS: [&str; 6] = [
    "AccessDenied",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidToken",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
];

/// The kinds of failure that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The bucket has no object of this name.
    Missing,
    /// There is no such bucket.
    NoBucket,
    /// The credentials are wrong or not enough.
    Denied,
    /// A quota or a disk is used up.
    Full,
    /// The server cannot be reached, or is not up to it.
    Unreachable,
    /// Anything else.
    Other,
}

/// A failure of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// What it means.
    pub(super) kind: Kind,
    /// What the server or the transport said.
    pub(super) reason: String,
}

impl Failure {
    /// Reads an error.
    pub(super) fn of(error: &object_store::Error) -> Self {
        let text = error.to_string();
        let transport = transport(error);
        let answer = Answer::read(&text);
        let kind = match error {
            _ if transport.is_some() => Kind::Unreachable,
            object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
                answer.kind_of_denial()
            }
            _ => answer.kind(),
        };
        let reason = transport.or_else(|| answer.words()).unwrap_or(text);
        Self { kind, reason }
    }

    /// No answer came in time.
    pub(super) fn too_late() -> Self {
        Self { kind: Kind::Unreachable, reason: "no answer came in time".to_owned() }
    }
}

/// The words of a transport's failure, from the outside in, when it was one.
fn transport(error: &object_store::Error) -> Option<String> {
    let mut causes = causes(error).skip_while(|cause| !cause.is::<HttpError>());
    causes.next()?;
    Some(causes.map(ToString::to_string).collect::<Vec<_>>().join(": "))
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

/// What the server answered.
#[derive(Default)]
struct Answer<'a> {
    status: Option<u16>,
    code: Option<&'a str>,
    message: Option<&'a str>,
}

impl<'a> Answer<'a> {
    fn read(text: &'a str) -> Self {
        let status = text.split_once(BEFORE_STATUS).and_then(|(_, rest)| rest.get(..3)?.parse().ok());
        Self {
            status,
            code: between(text, "<Code>", "</Code>"),
            message: between(text, "<Message>", "</Message>"),
        }
    }

    fn kind_of_denial(&self) -> Kind {
        if self.is_full() { Kind::Full } else { Kind::Denied }
    }

    fn kind(&self) -> Kind {
        if self.is_full() {
            return Kind::Full;
        }
        match (self.code.unwrap_or_default(), self.status.unwrap_or_default()) {
            ("NoSuchKey", _) => Kind::Missing,
            ("NoSuchBucket", _) => Kind::NoBucket,
            (code, _) if CODES_OF_CREDENTIALS.contains(&code) => Kind::Denied,
            (code, _) if CODES_OF_LATER.contains(&code) => Kind::Unreachable,
            (_, 401 | 403) => Kind::Denied,
            // 501 is an answer for good: the server does not know the request.
            (_, 408 | 429 | 500 | 502..=599) => Kind::Unreachable,
            // A 404 without a code of S3 comes from something else that listens there.
            _ => Kind::Other,
        }
    }

    /// Servers have codes of their own for a quota or a disk, and not all use the status for it.
    fn is_full(&self) -> bool {
        let code = self.code.unwrap_or_default();
        self.status == Some(507) || code.contains("QuotaExceeded") || code.contains("StorageFull")
    }

    fn words(&self) -> Option<String> {
        let code = self.code.map(|code| match self.message {
            Some(message) => format!("{code}: {message}"),
            None => code.to_owned(),
        });
        let status = self.status.map(|status| format!("status {status}"));
        match (code, status) {
            (Some(code), Some(status)) => Some(format!("{code} ({status})")),
            (code, status) => code.or(status),
        }
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    Some(text.split_once(start)?.1.split_once(end)?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(status: u16, code: &str) -> Kind {
        let text = format!("Server returned non-2xx status code: {status} Whatever: <Code>{code}</Code>");
        Answer::read(&text).kind()
    }

    #[test]
    fn answers_are_told_apart() {
        let cases = [
            (404, "NoSuchKey", Kind::Missing),
            (404, "NoSuchBucket", Kind::NoBucket),
            (404, "", Kind::Other),
            (403, "AccessDenied", Kind::Denied),
            (403, "", Kind::Denied),
            (401, "", Kind::Denied),
            (400, "ExpiredToken", Kind::Denied),
            (403, "QuotaExceeded", Kind::Full),
            (507, "XMinioStorageFull", Kind::Full),
            (500, "InternalError", Kind::Unreachable),
            (200, "SlowDown", Kind::Unreachable),
            (503, "", Kind::Unreachable),
            (429, "", Kind::Unreachable),
            (501, "NotImplemented", Kind::Other),
            (400, "MalformedXML", Kind::Other),
        ];
        for (status, code, expected) in cases {
            assert_eq!(kind(status, code), expected, "{status} {code}");
        }
    }

    #[test]
    fn only_code_message_and_status_are_repeated() {
        let text = "status code: 403 Forbidden: <Error><Code>InvalidAccessKeyId</Code><Message>Not known.\
                    </Message><AWSAccessKeyId>hush</AWSAccessKeyId></Error>";
        let words = Answer::read(text).words();
        assert_eq!(words.as_deref(), Some("InvalidAccessKeyId: Not known. (status 403)"));
    }
}
