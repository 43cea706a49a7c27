//! From the tables to the document.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::table::{Act, Asker, Body, Group, Kind, Member, Operation, Request, Schema};
use super::{faults, links, parameters};
use crate::domain::access::{Action, Role};
use crate::domain::identity::Bound;
use crate::domain::microversion::{MAX, MIN, Microversion};
use crate::http::answer::has_versions;
use crate::http::dialect::Dialect;

const DESCRIPTION: &str = "\
A local Elastic Volume Service: the OpenStack Block Storage API (v2, v3), the cloud's own API, \
Keystone's identity API as far as clients need it, and `/_evs`. What was answered with 2xx is on \
disk.\n\n\
Extensions of an operation: `x-evs-role`, the weakest role that suffices (reader, member, admin) or \
who may (any, owner, owner-or-admin, admin) in the identity service; `x-evs-rule`, the rule that a \
403 names; `x-evs-action`, what the cloud's own permissions call it; `x-evs-since`, the microversion \
from which on it is there.";

/// What stands in the place of a body that is not always there, which OpenAPI has no word for.
const PERHAPS: &str = " Most actions answer with no body at all.";

/// The rule that a 403 names: Cinder's or Keystone's, or the cloud's own where its own API answers.
const RULE: &str = "x-evs-rule";

/// The document that tells of these operations.
pub(super) fn document(groups: &[Group]) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for group in groups {
        for operation in group.operations {
            for root in group.roots {
                let path = format!("{root}{}", operation.path);
                let mut told = told(group, operation, &path);
                links::add(&mut told, operation, &path, groups);
                let item = paths.entry(path).or_insert_with(|| json!({}));
                if let Some(methods) = item.as_object_mut() {
                    methods.insert(operation.method.to_owned(), told);
                }
            }
        }
    }
    let mut tags: Vec<Value> =
        groups.iter().map(|group| json!({"name": group.tag, "description": group.says})).collect();
    tags.dedup();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "evs-local",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": {"name": env!("CARGO_PKG_LICENSE"), "identifier": env!("CARGO_PKG_LICENSE")},
        },
        "servers": [
            {"url": "/", "description": "The server that gives this document"},
            {"url": "http://127.0.0.1:8776", "description": "The default of server.listen"},
        ],
        "security": [{"token": []}, {"signature": []}],
        "tags": tags,
        "paths": paths,
        "components": components(groups),
    })
}

fn told(group: &Group, operation: &Operation, path: &str) -> Value {
    let mut told = Map::new();
    let mut add = |name: &str, value: Value| {
        told.insert(name.to_owned(), value);
    };
    add("operationId", operation_id(operation.method, path).into());
    add("tags", json!([group.tag]));
    add("summary", operation.summary.into());
    match operation.asker {
        Asker::Anybody => add("security", json!([])),
        Asker::Known => {}
        Asker::May(action) => {
            for (name, value) in permission(action, Dialect::of(path)) {
                add(name, value.into());
            }
        }
        Asker::Must(action) => {
            add("x-evs-role", bound(action.bound()).into());
            add(RULE, action.rule().into());
        }
    }
    if operation.since > MIN && has_versions(path) {
        add("x-evs-since", operation.since.to_string().into());
    }
    add("parameters", parameters_of(operation, path));
    if let Some(body) = request_body(&operation.request) {
        add("requestBody", body);
    }
    add("responses", responses(operation, path));
    Value::Object(told)
}

/// Method and path as one word: `GET /v3/{project_id}/volumes/{id}` is `getV3VolumesById`. The
/// project, which is in nearly every path, is left out.
pub(super) fn operation_id(method: &str, path: &str) -> String {
    let mut id = method.to_owned();
    let mut add = |word: &str| {
        let mut letters = word.chars();
        id.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        id.push_str(letters.as_str());
    };
    for part in path.split('/').skip(1) {
        if part == "{project_id}" {
            continue;
        }
        if part.is_empty() {
            add("index");
        } else if part.starts_with('{') {
            add("by");
        }
        part.split(|letter: char| !letter.is_ascii_alphanumeric()).for_each(&mut add);
    }
    id
}

fn permission(action: Action, dialect: Dialect) -> [(&'static str, &'static str); 3] {
    let rule = if dialect == Dialect::Evs { action.name() } else { action.rule() };
    [("x-evs-role", Role::as_str(action.needs())), (RULE, rule), ("x-evs-action", action.name())]
}

fn bound(bound: Bound) -> &'static str {
    match bound {
        Bound::Any => "any",
        Bound::Owner => "owner",
        Bound::OwnerOrAdmin => "owner-or-admin",
        Bound::Admin => "admin",
    }
}

fn parameters_of(operation: &Operation, path: &str) -> Value {
    let refer = |name: &str| json!({"$ref": format!("#/components/parameters/{name}")});
    let mut all: Vec<Value> = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| refer(&format!("path.{}", parameters::of_path(name, path))))
        .collect();
    if has_versions(path) {
        all.push(if operation.since > MIN {
            version_parameter(true, operation.since, operation.since)
        } else {
            refer("OpenStack-API-Version")
        });
    }
    all.extend(operation.headers.iter().map(|name| refer(name)));
    let names = operation.query.iter().flat_map(|names| names.iter());
    // What came with a microversion is not heard where there are none.
    let heard = names.filter(|name| has_versions(path) || parameters::since(name) == MIN);
    all.extend(heard.map(|name| refer(&format!("query.{}", parameters::of_query(name, path)))));
    all.into()
}

fn version_parameter(required: bool, since: Microversion, example: Microversion) -> Value {
    let minors: Vec<String> = (since.1..=MAX.1).map(|minor| minor.to_string()).collect();
    json!({
        "name": "OpenStack-API-Version",
        "in": "header",
        "required": required,
        "description": format!(
            "The microversion, {MIN} to {MAX}, as `volume 3.60` or `volume latest`; without it {MIN}."
        ),
        "schema": {
            "type": "string",
            "pattern": format!("^volume (latest|{}\\.({}))$", MAX.0, minors.join("|")),
        },
        "example": format!("volume {example}"),
    })
}

fn request_body(request: &Request) -> Option<Value> {
    let body = |name: &str, required: bool| {
        let schema = json!({"$ref": format!("#/components/schemas/{name}")});
        json!({"required": required, "content": {"application/json": {"schema": schema}}})
    };
    match request {
        Request::Nothing => None,
        Request::Must(schema) => Some(body(schema.name, true)),
        Request::May(schema) => Some(body(schema.name, false)),
        Request::Text(media) => {
            let schema = json!({"schema": {"type": "string"}});
            Some(json!({"required": true, "content": {(*media).to_owned(): schema}}))
        }
        Request::Does(name, _) => Some(body(name, true)),
    }
}

fn responses(operation: &Operation, path: &str) -> Value {
    let mut all = Map::new();
    let first = Some((operation.status, operation.body));
    for (status, body) in [first, operation.other].into_iter().flatten() {
        all.insert(status.to_string(), success(status, body));
    }
    let dialect = Dialect::of(path);
    for status in faults::statuses(operation, path) {
        let name = faults::component(dialect, status);
        all.insert(status.to_string(), json!({"$ref": format!("#/components/responses/{name}")}));
    }
    Value::Object(all)
}

fn success(status: u16, body: Body) -> Value {
    let says = match status {
        200 => "Done.",
        201 => "Made.",
        202 => "Taken on; it may take its time.",
        204 => "Done; there is nothing to say.",
        300 => "There are several.",
        412 => "Somebody else was faster: `If-Match` is not what is there.",
        _ => "",
    };
    let under = |name: &str, schema: Value| json!({"type": "object", "required": [name], "properties": {name: schema}});
    let (media, schema) = match body {
        Body::Nothing => return json!({"description": says}),
        Body::Object | Body::Perhaps => ("application/json", json!({"type": "object"})),
        Body::Id(name) => ("application/json", under(name, json!({"type": "string"}))),
        Body::One(name) => ("application/json", under(name, json!({"type": "object"}))),
        Body::Many(name) => ("application/json", under(name, json!({"type": "array"}))),
        Body::Plain(media) => (media, json!({"type": "string"})),
    };
    let perhaps = if matches!(body, Body::Perhaps) { PERHAPS } else { "" };
    json!({"description": format!("{says}{perhaps}"), "content": {media: {"schema": schema}}})
}

fn components(groups: &[Group]) -> Value {
    let operations = || groups.iter().flat_map(|group| group.operations);
    let mut schemas = Map::new();
    for operation in operations() {
        match operation.request {
            Request::Nothing | Request::Text(_) => {}
            Request::Must(of) | Request::May(of) => {
                schemas.insert(of.name.to_owned(), schema(of));
            }
            Request::Does(name, acts) => {
                schemas.insert(name.to_owned(), one_of(acts));
            }
        }
    }
    json!({
        "securitySchemes": {
            "token": {
                "type": "apiKey",
                "in": "header",
                "name": "X-Auth-Token",
                "description": "A token of `POST /v3/auth/tokens`.",
            },
            "signature": {
                "type": "apiKey",
                "in": "header",
                "name": "Authorization",
                "description": "The signature of an access key (AK/SK), as Huawei's SDKs make it: \
                                `SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=…`, with the \
                                time in `X-Sdk-Date`.",
            },
        },
        "parameters": parameter_components(),
        "schemas": schemas,
        "responses": fault_components(groups),
    })
}

/// The answers of failures that operations refer to.
fn fault_components(groups: &[Group]) -> Value {
    let mut used = BTreeSet::new();
    for group in groups {
        for (operation, root) in
            group.operations.iter().flat_map(|one| group.roots.iter().map(move |root| (one, root)))
        {
            let path = format!("{root}{}", operation.path);
            let dialect = Dialect::of(&path);
            let statuses = faults::statuses(operation, &path);
            used.extend(statuses.into_iter().map(|status| faults::component(dialect, status)));
        }
    }
    let dialects = [Dialect::OpenStack, Dialect::Evs, Dialect::Keystone];
    let all = dialects.into_iter().flat_map(faults::components);
    Value::Object(all.filter(|(name, _)| used.contains(name)).collect())
}

fn parameter_components() -> Value {
    let mut all = Map::new();
    for (name, kind, says) in parameters::PATH {
        all.insert(
            format!("path.{}", parameters::component(name)),
            json!({"name": parameters::plain(name), "in": "path", "required": true,
                   "description": says, "schema": value(kind)}),
        );
    }
    for (name, kind, says) in parameters::QUERY {
        let required = name.ends_with(parameters::REQUIRED);
        let mut told = json!({"name": parameters::plain(name), "in": "query", "required": required,
                              "description": says, "schema": value(kind)});
        let since = parameters::since(name);
        if since > MIN
            && let Some(members) = told.as_object_mut()
        {
            members.insert("x-evs-since".to_owned(), since.to_string().into());
        }
        all.insert(format!("query.{}", parameters::component(name)), told);
    }
    for (name, required, kind, says) in parameters::HEADERS {
        all.insert(
            (*name).to_owned(),
            json!({"name": name, "in": "header", "required": required, "description": says,
                   "schema": value(kind)}),
        );
    }
    let version = version_parameter(false, MIN, MAX);
    all.insert("OpenStack-API-Version".to_owned(), version);
    Value::Object(all)
}

fn schema(of: &Schema) -> Value {
    let inner = object(of.members);
    match of.of {
        None => inner,
        Some(name) if of.alone => json!({
            "type": "object",
            "required": [name],
            "properties": {name: inner},
            "additionalProperties": false,
        }),
        Some(name) => {
            json!({"type": "object", "required": [name], "properties": {name: inner}})
        }
    }
}

/// Exactly one action, each with what it needs.
fn one_of(acts: &[Act]) -> Value {
    let one = |act: &Act| {
        // What has no members of its own is not looked at.
        let mut inner = if act.members.is_empty() { json!({}) } else { object(act.members) };
        if act.or_null
            && let Some(members) = inner.as_object_mut()
        {
            members.insert("type".to_owned(), json!(["object", "null"]));
        }
        let mut told = json!({
            "title": act.name,
            "type": "object",
            "required": [act.name],
            "properties": {act.name: inner},
            "additionalProperties": false,
        });
        if let Some(members) = told.as_object_mut() {
            let permission = permission(act.needs, Dialect::OpenStack).into_iter();
            members.extend(permission.map(|(name, value)| (name.to_owned(), value.into())));
            if act.since > MIN {
                members.insert("x-evs-since".to_owned(), act.since.to_string().into());
            }
        }
        told
    };
    json!({"oneOf": acts.iter().map(one).collect::<Vec<_>>()})
}

fn object(members: &[Member]) -> Value {
    let (mut required, mut properties) = (Vec::new(), Map::new());
    let mut object = Map::from_iter([("type".to_owned(), json!("object"))]);
    for member in members {
        match member {
            Member::Must(name, kind) => {
                required.push(*name);
                properties.insert((*name).to_owned(), value(kind));
            }
            Member::May(name, kind) => {
                properties.insert((*name).to_owned(), value(kind));
            }
            Member::Since(minor, name, kind) => {
                let mut told = value(kind);
                if let Some(members) = told.as_object_mut() {
                    let since = Microversion(MIN.0, *minor).to_string();
                    members.insert("x-evs-since".to_owned(), since.into());
                }
                properties.insert((*name).to_owned(), told);
            }
            Member::Others(kind) => {
                object.insert("additionalProperties".to_owned(), value(kind));
            }
            Member::Like(pattern, kind) => {
                object.insert("patternProperties".to_owned(), json!({*pattern: value(kind)}));
                object.insert("additionalProperties".to_owned(), false.into());
            }
            Member::Only => {
                object.insert("additionalProperties".to_owned(), false.into());
            }
            Member::Some => {
                object.insert("minProperties".to_owned(), 1.into());
            }
            Member::One => {
                object.insert("minProperties".to_owned(), 1.into());
                object.insert("maxProperties".to_owned(), 1.into());
            }
        }
    }
    if !required.is_empty() {
        object.insert("required".to_owned(), required.into());
    }
    if !properties.is_empty() {
        object.insert("properties".to_owned(), properties.into());
    }
    Value::Object(object)
}

/// A UUID with or without dashes.
const UUID: &str = "^([0-9a-fA-F]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$";

fn value(kind: &Kind) -> Value {
    match kind {
        Kind::Text => json!({"type": "string"}),
        Kind::Sized(least, most) => {
            json!({"type": "string", "minLength": least, "maxLength": most})
        }
        Kind::Filled => json!({"type": "string", "minLength": 1}),
        Kind::Like(pattern) => json!({"type": "string", "pattern": pattern}),
        Kind::Uuid => json!({"type": "string", "pattern": UUID}),
        Kind::Secret => json!({"type": "string", "format": "password"}),
        Kind::Whole => json!({"type": "integer"}),
        Kind::From(least) => json!({"type": "integer", "minimum": least}),
        Kind::Between(least, most) => {
            json!({"type": "integer", "minimum": least, "maximum": most})
        }
        Kind::Number => json!({"type": "number"}),
        Kind::Flag => json!({"type": "boolean"}),
        Kind::Time => json!({"type": "string", "format": "date-time"}),
        Kind::Word(words) => json!({"type": "string", "enum": words}),
        Kind::Each(members) => json!({"type": "array", "items": object(members)}),
        Kind::Some(least, most, kind) => json!({
            "type": "array",
            "items": value(kind),
            "minItems": least,
            "maxItems": most,
            "uniqueItems": true,
        }),
        Kind::Inside(members) => object(members),
        Kind::Keyed(pattern, kind) => json!({
            "type": "object",
            "patternProperties": {*pattern: value(kind)},
            "additionalProperties": false,
        }),
        Kind::Yes => json!({"type": "boolean", "const": true}),
        Kind::Never => false.into(),
        Kind::Null => json!({"type": "null"}),
        Kind::Or(kinds) => json!({"anyOf": kinds.iter().map(value).collect::<Vec<_>>()}),
        Kind::Anything => json!({}),
    }
}
