//! Random requests drawn from the whole API: valid, invalid and nonsense. None is answered with a
//! 5xx, none hangs, and the data file keeps every invariant.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::access::{Route, routes};
use crate::chance::Chance;
use crate::disks::ABSENT;
use crate::support::{Client, TestServer};
use crate::survived::Run;

/// Longer than any answer may take.
const HANGS: Duration = Duration::from_secs(20);

/// What stands in queries; some of it means something to some lists.
const KEYS: &[&str] = &[
    "limit",
    "offset",
    "marker",
    "sort",
    "sort_key",
    "sort_dir",
    "name",
    "status",
    "metadata",
    "all_tenants",
    "project_id",
    "with_count",
    "name~",
    "created_at",
    "usage",
    "cascade",
    "force",
    "bootable",
    "volume_id",
    "is_public",
    "policy_id",
    "ids",
    "nonsense",
];

/// What values are made of: sensible here, senseless there.
const WORDS: &[&str] = &[
    "",
    "0",
    "1",
    "-1",
    "2",
    "1000",
    "99999999999999999999",
    "1.5",
    "true",
    "False",
    "maybe",
    "id",
    "name:asc",
    "created_at:desc,id:asc",
    "size:sideways",
    "available",
    "error",
    "in-use",
    "SSD",
    "{'k': 'v'}",
    "{\"k\": \"v\"}",
    "{'k': ",
    "gt:2026-01-01T00:00:00",
    "gt:yesterday",
    "ü\u{1F980}",
    "%00",
    "a b/c?d",
    "x'; DROP TABLE disks; --",
    "../../etc",
    "['a','b']",
    "none",
    "null",
];

const MICROVERSIONS: &[&str] = &[
    "3.0", "3.3", "3.12", "3.15", "3.23", "3.27", "3.31", "3.34", "3.40", "3.42", "3.45", "3.47",
    "3.53", "3.55", "3.57", "3.60", "3.65", "3.71",
];

/// A source of requests: what there is to ask, and the ids that were seen.
struct Source {
    chance: Chance,
    routes: Vec<(&'static str, Route)>,
    ids: Vec<String>,
}

impl Source {
    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.chance.below(from.len())]
    }

    /// True once in `n` times.
    fn once_in(&mut self, n: usize) -> bool {
        self.chance.below(n) == 0
    }

    fn id(&mut self) -> String {
        if self.ids.is_empty() || self.once_in(5) {
            return (*self.pick(&[ABSENT, "x", "0", "%20", "..", "default", "detail"])).to_owned();
        }
        let place = self.chance.below(self.ids.len());
        self.ids[place].clone()
    }

    fn nonsense(&mut self) -> Value {
        match self.chance.below(10) {
            0 => Value::Null,
            1 => json!(true),
            2 => json!(-1),
            3 => json!(0),
            4 => json!(i64::MAX),
            5 => json!(1.5),
            6 => json!([]),
            7 => json!({}),
            8 => json!("x".repeat(300)),
            _ => json!(*self.pick(WORDS)),
        }
    }

    /// The body with known ids in place, and once in a while with something spoiled.
    fn body(&mut self, body: &Value) -> Value {
        if self.once_in(12) {
            return self.nonsense();
        }
        match body {
            Value::Object(members) => {
                let mut made = Map::new();
                for (key, value) in members {
                    if !self.once_in(15) {
                        made.insert(key.clone(), self.body(value));
                    }
                }
                if self.once_in(10) {
                    let key = (*self.pick(KEYS)).to_owned();
                    made.insert(key, self.nonsense());
                }
                Value::Object(made)
            }
            Value::Array(items) => items.iter().map(|item| self.body(item)).collect(),
            Value::String(text) if text == ABSENT => self.id().into(),
            Value::Number(_) if self.once_in(2) => json!(self.chance.below(40)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => body.clone(),
        }
    }

    fn query(&mut self) -> String {
        let mut pairs = Vec::new();
        while pairs.len() < 4 && self.once_in(2) {
            let key = *self.pick(KEYS);
            let value = if self.once_in(3) { self.id() } else { (*self.pick(WORDS)).to_owned() };
            let mut pair = format!("{key}=");
            for byte in value.bytes() {
                write!(pair, "%{byte:02X}").unwrap();
            }
            pairs.push(pair);
        }
        if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
    }

    /// Method, path without version and project, and body.
    fn request(&mut self, project: &str) -> (Method, String, Option<String>) {
        let row = self.chance.below(self.routes.len());
        let (version, route) = (self.routes[row].0, &self.routes[row].1);
        let (method, path, body) = (route.method.clone(), route.path.clone(), route.body.clone());
        let mut path = path.replace("PROJECT", project);
        while path.contains("ID") {
            let id = self.id();
            path = path.replacen("ID", &id, 1);
        }
        let separator = if path.contains('?') { "&" } else { "?" };
        let query = self.query().replacen('?', separator, 1);
        let body = (!body.is_null()).then(|| self.body(&body).to_string());
        let body = match body {
            Some(text) if self.once_in(40) => {
                Some(text.chars().take(text.chars().count() / 2).collect())
            }
            other => other,
        };
        (method, format!("/{version}/{project}/{path}{query}"), body)
    }

    /// Remembers the ids in an answer, the newest of them for a while.
    fn learn(&mut self, body: &Value) {
        match body {
            Value::Object(members) => {
                for (key, value) in members {
                    let id = value.as_str().filter(|_| key == "id" || key.ends_with("_id"));
                    self.ids.extend(id.map(str::to_owned));
                    self.learn(value);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.learn(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
        let surplus = self.ids.len().saturating_sub(60);
        self.ids.drain(..surplus);
    }
}

/// Takes time at random, so that requests meet every status.
async fn steer(server: &TestServer, admin: &Client, source: &mut Source) {
    server.advance(TimeDelta::milliseconds(i64::try_from(source.chance.below(2000)).unwrap()));
    if source.once_in(2) {
        let outcome = *source.pick(&["done", "failed"]);
        let body = if source.once_in(3) {
            json!({"disk_id": source.id(), "outcome": outcome})
        } else {
            json!({})
        };
        admin.post("/_evs/progress", body).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_is_answered_with_a_5xx_and_none_hangs() {
    let run = Run::of("random requests", 10_000);
    let server = TestServer::start_with(|settings| {
        settings.simulation.explicit = true;
        settings.auth.token_lifetime = TimeDelta::days(1000);
        for operation in ["create", "extend", "delete", "retype"] {
            settings.simulation.delays.insert(operation, TimeDelta::seconds(1));
        }
    })
    .await;
    let mut clients = Vec::new();
    for name in ["admin", "demo", "partner"] {
        clients.push(server.login(name).await);
    }
    let admin = clients[0].clone();
    let all = |version| routes(version).into_iter().map(move |route| (version, route));
    let routes = ["v1", "v2", "v2.1", "v3"].into_iter().flat_map(all).collect();
    let mut source = Source { chance: Chance::of(run.seed), routes, ids: Vec::new() };
    let mut answers: BTreeMap<u16, usize> = BTreeMap::new();
    for number in 0..run.count {
        if number % 20 == 0 {
            steer(&server, &admin, &mut source).await;
        }
        let asker = source.pick(&clients).clone();
        let whose = source.pick(&clients).project.clone();
        let project = if source.once_in(20) { whose } else { asker.project.clone() };
        let (method, path, body) = source.request(&project);
        let asker =
            if source.once_in(2) { asker.at(source.pick::<&str>(MICROVERSIONS)) } else { asker };
        let told = format!("request {number}: {method} {path} {body:?}");
        // The client asserts that no answer is a 5xx.
        let answer = tokio::time::timeout(HANGS, asker.send(method, &path, body)).await;
        let answer = answer.unwrap_or_else(|_| panic!("no answer: {told}"));
        assert!(answer.status != 401, "{told}");
        *answers.entry(answer.status).or_default() += 1;
        source.learn(&answer.body);
    }
    let fine: usize = answers.range(200..300).map(|(_, count)| count).sum();
    assert!(fine > run.count / 10, "too few of them mean anything: {answers:?}");
    server.finish().await;
    let mut told = String::new();
    for (status, count) in &answers {
        write!(told, "{}{count} answers {status}", if told.is_empty() { "" } else { ", " })
            .unwrap();
    }
    run.survived(run.count, &told);
}
