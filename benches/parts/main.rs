//! What single parts of a transfer's way cost: `cargo bench --bench parts`.
//!
//! The reader of a request's body, the rules, the hash at the default cost, and a unit of work of the store
//! alone and among others that share its commit. Seconds say more about the machine; compare two runs on one.

#![expect(clippy::unwrap_used, reason = "a benchmark fails like a test")]

use std::sync::Arc;

use argon2::Params;
use divan::Bencher;
use divan::counter::ItemsCount;
use evs_local::domain::transfer::{OptionalRules, TransferFacts, may_be_created};
use evs_local::http::readers;
use evs_local::service::hasher::Hasher;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

#[path = "../../tests/store/support.rs"]
#[expect(dead_code, reason = "the tests of the store need more of it")]
mod support;

use support::{Bench, disk, transfer};

fn main() {
    divan::main();
}

/// The body of a request for a transfer, read as the server reads it.
#[divan::bench]
fn read_a_body(bencher: Bencher<'_, '_>) {
    let body =
        br#"{"transfer": {"volume_id": "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "name": "handover"}}"#;
    bencher.bench(|| readers::body("transfer", body).unwrap().unwrap());
}

/// All rules about offering a disk, none of them broken.
#[divan::bench]
fn judge_an_offer(bencher: Bencher<'_, '_>) {
    let facts = TransferFacts { disk: disk("atlas"), snapshots: None, backups: None, policy: None };
    let all = OptionalRules { yearly_monthly: true, dedicated_storage: true };
    bencher.bench(|| may_be_created(&facts, all).unwrap());
}

/// A new key with its hash, on the hash threads.
#[divan::bench]
fn make_a_key(bencher: Bencher<'_, '_>) {
    let runtime = Runtime::new().unwrap();
    let key = Params::new(1024, 1, 1, None).unwrap();
    let hasher = Hasher::start(1, key.clone(), key).unwrap();
    bencher.bench_local(|| runtime.block_on(hasher.new_key()).unwrap());
}

/// What a reader is asked first when a disk is offered.
#[divan::bench]
fn look_at_a_disk(bencher: Bencher<'_, '_>) {
    let runtime = Runtime::new().unwrap();
    let (bench, disk) = (runtime.block_on(Bench::new()), disk("atlas"));
    runtime.block_on(bench.commit(|unit| support::create(unit, &disk)));
    bencher.bench_local(|| {
        runtime.block_on(async {
            let mut reader = bench.store.read().await.unwrap();
            reader.disk_with_facts(disk.id, Some(&disk.project)).await.unwrap().unwrap()
        })
    });
}

/// So many units of work, in each of which a disk is made and offered; they are asked for at the same
/// time, so that they share commits.
#[divan::bench(args = [1, 4, 16, 64])]
fn commit_units(bencher: Bencher<'_, '_>, width: usize) {
    let runtime = Runtime::new().unwrap();
    let bench = runtime.block_on(Bench::new());
    bencher.counter(ItemsCount::new(width)).bench_local(|| {
        runtime.block_on(async {
            let mut units = JoinSet::new();
            for _ in 0..width {
                let store = Arc::clone(&bench.store);
                units.spawn(async move {
                    let disk = disk("atlas");
                    let mut unit = store.write().await.unwrap();
                    support::create(&mut *unit, &disk);
                    support::offer(&mut *unit, &disk, &transfer(&disk));
                    unit.commit().await.unwrap();
                });
            }
            units.join_all().await
        })
    });
}
