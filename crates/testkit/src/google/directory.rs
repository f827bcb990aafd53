//! The directory of users and domains. It is an administrator's.

use serde_json::{Value, json};

use super::answers;
use super::documents::Found;
use super::reply::{Ask, Reply};
use super::tokens::Opens;
use super::world::{User, World};

/// The customer's number, and what its administrators may write instead.
const CUSTOMER: [&str; 2] = ["C00000001", "my_customer"];

pub(super) fn answer(world: &World, method: &str, found: &Found, ask: &Ask, opens: Option<&Opens>) -> Reply {
    let is_admin = world.administrator().is_some_and(|admin| opens.is_some_and(|opens| opens.is_of(admin)));
    if !is_admin {
        return Reply::error(403, "forbidden", "Not Authorized to access this resource/api");
    }
    let customer = found.path.get("customer").map(String::as_str).or(ask.parameter("customer"));
    if customer.is_some_and(|customer| !CUSTOMER.contains(&customer)) {
        return Reply::error(400, "badRequest", "Bad Request");
    }
    match method {
        "domains.list" => domains(world),
        "users.list" => users(world, ask, customer.is_some()),
        "users.get" => {
            let key = found.path.get("userKey").map(String::as_str).unwrap_or_default();
            world.user(key).map_or_else(Reply::not_found, |user| Reply::ok(&described(world, user)))
        }
        _ => answers::echo(found, ask),
    }
}

fn domains(world: &World) -> Reply {
    let described = |(number, domain): (usize, &super::Domain)| {
        json!({
            "kind": "admin#directory#domain",
            "domainName": domain.name,
            "isPrimary": number == 0,
            "verified": true,
            "creationTime": "1767225600000",
        })
    };
    let domains: Vec<Value> = world.domains.iter().enumerate().map(described).collect();
    Reply::ok(&json!({ "kind": "admin#directory#domains", "etag": "\"world\"", "domains": domains }))
}

fn users(world: &World, ask: &Ask, is_of_customer: bool) -> Reply {
    let users: Vec<&User> = match ask.parameter("domain") {
        Some(name) => {
            let domain = world.domains.iter().find(|domain| domain.name == name);
            let Some(domain) = domain else { return Reply::error(404, "notFound", "Domain not found.") };
            domain.users.iter().collect()
        }
        None if is_of_customer => world.users().collect(),
        None => return Reply::error(400, "badRequest", "Bad Request"),
    };
    let users: Vec<Value> = users.into_iter().map(|user| described(world, user)).collect();
    answers::page(ask, "admin#directory#users", "users", "maxResults", &users)
}

fn described(world: &World, user: &User) -> Value {
    let (given, family) = user.name.split_once(' ').unwrap_or((&user.name, ""));
    json!({
        "kind": "admin#directory#user",
        "id": user.email,
        "customerId": CUSTOMER[0],
        "primaryEmail": user.email,
        "name": { "givenName": given, "familyName": family, "fullName": user.name },
        "isAdmin": world.administrator() == Some(user.email.as_str()),
        "suspended": false,
    })
}
