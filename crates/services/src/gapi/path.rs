//! What the path of a call names: an API, its version, and a method of it.

use fermata_model::CallError;

/// Longest name of an API, and of a version.
const NAME_BYTES_MAX: usize = 63;
/// Deepest path of a method.
const DEPTH_MAX: usize = 12;
/// Longest path of a method.
const PATH_BYTES_MAX: usize = 300;
/// The directory prefers the version of another part of this API; tasks mean users, groups and domains.
const OUR_PREFERENCE: [(&str, &str); 1] = [("admin", "directory_v1")];

/// A method of an API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    /// Such as `gmail`.
    pub(super) api: String,
    /// Such as `v1`, when the path names it or we prefer one.
    pub(super) version: Option<String>,
    /// Such as `users.messages.list`.
    pub(super) method: String,
}

impl Path {
    /// Reads a path such as `gmail.users.messages.list` or `gmail:v1.users.messages.list`.
    ///
    /// # Errors
    /// When it is no such path.
    pub(super) fn parse(text: &str) -> Result<Self, CallError> {
        let refused = || unknown(text);
        if text.len() > PATH_BYTES_MAX || text.split('.').count() > DEPTH_MAX {
            return Err(refused());
        }
        let (head, method) = split(text).ok_or_else(refused)?;
        let (api, version) = match head.split_once(':') {
            Some((api, version)) => (api, Some(version)),
            None => (head, None),
        };
        if !is_api(api) || !version.is_none_or(is_version) || !method.split('.').all(is_step) {
            return Err(refused());
        }
        let version = version.or_else(|| preference(api)).map(str::to_owned);
        Ok(Self { api: api.to_owned(), version, method: method.to_owned() })
    }

    /// As a task would write it, without the version.
    pub(super) fn text(&self) -> String {
        format!("{}.{}", self.api, self.method)
    }
}

/// Reads the name of an API alone, such as `gmail` or `gmail:v1`, into the API and the version it names or we prefer.
///
/// # Errors
/// When it is no such name.
pub(super) fn api(text: &str) -> Result<(&str, Option<&str>), CallError> {
    let (api, version) = text.split_once(':').map_or((text, None), |(api, version)| (api, Some(version)));
    if !is_api(api) || !version.is_none_or(is_version) {
        let shown: String = text.chars().take(80).collect();
        let message = format!("{shown:?} is not the name of an API; such a name is calendar, or drive:v2");
        return Err(CallError::fatal("unknown_method", message));
    }
    Ok((api, version.or_else(|| preference(api))))
}

/// Whether the text can be the name of an API. Names become parts of host names, so nothing else will do.
pub(super) fn is_api(text: &str) -> bool {
    let is_named = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.len() <= NAME_BYTES_MAX
        && text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
        && text.bytes().all(is_named)
}

/// Whether the text can be a version, such as `v1`, `v4.1` or `directory_v1`.
pub(super) fn is_version(text: &str) -> bool {
    let is_named = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
    !text.is_empty() && text.len() <= NAME_BYTES_MAX && text.bytes().all(is_named) && !text.contains("..")
}

fn is_step(text: &str) -> bool {
    let is_named = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'$');
    !text.is_empty() && text.bytes().all(is_named)
}

/// The API with its version, and the rest. A version such as `v4.1` has a dot of its own.
fn split(text: &str) -> Option<(&str, &str)> {
    let (head, rest) = text.split_once('.')?;
    let is_number = |step: &str| !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
    match rest.split_once('.') {
        Some((minor, rest)) if head.contains(':') && is_number(minor) => {
            Some((&text[..head.len() + 1 + minor.len()], rest))
        }
        _ => Some((head, rest)),
    }
}

fn preference(api: &str) -> Option<&'static str> {
    OUR_PREFERENCE.iter().find(|(name, _)| *name == api).map(|(_, version)| *version)
}

fn unknown(text: &str) -> CallError {
    let shown: String = text.chars().take(80).collect();
    let message = format!(
        "tools.gapi has no method {shown:?}; a method is an API of Google's and a path in it, such as \
         gmail.users.messages.list, or one of {}",
        super::OWN_METHODS.join(", ")
    );
    CallError::fatal("unknown_method", message)
}

#[cfg(test)]
mod tests {
    use super::Path;

    #[track_caller]
    fn check(text: &str, expected: Option<(&str, Option<&str>, &str)>) {
        let found = Path::parse(text).ok();
        let found = found.as_ref().map(|path| (&*path.api, path.version.as_deref(), &*path.method));
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn paths_name_an_api_a_version_and_a_method() {
        check("gmail.users.messages.list", Some(("gmail", None, "users.messages.list")));
        check("gmail:v1.users.messages.list", Some(("gmail", Some("v1"), "users.messages.list")));
        check("adsensehost:v4.1.accounts.list", Some(("adsensehost", Some("v4.1"), "accounts.list")));
        check("admin.users.list", Some(("admin", Some("directory_v1"), "users.list")));
        check("admin:reports_v1.activities.list", Some(("admin", Some("reports_v1"), "activities.list")));
        check("gmail", None);
        check("gmail.", None);
        check("evil/x.users.list", None);
        check("gmail@evil.users.list", None);
        check("gmail:v1/../x.users", None);
        check("gmail:v1..2.users", None);
    }
}
