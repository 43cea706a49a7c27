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

use crate::support::{self, Bench, at, caller, disk, once, options, project, transfer, unguard};

/// Rounds with guards, and as many without.
const ROUNDS: u32 = 12;
/// Disks that change hands in a round, each in three commits.
const DISKS: u32 = 25;

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

async fn hand_over(bench: &Bench) -> Duration {
    let began = Instant::now();
    for _ in 0..DISKS {
        let disk = disk("atlas");
        let offer = transfer(&disk);
        bench.commit(|unit| make(unit, &disk)).await;
        bench.commit(|unit| support::offer(unit, &disk, &offer)).await;
        bench.commit(|unit| take(unit, &disk, &offer)).await;
    }
    began.elapsed()
}

/// Microseconds that a step takes, with guards and without.
async fn measured(bench: &Bench) -> (f64, f64) {
    let guards = unguard(&bench.file).await;
    let [mut with, mut without] = [(); 2].map(|()| Vec::new());
    // The first round pays for what is done once, and each for what is compiled anew.
    for round in 0..=ROUNDS {
        once(&bench.file, &guards).await;
        bench.commit(|unit| make(unit, &disk("atlas"))).await;
        let guarded = hand_over(bench).await;
        drop(unguard(&bench.file).await);
        bench.commit(|unit| make(unit, &disk("atlas"))).await;
        let unguarded = hand_over(bench).await;
        if round > 0 {
            with.push(guarded);
            without.push(unguarded);
        }
    }
    once(&bench.file, &guards).await;
    assert_eq!(bench.sentences().await, Vec::<String>::new());
    (median(with), median(without))
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e6 / f64::from(DISKS * 3)
}

#[tokio::test]
async fn the_cost_of_the_guards() {
    let mut text = String::new();
    let on_disk = Bench::new().await;
    let mut places = vec![("on this disk", on_disk)];
    // Where nothing is waited for but SQLite.
    if let Ok(memory) = tempfile::tempdir_in("/dev/shm") {
        places.push(("in memory", Bench::inside(memory, &options()).await));
    }
    for (place, bench) in places {
        let (with, without) = measured(&bench).await;
        writeln!(
            text,
            "a step of a handover {place}: {with:.0} us with guards, {without:.0} us without: {:.3} times, {:+.0} us",
            with / without,
            with - without
        )
        .unwrap();
    }
    std::io::stdout().write_all(text.as_bytes()).unwrap();
}
