//! `tools.stripe`: payments and customers, as the official client asks for them (docs.stripe.com/api).

use fermata_model::{CallError, Json};
use serde::Deserialize;
use serde_json::Value;

use crate::args::Args;
use crate::call::{Attempt, Attempted, Policy, Request, Service, unknown_method};
use crate::encode::{self, Lists, Style};
use crate::fields::{Fields, raw};
use crate::rest::{self, Api, Asked};
use crate::way::Way;

/// The version of the API that the official client of today asks for.
const VERSION: &str = "2026-10-28.endive";
const FORM: &str = "application/x-www-form-urlencoded";
/// Stripe's limit for idempotency keys.
const KEY_CHARS_MAX: usize = 255;

static API: Api = Api {
    name: "stripe",
    base_url: ("STRIPE_API_URL", "https://api.stripe.com"),
    headers: &[
        ("accept", "application/json"),
        ("authorization", "Bearer {{secret:STRIPE_SECRET_KEY}}"),
        ("content-type", FORM),
        ("stripe-version", VERSION),
    ],
};

/// The methods, their routes, and what each needs. `{}` is the first argument.
const METHODS: [(&str, &str, &str, &[&str]); 11] = [
    ("paymentIntents.create", "POST", "/v1/payment_intents", &["amount", "currency"]),
    ("paymentIntents.retrieve", "GET", "/v1/payment_intents/{}", &[]),
    ("paymentIntents.confirm", "POST", "/v1/payment_intents/{}/confirm", &[]),
    ("paymentIntents.cancel", "POST", "/v1/payment_intents/{}/cancel", &[]),
    ("customers.create", "POST", "/v1/customers", &[]),
    ("customers.retrieve", "GET", "/v1/customers/{}", &[]),
    ("customers.update", "POST", "/v1/customers/{}", &[]),
    ("customers.list", "GET", "/v1/customers", &[]),
    ("customers.search", "GET", "/v1/customers/search", &["query"]),
    ("refunds.create", "POST", "/v1/refunds", &[]),
    ("invoices.retrieve", "GET", "/v1/invoices/{}", &[]),
];
const UPSERT: &str = "customers.upsert";

/// The official client's second argument, as far as it makes sense here.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
struct Options {
    idempotency_key: Option<String>,
    stripe_account: Option<String>,
}

/// The service.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stripe;

impl Service for Stripe {
    fn check(&self, method: &str, args: &Json) -> Result<Policy, CallError> {
        match method {
            UPSERT => Upsert::read(args).map(drop)?,
            _ => ask(method, args, "").map(drop)?,
        }
        Ok(rest::policy())
    }

    fn attempt<'a>(&'a self, request: Request, way: &'a Way<'a>) -> Attempt<'a> {
        match request.method.as_str() {
            UPSERT => Box::pin(upsert(request, way)),
            method => {
                rest::attempt(&API, ask(method, &request.args, &request.idempotency_key), way, rest::body)
            }
        }
    }
}

fn ask(method: &str, args: &Json, key: &str) -> Result<Asked, CallError> {
    let Some((_, verb, url, needs)) = METHODS.iter().find(|(name, ..)| *name == method) else {
        let names = METHODS.map(|(name, ..)| name);
        return Err(unknown_method("stripe", method, &[&names[..], &[UPSERT]].concat()));
    };
    let mut args = Args::of("stripe", method, args)?;
    let path = match url.contains("{}") {
        true => url.replace("{}", &args.segment("the id")?),
        false => (*url).to_owned(),
    };
    let params: Fields = args.optional_object("the parameters")?.unwrap_or_default();
    if let Some(missing) = needs.iter().find(|name| params.get(name).is_none()) {
        return Err(args.bad(format!("{missing} is missing")));
    }
    let amount = params.get("amount").map(|amount| serde_json::from_str::<u64>(amount.get()));
    if amount.is_some_and(|amount| amount.is_err()) {
        return Err(args.bad("amount is a whole number in the currency's smallest unit"));
    }
    let options: Options = args.optional_object("the options")?.unwrap_or_default();
    if options.idempotency_key.as_ref().is_some_and(|key| key.is_empty() || key.len() > KEY_CHARS_MAX) {
        return Err(args.bad(format!("idempotencyKey has 1 to {KEY_CHARS_MAX} characters")));
    }
    args.end()?;
    let mut asked = request(verb, path, &params, options.idempotency_key.as_deref().unwrap_or(key))?;
    asked.headers.extend(options.stripe_account.map(|account| ("stripe-account", account)));
    Ok(asked)
}

fn request(verb: &'static str, path: String, params: &Fields, key: &str) -> Result<Asked, CallError> {
    let pairs = encode::pairs(params, Lists::Numbers);
    let pairs = pairs.map_err(|why| CallError::fatal("bad_arguments", format!("tools.stripe: {why}")))?;
    let text = encode::joined(&pairs, Style::Readable);
    Ok(match verb {
        "GET" => Asked { query: text, ..Asked::new(verb, path) },
        _ => Asked { key: Some(key.to_owned()), ..Asked::new(verb, path).form(text) },
    })
}

/// A customer that is changed if there is one of this address, and made if there is none.
struct Upsert {
    email: String,
    params: Fields,
}

impl Upsert {
    fn read(args: &Json) -> Result<Self, CallError> {
        let mut args = Args::of("stripe", UPSERT, args)?;
        let params = args.object("the customer")?;
        let email = params.read::<String>("email").filter(|email| !email.trim().is_empty());
        let email = email.ok_or_else(|| args.bad("email is a text that is not empty"))?;
        args.end()?;
        Ok(Self { email, params })
    }
}

/// Asks by the list, which knows at once of a customer that was just made; the search does not.
async fn upsert(call: Request, way: &Way<'_>) -> Attempted {
    let Upsert { email, params } = Upsert::read(&call.args)?;
    let mut filter = Fields::default();
    filter.set_text("email", &email);
    filter.set("limit", raw(&Value::from(1)));
    let list = API.ask(request("GET", "/v1/customers".into(), &filter, "")?, way).await?;
    let list: Value = serde_json::from_str(list.body.get()).unwrap_or_default();
    let known = list["data"][0]["id"].as_str().and_then(encode::strict_segment);
    // A key belongs to one route, and the second attempt may take the other one.
    let (path, key) = match known {
        Some(id) => (format!("/v1/customers/{id}"), format!("{}-update", call.idempotency_key)),
        None => ("/v1/customers".to_owned(), format!("{}-create", call.idempotency_key)),
    };
    Ok(API.ask(request("POST", path, &params, &key)?, way).await?.body.into())
}
