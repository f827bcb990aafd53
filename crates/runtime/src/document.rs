//! The OpenAPI 3.1 document.

use std::sync::LazyLock;

use utoipa::OpenApi as _;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, InfoBuilder, OpenApi, Ref, RefOr, ResponseBuilder, path::PathItem};

use crate::routes::Documented;

/// The OpenAPI 3.1 document of the API as JSON, the same text each time.
pub fn openapi() -> String {
    text().to_owned()
}

/// The document, made once.
pub(crate) fn text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let mut text = document().to_pretty_json().expect("the document has a JSON form");
        text.push('\n');
        text
    });
    &TEXT
}

fn document() -> OpenApi {
    let mut document = Documented::openapi();
    document.info = InfoBuilder::new()
        .title("Fermata")
        .version("1")
        .description(Some("Durable tasks: publish one, run it, watch it, send it events."))
        .build();
    let components = document.components.get_or_insert_default();
    let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    components.add_security_scheme("token", token);
    document.security = Some(vec![SecurityRequirement::new("token", Vec::<String>::new())]);
    for item in document.paths.paths.values_mut() {
        add_problem_response(item);
    }
    document
}

/// Every operation may answer with a problem.
fn add_problem_response(item: &mut PathItem) {
    let schema = RefOr::Ref(Ref::from_schema_name("Problem"));
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let problem = ResponseBuilder::new()
        .description("What went wrong (RFC 9457)")
        .content("application/problem+json", content)
        .build();
    let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete];
    for operation in operations.into_iter().flatten() {
        operation.responses.responses.insert("default".into(), problem.clone().into());
    }
}
