//! All that the service says there is of two projects, disk by disk.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::Value;

use crate::ask::url;
use crate::journal::{Project, Projects};
use crate::process::Client;

/// What is to be seen of a disk, and what hangs on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Which of the two projects has it.
    pub(crate) owner: usize,
    pub(crate) name: String,
    pub(crate) status: String,
    pub(crate) size: i64,
    /// Its pending transfer.
    pub(crate) transfer: Option<String>,
    pub(crate) snapshots: BTreeSet<String>,
    pub(crate) backups: BTreeSet<String>,
    /// Whether it is under its project's policy.
    pub(crate) bound: bool,
}

impl Shape {
    pub(crate) fn new(owner: usize, name: &str) -> Self {
        Self {
            owner,
            name: name.to_owned(),
            status: "available".to_owned(),
            size: 1,
            transfer: None,
            snapshots: BTreeSet::new(),
            backups: BTreeSet::new(),
            bound: false,
        }
    }
}

/// Every disk of the two projects, by its id.
pub(crate) type Seen = BTreeMap<String, Shape>;

/// Asks for everything.
pub(crate) async fn look(projects: &Projects) -> Seen {
    let [first, second] = projects;
    let lists = tokio::join!(lists(first), lists(second));
    let mut seen = Seen::new();
    for (owner, [disks, ..]) in [&lists.0, &lists.1].into_iter().enumerate() {
        for disk in disks {
            let (status, size) = (word(disk, "status"), disk["size"].as_i64().unwrap());
            let shape = Shape { status, size, ..Shape::new(owner, &word(disk, "name")) };
            let twice = seen.insert(word(disk, "id"), shape);
            assert_eq!(twice, None, "a disk of two projects: {disk}");
        }
    }
    for (owner, lists) in [lists.0, lists.1].into_iter().enumerate() {
        let [_, transfers, snapshots, backups, bound] = lists;
        for transfer in transfers {
            let shape = of(&mut seen, owner, &transfer, "volume_id");
            let twice = shape.transfer.replace(word(&transfer, "id"));
            assert_eq!(twice, None, "two pending transfers: {shape:?} {transfer}");
        }
        for snapshot in snapshots {
            assert_eq!(snapshot["status"], "available", "{snapshot}");
            let id = word(&snapshot, "id");
            of(&mut seen, owner, &snapshot, "volume_id").snapshots.insert(id);
        }
        for backup in backups {
            assert_eq!(backup["status"], "available", "{backup}");
            let id = word(&backup, "id");
            of(&mut seen, owner, &backup, "volume_id").backups.insert(id);
        }
        for resource in bound {
            of(&mut seen, owner, &resource, "resource_id").bound = true;
        }
    }
    seen
}

/// What a project has: disks, transfers, snapshots, backups, and disks under its policy.
async fn lists(Project { client, policy }: &Project) -> [Vec<Value>; 5] {
    let bound = format!("backuppolicyresources?policy_id={policy}");
    let (disks, transfers, snapshots, backups, bound) = tokio::join!(
        list(client, client.own("volumes/detail"), "volumes"),
        list(client, client.own("os-volume-transfer"), "transfers"),
        list(client, client.own("snapshots/detail"), "snapshots"),
        list(client, client.own("backups/detail"), "backups"),
        list(client, url(client, true, &bound), "resources"),
    );
    [disks, transfers, snapshots, backups, bound]
}

/// The disk that something of `owner` hangs on, which must be the owner's too.
fn of<'a>(seen: &'a mut Seen, owner: usize, what: &Value, member: &str) -> &'a mut Shape {
    let shape = seen.get_mut(what[member].as_str().unwrap());
    let shape = shape.unwrap_or_else(|| panic!("it hangs on no disk: {what}"));
    assert_eq!(shape.owner, owner, "it hangs on another project's disk: {what}");
    shape
}

async fn list(client: &Client, url: String, member: &str) -> Vec<Value> {
    let mut answer = client.send(Method::GET, &url, None).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.body[format!("{member}_links")], Value::Null, "one page has them all");
    let Value::Array(list) = answer.body[member].take() else { panic!("no list of {member}") };
    list
}

fn word(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_else(|| panic!("no {member} in {value}")).to_owned()
}
