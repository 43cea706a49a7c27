//! Attachments are read back as they were written, alone and with their disk, and go with it.

use evs_local::domain::attachment::{
    AttachMode, AttachStatus, Attachment, AttachmentQuery, AttachmentSort,
};
use evs_local::domain::disk::{Disk, DiskFilter, DiskQuery, DiskSort, DiskStatus};
use evs_local::domain::ids::{AttachmentId, ServerId};
use evs_local::domain::page::{Direction, Paging};
use evs_local::store::{Constraint, StoreError};

use crate::support::{self, Bench, at, attachment, disk, project, transfer};

#[tokio::test]
async fn an_attachment_is_read_back_as_it_was_written_changed_and_removed() {
    let bench = Bench::new().await;
    let disk = disk("atlas");
    let mut attached = attachment(&disk);
    bench.commit(|unit| support::create_attached(unit, &disk, &attached)).await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.attachment(attached.id).await.unwrap(), Some(attached.clone()));
    assert_eq!(reader.attachment(AttachmentId::random()).await.unwrap(), None);

    attached.server = None;
    attached.host_name = Some("höst \"1\"\n".to_owned());
    attached.mountpoint = None;
    attached.mode = Some(AttachMode::ReadOnly);
    attached.status = AttachStatus::ErrorDetaching;
    attached.connector = Some(r#"{"host":"h","list":[1,null,"ü\u0000"]}"#.to_owned());
    attached.attached_at = Some(at(16));
    attached.updated_at = Some(at(17));
    bench.commit(|unit| unit.update_attachment(&attached, AttachStatus::Attached)).await;
    assert_eq!(reader.attachment(attached.id).await.unwrap(), Some(attached.clone()));
    (attached.mode, attached.connector, attached.attached_at) = (None, None, None);
    bench.commit(|unit| unit.update_attachment(&attached, AttachStatus::ErrorDetaching)).await;
    assert_eq!(reader.attachment(attached.id).await.unwrap(), Some(attached.clone()));

    for stale in [true, false] {
        let mut unit = bench.store.write().await.unwrap();
        if stale {
            unit.update_attachment(&attached, AttachStatus::Attached);
        } else {
            unit.delete_attachment(attached.id, AttachStatus::Attached);
        }
        let refused = unit.commit().await;
        assert!(matches!(refused, Err(StoreError::RowsAffected { touched: 0, .. })));
    }
    bench.commit(|unit| unit.delete_attachment(attached.id, attached.status)).await;
    assert_eq!(reader.attachment(attached.id).await.unwrap(), None);
}

#[tokio::test]
async fn a_disk_comes_with_its_attachments_whoever_asks_for_it() {
    let bench = Bench::new().await;
    let (mut used, idle) = (disk("atlas"), disk("atlas"));
    used.status = DiskStatus::InUse;
    let [mut first, mut second, mut third] = [(); 3].map(|()| attachment(&used));
    first.created_at = at(1);
    (second.created_at, third.created_at) = (at(2), at(2));
    second.connector = Some(r#"{"host":"h"}"#.to_owned());
    if third.id < second.id {
        std::mem::swap(&mut second, &mut third);
    }
    bench
        .commit(|unit| {
            unit.insert_disk(&used);
            unit.insert_disk(&idle);
            for attachment in [&third, &first, &second] {
                unit.insert_attachment(attachment);
            }
        })
        .await;
    used.attachments = vec![first, second, third];
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.disk(used.id).await.unwrap(), Some(used.clone()));
    assert_eq!(reader.disk(idle.id).await.unwrap(), Some(idle.clone()));
    assert_eq!(reader.disk_with_facts(used.id, None).await.unwrap().unwrap().disk, used);
    let page = Paging {
        limit: 9,
        offset: 0,
        marker: None,
        sort: vec![(DiskSort::Status, Direction::Descending)],
    };
    let query = DiskQuery { filter: DiskFilter::default(), page };
    assert_eq!(reader.disks(&query).await.unwrap(), [used.clone(), idle]);

    // No service lets it come to this; what there is is told all the same.
    bench.run("DROP TRIGGER transfers_offer_what_is_available").await;
    let transfer = transfer(&used);
    bench.commit(|unit| unit.insert_transfer(&transfer)).await;
    let (_, facts) = reader.transfer_with_facts(transfer.id).await.unwrap().unwrap();
    assert_eq!(facts.disk, used);
}

#[tokio::test]
async fn attachments_need_a_disk_and_go_with_it() {
    let bench = Bench::new().await;
    let (used, absent) = (disk("atlas"), disk("atlas"));
    let attached = attachment(&used);
    bench.commit(|unit| support::create_attached(unit, &used, &attached)).await;
    let mut unit = bench.store.write().await.unwrap();
    unit.insert_attachment(&attachment(&absent));
    assert!(matches!(unit.commit().await, Err(StoreError::Conflict(Constraint::Reference))));
    bench.commit(|unit| unit.delete_disk(used.id, DiskStatus::InUse)).await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.attachment(attached.id).await.unwrap(), None);
}

#[tokio::test]
async fn whether_a_disk_is_read_only_is_said_or_not_said() {
    let bench = Bench::new().await;
    let mut disk = disk("atlas");
    bench.commit(|unit| support::create(unit, &disk)).await;
    let mut reader = bench.store.read().await.unwrap();
    for said in [None, Some(false), Some(true), None] {
        disk.read_only = said;
        bench.commit(|unit| unit.update_disk(&disk, DiskStatus::Available)).await;
        assert_eq!(reader.disk(disk.id).await.unwrap(), Some(disk.clone()), "{said:?}");
        let other = Disk { id: evs_local::domain::ids::DiskId::random(), ..disk.clone() };
        bench.commit(|unit| unit.insert_disk(&other)).await;
        assert_eq!(reader.disk(other.id).await.unwrap(), Some(other), "{said:?}");
    }
    bench.run("UPDATE disks SET read_only = 1").await;
    let read_only = reader.disk(disk.id).await.unwrap().unwrap().read_only;
    assert_eq!(read_only, Some(true), "what a tester sets is said");
}

#[tokio::test]
async fn attachments_are_listed_by_their_sorts_and_filters() {
    let bench = Bench::new().await;
    let disks = [disk("atlas"), disk("atlas"), disk("beta")];
    let mut made = disks.each_ref().map(attachment);
    for (n, attachment) in made.iter_mut().enumerate() {
        attachment.created_at = at(i64::try_from(n / 2).unwrap());
    }
    (made[1].server, made[1].status) = (None, AttachStatus::Reserved);
    made[0].server = ServerId::parse("00000000-0000-4000-8000-00000000000a");
    made[2].server = ServerId::parse("00000000-0000-4000-8000-00000000000b");
    bench
        .commit(|unit| {
            for n in 0..3 {
                unit.insert_disk(&disks[n]);
                unit.insert_attachment(&made[n]);
            }
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    let page = |sort: Vec<_>| Paging { limit: 1000, offset: 0, marker: None, sort };
    let all = AttachmentQuery {
        project: None,
        disk: None,
        server: None,
        status: None,
        page: page(vec![(AttachmentSort::Server, Direction::Ascending)]),
    };
    let by = |indices: &[usize]| -> Vec<Attachment> {
        indices.iter().map(|n| made[*n].clone()).collect()
    };
    assert_eq!(reader.attachments(&all).await.unwrap(), by(&[1, 0, 2]));
    let second = Paging { marker: Some(made[1].id), limit: 1, ..all.page.clone() };
    let query = AttachmentQuery { page: second, ..all.clone() };
    assert_eq!(reader.attachments(&query).await.unwrap(), by(&[0]));
    let loose = disks[1].id.to_string().replace('-', "");
    for (query, expected) in [
        (AttachmentQuery { project: Some(project("beta")), ..all.clone() }, by(&[2])),
        (AttachmentQuery { disk: Some(loose), ..all.clone() }, by(&[1])),
        (AttachmentQuery { disk: Some("no id".to_owned()), ..all.clone() }, by(&[])),
        (
            AttachmentQuery {
                server: Some("0000000000004000800000000000000B".to_owned()),
                ..all.clone()
            },
            by(&[2]),
        ),
        (AttachmentQuery { status: Some("reserved".to_owned()), ..all.clone() }, by(&[1])),
        (AttachmentQuery { status: Some("detached".to_owned()), ..all.clone() }, by(&[])),
    ] {
        assert_eq!(reader.attachments(&query).await.unwrap(), expected, "{query:?}");
    }
    let status = vec![
        (AttachmentSort::Status, Direction::Descending),
        (AttachmentSort::CreatedAt, Direction::Descending),
    ];
    let query = AttachmentQuery { page: page(status), ..all.clone() };
    assert_eq!(reader.attachments(&query).await.unwrap(), by(&[1, 2, 0]));
    for (sort, key) in [
        (AttachmentSort::Disk, (|a| a.disk.to_string()) as fn(&Attachment) -> String),
        (AttachmentSort::Id, |a| a.id.to_string()),
    ] {
        let mut expected = made.to_vec();
        expected.sort_by_key(key);
        let query =
            AttachmentQuery { page: page(vec![(sort, Direction::Ascending)]), ..all.clone() };
        assert_eq!(reader.attachments(&query).await.unwrap(), expected, "{sort:?}");
    }
}
