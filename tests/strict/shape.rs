//! Holds the shape of one JSON body to another: the same members with the same types, all the way
//! down. Where values vary, a rule says so.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::samples::Sample;

/// On a volume these may stand at any version, whether Cinder's answer has them or not.
const TOLERATED: &[&str] =
    &["group_id", "provider_id", "service_uuid", "shared_targets", "migration_status"];
/// So may those that begin like this.
const TOLERATED_PREFIX: &str = "os-vol-";

/// Lists of what a node has: that is not the recording's, so their lengths are not compared.
const OF_THE_NODE: &[&str] = &[
    "availabilityZoneInfo",
    "extensions",
    "hosts",
    "pools",
    "services",
    "versions",
    "volume_types",
];

/// Objects whose members are somebody's data, by their names: values are held to types only, unless
/// the request wrote them.
const FREE: &[(&str, &str)] = &[
    ("metadata", "whoever made the thing chose the keys"),
    ("extra_specs", "an administrator chose the keys"),
    ("specs", "an administrator chose the keys"),
];
/// Quotas: there are three members for each type, whichever types there are.
const QUOTAS: &[&str] = &["quota_set", "quota_class_set"];
/// How those three begin.
const BY_TYPE: &[&str] = &["volumes_", "gigabytes_", "snapshots_"];

/// Huawei's clients ask for these; Cinder has dropped them.
const OLD_VERSIONS: &[&str] = &["v1.0", "v2.0"];

/// The types that each member was ever seen to have, by the member's name.
pub(crate) struct Seen(BTreeMap<String, BTreeSet<&'static str>>);

impl Seen {
    /// From every recorded answer.
    pub(crate) fn in_all(samples: &[Sample]) -> Self {
        let mut seen = Self(BTreeMap::new());
        for response in samples.iter().filter_map(|sample| sample.response.as_ref()) {
            seen.look(response);
        }
        seen
    }

    fn look(&mut self, value: &Value) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    self.0.entry(name.clone()).or_default().insert(kind(member));
                    self.look(member);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.look(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// Where one of two values is null: whether Cinder was seen to answer null for that member, and
    /// never, or else too, what the other one is.
    fn varies(&self, name: &str, theirs: &Value, ours: &Value) -> bool {
        let Some(kinds) = self.0.get(name) else { return false };
        if theirs.is_null() {
            kinds.len() == 1 || kinds.contains(kind(ours))
        } else {
            kinds.contains("null")
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The form of a text, and what of it is the same wherever it was said: all but ids, times and hosts.
fn form(text: &str) -> (&'static str, String) {
    let is = |mask: &str| {
        text.len() == mask.len()
            && text.chars().zip(mask.chars()).all(|(c, like)| match like {
                'x' => c.is_ascii_hexdigit(),
                '9' => c.is_ascii_digit(),
                like => c == like,
            })
    };
    if is("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx") {
        ("uuid", String::new())
    } else if is("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx") {
        ("id", String::new())
    } else if is("xxxxxxxxxxxxxxxx") {
        ("key", String::new())
    } else if is("9999-99-99T99:99:99.999999") {
        ("time", String::new())
    } else if let Some((_, path)) =
        text.split_once("://").and_then(|(_, rest)| rest.split_once('/'))
    {
        let parts: Vec<String> = path
            .split('/')
            .map(|part| match form(part) {
                ("text", part) => part,
                (form, _) => form.to_owned(),
            })
            .collect();
        ("link", parts.join("/"))
    } else {
        ("text", text.to_owned())
    }
}

/// How our body differs from theirs. What a writing request is answered follows from the request, so
/// `exact` holds its values too, as far as they are no ids and times.
pub(crate) fn differences(seen: &Seen, exact: bool, theirs: &Value, ours: &Value) -> Vec<String> {
    Comparison { seen, exact }.values("", "", theirs, ours)
}

struct Comparison<'a> {
    seen: &'a Seen,
    exact: bool,
}

impl Comparison<'_> {
    /// `name` is the member that a value stands under, `at` the way to it.
    fn values(&self, at: &str, name: &str, theirs: &Value, ours: &Value) -> Vec<String> {
        let same = match (theirs, ours) {
            (Value::Object(theirs), Value::Object(ours)) => {
                return if QUOTAS.contains(&name) {
                    self.quota(at, theirs, ours)
                } else if FREE.iter().any(|(free, _)| *free == name) && !self.exact {
                    free(at, theirs, ours)
                } else {
                    self.members(at, theirs, ours)
                };
            }
            (Value::Array(theirs), Value::Array(ours)) => {
                return self.elements(at, name, theirs, ours);
            }
            (Value::String(theirs), Value::String(ours)) => {
                let (form, text) = form(theirs);
                (form, text) == self::form(ours)
                    || form == "text" && self::form(ours).0 == form && !self.exact
            }
            (Value::Null, _) | (_, Value::Null) => {
                theirs == ours || self.seen.varies(name, theirs, ours)
            }
            _ => kind(theirs) == kind(ours) && (theirs == ours || !self.exact),
        };
        if same { Vec::new() } else { vec![format!("{at}: {theirs} there, {ours} here")] }
    }

    fn members(
        &self,
        at: &str,
        theirs: &Map<String, Value>,
        ours: &Map<String, Value>,
    ) -> Vec<String> {
        let is_volume = theirs.contains_key("attachments");
        let mut found = Vec::new();
        for (name, theirs) in theirs {
            match ours.get(name) {
                Some(ours) => {
                    found.extend(self.values(&format!("{at}/{name}"), name, theirs, ours));
                }
                None => found.push(format!("{at}/{name} is missing")),
            }
        }
        for (name, value) in ours.iter().filter(|(name, _)| !theirs.contains_key(*name)) {
            let tolerated =
                name.starts_with(TOLERATED_PREFIX) || TOLERATED.contains(&name.as_str());
            if !(is_volume && tolerated) {
                found.push(format!("{at}/{name}: {value} is not Cinder's"));
            }
        }
        found
    }

    /// Which types there are is not compared, but that their limits are there.
    fn quota(
        &self,
        at: &str,
        theirs: &Map<String, Value>,
        ours: &Map<String, Value>,
    ) -> Vec<String> {
        let by_type = |key: &str| BY_TYPE.iter().any(|prefix| key.starts_with(prefix));
        let split = |members: &Map<String, Value>| -> (Map<String, Value>, Map<String, Value>) {
            members.clone().into_iter().partition(|(key, _)| by_type(key))
        };
        let ((theirs_by_type, theirs), (ours_by_type, ours)) = (split(theirs), split(ours));
        let mut found = self.members(at, &theirs, &ours);
        if theirs_by_type.is_empty() != ours_by_type.is_empty() {
            found.push(format!("{at}: limits by type are missing or too many"));
        }
        for (key, value) in ours_by_type.iter().filter(|(_, value)| !value.is_i64()) {
            found.push(format!("{at}/{key}: {value} is no limit"));
        }
        found
    }

    /// As many elements as theirs, each like some element of theirs.
    fn elements(&self, at: &str, name: &str, theirs: &[Value], ours: &[Value]) -> Vec<String> {
        let many = theirs.len() == ours.len() || OF_THE_NODE.contains(&name) && !ours.is_empty();
        if !many {
            return vec![format!("{at}: {} elements there, {} here", theirs.len(), ours.len())];
        }
        let mut found = Vec::new();
        for (index, ours) in ours.iter().enumerate() {
            if name == "versions" && OLD_VERSIONS.contains(&ours["id"].as_str().unwrap_or_default())
            {
                continue;
            }
            let tried = theirs
                .iter()
                .map(|theirs| self.values(&format!("{at}/{index}"), name, theirs, ours));
            found.extend(tried.min_by_key(Vec::len).unwrap_or_default());
        }
        found
    }
}

/// Keys may differ, values are of one kind.
fn free(at: &str, theirs: &Map<String, Value>, ours: &Map<String, Value>) -> Vec<String> {
    let kinds: BTreeSet<&str> = theirs.values().map(kind).chain(["string"]).collect();
    let strange = ours.iter().filter(|(_, value)| !kinds.contains(kind(value)));
    strange.map(|(key, value)| format!("{at}/{key}: {value} is not of {kinds:?}")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "1db76a8e-bcb0-4b75-a1a5-3c8b6a5b6a2f";

    fn seen() -> Seen {
        let mut seen = Seen(BTreeMap::new());
        seen.look(&json!({"description": null, "a": {"description": "text", "name": "text"}}));
        seen
    }

    fn differ(exact: bool, theirs: &Value, ours: &Value) -> bool {
        !differences(&seen(), exact, theirs, ours).is_empty()
    }

    #[test]
    fn members_and_types_are_the_same_all_the_way_down() {
        let theirs = json!({"list": [{"size": 1, "name": "theirs", "description": null}]});
        for (ours, differs) in [
            (json!({"list": [{"size": 2, "name": "ours", "description": "ours"}]}), false),
            (json!({"list": [{"size": "2", "name": "ours", "description": null}]}), true),
            (json!({"list": [{"size": 1.5, "name": "ours", "description": null}]}), true),
            (json!({"list": [{"size": 2, "name": "ours"}]}), true),
            (json!({"list": [{"size": 2, "name": "ours", "description": null, "x": 1}]}), true),
            (json!({"list": [{"size": 2, "name": "ours", "description": 1}]}), true),
            (json!({"list": [{"size": 2, "name": null, "description": null}]}), true),
            (json!({"list": []}), true),
            (json!({"list": [theirs["list"][0], theirs["list"][0]]}), true),
            (json!({"list": {}}), true),
            (json!({}), true),
            (json!(null), true),
        ] {
            assert_eq!(differ(false, &theirs, &ours), differs, "{ours}");
        }
    }

    #[test]
    fn ids_times_and_links_keep_their_form() {
        for (theirs, ours, differs) in [
            (ID, "73f95f50-8a63-43bd-abdf-d85c201d5915", false),
            (ID, "73f95f508a6343bdabdfd85c201d5915", true),
            (ID, "x", true),
            ("2026-11-23T08:23:30.859778", "2027-01-01T00:00:00.000000", false),
            ("2026-11-23T08:23:30.859778", "2027-01-01T00:00:00Z", true),
            ("http://127.0.0.1:1/v3/a", "http://127.0.0.1:2/v3/a", false),
            ("http://127.0.0.1:1/v3/a", "http://127.0.0.1:1/v3/b", true),
            ("words", ID, true),
        ] {
            assert_eq!(
                differ(false, &json!({"a": theirs}), &json!({"a": ours})),
                differs,
                "{ours}"
            );
        }
        assert!(differ(true, &json!({"a": "creating"}), &json!({"a": "available"})));
        assert!(!differ(true, &json!({"id": ID}), &json!({"id": ID.replace('1', "2")})));
    }

    #[test]
    fn volumes_may_have_some_more_and_data_may_have_other_keys() {
        let theirs = json!({"attachments": [], "metadata": {"a": "b"}});
        let more = json!({"attachments": [], "metadata": {"c": "d"}, "os-vol-x:y": 1});
        assert!(!differ(false, &theirs, &more));
        assert!(differ(true, &theirs, &more), "a request wrote other data");
        let wwn = json!({"attachments": [], "metadata": {}, "wwn": null});
        assert!(differ(false, &theirs, &wwn));
        let number = json!({"attachments": [], "metadata": {"a": 1}});
        assert!(differ(false, &theirs, &number));
    }

    #[test]
    fn quotas_have_every_member_that_names_no_type() {
        let theirs = json!({"quota_set": {"volumes": 10, "volumes_a": -1}});
        for (ours, differs) in [
            (json!({"quota_set": {"volumes": 10, "volumes_b": -1, "gigabytes_b": 5}}), false),
            (json!({"quota_set": {"volumes": 11, "volumes_b": -1}}), true),
            (json!({"quota_set": {"volumes": 10, "groups": 10, "volumes_b": -1}}), true),
            (json!({"quota_set": {"volumes": 10, "volumes_b": "-1"}}), true),
            (json!({"quota_set": {"volumes": 10}}), true),
        ] {
            assert_eq!(differ(true, &theirs, &ours), differs, "{ours}");
        }
    }
}
