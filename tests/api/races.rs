//! Many clients want the same thing at the same moment: one gets it, the others are told why not.

use std::sync::Arc;

use evs_local::config::Account;
use serde_json::json;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::support::{Answer, Client, TestServer};

const RACERS: usize = 12;
const ROUNDS: usize = 200;

/// A server with two threads that answer, and clients of three projects.
async fn race_track() -> (TestServer, Vec<Client>) {
    let server = TestServer::start_with(|settings| {
        settings.server.workers = 2;
        settings.quotas.volumes = -1;
        settings.quotas.gigabytes = -1;
        let third = Account { name: "third".to_owned(), role: "member".to_owned() };
        settings.bootstrap.accounts.push(third);
    })
    .await;
    let mut clients = vec![];
    for name in ["demo", "partner", "third"] {
        clients.push(server.login(name).await);
    }
    (server, clients)
}

/// Lets all racers go at once, and gives their answers.
async fn race<F>(racers: impl Iterator<Item = F>) -> Vec<Answer>
where
    F: Future<Output = Answer> + Send + 'static,
{
    let start = Arc::new(Barrier::new(RACERS));
    let mut running = JoinSet::new();
    for racer in racers {
        let start = Arc::clone(&start);
        running.spawn(async move {
            start.wait().await;
            racer.await
        });
    }
    assert_eq!(running.len(), RACERS);
    running.join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_transfers_created_for_one_disk_at_once_exactly_one_is_made() {
    let (server, clients) = race_track().await;
    let demo = &clients[0];
    for round in 0..ROUNDS {
        let disk = demo.disk().await;
        let path = demo.path("v3", "os-volume-transfer");
        let answers = race((0..RACERS).map(|_| {
            let (demo, path) = (demo.clone(), path.clone());
            let body = json!({"transfer": {"volume_id": disk}});
            async move { demo.post(&path, body).await }
        }))
        .await;

        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 202);
        assert_eq!(won.len(), 1, "round {round}: {answers:?}");
        for answer in lost {
            answer.is_fault(
                400,
                "Invalid volume: status must be available, but the current status is \
                 awaiting-transfer",
            );
        }
        let listed = demo.get(&format!("{path}?volume_id={disk}")).await;
        let listed = listed.body["transfers"].as_array().unwrap().clone();
        assert_eq!(listed.len(), 1, "round {round}");
        assert_eq!(listed[0]["id"], won[0].body["transfer"]["id"], "round {round}");
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_accept_one_transfer_at_once_exactly_one_gets_the_disk() {
    let (server, clients) = race_track().await;
    for round in 0..ROUNDS {
        let giver = &clients[round % clients.len()];
        let disk = giver.disk().await;
        let (id, key) = giver.offer(&disk).await;
        let answers = race((0..RACERS).map(|racer| {
            let taker = clients[racer % clients.len()].clone();
            let (id, key) = (id.clone(), key.clone());
            async move { taker.accept(&id, &key).await }
        }))
        .await;

        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 202);
        assert_eq!(won.len(), 1, "round {round}: {answers:?}");
        for answer in lost {
            answer.is_fault(404, &format!("Transfer {id} could not be found."));
        }
        let mut owners = 0;
        for client in &clients {
            owners += usize::from(client.show_disk(&disk).await.status == 200);
        }
        assert_eq!(owners, 1, "round {round}");
        let winner = &won[0].body["transfer"]["links"][0]["href"];
        let owner =
            clients.iter().find(|client| winner.as_str().unwrap().contains(&client.project));
        assert_eq!(owner.unwrap().disk_status(&disk).await, "available", "round {round}");
    }
    server.finish().await;
}
