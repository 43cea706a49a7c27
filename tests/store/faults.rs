//! Faults are read back as they were written, in their order, and what they name is found.

use evs_local::domain::fault::{
    Chance, CrashPoint, Effect, ErrorKind, Fault, Keeping, Moment, Operations, Probability, Way,
    WorkPoint,
};
use evs_local::domain::ids::{DiskId, FaultId};
use evs_local::domain::progress::Operation;
use evs_local::store::StoreError;

use crate::support::{
    self, Bench, account, at, attachment, backup, disk, domain, project, snapshot,
};

pub(crate) fn fault(effect: Effect) -> Fault {
    let probability = Probability::CERTAIN;
    Fault {
        id: FaultId::random(),
        note: None,
        project: None,
        disk: None,
        chance: Chance { skip: 0, times: None, probability, seed: 0 },
        effect,
        keeping: Keeping::Persisted,
        created_at: at(1),
    }
}

fn on(operations: &str) -> Operations {
    Operations::parse(operations).unwrap()
}

async fn found(bench: &Bench) -> Vec<Fault> {
    bench.store.read().await.unwrap().faults().await.unwrap()
}

#[tokio::test]
async fn faults_are_read_back_as_they_were_added_and_in_that_order() {
    let bench = Bench::new().await;
    assert_eq!(found(&bench).await, []);
    let mut faults: Vec<Fault> = [
        Effect::Error(on("transfer.accept"), ErrorKind::Busy),
        Effect::Delay(on("*"), 3_600_000),
        Effect::Drop(on("disk.*"), Moment::After),
        Effect::FailStep(Some(Operation::DeleteSnapshot)),
        Effect::FailStep(None),
        Effect::At(on("backup.create"), Way::Kill, CrashPoint::BeforeCommit),
        Effect::At(on("backup.create"), Way::Panic, CrashPoint::BeforeUnit),
        Effect::At(on("*"), Way::Fail, CrashPoint::AfterCommit),
        Effect::At(on("*"), Way::Drop, CrashPoint::BeforeAnswer),
        Effect::AtWork(Way::Kill, WorkPoint::AfterStep),
        Effect::AtWork(Way::Panic, WorkPoint::BeforeStep),
        Effect::AtWork(Way::Fail, WorkPoint::AfterStep),
    ]
    .into_iter()
    .map(fault)
    .collect();
    faults[0].note = Some("busy hour".to_owned());
    faults[0].project = Some(project("atlas"));
    faults[0].disk = Some(DiskId::random());
    let probability = Probability::of_millionths(250_000).unwrap();
    faults[0].chance = Chance { skip: 3, times: Some(u32::MAX), probability, seed: u32::MAX };
    bench.commit(|unit| faults.iter().for_each(|fault| unit.insert_fault(fault))).await;
    assert_eq!(found(&bench).await, faults);
    bench.commit(|unit| unit.delete_fault(faults[2].id)).await;
    faults.remove(2);
    assert_eq!(found(&bench).await, faults);
    let mut gone = bench.store.write().await.unwrap();
    gone.delete_fault(FaultId::random());
    gone.commit().await.unwrap_err();
}

#[tokio::test]
async fn a_fault_that_cannot_be_is_an_error_that_names_it() {
    let bench = Bench::new().await;
    let fault = fault(Effect::Delay(on("*"), 5));
    bench.commit(|unit| unit.insert_fault(&fault)).await;
    for (change, what) in [
        ("operation = 'disk.fly'", "operation is no operation"),
        ("operation = '*', effect = 'rain'", "effect is no effect"),
        ("effect = 'delay', detail = 'long'", "detail is no detail of the effect"),
        ("effect = 'fail_step', detail = '*'", "detail is no detail of the effect"),
        ("effect = 'delay', detail = '5', skip = -1", "skip is no count"),
        ("skip = 0, probability_ppm = 0", "probability_ppm is no probability"),
        ("probability_ppm = 1, created_at = 'then'", "created_at is no time"),
    ] {
        let sql = format!("PRAGMA ignore_check_constraints = ON; UPDATE faults SET {change}");
        bench.run(&sql).await;
        let error = bench.store.read().await.unwrap().faults().await.unwrap_err();
        let StoreError::Corrupt { table: "faults", id, what: found } = error else {
            panic!("{error:?}")
        };
        assert_eq!((id, found.as_str()), (fault.id.to_string(), what));
    }
}

#[tokio::test]
async fn the_disk_behind_what_belongs_to_one_is_found_by_its_id() {
    let bench = Bench::new().await;
    let [owner, offered, in_use] = [disk("atlas"), disk("atlas"), disk("atlas")];
    let (snapshot, backup) = (snapshot(&owner), backup(&owner));
    let (offer, attached) = (support::transfer(&offered), attachment(&in_use));
    bench
        .commit(|unit| {
            support::create(unit, &owner);
            support::create(unit, &offered);
            unit.insert_snapshot(&snapshot);
            unit.insert_backup(&backup);
            support::offer(unit, &offered, &offer);
            support::create_attached(unit, &in_use, &attached);
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    for (id, expected) in [
        (snapshot.id.to_string(), Some(owner.id)),
        (backup.id.to_string(), Some(owner.id)),
        (offer.id.to_string(), Some(offered.id)),
        (attached.id.to_string(), Some(in_use.id)),
        (owner.id.to_string(), None),
        ("x".to_owned(), None),
    ] {
        assert_eq!(reader.disk_behind(&id).await.unwrap(), expected, "{id}");
    }
}

#[tokio::test]
async fn a_project_is_meant_by_its_id_or_by_its_name_alone() {
    let bench = Bench::new().await;
    let (home, _) = account("atlas");
    bench
        .commit(|unit| {
            unit.insert_domain(&domain());
            unit.insert_project(&home);
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.project_meant(home.id.as_str()).await.unwrap(), Some(home.id.clone()));
    assert_eq!(reader.project_meant(&home.name).await.unwrap(), Some(home.id));
    assert_eq!(reader.project_meant("nobody").await.unwrap(), None);
}
