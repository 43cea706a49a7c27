//! Whether the OpenAPI document tells of an answer.

use std::sync::LazyLock;

use evs_local::http::openapi;
use reqwest::Method;
use serde_json::Value;

use super::Answer;

/// What a reference means.
pub(crate) fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value.get("$ref") {
        None => value,
        Some(to) => {
            let pointer = to.as_str().unwrap().strip_prefix('#').unwrap();
            document.pointer(pointer).unwrap_or_else(|| panic!("{to} is not there"))
        }
    }
}

static DOCUMENT: LazyLock<Value> = LazyLock::new(openapi::document);

/// The path of the document that a request's path is, if any: of several, that with the most words of
/// its own at the beginning.
fn template(path: &str) -> Option<&'static str> {
    let parts: Vec<&str> = path.split('?').next().unwrap_or_default().split('/').collect();
    let fits = |template: &&str| {
        let told: Vec<&str> = template.split('/').collect();
        let alike = |(told, part): (&&str, &&str)| {
            told == part || (told.starts_with('{') && !part.is_empty())
        };
        told.len() == parts.len() && told.iter().zip(&parts).all(alike)
    };
    let all = DOCUMENT["paths"].as_object().unwrap().keys().map(String::as_str).filter(fits);
    all.min_by_key(|path| path.split('/').map(|part| part.starts_with('{')).collect::<Vec<_>>())
}

/// Asserts that the document tells of an answer like this one: every answer of every test here is
/// held to it.
#[track_caller]
pub(super) fn assert_told(method: &Method, path: &str, answer: &Answer) {
    // What a client or the router spells otherwise is another path there than here.
    let Some(template) = template(path).filter(|_| !path.contains("/..") && !path.contains('%'))
    else {
        return;
    };
    let told = &DOCUMENT["paths"][template][method.as_str().to_lowercase()];
    if told.is_null() {
        return;
    }
    let (status, text) = (answer.status.to_string(), &answer.text);
    let told = &told["responses"][&status];
    assert!(!told.is_null(), "{method} {template} is not told to answer {status}: {text}");
    if method == Method::HEAD {
        return;
    }
    let told = resolve(&DOCUMENT, told);
    let content = &told["content"];
    if text.is_empty() && told["description"].as_str().unwrap().ends_with("no body at all.") {
        return;
    }
    assert_eq!(content.is_null(), text.is_empty(), "{method} {template} {status}: {text}");
    let schema = &content["application/json"]["schema"];
    let schemas =
        schema["oneOf"].as_array().map_or_else(|| vec![schema], |all| all.iter().collect());
    let fits = schemas.iter().any(|schema| is_like(&answer.body, schema));
    assert!(fits, "{method} {template} {status} is told as {schema}, not {text}");
}

/// Whether a value is what a schema of an answer says: those have few words.
fn is_like(value: &Value, schema: &Value) -> bool {
    let kind = match schema["type"].as_str() {
        None => true,
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64(),
        Some(other) => panic!("{other}"),
    };
    let required = schema["required"].as_array().into_iter().flatten();
    kind && required.into_iter().all(|name| {
        let name = name.as_str().unwrap();
        value.get(name).is_some_and(|member| is_like(member, &schema["properties"][name]))
    })
}
