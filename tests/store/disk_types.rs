//! Disk types are read back as they were written, by those who see them.

use std::collections::BTreeMap;

use evs_local::domain::disk::{Becoming, DiskCourse, DiskStatus};
use evs_local::domain::disk_type::{ControlLocation, DiskType, DiskTypeQuery, DiskTypeSort, Shown};
use evs_local::domain::ids::{DiskId, DiskTypeId};
use evs_local::domain::page::{Direction, Paging};
use evs_local::domain::progress::Outcome;

use crate::support::{self, Bench, at, disk, disk_type, encryption, project, qos_specs, snapshot};

fn all() -> DiskTypeQuery {
    let sort = vec![(DiskTypeSort::Name, Direction::Ascending)];
    DiskTypeQuery {
        shown: Shown::All,
        name: None,
        extra_specs: BTreeMap::new(),
        page: Paging { limit: 1000, offset: 0, marker: None, sort },
    }
}

async fn names(bench: &Bench, query: &DiskTypeQuery) -> Vec<String> {
    let types = bench.store.read().await.unwrap().disk_types(query).await.unwrap();
    types.into_iter().map(|one| one.name).collect()
}

#[tokio::test]
async fn a_type_is_read_back_as_it_was_written_changed_and_removed() {
    let bench = Bench::new().await;
    let qos = qos_specs("fast");
    let mut gold = disk_type("gold");
    gold.qos_specs = Some(qos.id);
    gold.extra_specs.insert("note".to_owned(), None);
    bench
        .commit(|unit| {
            unit.insert_qos_specs(&qos);
            unit.insert_disk_type(&gold);
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.disk_type(gold.id, None).await.unwrap(), Some(gold.clone()));
    assert_eq!(reader.disk_type(DiskTypeId::random(), None).await.unwrap(), None);
    assert_eq!(reader.disk_types(&all()).await.unwrap(), [gold.clone()]);
    let ids = BTreeMap::from([("gold".to_owned(), gold.id)]);
    assert_eq!(reader.disk_type_ids().await.unwrap(), ids);

    gold.name = "silver".to_owned();
    gold.description = Some("second best".to_owned());
    (gold.is_public, gold.qos_specs, gold.updated_at) = (false, None, Some(at(9)));
    gold.extra_specs.remove("note");
    gold.extra_specs.insert("multiattach".to_owned(), None);
    gold.extra_specs.insert("ü".to_owned(), Some("\"quoted\"\n".to_owned()));
    bench
        .commit(|unit| {
            unit.update_disk_type(&gold);
            unit.delete_extra_spec(gold.id, "note");
            unit.set_extra_spec(gold.id, "multiattach", None);
            unit.set_extra_spec(gold.id, "ü", Some("\"quoted\"\n"));
        })
        .await;
    assert_eq!(reader.disk_type(gold.id, None).await.unwrap(), Some(gold.clone()));

    bench
        .commit(|unit| {
            unit.insert_disk_type_access(gold.id, &project("beta"), at(1));
            unit.insert_encryption(&encryption(&gold));
            unit.set_limit(&project("beta"), "volumes_silver", 5);
            unit.set_class_limit("gigabytes_silver", 6);
        })
        .await;
    bench.commit(|unit| unit.delete_disk_type(gold.id, "silver")).await;
    assert_eq!(reader.disk_types(&all()).await.unwrap(), Vec::<DiskType>::new());
    for table in ["disk_type_extra_specs", "disk_type_access", "disk_type_encryptions", "quotas"] {
        assert_eq!(bench.count(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    assert_eq!(reader.class_limits().await.unwrap(), BTreeMap::new());
    assert_eq!(bench.sentences().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_private_type_is_there_for_who_has_access_and_for_who_sees_everything() {
    let bench = Bench::new().await;
    let (mut gold, open) = (disk_type("gold"), disk_type("open"));
    gold.is_public = false;
    let (atlas, beta) = (project("atlas"), project("beta"));
    bench
        .commit(|unit| {
            unit.insert_disk_type(&gold);
            unit.insert_disk_type(&open);
            unit.insert_disk_type_access(gold.id, &beta, at(2));
            unit.insert_disk_type_access(gold.id, &project("alpha"), at(1));
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    for (seen_by, there) in [(None, true), (Some(&beta), true), (Some(&atlas), false)] {
        let expected = there.then(|| gold.clone());
        assert_eq!(reader.disk_type(gold.id, seen_by).await.unwrap(), expected);
        for name in ["gold", &gold.id.to_string()] {
            assert_eq!(reader.disk_type_named(name, seen_by).await.unwrap(), expected, "{name}");
        }
        assert_eq!(reader.disk_type(open.id, seen_by).await.unwrap(), Some(open.clone()));
    }
    let access = reader.disk_type_access(gold.id).await.unwrap();
    assert_eq!(access, [project("alpha"), beta.clone()], "the first ones first");
    let shown = |shown| DiskTypeQuery { shown, ..all() };
    assert_eq!(names(&bench, &all()).await, ["gold", "open"]);
    assert_eq!(names(&bench, &shown(Shown::Private)).await, ["gold"]);
    let of = |and_of| shown(Shown::Public { and_of });
    assert_eq!(names(&bench, &of(atlas)).await, ["open"]);
    assert_eq!(names(&bench, &of(beta.clone())).await, ["gold", "open"]);
    bench.commit(|unit| unit.delete_disk_type_access(gold.id, &beta)).await;
    assert_eq!(names(&bench, &of(beta)).await, ["open"]);
}

#[tokio::test]
async fn an_id_is_looked_for_before_a_name_that_looks_like_it() {
    let bench = Bench::new().await;
    let gold = disk_type("gold");
    let named = disk_type(&gold.id.to_string());
    bench
        .commit(|unit| {
            unit.insert_disk_type(&named);
            unit.insert_disk_type(&gold);
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    let found = reader.disk_type_named(&gold.id.to_string(), None).await.unwrap();
    assert_eq!(found, Some(gold));
}

#[tokio::test]
async fn lists_are_filtered_by_name_and_extra_specs_and_sorted_and_paged() {
    let bench = Bench::new().await;
    let mut types = ["a", "b", "c"].map(disk_type);
    types[1].created_at = at(5);
    types[1].updated_at = Some(at(6));
    types[2].is_public = false;
    types[2].extra_specs.insert("tier".to_owned(), Some("1".to_owned()));
    bench.commit(|unit| types.iter().for_each(|one| unit.insert_disk_type(one))).await;
    let named = DiskTypeQuery { name: Some("b".to_owned()), ..all() };
    assert_eq!(names(&bench, &named).await, ["b"]);
    for (specs, found) in [
        (vec![("multiattach", "<is> True")], vec!["a", "b", "c"]),
        (vec![("multiattach", "<is> True"), ("tier", "1")], vec!["c"]),
        (vec![("tier", "2")], vec![]),
    ] {
        let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        let query = DiskTypeQuery { extra_specs: specs.into_iter().map(owned).collect(), ..all() };
        assert_eq!(names(&bench, &query).await, found);
    }
    for sort in [
        DiskTypeSort::CreatedAt,
        DiskTypeSort::UpdatedAt,
        DiskTypeSort::Id,
        DiskTypeSort::Name,
        DiskTypeSort::IsPublic,
    ] {
        for direction in [Direction::Ascending, Direction::Descending] {
            let mut query = all();
            query.page.sort = vec![(sort, direction)];
            let whole = names(&bench, &query).await;
            query.page.limit = 1;
            let mut paged = Vec::new();
            while let [one] = names(&bench, &query).await.as_slice() {
                query.page.marker =
                    types.iter().find(|known| known.name == *one).map(|known| known.id);
                paged.push(one.clone());
            }
            assert_eq!(paged, whole, "{sort:?} {direction:?}");
            assert_eq!(paged.len(), 3);
        }
    }
    let mut newest = all();
    newest.page.sort = vec![(DiskTypeSort::CreatedAt, Direction::Descending)];
    assert_eq!(names(&bench, &newest).await[0], "b");
}

#[tokio::test]
async fn a_rename_reaches_disks_snapshots_and_limits_and_nothing_else() {
    let bench = Bench::new().await;
    let (one, mut other) = (disk("atlas"), disk("beta"));
    other.disk_type = "SAS".to_owned();
    let mut third = other.clone();
    third.id = DiskId::random();
    let becoming = Becoming { size_gib: None, disk_type: Some("SSD".to_owned()) };
    let former = Some(DiskStatus::Available);
    third.begin(DiskCourse::RETYPE, former, becoming, support::ending(Outcome::Done, 9));
    let atlas = project("atlas");
    bench
        .commit(|unit| {
            support::create(unit, &one);
            support::create(unit, &other);
            support::create(unit, &third);
            unit.insert_snapshot(&snapshot(&one));
            unit.set_limit(&atlas, "volumes_SSD", 5);
            unit.set_limit(&atlas, "volumes_gold", 7);
            unit.set_limit(&atlas, "gigabytes_SAS", 8);
            unit.set_class_limit("snapshots_SSD", 6);
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    assert!(reader.disk_type_is_used("SSD").await.unwrap());
    assert!(!reader.disk_type_is_used("gold").await.unwrap());
    bench.commit(|unit| unit.rename_disk_type("SSD", "gold")).await;
    assert!(reader.disk_type_is_used("gold").await.unwrap());
    assert!(!reader.disk_type_is_used("SSD").await.unwrap());
    let becomes = reader.disk(third.id).await.unwrap().unwrap().pending.unwrap().disk_type;
    assert_eq!(becomes.as_deref(), Some("gold"));
    bench.unguard().await;
    bench.run("DELETE FROM disks WHERE next_at IS NULL").await;
    assert!(reader.disk_type_is_used("SAS").await.unwrap(), "the retype may fail");
    assert!(reader.disk_type_is_used("gold").await.unwrap(), "the retype may work");
    assert_eq!(reader.disk_types_in_use().await.unwrap(), ["SAS", "gold"]);
    assert_eq!(bench.count("SELECT count(*) FROM snapshots WHERE disk_type = 'gold'").await, 1);
    let limit = |key: &str, limit: i64| (key.to_owned(), limit);
    let expected = BTreeMap::from([
        limit("volumes_gold", 5),
        limit("gigabytes_SAS", 8),
        limit("snapshots_gold", 6),
    ]);
    assert_eq!(reader.limits(&atlas).await.unwrap(), expected);
}

#[tokio::test]
async fn an_encryption_is_read_back_as_it_was_written_changed_and_removed() {
    let bench = Bench::new().await;
    let mut gold = disk_type("gold");
    let mut luks = encryption(&gold);
    bench
        .commit(|unit| {
            unit.insert_disk_type(&gold);
            unit.insert_encryption(&luks);
        })
        .await;
    gold.encrypted = true;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.encryption(gold.id).await.unwrap(), Some(luks.clone()));
    assert_eq!(reader.disk_type(gold.id, None).await.unwrap(), Some(gold.clone()));
    luks.provider = "plain".to_owned();
    (luks.cipher, luks.key_size) = (None, None);
    luks.control_location = ControlLocation::BackEnd;
    luks.updated_at = Some(at(8));
    bench.commit(|unit| unit.update_encryption(&luks)).await;
    assert_eq!(reader.encryption(gold.id).await.unwrap(), Some(luks));
    bench.commit(|unit| unit.delete_encryption(gold.id)).await;
    assert_eq!(reader.encryption(gold.id).await.unwrap(), None);
}
