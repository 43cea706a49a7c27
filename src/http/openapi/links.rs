//! Where an answer leads: from what makes a thing to what is done with it by its id.

use serde_json::{Map, Value, json};

use super::render::operation_id;
use super::table::{Body, Group, Operation};

/// Where the ids of what is made are members of the answer that are not called `id`.
const CALLED: &[(&str, &str)] = &[
    ("/v3.0/OS-CREDENTIAL/credentials", "/credential/access"),
    ("/_evs/faults", "/id"),
    ("/v2/{project_id}/backuppolicy", "/backup_policy_id"),
];

/// Where jobs are shown.
const JOBS: &str = "/v1/{project_id}/jobs";

/// Adds the links of an operation's good answers.
pub(super) fn add(told: &mut Value, operation: &Operation, path: &str, groups: &[Group]) {
    let Some((collection, pointer)) = source(operation, path) else { return };
    let links = links(collection, &pointer, groups);
    let statuses = [Some(operation.status), operation.other.map(|(status, _)| status)];
    for status in statuses.into_iter().flatten() {
        let pointer = format!("/responses/{status}");
        if let Some(answer) = told.pointer_mut(&pointer).and_then(Value::as_object_mut) {
            answer.insert("links".to_owned(), Value::Object(links.clone()));
        }
    }
}

/// What an operation makes: the path below which it is found, and where its id stands in the answer.
fn source<'a>(operation: &Operation, path: &'a str) -> Option<(&'a str, String)> {
    if matches!(operation.body, Body::Id("job_id")) {
        return Some((JOBS, "/job_id".to_owned()));
    }
    if operation.method != "post" {
        return None;
    }
    if let Some((_, pointer)) = CALLED.iter().find(|(of, _)| *of == path) {
        return Some((path, (*pointer).to_owned()));
    }
    match operation.body {
        Body::One(name) if !path.ends_with('}') => Some((path, format!("/{name}/id"))),
        Body::One(_)
        | Body::Nothing
        | Body::Object
        | Body::Perhaps
        | Body::Id(_)
        | Body::Many(_)
        | Body::Plain(_) => None,
    }
}

/// What is done with a thing below a collection.
fn links(collection: &str, pointer: &str, groups: &[Group]) -> Map<String, Value> {
    let mut links = Map::new();
    for group in groups {
        for (operation, root) in
            group.operations.iter().flat_map(|one| group.roots.iter().map(move |root| (one, root)))
        {
            let path = format!("{root}{}", operation.path);
            let rest = path.strip_prefix(collection).and_then(|rest| rest.strip_prefix("/{"));
            if let Some((part, _)) = rest.and_then(|rest| rest.split_once('}')) {
                let id = operation_id(operation.method, &path);
                let parameters = json!({part: format!("$response.body#{pointer}")});
                links.insert(id.clone(), json!({"operationId": id, "parameters": parameters}));
            }
        }
    }
    links
}
