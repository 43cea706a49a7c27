//! The product's route table, read from its source: what tests of every route compare their rows with,
//! so that a route that is added there without a row in them fails.

use std::collections::BTreeSet;

/// A method, in capitals, and a path with `{parts}`.
pub(crate) type Route = (String, String);

const SOURCE: &str = concat!(
    include_str!("../../src/http/mod.rs"),
    include_str!("../../src/http/native.rs"),
    include_str!("../../src/http/own/mod.rs")
);

/// Every route of the product.
pub(crate) fn all() -> BTreeSet<Route> {
    let mut found = BTreeSet::new();
    read("routes", "", "", &mut found);
    found
}

/// The routes below each of these beginnings of paths, without them.
pub(crate) fn below(roots: &[&str]) -> BTreeSet<Route> {
    let all = all();
    let inside = roots.iter().flat_map(|root| {
        all.iter().filter_map(move |(method, path)| {
            let rest = path.strip_prefix(root).filter(|rest| rest.len() > 1)?;
            rest.starts_with('/').then(|| (method.clone(), rest.to_owned()))
        })
    });
    inside.collect()
}

/// What stands between two words of a text.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.split_once(start)?.1.split(end).next()
}

/// Adds the routes of one function of the table: `prefix` is that of the scope it configures, `given`
/// the text that it is called with.
fn read(function: &str, prefix: &str, given: &str, found: &mut BTreeSet<Route>) {
    let start = [format!("fn {function}("), format!("fn {function}<")];
    let body = start.iter().find_map(|start| between(SOURCE, start, "\n}\n"));
    let body = body.unwrap_or_else(|| panic!("there is no table {function}"));
    let places: Vec<&str> = between(body, "for place in [", "]")
        .unwrap_or("\"\"")
        .split('"')
        .skip(1)
        .step_by(2)
        .collect();
    for (nth, service) in body.split(".service(").enumerate() {
        let scope = between(service, "web::scope(\"", "\"").unwrap_or_default();
        let prefix = format!("{prefix}{scope}");
        if nth > 0 && scope.is_empty() {
            for path in paths(service, given, &places) {
                for route in service.split(".route(").skip(1) {
                    let method = route.split('(').next().unwrap().to_uppercase();
                    found.insert((method, format!("{prefix}{path}")));
                }
            }
        }
        if service.contains("block_storage(web::scope(") {
            read("block_storage", &prefix, "", found);
        }
        for called in service.split(".configure(").skip(1) {
            let called = called.strip_prefix("|c| ").unwrap_or(called);
            let name = called.split(['(', ')']).next().unwrap();
            let given = between(called, "(c, \"", "\"").unwrap_or_default();
            read(name, &prefix, given, found);
        }
    }
}

/// The paths of one row of the table.
fn paths(row: &str, given: &str, places: &[&str]) -> Vec<String> {
    let row = row.trim_start();
    let literal = row.strip_prefix("resource(");
    let literal =
        literal.unwrap_or_else(|| panic!("no row of the route table: {row}")).trim_start();
    let literal = match literal.strip_prefix("&format!(").unwrap_or(literal) {
        text if text.starts_with("name)") => "{name}",
        text => text.split('"').nth(1).unwrap(),
    };
    let path = literal.replace("{name}", given).replace("{{", "{").replace("}}", "}");
    if !path.contains("{place}") {
        return vec![path];
    }
    places.iter().map(|place| path.replace("{place}", place)).collect()
}
