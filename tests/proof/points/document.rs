//! Every request that changes something, as the served document tells it, which is compared with the route
//! table elsewhere: what the rows of the crash points are compared with, so that none is forgotten.

use std::collections::{BTreeMap, BTreeSet};

use evs_local::domain::access::Action;
use evs_local::domain::fault::{word, writing_words};
use serde_json::Value;

use super::cases::{ALIASES, CASES};
use super::stage::Stage;

/// Where a request goes, and the word by which a rule is about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) version: String,
    pub(super) operation: String,
}

/// What an operation, or one of its actions, is asked for as.
fn asked_for(told: &Value) -> Option<Action> {
    let (name, rule) = (told["x-evs-action"].as_str()?, told["x-evs-rule"].as_str()?);
    // Two dialects may have actions of their own for one permission; the cloud's own names no rule but that.
    let mut named = Action::ALL.iter().filter(|action| action.name() == name);
    let exactly = named.clone().find(|action| action.rule() == rule);
    let found = exactly.or_else(|| named.next());
    Some(*found.unwrap_or_else(|| panic!("there is no action {name}, {rule}")))
}

/// Every request below a project that changes something, by the name that a row has.
pub(super) fn writing(document: &Value) -> BTreeMap<String, Place> {
    let mut found = BTreeMap::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let Some((version, rest)) = path.trim_start_matches('/').split_once("/{project_id}/")
        else {
            continue;
        };
        let (first, behind) = rest.split_once('/').map_or((rest, ""), |(a, b)| (a, b));
        let own = ALIASES.iter().find(|(alias, _)| *alias == first).map_or(first, |(_, own)| own);
        let rest = if behind.is_empty() { own.to_owned() } else { format!("{own}/{behind}") };
        for (method, told) in methods.as_object().unwrap() {
            let name = format!("{} {rest}", method.to_uppercase());
            let mut add = |name: String, told: &Value| {
                let Some(action) = asked_for(told).filter(|action| action.writes()) else {
                    return;
                };
                let operation = word(action).unwrap_or_else(|| panic!("{name} has no word"));
                let place = Place { version: version.to_owned(), operation };
                // The newest version that knows it.
                found.insert(name, place);
            };
            if told.get("x-evs-action").is_some() {
                add(name, told);
            } else if let Some(acts) = acts(document, told) {
                for act in acts {
                    add(format!("{name} {}", act["title"].as_str().unwrap()), act);
                }
            }
        }
    }
    found
}

/// The actions of a path that has several.
fn acts<'a>(document: &'a Value, told: &Value) -> Option<&'a Vec<Value>> {
    let body = told.pointer("/requestBody/content/application~1json/schema/$ref")?.as_str()?;
    document.pointer(body.strip_prefix('#')?)?.get("oneOf")?.as_array()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_that_changes_something_has_its_row_of_crash_points() {
    let stage = Stage::start().await;
    let told = writing(&stage.document);
    let names: BTreeSet<&str> = told.keys().map(String::as_str).collect();
    let rows: BTreeSet<&str> = CASES.iter().map(|case| case.name).collect();
    assert_eq!(rows.len(), CASES.len(), "a row is there twice");
    let missing: Vec<&&str> = names.difference(&rows).collect();
    let needless: Vec<&&str> = rows.difference(&names).collect();
    assert!(
        missing.is_empty() && needless.is_empty(),
        "missing {missing:#?}, needless {needless:#?}"
    );
    // And no word of a rule that is about changes is without a request.
    let operations: BTreeSet<String> = told.into_values().map(|place| place.operation).collect();
    assert_eq!(operations, writing_words());
    stage.stop().await;
}

/// The rules are about what people ask of the cloud, and neither about who they are nor about how a
/// simulator is steered: those changes have no points. Whatever else has none is forgotten.
#[tokio::test(flavor = "multi_thread")]
async fn only_the_identity_service_and_what_steers_the_simulator_have_no_crash_points() {
    let stage = Stage::start().await;
    for (path, methods) in stage.document["paths"].as_object().unwrap() {
        let changes =
            methods.as_object().unwrap().keys().any(|method| method != "get" && method != "head");
        let apart = [
            "/identity/v3/",
            "/v3/auth/",
            "/v3/projects",
            "/v3/users",
            "/v3/domains",
            "/v3.0/",
            "/_evs/",
        ];
        let apart = apart.iter().any(|root| path.starts_with(root));
        assert!(!changes || apart || path.contains("/{project_id}/"), "{path}");
    }
    stage.stop().await;
}

/// What the document calls a change by its method is one, or is known to look only.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_get_changes_something_unless_it_is_known_to_look_only() {
    let stage = Stage::start().await;
    let mut looks = BTreeSet::new();
    for (path, methods) in stage.document["paths"].as_object().unwrap() {
        if !path.contains("/{project_id}/") {
            continue;
        }
        for (method, told) in methods.as_object().unwrap() {
            if method == "get" {
                continue;
            }
            let acts = acts(&stage.document, told).cloned();
            for told in acts.unwrap_or_else(|| vec![told.clone()]) {
                let action = asked_for(&told).unwrap_or_else(|| panic!("{method} {path}"));
                if !action.writes() {
                    looks.insert(action);
                }
            }
        }
    }
    let known = [
        Action::MigrateDisk,
        Action::ShowImageMetadata,
        Action::InitializeConnection,
        Action::TerminateConnection,
        Action::SearchPolicyTags,
        Action::SearchTags,
        Action::UpdateServices,
    ];
    assert_eq!(looks, BTreeSet::from(known));
    stage.stop().await;
}
