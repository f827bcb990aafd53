//! The arguments of a call: parameters as googleapis for Node takes them, and options of ours.

use std::time::Duration;

use fermata_model::{CallError, Json};
use serde::Deserialize;

use crate::call::arguments;
use crate::fields::Fields;

/// Time of one attempt when the task does not say.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Time of one attempt that follows pages, when the task does not say.
const TIMEOUT_OF_ALL: Duration = Duration::from_secs(300);
/// Longest time of one attempt.
const TIMEOUT_MAX: Duration = Duration::from_secs(600);
/// Most scopes that a task may name.
const SCOPES_MAX: usize = 50;
/// Longest scope.
const SCOPE_BYTES_MAX: usize = 300;
/// Longest address of a user.
const USER_BYTES_MAX: usize = 320;
/// The parameter by which older tasks say whom to act for.
const IMPERSONATE: &str = "__impersonate";

/// Both arguments of a call.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    /// What the method takes: parameters, `requestBody`, `media`.
    pub(super) params: Fields,
    /// How to call it.
    pub(super) options: Options,
    /// Whether the parameters said whom to act for, as older tasks do.
    pub(super) is_legacy: bool,
}

/// How to call a method.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Options {
    /// The API's version.
    pub(super) version: Option<String>,
    /// The user to act for. Older tasks have another name for it.
    #[serde(alias = "__impersonate")]
    pub(super) impersonate: Option<String>,
    /// Scopes in the place of those found in the document.
    pub(super) scopes: Option<Vec<String>>,
    /// Which credentials, when it is not to be the first there are.
    pub(super) auth: Option<Auth>,
    /// Whether to follow all pages.
    #[serde(default)]
    pub(super) all: bool,
    /// Most items of all pages together.
    pub(super) limit: Option<usize>,
    /// Time of one attempt.
    pub(super) timeout_ms: Option<u64>,
}

/// Kinds of credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Auth {
    /// The key of a service account.
    ServiceAccount,
    /// A refresh token.
    Oauth,
    /// An API key.
    ApiKey,
    /// Nothing at all.
    None,
}

impl Arguments {
    /// Reads the arguments of the method `what`.
    ///
    /// # Errors
    /// Names the argument that is wrong.
    pub(super) fn parse(what: &str, args: &Json) -> Result<Self, CallError> {
        let what = format!("tools.gapi.{what}");
        let (params, options) = two(&what, args)?;
        let (mut params, mut options): (Fields, Options) =
            (params.unwrap_or_default(), options.unwrap_or_default());
        let mut is_legacy = false;
        if let Some(user) = params.remove(IMPERSONATE).filter(|user| user.get() != "null") {
            let user = serde_json::from_str(user.get());
            options.impersonate =
                Some(user.map_err(|_| bad(&what, IMPERSONATE, "is a text, a user's address"))?);
            is_legacy = true;
        }
        options.check(&what)?;
        Ok(Self { params, options, is_legacy })
    }
}

impl Options {
    /// Reads the only argument of one of our own methods.
    ///
    /// # Errors
    /// Names the option that is wrong.
    pub(super) fn parse(what: &str, args: &Json) -> Result<Self, CallError> {
        let what = format!("tools.gapi.{what}");
        let (options, nothing): (Option<Self>, Option<serde::de::IgnoredAny>) = two(&what, args)?;
        if nothing.is_some() {
            return Err(CallError::fatal("bad_arguments", format!("{what} takes options alone")));
        }
        let options = options.unwrap_or_default();
        options.check(&what)?;
        Ok(options)
    }

    /// Holds the options to their limits.
    pub(super) fn check(&self, what: &str) -> Result<(), CallError> {
        if !self.version.as_deref().is_none_or(super::path::is_version) {
            return Err(bad(what, "version", "is the version of an API, such as v1"));
        }
        if !self.impersonate.as_deref().is_none_or(is_user) {
            return Err(bad(what, "impersonate", "is a user's address, such as ada@example.com"));
        }
        if self.limit == Some(0) || (self.limit.is_some() && !self.all) {
            return Err(bad(what, "limit", "is at least 1, and goes with all: true"));
        }
        if self.timeout_ms.is_some_and(|ms| ms == 0 || Duration::from_millis(ms) > TIMEOUT_MAX) {
            return Err(bad(what, "timeoutMs", "is from 1 to 600000"));
        }
        match &self.scopes {
            Some(scopes)
                if scopes.is_empty() || scopes.len() > SCOPES_MAX || !scopes.iter().all(|s| is_scope(s)) =>
            {
                Err(bad(what, "scopes", "is a list of 1 to 50 scopes, texts without spaces"))
            }
            _ => Ok(()),
        }
    }

    /// Longest time of one attempt.
    pub(super) fn timeout(&self) -> Duration {
        let usual = if self.all { TIMEOUT_OF_ALL } else { TIMEOUT };
        self.timeout_ms.map_or(usual, Duration::from_millis)
    }
}

/// An argument that is wrong.
pub(super) fn bad(what: &str, argument: &str, rule: &str) -> CallError {
    CallError::fatal("bad_arguments", format!("{what}: {argument} {rule}"))
}

/// One or two arguments, or none, each of which may be `null`.
fn two<A, B>(what: &str, args: &Json) -> Result<(Option<A>, Option<B>), CallError>
where
    A: serde::de::DeserializeOwned,
    B: serde::de::DeserializeOwned,
{
    let all: Vec<Json> = arguments(what, args)?;
    let [first, second] = match all.as_slice() {
        [] => [None, None],
        [first] => [Some(first), None],
        [first, second] => [Some(first), Some(second)],
        _ => return Err(CallError::fatal("bad_arguments", format!("{what} takes two arguments at most"))),
    };
    Ok((one(what, "the first argument", first)?, one(what, "the second argument", second)?))
}

fn one<T: serde::de::DeserializeOwned>(
    what: &str,
    which: &str,
    given: Option<&Json>,
) -> Result<Option<T>, CallError> {
    let Some(given) = given else { return Ok(None) };
    serde_json::from_str(given.get()).map_err(|error| bad(what, which, &format!("cannot be used: {error}")))
}

/// Whether the text can be a user's address.
pub(super) fn is_user(text: &str) -> bool {
    let is_plain = text.chars().all(|c| !c.is_whitespace() && !c.is_control());
    let is_address =
        text.split_once('@').is_some_and(|(user, domain)| !user.is_empty() && !domain.is_empty());
    text.len() <= USER_BYTES_MAX && is_plain && is_address
}

fn is_scope(text: &str) -> bool {
    !text.is_empty() && text.len() <= SCOPE_BYTES_MAX && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &str) -> Result<Arguments, CallError> {
        Arguments::parse("gmail.users.messages.list", &fermata_model::json::parse(args.into()).unwrap())
    }

    #[test]
    fn both_arguments_may_be_left_out() {
        assert!(parse("[]").is_ok());
        assert!(parse("[null,null]").is_ok());
        let both = parse(r#"[{"userId":"me"},{"version":"v1","all":true,"limit":3}]"#).unwrap();
        assert_eq!(both.params.read::<String>("userId").as_deref(), Some("me"));
        assert_eq!((both.options.limit, both.is_legacy), (Some(3), false));
    }

    #[test]
    fn older_tasks_name_the_user_among_the_parameters() {
        let legacy = parse(r#"[{"userId":"me","__impersonate":"ada@example.com"}]"#).unwrap();
        assert!(legacy.is_legacy && legacy.params.get("__impersonate").is_none());
        assert_eq!(legacy.options.impersonate.as_deref(), Some("ada@example.com"));
        let beside = parse(r#"[{"userId":"me"},{"__impersonate":"ada@example.com"}]"#).unwrap();
        assert_eq!(beside.options.impersonate.as_deref(), Some("ada@example.com"));
    }

    #[test]
    fn errors_name_what_is_wrong() {
        let cases = [
            (r#"["me"]"#, "the first argument"),
            (r#"[{},{"al":true}]"#, "unknown field `al`"),
            (r#"[{},{"limit":3}]"#, "limit"),
            (r#"[{},{"timeoutMs":0}]"#, "timeoutMs"),
            (r#"[{},{"impersonate":"ada"}]"#, "impersonate"),
            (r#"[{"__impersonate":5}]"#, "__impersonate"),
            (r#"[{},{"scopes":["a b"]}]"#, "scopes"),
            (r#"[{},{"version":"../v1"}]"#, "version"),
            ("[{},{},{}]", "two arguments"),
        ];
        for (args, named) in cases {
            let error = parse(args).unwrap_err();
            assert_eq!(error.code, "bad_arguments");
            assert!(error.message.contains(named), "{}", error.message);
        }
    }
}
