//! Jobs are read back as they were written, and their parts end with what is under way.

use evs_local::domain::backup::BackupCourse;
use evs_local::domain::disk::{DiskCourse, DiskStatus};
use evs_local::domain::ids::JobId;
use evs_local::domain::job::{ClientRequest, Job, JobKind, JobPart, PartEnd, PartOf};
use evs_local::domain::progress::Outcome;
use evs_local::store::StoreError;

use crate::support::{self, Bench, at, backup, disk, project};

fn job(kind: JobKind, parts: Vec<JobPart>, token: Option<&str>) -> Job {
    let request =
        token.map(|token| ClientRequest { token: token.to_owned(), fingerprint: "f".repeat(64) });
    Job { id: JobId::random(), project: project("atlas"), kind, request, begun_at: at(1), parts }
}

#[tokio::test]
async fn a_job_is_read_back_with_its_parts_in_order_and_by_its_token() {
    let bench = Bench::new().await;
    let disks = [disk("atlas"), disk("atlas"), disk("atlas")];
    let ends = [
        Some((PartEnd::Success, at(2))),
        Some((PartEnd::Fail(Some(DiskStatus::Error)), at(3))),
        Some((PartEnd::Fail(None), at(4))),
    ];
    let mut parts: Vec<JobPart> =
        disks.iter().zip(ends).map(|(disk, end)| JobPart::new(disk, end)).collect();
    parts[0].disk_name = None;
    let batch = job(JobKind::CreateBatch, parts, Some("again"));
    let lone = job(JobKind::Delete, vec![JobPart::new(&disks[0], None)], None);
    bench
        .commit(|unit| {
            unit.insert_job(&batch);
            unit.insert_job(&lone);
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.job(&batch.id).await.unwrap(), Some(batch.clone()));
    assert_eq!(reader.job(&lone.id).await.unwrap(), Some(lone));
    assert_eq!(reader.job(&JobId::random()).await.unwrap(), None);
    let of = async |project: &str, token: &str| {
        let mut reader = bench.store.read().await.unwrap();
        reader.job_of_token(&support::project(project), token).await.unwrap()
    };
    assert_eq!(of("atlas", "again").await, Some(batch.clone()));
    assert_eq!(of("beta", "again").await, None);
    assert_eq!(of("atlas", "other").await, None);

    let mut unit = bench.store.write().await.unwrap();
    unit.insert_job(&job(JobKind::Delete, vec![JobPart::new(&disks[1], None)], Some("again")));
    assert!(matches!(unit.commit().await, Err(StoreError::Database(_))), "one job a token");
}

#[tokio::test]
async fn the_end_of_what_is_under_way_ends_the_part_that_runs_and_no_other() {
    let bench = Bench::new().await;
    let mut busy = disk("atlas");
    let ending = support::ending(Outcome::Done, 9);
    busy.begin(DiskCourse::EXTEND, Some(DiskStatus::Available), becoming(), ending);
    let (over, running) = (
        job(JobKind::Extend, vec![JobPart::new(&busy, Some((PartEnd::Success, at(2))))], None),
        job(JobKind::Extend, vec![JobPart::new(&busy, None)], None),
    );
    assert_eq!(running.parts[0].size_gib, 80, "what it is to have");
    bench
        .commit(|unit| {
            support::create(unit, &busy);
            unit.insert_job(&over);
            unit.insert_job(&running);
        })
        .await;
    assert_eq!(bench.sentences().await, Vec::<String>::new());
    let failed = PartEnd::Fail(Some(DiskStatus::ErrorExtending));
    bench
        .commit(|unit| {
            unit.end_job_part(busy.id, failed, at(5));
            unit.end_job_part(busy.id, PartEnd::Success, at(6));
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.job(&over.id).await.unwrap(), Some(over));
    let ended = reader.job(&running.id).await.unwrap().unwrap();
    assert_eq!(ended.parts[0].end, Some((failed, at(5))));
}

fn becoming() -> evs_local::domain::disk::Becoming {
    evs_local::domain::disk::Becoming { size_gib: Some(80), disk_type: None }
}

#[tokio::test]
async fn a_part_about_a_backup_ends_with_it_or_with_its_disk_as_it_says() {
    let bench = Bench::new().await;
    let mut busy = disk("atlas");
    let ending = support::ending(Outcome::Done, 9);
    busy.begin(DiskCourse::RESTORE, Some(DiskStatus::Available), becoming(), ending);
    let mut made = backup(&busy);
    made.begin(BackupCourse::CREATE, ending);
    let of = |kind, with| job(kind, vec![JobPart::of_backup(&made, busy.id, with, None)], None);
    let jobs =
        [of(JobKind::CreateBackup, PartOf::Backup), of(JobKind::RestoreBackup, PartOf::Disk)];
    bench
        .commit(|unit| {
            support::create(unit, &busy);
            unit.insert_backup(&made);
            for job in &jobs {
                unit.insert_job(job);
            }
        })
        .await;
    assert_eq!(bench.sentences().await, Vec::<String>::new());
    let mut reader = bench.store.read().await.unwrap();
    for job in &jobs {
        assert_eq!(reader.job(&job.id).await.unwrap().as_ref(), Some(job));
    }
    let (bad, good) = (PartEnd::Fail(None), PartEnd::Success);
    bench.commit(|unit| unit.end_backup_part(made.id, bad, at(5))).await;
    bench.commit(|unit| unit.end_job_part(busy.id, good, at(6))).await;
    for (job, end) in jobs.iter().zip([(bad, at(5)), (good, at(6))]) {
        let ended = reader.job(&job.id).await.unwrap().unwrap();
        assert_eq!(ended.parts[0].end, Some(end));
    }
}

#[tokio::test]
async fn the_jobs_of_a_project_are_removed_with_their_parts_and_no_others() {
    let bench = Bench::new().await;
    let disk = disk("atlas");
    let ours = job(JobKind::Delete, vec![JobPart::new(&disk, None)], None);
    let theirs = job(JobKind::Delete, vec![JobPart::new(&disk, None)], None);
    let theirs = Job { project: project("beta"), ..theirs };
    bench
        .commit(|unit| {
            unit.insert_job(&ours);
            unit.insert_job(&theirs);
        })
        .await;
    bench.commit(|unit| unit.delete_jobs_of(&project("atlas"))).await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.job(&ours.id).await.unwrap(), None);
    assert_eq!(reader.job(&theirs.id).await.unwrap(), Some(theirs.clone()));
    assert_eq!(bench.count("SELECT count(*) FROM job_parts").await, 1);
}
