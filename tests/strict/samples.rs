//! What was recorded against OpenStack Cinder 29.0.0: one request and its answer for each endpoint,
//! status and microversion.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::Value;

/// The accounts that stand for the projects of the recording: its administrators, its members, and
/// those whom they give disks to.
const PROJECTS: &[(&str, &str)] = &[
    ("ad57612d47dd4d9b9aa2f56909e0e80b", "admin"),
    ("fde872e01d5741fbb3b39ba8597aa0dd", "admin"),
    ("19a148c983524c35a2d166c71e13d6ab", "admin"),
    ("aaf820d25640405c992a20de7dc12060", "demo"),
    ("4d8cf9170e794b599b810ca41fe0936d", "demo"),
    ("c5055f26da1341efba9efe96e9c29143", "demo"),
    ("8ca878b255674bf2a21e8c910781547b", "partner"),
    ("64d3ea3317d7438bb5e6d4ec4472eae6", "partner"),
];

/// A request and its answer.
#[derive(Debug)]
pub(crate) struct Sample {
    /// Where it stands in the file, from 1 on.
    pub(crate) line: usize,
    /// Method and pattern of the path; behind a `#` the action, where a body names one.
    pub(crate) endpoint: String,
    pub(crate) status: u16,
    /// The version header; empty: there was none.
    pub(crate) microversion: String,
    pub(crate) url: String,
    pub(crate) request: Option<Value>,
    /// None: no byte.
    pub(crate) response: Option<Value>,
}

impl Sample {
    /// The lines of the file.
    pub(crate) fn all() -> Vec<Self> {
        include_str!("cinder-samples.jsonl")
            .lines()
            .enumerate()
            .map(|(index, line)| Self::of(index + 1, &serde_json::from_str(line).unwrap()))
            .collect()
    }

    fn of(line: usize, recorded: &Value) -> Self {
        let text = |name: &str| recorded[name].as_str().unwrap().to_owned();
        let some = |value: &Value| (!value.is_null()).then(|| value.clone());
        Self {
            line,
            endpoint: text("endpoint"),
            status: recorded["status"].as_u64().unwrap().try_into().unwrap(),
            microversion: text("microversion"),
            url: text("url"),
            request: some(&recorded["request"]),
            response: some(&whole(&recorded["response"])),
        }
    }

    pub(crate) fn method(&self) -> Method {
        self.endpoint.split(' ').next().unwrap().parse().unwrap()
    }

    /// The first word of the path behind the project, such as `volumes`.
    pub(crate) fn noun(&self) -> &str {
        let path = self.endpoint.split_once(' ').unwrap().1;
        let rest = path.strip_prefix("/v3/{project_id}/").unwrap_or(path);
        rest.split('/').next().unwrap()
    }

    /// Method and path behind the project, such as `GET volumes/{id}`.
    pub(crate) fn what(&self) -> String {
        self.endpoint.replacen("/v3/{project_id}/", "", 1)
    }

    /// What stands in the URL for each `{name}` of the pattern.
    pub(crate) fn parts(&self) -> BTreeMap<&str, &str> {
        let (_, pattern) = self.endpoint.split_once(' ').unwrap();
        let pattern = pattern.split('#').next().unwrap().split('/');
        let path = self.url.split('?').next().unwrap();
        // A host has a `#` of its own, and it is the last part.
        let parts: Vec<&str> = path.splitn(pattern.clone().count(), '/').collect();
        let named = pattern.zip(parts).filter_map(|(name, part)| {
            let name = name.strip_prefix('{')?.strip_suffix('}')?;
            Some((name, part))
        });
        named.collect()
    }

    /// What stands in the URL for this name of the pattern.
    pub(crate) fn part(&self, name: &str) -> &str {
        self.parts().get(name).unwrap_or_else(|| panic!("{}: no {name}", self.endpoint))
    }

    /// A text in the request's body.
    pub(crate) fn said(&self, pointer: &str) -> Option<&str> {
        self.request.as_ref()?.pointer(pointer)?.as_str()
    }

    /// A text in the answer's body.
    pub(crate) fn answered(&self, pointer: &str) -> Option<&str> {
        self.response.as_ref()?.pointer(pointer)?.as_str()
    }

    /// How many things of this name the answer lists.
    pub(crate) fn listed(&self, name: &str) -> usize {
        self.response.as_ref().unwrap()[name].as_array().map_or(0, Vec::len)
    }

    /// The parameters of the query.
    pub(crate) fn queries(&self) -> BTreeMap<&str, &str> {
        let (_, query) = self.url.split_once('?').unwrap_or_default();
        query.split('&').filter_map(|pair| pair.split_once('=')).collect()
    }

    /// A parameter of the query.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.queries().get(name).copied()
    }

    /// The projects that it names in its path, its query, its body or its answer, and the accounts
    /// that stand for them.
    pub(crate) fn projects(&self) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
        let text = format!("{} {:?} {:?}", self.url, self.request, self.response);
        PROJECTS.iter().copied().filter(move |(id, _)| text.contains(id))
    }

    /// The account that stands for the caller.
    pub(crate) fn caller(&self) -> &'static str {
        // Of a pattern that names a project twice, the first is the caller's.
        let project = self.url.split('/').nth(2).unwrap_or_default();
        PROJECTS.iter().find(|(id, _)| *id == project).map_or("admin", |(_, account)| account)
    }
}

/// A long answer was cut off when it was recorded; what came whole of its list is kept.
fn whole(response: &Value) -> Value {
    let Some(cut) = response.as_str() else { return response.clone() };
    let (kept, _) = cut.rsplit_once(", {").unwrap();
    serde_json::from_str(&format!("{kept}]}}")).unwrap()
}
