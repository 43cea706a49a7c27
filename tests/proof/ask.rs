//! What can be asked for of disks and what hangs on them, and how each is sent.

use reqwest::Method;
use serde_json::{Value, json};

use crate::process::{Answer, Client};

/// One request, but for who sends it. Disks, transfers and the rest are named by their ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ask {
    CreateDisk { name: String },
    ShowDisk { disk: String },
    ListDisks,
    Rename { disk: String, name: String },
    Extend { disk: String, size: i64 },
    DeleteDisk { disk: String, cascade: bool },
    Offer { disk: String },
    ShowTransfer { transfer: String },
    Accept { transfer: String, key: String },
    Withdraw { transfer: String },
    Snapshot { disk: String, name: String },
    DeleteSnapshot { snapshot: String },
    Backup { disk: String, name: String },
    DeleteBackup { backup: String },
    Bind { disk: String, policy: String },
    Unbind { disk: String, policy: String },
}

impl Ask {
    /// An error is an answer that did not arrive, or not completely.
    pub(crate) async fn send(&self, client: &Client) -> reqwest::Result<Answer> {
        let (method, rest, body) = self.request();
        let old = matches!(self, Self::Bind { .. } | Self::Unbind { .. });
        client.send(method, &url(client, old, &rest), body).await
    }

    /// The method, the path behind the project's id, and the body.
    fn request(&self) -> (Method, String, Option<Value>) {
        use Method as M;
        let resource = |disk: &String| json!({"resource_id": disk, "resource_type": "volume"});
        match self {
            Self::CreateDisk { name } => {
                let body = json!({"volume": {"size": 1, "name": name}});
                (M::POST, "volumes".to_owned(), Some(body))
            }
            Self::ShowDisk { disk } => (M::GET, format!("volumes/{disk}"), None),
            Self::ListDisks => (M::GET, "volumes/detail".to_owned(), None),
            Self::Rename { disk, name } => {
                let body = json!({"volume": {"name": name}});
                (M::PUT, format!("volumes/{disk}"), Some(body))
            }
            Self::Extend { disk, size } => {
                let body = json!({"os-extend": {"new_size": size}});
                (M::POST, format!("volumes/{disk}/action"), Some(body))
            }
            Self::DeleteDisk { disk, cascade } => {
                (M::DELETE, format!("volumes/{disk}?cascade={cascade}"), None)
            }
            Self::Offer { disk } => {
                let body = json!({"transfer": {"volume_id": disk}});
                (M::POST, "os-volume-transfer".to_owned(), Some(body))
            }
            Self::ShowTransfer { transfer } => {
                (M::GET, format!("os-volume-transfer/{transfer}"), None)
            }
            Self::Accept { transfer, key } => {
                let body = json!({"accept": {"auth_key": key}});
                (M::POST, format!("os-volume-transfer/{transfer}/accept"), Some(body))
            }
            Self::Withdraw { transfer } => {
                (M::DELETE, format!("os-volume-transfer/{transfer}"), None)
            }
            Self::Snapshot { disk, name } => {
                let body = json!({"snapshot": {"volume_id": disk, "name": name}});
                (M::POST, "snapshots".to_owned(), Some(body))
            }
            Self::DeleteSnapshot { snapshot } => (M::DELETE, format!("snapshots/{snapshot}"), None),
            Self::Backup { disk, name } => {
                let body = json!({"backup": {"volume_id": disk, "name": name}});
                (M::POST, "backups".to_owned(), Some(body))
            }
            Self::DeleteBackup { backup } => (M::DELETE, format!("backups/{backup}"), None),
            Self::Bind { disk, policy } => {
                let body = json!({"backup_policy_id": policy, "resources": [resource(disk)]});
                (M::POST, "backuppolicyresources".to_owned(), Some(body))
            }
            Self::Unbind { disk, policy } => {
                let path = format!("backuppolicyresources/{policy}/deleted_resources");
                (M::POST, path, Some(json!({"resources": [resource(disk)]})))
            }
        }
    }
}

/// The URL of something in the client's project; the backup service's calls are of the `old` version.
pub(crate) fn url(client: &Client, old: bool, rest: &str) -> String {
    let url = client.own(rest);
    if old { url.replacen("/v3/", "/v2/", 1) } else { url }
}

/// Makes a policy that runs at no time of its own; its id.
pub(crate) async fn create_policy(client: &Client) -> String {
    let body = json!({"backup_policy_name": "by-hand", "scheduled_policy": {
        "start_time": "02:00", "frequency": 30, "rentention_num": 2, "status": "OFF",
    }});
    let made = client.send(Method::POST, &url(client, true, "backuppolicy"), Some(body)).await;
    made.unwrap().body["backup_policy_id"].as_str().unwrap().to_owned()
}
