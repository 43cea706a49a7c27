//! Every obstacle at every moment on every path: what is made by any API of snapshots, backups and
//! policies, in whatever status it is, forbids to offer its disk and to take it, until it is gone.

use std::io::Write as _;

use evs_local::domain::backup::BackupStatus;
use evs_local::domain::snapshot::SnapshotStatus;
use serde_json::{Value, json};

use crate::support::{Answer, Client, FAMILIES, TestServer};

/// What can stand in the way of a transfer.
#[derive(Clone, Copy)]
enum Kind {
    Snapshot,
    Backup,
    Binding,
}

impl Kind {
    /// Where it stands in the data file.
    fn table(self) -> &'static str {
        match self {
            Self::Snapshot => "snapshots",
            Self::Backup => "backups",
            Self::Binding => "policy_disks",
        }
    }

    /// Every status that it can have; a binding has none.
    fn statuses(self) -> Vec<&'static str> {
        match self {
            Self::Snapshot => SnapshotStatus::ALL.iter().map(|status| status.as_str()).collect(),
            Self::Backup => BackupStatus::ALL.iter().map(|status| status.as_str()).collect(),
            Self::Binding => vec![""],
        }
    }

    fn refusal(self, id: &str, status: &str) -> String {
        let what = match self {
            Self::Snapshot => {
                format!("disk has snapshots: 1 in all, among them {id} in status {status}")
            }
            Self::Backup => {
                format!("disk has backups: 1 in all, among them {id} in status {status}")
            }
            Self::Binding => {
                format!("disk is associated with a backup policy: {id}")
            }
        };
        format!("Invalid volume: {what}")
    }
}

/// One way to put something in the way of a disk's transfer: the requests, and where it stands then.
struct Maker {
    name: &'static str,
    kind: Kind,
    path: (&'static str, &'static str),
    body: fn(&str, &Policies) -> Value,
}

/// Policies to bind to, by `name (id)` and id.
struct Policies {
    on: String,
    off: String,
    default: String,
}

const SNAPSHOT: fn(&str, &Policies) -> Value = |disk, _| json!({"snapshot": {"volume_id": disk}});
const BACKUP: fn(&str, &Policies) -> Value =
    |disk, _| json!({"backup": {"volume_id": disk, "name": "before"}});

fn binding(disk: &str, policy: &str) -> Value {
    let resources = json!([{"resource_id": disk, "resource_type": "volume"}]);
    json!({"backup_policy_id": policy, "resources": resources})
}

const MAKERS: &[Maker] = &[
    Maker {
        name: "snapshot of v2",
        kind: Kind::Snapshot,
        path: ("v2", "snapshots"),
        body: SNAPSHOT,
    },
    Maker {
        name: "snapshot of v3",
        kind: Kind::Snapshot,
        path: ("v3", "snapshots"),
        body: SNAPSHOT,
    },
    Maker {
        name: "native snapshot",
        kind: Kind::Snapshot,
        path: ("v2", "cloudsnapshots"),
        body: SNAPSHOT,
    },
    Maker { name: "backup of v2", kind: Kind::Backup, path: ("v2", "backups"), body: BACKUP },
    Maker { name: "backup of v3", kind: Kind::Backup, path: ("v3", "backups"), body: BACKUP },
    Maker { name: "native backup", kind: Kind::Backup, path: ("v2", "cloudbackups"), body: BACKUP },
    Maker {
        name: "policy that runs",
        kind: Kind::Binding,
        path: ("v2", "backuppolicyresources"),
        body: |disk, policies| binding(disk, &policies.on),
    },
    Maker {
        name: "policy that rests",
        kind: Kind::Binding,
        path: ("v2", "backuppolicyresources"),
        body: |disk, policies| binding(disk, &policies.off),
    },
    Maker {
        name: "default policy",
        kind: Kind::Binding,
        path: ("v2", "backuppolicyresources"),
        body: |disk, policies| binding(disk, &policies.default),
    },
];

/// A server with who uses it.
struct World {
    server: TestServer,
    demo: Client,
    partner: Client,
    policies: Policies,
}

impl World {
    async fn new() -> Self {
        let server = TestServer::start().await;
        let (demo, partner) = (server.login("demo").await, server.login("partner").await);
        let listed = demo.get(&demo.path("v2", "backuppolicy")).await;
        let default = listed.body["backup_policies"][0]["backup_policy_id"].as_str().unwrap();
        let policies = Policies {
            on: demo.policy("nightly", "ON").await,
            off: demo.policy("resting", "OFF").await,
            default: default.to_owned(),
        };
        Self { server, demo, partner, policies }
    }

    async fn make(&self, maker: &Maker, disk: &str) -> Answer {
        let (version, path) = maker.path;
        let body = (maker.body)(disk, &self.policies);
        self.demo.post(&self.demo.path(version, path), body).await
    }

    /// What the file says of the one obstacle of that kind that a disk has.
    async fn found(&self, kind: Kind, disk: &str) -> String {
        let sql = match kind {
            Kind::Snapshot => "SELECT id FROM snapshots WHERE disk_id = ?",
            Kind::Backup => "SELECT id FROM backups WHERE disk_id = ?",
            Kind::Binding => {
                "SELECT p.name || ' (' || p.id || ')' FROM policy_disks AS l
                 JOIN policies AS p ON p.id = l.policy_id WHERE l.disk_id = ?"
            }
        };
        let rows: Vec<(String,)> = self.server.rows(sql, disk).await;
        let [(found,)] = rows.as_slice() else { panic!("{} rows", rows.len()) };
        found.clone()
    }

    /// Moves all that stands in the way of one disk to another, by hand in the file.
    async fn shove(&self, kind: Kind, from: &str, to: &str) {
        let table = kind.table();
        let sql = format!("UPDATE {table} SET disk_id = '{to}' WHERE disk_id = '{from}'");
        self.server.edit(&sql).await;
    }

    async fn set_status(&self, kind: Kind, disk: &str, status: &str) {
        if !status.is_empty() {
            let table = kind.table();
            let sql = format!("UPDATE {table} SET status = '{status}' WHERE disk_id = '{disk}'");
            self.server.edit(&sql).await;
        }
    }

    /// Takes everything out of a disk's way by the API.
    async fn clear(&self, maker: &Maker, disk: &str) {
        let demo = &self.demo;
        match maker.kind {
            Kind::Snapshot => {
                let id = self.found(Kind::Snapshot, disk).await;
                demo.delete(&demo.path("v3", &format!("snapshots/{id}"))).await.is_empty(202);
            }
            Kind::Backup => {
                let id = self.found(Kind::Backup, disk).await;
                demo.delete(&demo.path("v3", &format!("backups/{id}"))).await.is_empty(202);
            }
            Kind::Binding => {
                let body = (maker.body)(disk, &self.policies);
                let policy = body["backup_policy_id"].as_str().unwrap();
                let answer = demo.unbind(policy, disk).await;
                assert_eq!(answer.body["fail_resources"], json!([]), "{}", answer.text);
            }
        }
    }
}

fn offer_of(disk: &str) -> Value {
    json!({"transfer": {"volume_id": disk}})
}

#[tokio::test(flavor = "multi_thread")]
async fn every_obstacle_forbids_to_offer_its_disk_until_it_is_gone() {
    let world = World::new().await;
    let mut cells = 0;
    for (version, family) in FAMILIES {
        let transfers = world.demo.path(version, family);
        for maker in MAKERS {
            let disk = world.demo.disk().await;
            let made = world.make(maker, &disk).await;
            assert!((200..300).contains(&made.status), "{}: {}", maker.name, made.text);
            // The backup service leaves a snapshot, which is told of first.
            let kind = if maker.name == "native backup" { Kind::Snapshot } else { maker.kind };
            let id = world.found(kind, &disk).await;
            for status in kind.statuses() {
                world.set_status(kind, &disk, status).await;
                let refused = world.demo.post(&transfers, offer_of(&disk)).await;
                refused.is_fault(400, &kind.refusal(&id, status));
                assert_eq!(world.demo.disk_status(&disk).await, "available");
                cells += 1;
            }
            if !matches!(maker.kind, Kind::Binding) {
                world.set_status(kind, &disk, "available").await;
            }
            world.clear(maker, &disk).await;
            let offered = world.demo.post(&transfers, offer_of(&disk)).await;
            assert_eq!(offered.status, 202, "{}: {}", maker.name, offered.text);
        }
    }
    writeln!(std::io::stderr(), "{cells} cells of obstacle, status and path before create")
        .unwrap();
    world.server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_obstacle_that_appears_after_the_offer_forbids_to_take_the_disk_until_it_is_gone() {
    let world = World::new().await;
    let mut cells = 0;
    for (version, family) in FAMILIES {
        for maker in MAKERS {
            let (offered, other) = (world.demo.disk().await, world.demo.disk().await);
            let (id, key) = world.demo.offer(&offered).await;
            // No API makes one for a disk that awaits transfer.
            let answer = world.make(maker, &offered).await;
            match maker.kind {
                Kind::Snapshot | Kind::Backup => assert_eq!(answer.status, 400, "{}", answer.text),
                Kind::Binding => {
                    assert_eq!(answer.body["success_resources"], json!([]), "{}", answer.text);
                    assert_eq!(answer.body["fail_resources"][0]["code"], "AutoBackup.0206");
                }
            }
            assert_eq!(world.demo.disk_status(&offered).await, "awaiting-transfer");
            // A hand in the file does.
            let made = world.make(maker, &other).await;
            assert!((200..300).contains(&made.status), "{}: {}", maker.name, made.text);
            let obstacle = world.found(maker.kind, &other).await;
            world.shove(maker.kind, &other, &offered).await;
            let accept = world.partner.path(version, &format!("{family}/{id}/accept"));
            let body = json!({"accept": {"auth_key": key}});
            for status in maker.kind.statuses() {
                world.set_status(maker.kind, &offered, status).await;
                let refused = world.partner.post(&accept, body.clone()).await;
                refused.is_fault(400, &maker.kind.refusal(&obstacle, status));
                assert_eq!(world.demo.disk_status(&offered).await, "awaiting-transfer");
                cells += 1;
            }
            if !matches!(maker.kind, Kind::Binding) {
                world.set_status(maker.kind, &offered, "available").await;
            }
            world.shove(maker.kind, &offered, &other).await;
            let taken = world.partner.post(&accept, body).await;
            assert_eq!(taken.status, 202, "{}: {}", maker.name, taken.text);
        }
    }
    writeln!(std::io::stderr(), "{cells} cells of obstacle, status and path before accept")
        .unwrap();
    world.server.finish().await;
}
