//! What the guards cost on the write path: with and without them in turn, in the same run.
//!
//! `cargo test --test store the_cost_of_the_guards -- --nocapture` prints it. Timings decide nothing.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::{Duration, Instant};

use evs_local::domain::disk::{Disk, DiskStatus};
use evs_local::domain::event::Event;
use evs_local::domain::ids::UserId;
use evs_local::domain::transfer::{TransferEnd, TransferStatus};
use evs_local::store::WriteTx;

use crate::support::{self, Bench, at, caller, disk, once, project, transfer, unguard};

/// Rounds with guards, and as many without.
const ROUNDS: u32 = 6;
/// Disks that change hands in a round, each in three commits ...
const ALONE: u32 = 30;
/// ... and all in one commit, where nothing is waited for but SQLite.
const TOGETHER: u32 = 100;

/// A disk on its way: made, offered, taken.
fn make(unit: &mut dyn WriteTx, disk: &Disk) {
    support::create(unit, disk);
}

fn take(unit: &mut dyn WriteTx, disk: &Disk, offer: &evs_local::domain::transfer::Transfer) {
    let before = support::offered(disk, offer);
    let after = Disk { project: project("beta"), user: UserId::new("bob"), ..disk.clone() };
    unit.finish_transfer(&TransferEnd {
        id: offer.id,
        status: TransferStatus::Accepted,
        destination: Some((project("beta"), UserId::new("bob"))),
        finished_at: at(50),
    });
    unit.update_disk(&after, DiskStatus::AwaitingTransfer);
    let (action, after) = ("transfer.accept", Some(&after));
    unit.record(&Event::of_disk(&caller("beta"), at(50), action, &offer.id, Some(&before), after));
}

async fn one_by_one(bench: &Bench) -> Duration {
    let began = Instant::now();
    for _ in 0..ALONE {
        let disk = disk("atlas");
        let offer = transfer(&disk);
        bench.commit(|unit| make(unit, &disk)).await;
        bench.commit(|unit| support::offer(unit, &disk, &offer)).await;
        bench.commit(|unit| take(unit, &disk, &offer)).await;
    }
    began.elapsed()
}

async fn all_at_once(bench: &Bench) -> Duration {
    let disks: Vec<Disk> = (0..TOGETHER).map(|_| disk("atlas")).collect();
    let offers: Vec<_> = disks.iter().map(transfer).collect();
    let began = Instant::now();
    bench
        .commit(|unit| {
            for (disk, offer) in disks.iter().zip(&offers) {
                make(unit, disk);
                support::offer(unit, disk, offer);
                take(unit, disk, offer);
            }
        })
        .await;
    began.elapsed()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e6
}

#[tokio::test]
async fn the_cost_of_the_guards() {
    let bench = Bench::new().await;
    let guards = unguard(&bench.file).await;
    // The first of all pays for what is compiled once.
    one_by_one(&bench).await;
    let [mut with, mut without] = [(); 2].map(|()| (Vec::new(), Vec::new()));
    for _ in 0..ROUNDS {
        once(&bench.file, &guards).await;
        bench.commit(|unit| make(unit, &disk("atlas"))).await;
        with.0.push(one_by_one(&bench).await);
        with.1.push(all_at_once(&bench).await);
        drop(unguard(&bench.file).await);
        bench.commit(|unit| make(unit, &disk("atlas"))).await;
        without.0.push(one_by_one(&bench).await);
        without.1.push(all_at_once(&bench).await);
    }
    once(&bench.file, &guards).await;
    assert_eq!(bench.sentences().await, Vec::<String>::new());
    let mut text = String::new();
    for (what, count, with, without) in [
        ("a commit of its own for each step", ALONE * 3, with.0, without.0),
        ("all steps in one commit, no disk waited for", TOGETHER * 3, with.1, without.1),
    ] {
        let [with, without] = [with, without].map(|times| median(times) / f64::from(count));
        let ratio = with / without;
        writeln!(
            text,
            "{what}: {with:.1} us with guards, {without:.1} us without: {ratio:.3} times, {:+.1} us a step",
            with - without
        )
        .unwrap();
    }
    std::io::stdout().write_all(text.as_bytes()).unwrap();
}
