//! What older tasks rely on: defaults and limits of a few methods. Applied to every call of them, but for the Gmail
//! limit, which holds for calls that name the user by `__impersonate`.

use super::access::{ADMIN, GMAIL};
use super::arguments::{Arguments, is_user};
use super::document::{Document, Method};
use super::path::Path;
use crate::fields::raw;

/// The customer that the administrator belongs to.
const MY_CUSTOMER: &str = "my_customer";
/// Names of the customer among the parameters.
const CUSTOMER: [&str; 2] = ["customer", "customerId"];
/// Lists of the directory that are of a customer or of a domain.
const OF_CUSTOMER_OR_DOMAIN: [&str; 2] = ["users.list", "groups.list"];
/// Most users of a page.
const USERS_MAX: u64 = 500;
/// Most messages of a page.
const MESSAGES_MAX: u64 = 100;

/// Puts defaults in and brings limits down.
pub(super) fn adjust(path: &Path, document: &Document, method: &Method, arguments: &mut Arguments) {
    if path.api == ADMIN && document.version.starts_with("directory_") {
        put_customer(path, method, arguments);
    }
    match (path.api.as_str(), path.method.as_str()) {
        (ADMIN, "users.list") => clamp(arguments, USERS_MAX),
        (GMAIL, "users.messages.list") if arguments.is_legacy => clamp(arguments, MESSAGES_MAX),
        (GMAIL, "users.messages.get") => lower(arguments, "format"),
        _ => {}
    }
}

/// Older tasks write the values of `format` in capitals as well.
fn lower(arguments: &mut Arguments, name: &str) {
    if let Some(text) = arguments.params.read::<String>(name) {
        arguments.params.set_text(name, &text.to_ascii_lowercase());
    }
}

fn put_customer(path: &Path, method: &Method, arguments: &mut Arguments) {
    let params = &mut arguments.params;
    // An administrator's address is no customer's number.
    for name in CUSTOMER.into_iter().filter(|name| method.parameters.contains_key(*name)) {
        if params.read::<String>(name).is_some_and(|customer| is_user(&customer)) {
            params.set_text(name, MY_CUSTOMER);
        }
    }
    let is_list = OF_CUSTOMER_OR_DOMAIN.contains(&path.method.as_str());
    let is_said = ["customer", "domain", "userKey"].iter().any(|name| params.get(name).is_some());
    for name in CUSTOMER {
        let is_required = method.parameters.get(name).is_some_and(|parameter| parameter.required);
        let is_open = is_list && !is_said && method.parameters.contains_key(name);
        if (is_required || is_open) && params.get(name).is_none() {
            params.set_text(name, MY_CUSTOMER);
        }
    }
}

fn clamp(arguments: &mut Arguments, most: u64) {
    let asked =
        arguments.params.get("maxResults").and_then(|value| serde_json::from_str::<u64>(value.get()).ok());
    if asked.is_some_and(|asked| asked > most) {
        arguments.params.set("maxResults", raw(&most));
    }
}
