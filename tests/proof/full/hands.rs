//! Hands that change things in every dialect, and remember what they were answered.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::json;

use super::world::{Dialect, is_refusal, statuses};
use crate::chance::Chance;
use crate::process::{Client, PASSWORD, text};

/// So many disks there are at most, so that the data file does not become the full disk itself.
const MOST: usize = 60;

/// A disk, and what offers it.
#[derive(Debug, Clone)]
struct Disk {
    owner: usize,
    size: usize,
    offer: Option<(String, String)>,
}

/// What was answered, and so what must be there.
pub(super) struct Hands {
    clients: [Client; 2],
    disks: BTreeMap<String, Disk>,
    /// How many changes were answered.
    pub(super) answered: usize,
}

impl Hands {
    pub(super) async fn login(url: &str) -> Self {
        let clients = [Client::login(url, "demo").await, Client::login(url, "partner").await];
        Self { clients, disks: BTreeMap::new(), answered: 0 }
    }

    pub(super) fn move_to(&mut self, url: &str) {
        for client in &mut self.clients {
            *client = client.moved_to(url);
        }
    }

    /// Changes something; no: it was refused for want of room.
    pub(super) async fn write(&mut self, chance: &mut Chance) -> bool {
        let done = self.try_to_write(chance).await;
        self.answered += usize::from(done);
        done
    }

    async fn try_to_write(&mut self, chance: &mut Chance) -> bool {
        let wanted = chance.below(12);
        if self.disks.len() < 5 || (wanted < 3 && self.disks.len() < MOST) {
            return self.create(chance.below(2), wanted.is_multiple_of(2)).await;
        }
        if wanted == 11 {
            return self.log_in(chance.below(2)).await;
        }
        let id = self.disks.keys().nth(chance.below(self.disks.len())).unwrap().clone();
        let disk = self.disks[&id].clone();
        let owner = &self.clients[disk.owner];
        match (disk.offer, wanted) {
            (None, 0..5) => {
                let offer = owner.offer(&id).await.unwrap();
                if is_refusal(&offer, Dialect::OpenStack) {
                    return false;
                }
                let told = |name| text(&offer.body, "transfer", name);
                self.disk(&id).offer = Some((told("id"), told("auth_key")));
            }
            (None, 5..7) => {
                let url = owner.own(&format!("volumes/{id}"));
                let gone = owner.send(Method::DELETE, &url, None).await.unwrap();
                if is_refusal(&gone, Dialect::OpenStack) {
                    return false;
                }
                self.disks.remove(&id);
            }
            (None, _) => {
                // In the cloud's own dialect, by its other path.
                let url = format!("{}/v2.1/{}/cloudvolumes/{id}/action", owner.url, owner.project);
                let body = json!({"os-extend": {"new_size": disk.size + 1}});
                let extended = owner.send(Method::POST, &url, Some(body)).await.unwrap();
                if is_refusal(&extended, Dialect::Evs) {
                    return false;
                }
                self.disk(&id).size += 1;
            }
            (Some((offer, key)), 0..8) => {
                let accepted = self.clients[1 - disk.owner].accept(&offer, &key).await.unwrap();
                if is_refusal(&accepted, Dialect::OpenStack) {
                    return false;
                }
                *self.disk(&id) = Disk { owner: 1 - disk.owner, offer: None, ..disk };
            }
            (Some((offer, _)), _) => {
                let withdrawn = owner.withdraw(&offer).await.unwrap();
                if is_refusal(&withdrawn, Dialect::OpenStack) {
                    return false;
                }
                self.disk(&id).offer = None;
            }
        }
        true
    }

    async fn create(&mut self, owner: usize, as_cloud: bool) -> bool {
        let client = &self.clients[owner];
        let made = if as_cloud {
            let url = format!("{}/v2.1/{}/cloudvolumes", client.url, client.project);
            let body = json!({"volume": {
                "size": 10, "availability_zone": "az-sim-1", "volume_type": "SSD", "count": 1}});
            client.send(Method::POST, &url, Some(body)).await.unwrap()
        } else {
            client.create_disk("full").await.unwrap()
        };
        let dialect = if as_cloud { Dialect::Evs } else { Dialect::OpenStack };
        if is_refusal(&made, dialect) {
            return false;
        }
        let (id, size) = if as_cloud {
            (made.body["volume_ids"][0].as_str().unwrap().to_owned(), 10)
        } else {
            (text(&made.body, "volume", "id"), 1)
        };
        self.disks.insert(id, Disk { owner, size, offer: None });
        true
    }

    /// A token is a row too.
    async fn log_in(&self, who: usize) -> bool {
        let body = json!({"auth": {
            "identity": {"methods": ["password"], "password": {"user": {
                "name": (["demo", "partner"][who]), "password": PASSWORD,
                "domain": {"name": "Default"},
            }}},
        }});
        let url = format!("{}/identity/v3/auth/tokens", self.clients[who].url);
        let answer = self.clients[who].send(Method::POST, &url, Some(body)).await.unwrap();
        !is_refusal(&answer, Dialect::Keystone)
    }

    fn disk(&mut self, id: &str) -> &mut Disk {
        self.disks.get_mut(id).unwrap()
    }

    /// Everything is as it was answered.
    pub(super) async fn check(&self) {
        for (number, client) in self.clients.iter().enumerate() {
            let own = self.disks.iter().filter(|(_, disk)| disk.owner == number);
            let word = |disk: &Disk| match disk.offer {
                Some(_) => "awaiting-transfer",
                None => "available",
            };
            let expected: BTreeMap<String, String> =
                own.clone().map(|(id, disk)| (id.clone(), word(disk).to_owned())).collect();
            assert_eq!(statuses(client).await, expected);
            let offers = client.get("os-volume-transfer/detail").await.unwrap();
            assert_eq!(offers.status, 200, "{}", offers.body);
            let offers = offers.body["transfers"].as_array().unwrap().clone();
            for (id, disk) in own {
                let of = offers.iter().find(|offer| offer["volume_id"].as_str() == Some(id));
                let is = of.map(|offer| offer["id"].as_str().unwrap().to_owned());
                assert_eq!(is, disk.offer.clone().map(|(offer, _)| offer), "{id}");
            }
        }
    }
}
