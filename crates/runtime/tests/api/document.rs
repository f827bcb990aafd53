//! The document and the router say the same.

use axum::body::Body;
use axum::http::Method;
use serde_json::Value;

use crate::test_app::{Answer, TestApp};

fn document() -> Value {
    serde_json::from_str(&fermata_runtime::openapi()).unwrap()
}

/// Every documented operation: method, path, operation.
fn operations() -> Vec<(Method, String, Value)> {
    let document = document();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            found.push((method.to_uppercase().parse().unwrap(), path.clone(), operation.clone()));
        }
    }
    found
}

#[tokio::test]
async fn every_documented_operation_is_routed() {
    let app = TestApp::new().await;
    for (method, path, _) in operations() {
        let concrete = path.replace("{id}", "run_00000000000070008000000000000000").replace("{version}", "1");
        let concrete = concrete.replace(['{', '}'], "");
        let request = app.request(method.clone(), &concrete).body(Body::empty()).unwrap();
        let answer = Answer::read(app.open(request).await).await;
        assert_ne!(answer.status, 405, "{method} {path}");
        assert!(!answer.text.contains("path_unknown"), "{method} {path}: {}", answer.text);
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut open = vec![&document];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    let pointer = reference.strip_prefix('#').unwrap();
                    assert!(document.pointer(pointer).is_some(), "{reference}");
                }
                open.extend(members.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
}

#[test]
fn every_operation_is_described_whole() {
    let mut ids = Vec::new();
    for (method, path, operation) in operations() {
        let at = format!("{method} {path}");
        assert!(operation["summary"].is_string(), "{at}");
        assert!(operation["tags"][0].is_string(), "{at}");
        assert_eq!(operation["responses"]["default"]["description"], "What went wrong (RFC 9457)", "{at}");
        ids.push(operation["operationId"].as_str().unwrap().to_owned());
        let named: Vec<_> =
            path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let in_path = parameters.iter().filter(|parameter| parameter["in"] == "path");
        assert_eq!(
            in_path.map(|parameter| parameter["name"].as_str().unwrap()).collect::<Vec<_>>(),
            named,
            "{at}"
        );
    }
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count, "operation ids are unique");
}

#[test]
fn the_document_is_openapi_3_1_with_query_parameters_and_a_token() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    assert_eq!(document["components"]["securitySchemes"]["token"]["scheme"], "bearer");
    assert_eq!(document["security"], serde_json::json!([{ "token": [] }]));
    assert_eq!(document["paths"]["/livez"]["get"]["security"], serde_json::json!([{}]));
    let parameters = document["paths"]["/v1/runs"]["get"]["parameters"].as_array().unwrap();
    let names: Vec<_> = parameters.iter().map(|parameter| parameter["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["status", "task", "parent", "created_after", "created_before", "limit", "cursor"]);
    assert!(parameters.iter().all(|parameter| parameter["in"] == "query" && parameter["required"] != true));
    assert_eq!(fermata_runtime::openapi(), fermata_runtime::openapi());
}
