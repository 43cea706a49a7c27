//! Every operation on a disk in every status, as the reference's grid has it ("EVS Disk Status",
//! Cinder's preconditions): what is allowed, what is refused with 400, and the status afterwards.

use std::io::Write as _;

use evs_local::domain::disk::DiskStatus;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Client, TestServer};

use DiskStatus as S;

/// Statuses in which an operation is allowed.
enum Allowed {
    Only(&'static [S]),
    AllBut(&'static [S]),
}

/// The status after an operation that was allowed.
#[derive(Clone, Copy)]
enum After {
    Same,
    Is(S),
}

use After::{Is, Same};
use Allowed::{AllBut, Only};

/// One row of the grid.
struct Operation {
    name: &'static str,
    /// The version to ask in.
    version: &'static str,
    how: How,
    allowed: Allowed,
    after: fn(S) -> After,
}

/// How an operation is asked for.
enum How {
    /// `POST /volumes/{id}/action` with this body.
    Action(fn() -> Value),
    /// The same by an administrator.
    Admin(fn() -> Value),
    /// Method, path below the project under `/v3` or, with a slash, whole, and body.
    Request(fn(&str) -> (Method, String, Value)),
    /// Putting the disk under a policy; each disk of such a request fails on its own.
    Bind,
    /// Taking the disk back to the snapshot that it has.
    RollBack,
    /// Filling the disk from a backup of another: method POST, this path below the project or, with a
    /// slash, whole.
    Restore(&'static str),
    /// Taking the disk with the key of its offer, by the other project.
    Accept,
}

use How::{Accept, Action, Admin, Request};

const SERVER: &str = "5d0f0fb5-7a8c-4a55-9d9b-0d6a27a1b6c8";

fn same(_: S) -> After {
    Same
}

const fn row(
    name: &'static str,
    version: &'static str,
    how: How,
    allowed: Allowed,
    after: fn(S) -> After,
) -> Operation {
    Operation { name, version, how, allowed, after }
}

const GRID: &[Operation] = &[
    row(
        "show",
        "3.0",
        Request(|id| (Method::GET, format!("volumes/{id}"), Value::Null)),
        AllBut(&[]),
        same,
    ),
    row(
        "update",
        "3.0",
        Request(|id| (Method::PUT, format!("volumes/{id}"), json!({"volume": {"name": "n"}}))),
        AllBut(&[S::Maintenance]),
        same,
    ),
    row(
        "create transfer",
        "3.0",
        Request(|id| {
            let body = json!({"transfer": {"volume_id": id}});
            (Method::POST, "os-volume-transfer".to_owned(), body)
        }),
        Only(&[S::Available]),
        |_| Is(S::AwaitingTransfer),
    ),
    row("accept transfer", "3.0", Accept, Only(&[S::AwaitingTransfer]), |_| Is(S::Available)),
    row(
        "delete",
        "3.0",
        Request(|id| (Method::DELETE, format!("volumes/{id}"), Value::Null)),
        Only(&[
            S::Available,
            S::Error,
            S::ErrorExtending,
            S::ErrorRestoring,
            S::ErrorRollbacking,
            S::ErrorManaging,
        ]),
        |_| Is(S::Deleting),
    ),
    row(
        "extend before 3.42",
        "3.41",
        Action(|| json!({"os-extend": {"new_size": 20}})),
        Only(&[S::Available]),
        |_| Is(S::Extending),
    ),
    row(
        "extend from 3.42 on",
        "3.42",
        Action(|| json!({"os-extend": {"new_size": 20}})),
        Only(&[S::Available, S::InUse]),
        |_| Is(S::Extending),
    ),
    row("reserve", "3.0", Action(|| json!({"os-reserve": {}})), Only(&[S::Available]), |_| {
        Is(S::Attaching)
    }),
    row("unreserve", "3.0", Action(|| json!({"os-unreserve": {}})), AllBut(&[]), |status| {
        if status == S::Attaching { Is(S::Available) } else { Same }
    }),
    row(
        "attach",
        "3.0",
        Action(|| {
            json!({"os-attach": {
                "instance_uuid": "0b7f3c0e-4e0b-4df5-8f7e-6f3f0c3f5a11",
                "mountpoint": "/dev/vdc",
            }})
        }),
        Only(&[S::Available, S::Attaching]),
        |_| Is(S::InUse),
    ),
    row(
        "begin detaching",
        "3.0",
        Action(|| json!({"os-begin_detaching": {}})),
        Only(&[S::InUse]),
        |_| Is(S::Detaching),
    ),
    row(
        "roll detaching",
        "3.0",
        Action(|| json!({"os-roll_detaching": {}})),
        AllBut(&[]),
        |status| if status == S::Detaching { Is(S::InUse) } else { Same },
    ),
    row(
        "detach",
        "3.0",
        Action(|| json!({"os-detach": {}})),
        Only(&[S::InUse, S::Detaching]),
        |_| Is(S::Available),
    ),
    row(
        "set bootable",
        "3.0",
        Action(|| json!({"os-set_bootable": {"bootable": true}})),
        AllBut(&[]),
        same,
    ),
    row(
        "read-only flag",
        "3.0",
        Action(|| json!({"os-update_readonly_flag": {"readonly": true}})),
        Only(&[S::Available]),
        same,
    ),
    row(
        "snapshot",
        "3.0",
        Request(|id| {
            let body = json!({"snapshot": {"volume_id": id}});
            (Method::POST, "snapshots".to_owned(), body)
        }),
        Only(&[S::Available]),
        same,
    ),
    row(
        "snapshot by force",
        "3.0",
        Request(|id| {
            let body = json!({"snapshot": {"volume_id": id, "force": true}});
            (Method::POST, "snapshots".to_owned(), body)
        }),
        Only(&[S::Available, S::InUse, S::Attaching]),
        same,
    ),
    row(
        "snapshot from 3.66 on",
        "3.66",
        Request(|id| {
            let body = json!({"snapshot": {"volume_id": id}});
            (Method::POST, "snapshots".to_owned(), body)
        }),
        Only(&[S::Available, S::InUse]),
        same,
    ),
    row(
        "snapshot attaching by force from 3.66 on",
        "3.66",
        Request(|id| {
            let body = json!({"snapshot": {"volume_id": id, "force": true}});
            (Method::POST, "snapshots".to_owned(), body)
        }),
        Only(&[S::Available, S::InUse, S::Attaching]),
        same,
    ),
    row(
        "snapshot natively",
        "3.0",
        Request(|id| {
            let body = json!({"snapshot": {"volume_id": id}});
            (Method::POST, "/v2/PROJECT/cloudsnapshots".to_owned(), body)
        }),
        Only(&[S::Available, S::InUse]),
        same,
    ),
    row(
        "snapshot attaching natively by force",
        "3.0",
        Request(|id| {
            let body = json!({"snapshot": {"volume_id": id, "force": true}});
            (Method::POST, "/v2/PROJECT/cloudsnapshots".to_owned(), body)
        }),
        Only(&[S::Available, S::InUse, S::Attaching]),
        same,
    ),
    row(
        "rollback a snapshot",
        "3.0",
        How::RollBack,
        Only(&[S::Available, S::ErrorRollbacking]),
        |_| Is(S::Rollbacking),
    ),
    row(
        "backup",
        "3.0",
        Request(|id| {
            let body = json!({"backup": {"volume_id": id}});
            (Method::POST, "backups".to_owned(), body)
        }),
        Only(&[S::Available]),
        |_| Is(S::BackingUp),
    ),
    row(
        "backup by force",
        "3.0",
        Request(|id| {
            let body = json!({"backup": {"volume_id": id, "force": true}});
            (Method::POST, "backups".to_owned(), body)
        }),
        Only(&[S::Available, S::InUse]),
        |_| Is(S::BackingUp),
    ),
    row(
        "clone",
        "3.0",
        Request(|id| {
            let body = json!({"volume": {"source_volid": id}});
            (Method::POST, "volumes".to_owned(), body)
        }),
        Only(&[S::Available, S::InUse]),
        same,
    ),
    row(
        "retype",
        "3.0",
        Action(|| json!({"os-retype": {"new_type": "SAS"}})),
        Only(&[S::Available, S::InUse]),
        |_| Is(S::Retyping),
    ),
    row(
        "upload",
        "3.0",
        Action(|| json!({"os-volume_upload_image": {"image_name": "i"}})),
        Only(&[S::Available]),
        |_| Is(S::Uploading),
    ),
    row(
        "upload by force",
        "3.0",
        Action(|| json!({"os-volume_upload_image": {"image_name": "i", "force": true}})),
        Only(&[S::Available, S::InUse]),
        |_| Is(S::Uploading),
    ),
    row(
        "metadata of the image",
        "3.0",
        Action(|| json!({"os-set_image_metadata": {"metadata": {"k": "v"}}})),
        AllBut(&[S::Maintenance]),
        same,
    ),
    row(
        "restore a backup into",
        "3.0",
        How::Restore("backups/BACKUP/restore"),
        Only(&[S::Available]),
        |_| Is(S::RestoringBackup),
    ),
    row(
        "restore a backup into natively",
        "3.0",
        How::Restore("/v2/PROJECT/cloudbackups/BACKUP/restore"),
        Only(&[S::Available]),
        |_| Is(S::RestoringBackup),
    ),
    row(
        "backup natively",
        "3.0",
        Request(|id| {
            let body = json!({"backup": {"volume_id": id, "name": "b"}});
            (Method::POST, "/v2/PROJECT/cloudbackups".to_owned(), body)
        }),
        Only(&[S::Available, S::InUse]),
        |_| Is(S::BackingUp),
    ),
    row(
        "reset by an administrator",
        "3.0",
        Admin(|| json!({"os-reset_status": {"status": "error"}})),
        AllBut(&[]),
        |_| Is(S::Error),
    ),
    row(
        "force delete by an administrator",
        "3.0",
        Admin(|| json!({"os-force_delete": {}})),
        AllBut(&[]),
        |_| Is(S::Deleting),
    ),
    row(
        "tags",
        "3.0",
        Request(|id| {
            let body = json!({"action": "create", "tags": [{"key": "k", "value": "v"}]});
            (Method::POST, format!("/v2/PROJECT/cloudvolumes/{id}/tags/action"), body)
        }),
        AllBut(&[]),
        same,
    ),
    row(
        "delete natively",
        "3.0",
        Request(|id| (Method::DELETE, format!("/v2/PROJECT/cloudvolumes/{id}"), Value::Null)),
        Only(&[
            S::Available,
            S::Error,
            S::ErrorExtending,
            S::ErrorRestoring,
            S::ErrorRollbacking,
            S::ErrorManaging,
        ]),
        |_| Is(S::Deleting),
    ),
    row(
        "extend natively",
        "3.0",
        Request(|id| {
            let body = json!({"os-extend": {"new_size": 20}});
            (Method::POST, format!("/v2/PROJECT/cloudvolumes/{id}/action"), body)
        }),
        Only(&[S::Available, S::InUse]),
        |_| Is(S::Extending),
    ),
    row(
        "bind to a policy",
        "3.0",
        How::Bind,
        AllBut(&[
            S::AwaitingTransfer,
            S::Error,
            S::ErrorExtending,
            S::ErrorRestoring,
            S::ErrorRollbacking,
            S::ErrorDeleting,
            S::ErrorManaging,
            S::ErrorBackingUp,
            S::Deleting,
            S::Maintenance,
            S::Reserved,
        ]),
        same,
    ),
];

/// What a cell needs: the clients, and the offer of a disk that awaits transfer.
struct Cell {
    demo: Client,
    partner: Client,
    admin: Client,
    disk: String,
    offer: Option<(String, String)>,
    policy: String,
    snapshot: Option<String>,
    backup: String,
}

impl Cell {
    /// Brings the disk, which is available, into `status`.
    async fn reach(&mut self, status: S) {
        let id = &self.disk;
        let attach = json!({"os-attach": {"instance_uuid": SERVER, "mountpoint": "/dev/vdb"}});
        match status {
            S::Available => {}
            S::AwaitingTransfer => self.offer = Some(self.demo.offer(id).await),
            S::InUse => self.demo.act(id, attach).await.is_empty(202),
            S::Detaching => {
                self.demo.act(id, attach).await.is_empty(202);
                self.demo.act(id, json!({"os-begin_detaching": {}})).await.is_empty(202);
            }
            S::Attaching => self.demo.act(id, json!({"os-reserve": {}})).await.is_empty(202),
            // Nobody resets to it; it is on its way.
            S::Deleting => self.admin.act(id, json!({"os-force_delete": {}})).await.is_empty(202),
            S::Creating
            | S::Downloading
            | S::Extending
            | S::BackingUp
            | S::RestoringBackup
            | S::Uploading
            | S::Rollbacking
            | S::Reverting
            | S::Retyping
            | S::Error
            | S::ErrorExtending
            | S::ErrorRestoring
            | S::ErrorRollbacking
            | S::ErrorDeleting
            | S::ErrorManaging
            | S::ErrorBackingUp
            | S::Maintenance
            | S::Reserved => self.admin.reset(id, status.as_str()).await,
        }
        assert_eq!(self.demo.disk_status(id).await, status.as_str());
    }

    async fn perform(&self, operation: &Operation) -> Answer {
        let demo = self.demo.at(operation.version);
        match operation.how {
            Action(body) => demo.act(&self.disk, body()).await,
            Admin(body) => self.admin.act(&self.disk, body()).await,
            Request(request) => {
                let (method, path, body) = request(&self.disk);
                let body = (!body.is_null()).then(|| body.to_string());
                let path = match path.strip_prefix('/') {
                    Some(whole) => format!("/{}", whole.replace("PROJECT", &demo.project)),
                    None => demo.path("v3", &path),
                };
                demo.send(method, &path, body).await
            }
            How::Bind => {
                let mut answer = demo.bind(&self.policy, &self.disk).await;
                // It is told of in the body; in the grid a refusal is a refusal.
                if answer.body["fail_resources"] != json!([]) {
                    answer.status = 400;
                }
                answer
            }
            How::RollBack => {
                let snapshot = self.snapshot.as_ref().unwrap();
                let path = format!("cloudsnapshots/{snapshot}/rollback");
                let body = json!({"rollback": {"volume_id": self.disk}});
                demo.post(&demo.path("v2", &path), body).await
            }
            How::Restore(path) => {
                // It is still busy with the disk before.
                let ready = json!({"os-reset_status": {"status": "available"}});
                let action = self.admin.path("v3", &format!("backups/{}/action", self.backup));
                self.admin.post(&action, ready).await.is_empty(202);
                let path = path.replace("BACKUP", &self.backup);
                let path = match path.strip_prefix('/') {
                    Some(whole) => format!("/{}", whole.replace("PROJECT", &demo.project)),
                    None => demo.path("v3", &path),
                };
                demo.post(&path, json!({"restore": {"volume_id": self.disk}})).await
            }
            Accept => {
                let (transfer, key) = self.offer.as_ref().unwrap();
                self.partner.accept(transfer, key).await
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_in_every_status_is_as_the_grid_says() {
    let server = TestServer::start_with(|settings| {
        // So that what takes time is seen.
        settings.simulation.explicit = true;
        settings.quotas.volumes = -1;
        settings.quotas.gigabytes = -1;
    })
    .await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let partner = server.login("partner").await;
    let policy = demo.policy("nightly", "OFF").await;
    let other = demo.disk().await;
    assert_eq!(admin.post("/_evs/progress", json!({"disk_id": other})).await.status, 200);
    let backup = demo.backup(&other).await;
    let mut cells = 0;
    for operation in GRID {
        for status in S::ALL {
            // Only an offer can be accepted at all.
            if matches!(operation.how, Accept) && *status != S::AwaitingTransfer {
                continue;
            }
            let disk = demo.disk().await;
            // A disk that has a snapshot is not offered, and not removed without it.
            let rolls_back = matches!(operation.how, How::RollBack);
            if rolls_back && [S::AwaitingTransfer, S::Deleting].contains(status) {
                continue;
            }
            let end = async || {
                let end = admin.post("/_evs/progress", json!({"disk_id": disk})).await;
                assert_eq!(end.status, 200, "{}", end.text);
            };
            end().await;
            let snapshot = if rolls_back { Some(demo.snapshot(&disk).await) } else { None };
            end().await;
            let (demo, partner, admin) = (demo.clone(), partner.clone(), admin.clone());
            let (policy, backup) = (policy.clone(), backup.clone());
            let offer = None;
            let mut cell = Cell { demo, partner, admin, disk, offer, policy, snapshot, backup };
            cell.reach(*status).await;
            let answer = cell.perform(operation).await;
            let cell_name = format!("{} while {status}: {}", operation.name, answer.text);
            let allowed = match &operation.allowed {
                Only(listed) => listed.contains(status),
                AllBut(listed) => !listed.contains(status),
            };
            if allowed {
                assert!((200..300).contains(&answer.status), "{cell_name}");
            } else {
                assert_eq!(answer.status, 400, "{cell_name}");
            }
            let after = match (allowed, (operation.after)(*status)) {
                (true, Is(after)) => after,
                _ => *status,
            };
            assert_eq!(cell.admin.disk_status(&cell.disk).await, after.as_str(), "{cell_name}");
            cells += 1;
        }
    }
    writeln!(std::io::stderr(), "{cells} cells of operation and status, all as the grid says")
        .unwrap();
    server.finish().await;
}
