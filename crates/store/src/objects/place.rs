//! Where objects lie, as settings say it: parsed, checked, and shown without credentials.

use std::fmt;
use std::path::PathBuf;

use object_store::aws::AmazonS3ConfigKey;
use url::Url;

use super::error::ObjectsError;

/// Longest prefix within a bucket, in characters: keys have at most 1024 bytes.
const PREFIX_CHARS_MAX: usize = 512;

/// Where objects lie.
#[derive(Clone, PartialEq, Eq)]
pub enum ObjectsPlace {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A URL `s3://bucket/prefix`, and settings in the spelling of `object_store`, such as `aws_region`,
    /// `aws_endpoint`, `aws_access_key_id` and `aws_secret_access_key`.
    Url(String, Vec<(String, String)>),
}

impl ObjectsPlace {
    /// Reads `s3://bucket/prefix`, `file:///path` or a path. The variables go with an S3 URL; those it has
    /// no use for are passed over, so that a whole environment may be given.
    ///
    /// # Errors
    /// [`ObjectsError::BadUrl`], also when the URL holds credentials or the endpoint makes no sense.
    pub fn parse(text: &str, variables: Vec<(String, String)>) -> Result<Self, ObjectsError> {
        if text.starts_with("s3://") {
            Address::parse(text)?;
            check_endpoint(&variables)?;
            return Ok(Self::Url(text.to_owned(), variables));
        }
        if text.starts_with("file://") {
            let path = Url::parse(text).ok().and_then(|url| url.to_file_path().ok());
            // `file://` alone is read as the root of the file system, which nobody means.
            let path = path.filter(|path| path.parent().is_some());
            let path =
                path.ok_or_else(|| bad(text, "a file URL is file:// and a path that begins with /"))?;
            return Ok(Self::Folder(path));
        }
        if text.is_empty() || text.contains("://") {
            return Err(bad(text, "use s3://bucket/prefix, file:///path or a path"));
        }
        Ok(Self::Folder(PathBuf::from(text)))
    }
}

impl fmt::Debug for ObjectsPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => f.debug_tuple("Folder").field(path).finish(),
            Self::Url(url, variables) => {
                let names: Vec<&str> = variables.iter().map(|(name, _)| name.as_str()).collect();
                f.debug_tuple("Url").field(&without_credentials(url)).field(&names).finish()
            }
        }
    }
}

/// The parts of an S3 URL.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// The bucket.
    pub(super) bucket: String,
    /// What every key begins with, without slashes at its ends; may be empty.
    pub(super) prefix: String,
}

impl Address {
    /// Reads `s3://bucket/prefix`.
    pub(super) fn parse(text: &str) -> Result<Self, ObjectsError> {
        let rest = text.strip_prefix("s3://").ok_or_else(|| bad(text, "it does not begin with s3://"))?;
        if rest.contains('@') {
            return Err(bad(text, "credentials do not belong into the URL; give them as settings"));
        }
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_end_matches('/');
        if !is_plain(bucket) {
            return Err(bad(text, "the bucket's name has to be of letters, digits, `.`, `_` and `-`"));
        }
        if prefix.len() > PREFIX_CHARS_MAX || !(prefix.is_empty() || prefix.split('/').all(is_plain)) {
            return Err(bad(
                text,
                "the prefix has to be of letters, digits, `.`, `_` and `-`, with single slashes between",
            ));
        }
        Ok(Self { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
    }
}

/// Whether a part of a path stands for itself in every URL.
fn is_plain(part: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    !part.is_empty() && part != "." && part != ".." && part.chars().all(allowed)
}

/// The variables that S3 has a meaning for. An empty one counts as not set.
pub(super) fn settings(
    variables: &[(String, String)],
) -> impl Iterator<Item = (AmazonS3ConfigKey, &str)> + '_ {
    let parsed = |name: &str| name.to_ascii_lowercase().parse().ok();
    let filled = variables.iter().filter(|(_, value)| !value.is_empty());
    filled.filter_map(move |(name, value)| Some((parsed(name)?, value.as_str())))
}

/// The server's address, when it is not the one of the region.
pub(super) fn endpoint(variables: &[(String, String)]) -> Option<&str> {
    let with = |wanted| settings(variables).filter(move |(key, _)| *key == wanted).last();
    let found = with(AmazonS3ConfigKey::S3Endpoint).or_else(|| with(AmazonS3ConfigKey::Endpoint));
    found.map(|(_, endpoint)| endpoint)
}

/// Refuses an endpoint that is no address of a server, or that holds credentials.
pub(super) fn check_endpoint(variables: &[(String, String)]) -> Result<(), ObjectsError> {
    let Some(endpoint) = endpoint(variables) else {
        return Ok(());
    };
    let url = Url::parse(endpoint).ok().filter(|url| url.has_host());
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https"));
    let url = url.ok_or_else(|| bad(endpoint, "the endpoint has to begin with http:// or https://"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad(endpoint, "credentials do not belong into the endpoint; give them as settings"));
    }
    Ok(())
}

/// The text without what stands before an `@` or behind a `?`. A secret key may itself hold slashes.
pub(super) fn without_credentials(text: &str) -> String {
    let text = text.split_once('?').map_or(text, |(text, _)| text);
    let (scheme, rest) =
        text.split_once("://").map_or(("", text), |(_, rest)| text.split_at(text.len() - rest.len()));
    format!("{scheme}{}", rest.rsplit_once('@').map_or(rest, |(_, rest)| rest))
}

fn bad(text: &str, reason: &str) -> ObjectsError {
    ObjectsError::BadUrl { text: without_credentials(text), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn folders_and_buckets_are_told_apart() {
        let folder = |text: &str| match ObjectsPlace::parse(text, vec![]) {
            Ok(ObjectsPlace::Folder(path)) => path,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(folder("data/objects"), PathBuf::from("data/objects"));
        assert_eq!(folder("/data/objects"), PathBuf::from("/data/objects"));
        assert_eq!(folder("file:///data/with%20space"), PathBuf::from("/data/with space"));
        assert!(matches!(ObjectsPlace::parse("s3://bucket", vec![]), Ok(ObjectsPlace::Url(..))));
    }

    #[test]
    fn an_address_has_a_bucket_and_maybe_a_prefix() {
        let address = |text| Address::parse(text).map(|address| (address.bucket, address.prefix)).unwrap();
        assert_eq!(address("s3://bucket"), ("bucket".into(), String::new()));
        assert_eq!(address("s3://bucket/"), ("bucket".into(), String::new()));
        assert_eq!(address("s3://my.bucket/a/b-c/"), ("my.bucket".into(), "a/b-c".into()));
    }

    #[test]
    fn what_is_no_place_is_refused() {
        let wrong = [
            "",
            "s3://",
            "s3:///prefix",
            "s3://bucket/a//b",
            "s3://bucket/../b",
            "s3://bucket/a b",
            "s3://bucket?x=1",
            "s3://key:secret@bucket",
            "http://host/bucket",
            "file://host/path",
            "file://",
        ];
        for text in wrong {
            let parsed = ObjectsPlace::parse(text, vec![]);
            assert!(matches!(parsed, Err(ObjectsError::BadUrl { .. })), "{text}: {parsed:?}");
        }
        assert!(ObjectsPlace::parse("s3://bucket", vec![variable("AWS_ENDPOINT_URL", "")]).is_ok());
        for endpoint in ["localhost:9000", "ftp://host", "http://", "http://key:secret@host"] {
            let parsed = ObjectsPlace::parse("s3://bucket", vec![variable("AWS_ENDPOINT_URL", endpoint)]);
            assert!(matches!(parsed, Err(ObjectsError::BadUrl { .. })), "{endpoint}: {parsed:?}");
        }
    }

    #[test]
    fn credentials_are_never_shown() {
        let secrets = vec![variable("aws_secret_access_key", "hush"), variable("AWS_SESSION_TOKEN", "hush")];
        let texts = [
            format!("{:?}", ObjectsPlace::parse("s3://bucket/p", secrets.clone()).unwrap()),
            format!("{:?}", ObjectsPlace::Url("s3://key:hu/hush@bucket".into(), secrets)),
            format!("{:?}", ObjectsPlace::parse("s3://key:hu/hush@bucket/p", vec![]).unwrap_err()),
            ObjectsPlace::parse("s3://bucket?secret=hush", vec![]).unwrap_err().to_string(),
            ObjectsPlace::parse("gs://key:hush@bucket", vec![]).unwrap_err().to_string(),
            ObjectsPlace::parse("s3://b", vec![variable("endpoint", "http://key:hush@host")])
                .unwrap_err()
                .to_string(),
        ];
        for text in texts {
            assert!(!text.contains("hush"), "{text}");
            assert!(text.contains('b') || text.contains("host"), "{text}");
        }
    }
}
