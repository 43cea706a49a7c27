//! The service of a case: commands as requests, and what the world looks like from outside.

use std::sync::Arc;

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

use super::command::{By, Command, Deed, Ends, Key, Time, Who};
use super::rules::GUESSES;
use super::seen::{QUOTAS, Sight, member, row};
use super::world::{TAKES_MS, World};
use crate::support::{Answer, Client, TestServer};

const SERVERS: [&str; 2] =
    ["5f3c0f6e-0d8e-4d7e-9d64-6c6f9d0f7a11", "5f3c0f6e-0d8e-4d7e-9d64-6c6f9d0f7a12"];
const OPERATIONS: [&str; 13] = [
    "create",
    "download",
    "restore",
    "extend",
    "retype",
    "upload",
    "revert",
    "rollback",
    "backup",
    "delete",
    "snapshot",
    "delete_snapshot",
    "delete_backup",
];

/// A service with the accounts and policies of every case, and nothing else.
pub(super) struct Service {
    server: Option<TestServer>,
    admin: Client,
    clients: [Client; 2],
    policies: Arc<[[String; 2]; 2]>,
    /// How many cases it has served.
    pub(super) cases: usize,
}

impl Service {
    pub(super) async fn start(time: Time) -> Self {
        let server = TestServer::start_with(|settings| {
            settings.simulation.explicit = time == Time::Explicit;
            settings.auth.token_lifetime = TimeDelta::days(10_000);
            if time == Time::Explicit {
                let delays = OPERATIONS.map(|name| (name, TimeDelta::milliseconds(TAKES_MS)));
                settings.simulation.delays = delays.into();
            }
            (settings.transfers.key_guesses.most, settings.transfers.key_guesses.window) =
                (i64::try_from(GUESSES.0).unwrap(), TimeDelta::milliseconds(GUESSES.1));
        })
        .await;
        let admin = server.login("admin").await;
        let clients = [server.login("demo").await, server.login("partner").await];
        let mut policies: [[String; 2]; 2] = Default::default();
        for (client, policies) in clients.iter().zip(&mut policies) {
            for (name, policy) in ["one", "two"].iter().zip(policies) {
                *policy = client.policy(name, "OFF").await;
            }
        }
        let service =
            Self { server: Some(server), admin, clients, policies: Arc::new(policies), cases: 0 };
        service.save("nothing").await;
        service
    }

    /// Everything as at the start, for the next case.
    pub(super) async fn begin_case(&mut self) {
        self.cases += 1;
        assert_eq!(self.load("nothing").await.status, 200);
    }

    pub(super) fn server(&self) -> &TestServer {
        self.server.as_ref().unwrap()
    }

    pub(super) async fn finish(mut self) {
        self.server.take().unwrap().finish().await;
    }

    fn client(&self, who: Who) -> &Client {
        &self.clients[who as usize]
    }

    async fn save(&self, name: &str) -> Answer {
        self.admin.put(&format!("/_evs/state/{name}"), json!({"overwrite": true})).await
    }

    async fn load(&self, name: &str) -> Answer {
        self.admin.send_empty_post(&format!("/_evs/state/{name}/load")).await
    }

    /// Ends what is due; what it is by itself comes to the same, a moment later.
    pub(super) async fn step(&self) -> Answer {
        self.admin.post("/_evs/progress", json!({})).await
    }

    pub(super) async fn restart(&mut self) {
        let server = self.server.take().unwrap().restart().await;
        for client in self.clients.iter_mut().chain([&mut self.admin]) {
            *client = client.moved_to(&server);
        }
        self.server = Some(server);
    }

    /// Sends the request of a command on the world as it was before.
    pub(super) async fn send(&self, world: &World, command: Command) -> Answer {
        match command {
            Command::Create { who, size } => {
                let client = self.client(who);
                let body = json!({"volume": {"size": size}});
                client.post(&client.path("v3", "volumes"), body).await
            }
            Command::Disk { disk, by, deed } => self.deed(world, disk, by, deed).await,
            Command::ForceDelete { disk } => {
                self.admin.act(&world.disks[disk].id, json!({"os-force_delete": {}})).await
            }
            Command::ResetDisk { disk, status } => {
                let body = json!({"os-reset_status": {"status": status}});
                self.admin.act(&world.disks[disk].id, body).await
            }
            Command::Accept { transfer, by, key } => {
                let row = &world.transfers[transfer];
                let client = self.client(by.of(world.disks[row.disk].owner));
                let key = if key == Key::Right { &row.key } else { "0123456789abcdef" };
                client.accept(&row.id, key).await
            }
            Command::Withdraw { transfer, by } => {
                let row = &world.transfers[transfer];
                let client = self.client(by.of(world.disks[row.disk].owner));
                client.delete(&client.path("v3", &format!("os-volume-transfer/{}", row.id))).await
            }
            Command::DeleteSnapshot { .. }
            | Command::ResetSnapshot { .. }
            | Command::RollBack { .. }
            | Command::Revert { .. } => self.on_snapshot(world, command).await,
            Command::DeleteBackup { .. }
            | Command::ResetBackup { .. }
            | Command::Restore { .. } => self.on_backup(world, command).await,
            Command::Limit { who, quota, limit } => {
                let project = &self.client(who).project;
                let path = self.admin.path("v3", &format!("os-quota-sets/{project}"));
                self.admin.put(&path, json!({"quota_set": {quota: limit}})).await
            }
            Command::End { disk, ends } => {
                let outcome = if ends == Ends::Done { "done" } else { "failed" };
                let body = json!({"disk_id": world.disks[disk].id, "outcome": outcome});
                self.admin.post("/_evs/progress", body).await
            }
            Command::Step
            | Command::Advance { .. }
            | Command::AdvanceToNext { .. }
            | Command::Restart => self.step().await,
            Command::Save { slot } => self.save(&format!("slot-{slot}")).await,
            Command::Load { slot } => self.load(&format!("slot-{slot}")).await,
        }
    }

    async fn deed(&self, world: &World, disk: usize, by: By, deed: Deed) -> Answer {
        let (id, who) = (&world.disks[disk].id, by.of(world.disks[disk].owner));
        let client = self.client(who);
        let own = client.path("v3", &format!("volumes/{id}"));
        let (name, detail) = match deed {
            Deed::Rename => return client.put(&own, json!({"volume": {"name": "renamed"}})).await,
            Deed::Delete => return client.delete(&own).await,
            Deed::DeleteCascade => return client.delete(&format!("{own}?cascade=true")).await,
            Deed::Snapshot | Deed::SnapshotByForce => {
                let force = deed == Deed::SnapshotByForce;
                let body = json!({"snapshot": {"volume_id": id, "force": force}});
                return client.post(&client.path("v3", "snapshots"), body).await;
            }
            Deed::Backup | Deed::BackupByForce => {
                let force = deed == Deed::BackupByForce;
                let body = json!({"backup": {"volume_id": id, "force": force}});
                return client.post(&client.path("v3", "backups"), body).await;
            }
            Deed::Bind(policy) => {
                return told(client.bind(&self.policies[who as usize][policy], id).await);
            }
            Deed::Unbind(policy) => {
                return told(client.unbind(&self.policies[who as usize][policy], id).await);
            }
            Deed::Offer(seconds) => return offer(client, id, seconds).await,
            Deed::Extend(by_gib) | Deed::ExtendInUse(by_gib) => {
                ("os-extend", json!({"new_size": world.disks[disk].size + by_gib}))
            }
            Deed::SetBootable(flag) => ("os-set_bootable", json!({"bootable": flag})),
            Deed::SetReadOnly(flag) => ("os-update_readonly_flag", json!({"readonly": flag})),
            Deed::Reserve => ("os-reserve", json!({})),
            Deed::Unreserve => ("os-unreserve", json!({})),
            Deed::Attach(server) => {
                let server = SERVERS[server];
                ("os-attach", json!({"instance_uuid": server, "mountpoint": "/dev/vdb"}))
            }
            Deed::BeginDetaching => ("os-begin_detaching", json!({})),
            Deed::RollDetaching => ("os-roll_detaching", json!({})),
            Deed::Detach => ("os-detach", json!({})),
            Deed::Retype(kind) => ("os-retype", json!({"new_type": kind})),
            Deed::Upload => ("os-volume_upload_image", json!({"image_name": "i"})),
            Deed::UploadByForce => {
                ("os-volume_upload_image", json!({"image_name": "i", "force": true}))
            }
        };
        let version = if matches!(deed, Deed::ExtendInUse(_)) { "3.42" } else { "3.0" };
        let body = json!({name: detail});
        client.at(version).post(&format!("{own}/action"), body).await
    }

    async fn on_snapshot(&self, world: &World, command: Command) -> Answer {
        let of = |snapshot: usize, by: By| {
            let row = &world.snapshots[snapshot];
            (self.client(by.of(row.owner)), &row.id, &world.disks[row.disk].id)
        };
        if let Command::DeleteSnapshot { snapshot, by } = command {
            let (client, id, _) = of(snapshot, by);
            return client.delete(&client.path("v3", &format!("snapshots/{id}"))).await;
        }
        if let Command::RollBack { snapshot, by } = command {
            let (client, id, disk) = of(snapshot, by);
            let path = client.path("v2", &format!("cloudsnapshots/{id}/rollback"));
            return client.post(&path, json!({"rollback": {"volume_id": disk}})).await;
        }
        if let Command::Revert { snapshot, by } = command {
            let (_, id, disk) = of(snapshot, by);
            // It is asked for at the disk, which may be somebody else's by now.
            let owner = world.disks[world.snapshots[snapshot].disk].owner;
            let client = self.client(by.of(owner)).at("3.40");
            return client.act(disk, json!({"revert": {"snapshot_id": id}})).await;
        }
        let Command::ResetSnapshot { snapshot, status } = command else { panic!("{command:?}") };
        let id = &world.snapshots[snapshot].id;
        let path = self.admin.path("v3", &format!("snapshots/{id}/action"));
        self.admin.post(&path, json!({"os-reset_status": {"status": status}})).await
    }

    async fn on_backup(&self, world: &World, command: Command) -> Answer {
        let of = |backup: usize, by: By| {
            let row = &world.backups[backup];
            (self.client(by.of(row.owner)), &row.id)
        };
        if let Command::DeleteBackup { backup, by } = command {
            let (client, id) = of(backup, by);
            return client.delete(&client.path("v3", &format!("backups/{id}"))).await;
        }
        if let Command::Restore { backup, disk, by } = command {
            let (client, id) = of(backup, by);
            let path = client.path("v3", &format!("backups/{id}/restore"));
            return client
                .post(&path, json!({"restore": {"volume_id": world.disks[disk].id}}))
                .await;
        }
        let Command::ResetBackup { backup, status } = command else { panic!("{command:?}") };
        let id = &world.backups[backup].id;
        let path = self.admin.path("v3", &format!("backups/{id}/action"));
        self.admin.post(&path, json!({"os-reset_status": {"status": status}})).await
    }

    /// What projects see of these lists, as answers spell it; with `counts` what they are counted as.
    pub(super) async fn seen(&self, sight: &Sight) -> Value {
        let mut seen = json!({});
        for who in &sight.whose {
            let client = self.client(*who);
            let mut of = json!({});
            for list in &sight.lists {
                let answer = client.get(&client.path("v3", &format!("{list}/detail"))).await;
                assert_eq!(answer.status, 200, "{}", answer.text);
                let rows = answer.body[member(list)].as_array().unwrap();
                let rows: Vec<Value> = rows.iter().map(|one| row(list, one)).collect();
                of[*list] = rows.into();
            }
            if sight.counts {
                self.counts(*who, &mut of).await;
            }
            seen[format!("{who:?}")] = of;
        }
        seen
    }

    /// What is used of quotas, and how many disks are under each policy.
    async fn counts(&self, who: Who, of: &mut Value) {
        let client = self.client(who);
        let path = client.path("v3", &format!("os-quota-sets/{}?usage=true", client.project));
        let quota = client.get(&path).await.body["quota_set"].clone();
        for key in QUOTAS {
            of[format!("quota {key}")] = json!([quota[*key]["in_use"], quota[*key]["limit"]]);
        }
        let policies = client.get(&client.path("v2", "backuppolicy")).await;
        for policy in policies.body["backup_policies"].as_array().unwrap() {
            let id = policy["backup_policy_id"].as_str().unwrap();
            let own = &self.policies[who as usize];
            if let Some(number) = own.iter().position(|own| own == id) {
                of[format!("policy {number}")] = policy["policy_resource_count"].clone();
            }
        }
    }
}

/// A refusal that is told of in the body is a refusal.
fn told(mut answer: Answer) -> Answer {
    if answer.status == 200 && answer.body["fail_resources"] != json!([]) {
        answer.status = 400;
    }
    answer
}

async fn offer(client: &Client, disk: &str, seconds: i64) -> Answer {
    let seconds = seconds.to_string();
    let headers = [("content-type", "application/json"), ("x-evs-transfer-expires-in", &*seconds)];
    let body = json!({"transfer": {"volume_id": disk}}).to_string();
    client
        .send_with(Method::POST, &client.path("v3", "os-volume-transfer"), &headers, Some(body))
        .await
}
