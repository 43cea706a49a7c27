//! The OpenAPI document: it says what the route table, the matrix of roles and the server say.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use evs_local::http::openapi;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::TestServer;
use crate::support::told::resolve;
use crate::{access, routes};

const METHODS: [&str; 6] = ["get", "head", "post", "put", "patch", "delete"];

/// Every operation with its path and method.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, item)| {
        item.as_object()
            .unwrap()
            .iter()
            .map(|(method, told)| (path.as_str(), method.as_str(), told))
    });
    all.collect()
}

/// Every member `name` of a value and of what is inside it.
fn every<'a>(value: &'a Value, name: &str, found: &mut Vec<(&'a Value, &'a Value)>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get(name).map(|member| (value, member)));
            members.values().for_each(|member| every(member, name, found));
        }
        Value::Array(items) => items.iter().for_each(|item| every(item, name, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn the_document_has_every_route_of_the_table_and_no_other() {
    let document = openapi::document();
    let told: BTreeSet<routes::Route> = operations(&document)
        .into_iter()
        .map(|(path, method, _)| (method.to_uppercase(), path.to_owned()))
        .collect();
    let product = routes::all();
    let missing: Vec<_> = product.difference(&told).collect();
    let invented: Vec<_> = told.difference(&product).collect();
    assert!(
        missing.is_empty() && invented.is_empty(),
        "not told: {missing:#?}\nnot there: {invented:#?}"
    );
    assert!(product.len() > 300, "{} routes: the table was not read", product.len());
}

#[test]
fn every_reference_leads_somewhere_and_every_component_is_referred_to() {
    let document = openapi::document();
    let mut references = Vec::new();
    every(&document, "$ref", &mut references);
    let used: BTreeSet<String> = references
        .iter()
        .map(|(holder, to)| {
            resolve(&document, holder);
            to.as_str().unwrap().to_owned()
        })
        .collect();
    let mut there = BTreeSet::new();
    for kind in ["parameters", "schemas", "responses"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c)), "{name}");
            there.insert(format!("#/components/{kind}/{name}"));
        }
    }
    assert_eq!(used, there);
}

#[test]
fn every_operation_has_an_id_of_its_own_and_what_openapi_asks_of_it() {
    let document = openapi::document();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    let tags = document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap());
    let listed: Vec<&str> = tags.collect();
    let tags: BTreeSet<&str> = listed.iter().copied().collect();
    assert_eq!(tags.len(), listed.len(), "a tag is there twice");
    let mut ids = BTreeSet::new();
    let mut used = BTreeSet::new();
    for (path, method, told) in operations(&document) {
        assert!(METHODS.contains(&method), "{method} {path}");
        let id = told["operationId"].as_str().unwrap();
        assert!(ids.insert(id), "{id} is there twice: {path}");
        assert!(id.chars().all(|c| c.is_ascii_alphanumeric()), "{id}");
        assert!(!told["summary"].as_str().unwrap().is_empty());
        used.insert(told["tags"][0].as_str().unwrap());
        let mut parameters = BTreeSet::new();
        for parameter in told["parameters"].as_array().unwrap() {
            let parameter = resolve(&document, parameter);
            let (place, name) = (&parameter["in"], &parameter["name"]);
            let key = (place.as_str().unwrap(), name.as_str().unwrap());
            assert!(parameters.insert(key), "{method} {path}: {name} twice");
            assert!(place != "path" || parameter["required"] == true, "{path}: {name}");
            assert!(parameter["schema"].is_object() && parameter["description"].is_string());
        }
        let declared: BTreeSet<&str> = parameters
            .iter()
            .filter(|(place, _)| *place == "path")
            .map(|(_, name)| *name)
            .collect();
        let parts = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        assert_eq!(declared, parts.collect(), "{method} {path}");
        assert_eq!(
            parameters.contains(&("header", "OpenStack-API-Version")),
            path == "/v3" || path == "/v3/" || path.starts_with("/v3/{project_id}/"),
            "{method} {path}"
        );
        let responses = told["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with(['2', '3'])), "{method} {path}");
        for (status, response) in responses {
            assert!(status.len() == 3 && status.parse::<u16>().is_ok(), "{status}");
            let response = resolve(&document, response);
            assert!(!response["description"].as_str().unwrap().is_empty(), "{path} {status}");
        }
        if ["get", "head", "delete"].contains(&method) {
            assert!(told.get("requestBody").is_none(), "{method} {path}");
        }
    }
    assert_eq!(used, tags);
    let mut required = Vec::new();
    every(&document["components"]["schemas"], "required", &mut required);
    for (schema, names) in required {
        for name in names.as_array().unwrap() {
            assert!(schema["properties"][name.as_str().unwrap()].is_object(), "{schema}");
        }
    }
}

/// Paths that differ in nothing but the names of their parts are the same path to OpenAPI.
#[test]
fn no_two_paths_are_the_same_but_for_names() {
    let document = openapi::document();
    let mut seen = BTreeMap::new();
    for path in document["paths"].as_object().unwrap().keys() {
        let nameless: Vec<&str> =
            path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }).collect();
        assert_eq!(seen.insert(nameless.join("/"), path), None, "{path}");
    }
}

#[test]
fn roles_and_rules_are_those_of_the_matrix() {
    let document = openapi::document();
    let mut compared = 0;
    for version in access::ALL_VERSIONS {
        let root = format!("/{version}/{{project_id}}/");
        let told: BTreeMap<(String, String), &Value> = operations(&document)
            .into_iter()
            .filter_map(|(path, method, told)| {
                let rest = access::in_the_matrix(path.strip_prefix(&root)?);
                Some(((method.to_uppercase(), rest), told))
            })
            .collect();
        for row in access::routes(version) {
            let path = row.path.split('?').next().unwrap().to_owned();
            let mut told = told[&(row.method.to_string(), path.clone())];
            let body = &told["requestBody"]["content"]["application/json"]["schema"];
            if let Some(acts) = resolve(&document, body)["oneOf"].as_array() {
                let act = row.body.as_object().unwrap().keys().next().unwrap();
                told = acts.iter().find(|one| one["title"] == json!(act)).unwrap();
            }
            let (weakest, rule) = row.permission();
            assert_eq!(told["x-evs-role"], weakest, "{} {version} {path}", row.method);
            if let Some(rule) = rule {
                assert_eq!(told["x-evs-rule"], rule, "{} {version} {path}", row.method);
            }
            compared += 1;
        }
    }
    assert!(compared > 200, "{compared}");
}

#[test]
fn every_action_on_a_disk_is_one_of_the_body() {
    let source = include_str!("../../src/http/openstack/disks/actions.rs");
    let (_, arms) = source.split_once("match name {").unwrap();
    let (arms, _) = arms.split_once("other => ").unwrap();
    let heard: BTreeSet<&str> = arms
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix('"')?.split_once('"'))
        .map(|(name, _)| name)
        .collect();
    let document = openapi::document();
    let acts = document["components"]["schemas"]["VolumeAction"]["oneOf"].as_array().unwrap();
    let told: BTreeSet<&str> = acts.iter().map(|act| act["title"].as_str().unwrap()).collect();
    assert_eq!(told, heard);
}

/// Every source below a folder.
fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push(fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_query_parameter_that_a_handler_reads_is_told() {
    let mut texts = Vec::new();
    for folder in ["openstack", "evs", "identity"] {
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http").join(folder), &mut texts);
    }
    let read: BTreeSet<&str> = texts
        .iter()
        .flat_map(|text| {
            ["call.query(\"", "call.filter(\"", "call.flag(\"", "given(call, \""]
                .map(|start| (text, start))
        })
        .flat_map(|(text, start)| text.split(start).skip(1))
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    let document = openapi::document();
    let parameters = document["components"]["parameters"].as_object().unwrap();
    let told: BTreeSet<&str> = parameters
        .values()
        .filter(|parameter| parameter["in"] == "query")
        .map(|parameter| parameter["name"].as_str().unwrap())
        .collect();
    let missing: Vec<_> = read.difference(&told).collect();
    assert!(missing.is_empty() && read.len() > 30, "{missing:?} of {}", read.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_gives_the_document_to_anybody() {
    let server = TestServer::start().await;
    let answer = server.anonymous().get("/_evs/openapi.json").await;
    assert_eq!(answer.header("content-type"), "application/json");
    answer.is(200, &openapi::document());
    // Byte for byte, which is too much to print.
    assert!(answer.text == openapi::text());
    server.finish().await;
}

/// Asks every operation without a token, and every path with a method that it does not take.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_no_token_or_asks_for_another_method_is_answered_as_the_document_says() {
    let server = TestServer::start().await;
    let stranger = server.anonymous();
    let document = openapi::document();
    let mut asked = 0;
    for (path, method, told) in operations(&document) {
        let real = path.replace(['{', '}'], "");
        let says = |status: &str| &resolve(&document, &told["responses"][status])["content"]["application/json"];
        let answer = stranger
            .send(Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(), &real, None)
            .await;
        if told["security"] == json!([]) {
            let status = answer.status.to_string();
            assert!(told["responses"].get(&status).is_some(), "{method} {path}: {status}");
        } else if method == "head" {
            answer.is_empty(401);
        } else {
            answer.is(401, &says("401")["examples"]["token"]["value"]);
        }
        let answer = stranger.send(Method::OPTIONS, &real, None).await;
        answer.is(405, &says("405")["example"]);
        let methods = document["paths"][path].as_object().unwrap().keys();
        let methods: BTreeSet<String> = methods.map(|method| method.to_uppercase()).collect();
        let allowed = answer.header("allow");
        assert_eq!(
            allowed.split(", ").map(str::to_owned).collect::<BTreeSet<_>>(),
            methods,
            "{path}"
        );
        asked += 2;
    }
    assert!(asked > 600, "{asked}");
    server.finish().await;
}
