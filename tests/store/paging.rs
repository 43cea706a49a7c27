//! Whatever the order and the size of the pages: no item twice, none lost, and in that order.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use evs_local::domain::backup::{
    Backup, BackupCondition, BackupFilter, BackupQuery, BackupSort, BackupStatus, BackupText,
};
use evs_local::domain::disk::{
    Comparison, Disk, DiskCondition, DiskFilter, DiskFlag, DiskQuery, DiskSort, DiskStatus,
    DiskText, DiskTime,
};
use evs_local::domain::ids::UserId;
use evs_local::domain::page::{Direction, Paging};
use evs_local::domain::snapshot::{
    Snapshot, SnapshotCondition, SnapshotFilter, SnapshotQuery, SnapshotSort, SnapshotText,
};
use evs_local::domain::transfer::{Transfer, TransferQuery, TransferSort};
use evs_local::store::ReadTx;
use proptest::prelude::*;

use crate::support::{self, Bench, at, backup, disk, project, snapshot, transfer};

const UP: Direction = Direction::Ascending;
const DOWN: Direction = Direction::Descending;

const SORTS: &[DiskSort] = &[
    DiskSort::CreatedAt,
    DiskSort::UpdatedAt,
    DiskSort::Id,
    DiskSort::Name,
    DiskSort::Status,
    DiskSort::Size,
    DiskSort::Zone,
    DiskSort::Bootable,
    DiskSort::Multiattach,
    DiskSort::Description,
    DiskSort::Type,
    DiskSort::Project,
    DiskSort::User,
];

fn page<I, K>(sort: Vec<(K, Direction)>) -> Paging<I, K> {
    Paging { limit: 1000, offset: 0, marker: None, sort }
}

/// What a sort key compares, as the reference has it.
fn compare(sort: DiskSort, a: &Disk, b: &Disk) -> Ordering {
    match sort {
        DiskSort::CreatedAt => a.created_at.cmp(&b.created_at),
        DiskSort::UpdatedAt => a.updated_at.cmp(&b.updated_at),
        DiskSort::Id => a.id.to_string().cmp(&b.id.to_string()),
        DiskSort::Name => a.name.as_deref().unwrap_or("").cmp(b.name.as_deref().unwrap_or("")),
        DiskSort::Status => a.status.as_str().cmp(b.status.as_str()),
        DiskSort::Size => a.size_gib.cmp(&b.size_gib),
        DiskSort::Zone => a.zone.cmp(&b.zone),
        DiskSort::Bootable => a.bootable.cmp(&b.bootable),
        DiskSort::Multiattach => a.multiattach.cmp(&b.multiattach),
        DiskSort::Description => {
            let text = |disk: &Disk| disk.description.clone().unwrap_or_default();
            text(a).cmp(&text(b))
        }
        DiskSort::Type => a.disk_type.cmp(&b.disk_type),
        DiskSort::Project => a.project.cmp(&b.project),
        DiskSort::User => a.user.cmp(&b.user),
    }
}

fn in_order(disks: &[Disk], sort: &[(DiskSort, Direction)]) -> Vec<String> {
    let directed = |direction, ordering: Ordering| match direction {
        Direction::Ascending => ordering,
        Direction::Descending => ordering.reverse(),
    };
    // A key that comes again says nothing new, and so not where the id goes either.
    let mut seen = Vec::new();
    let mut keys = sort.to_vec();
    keys.retain(|(key, _)| {
        !seen.contains(key) && {
            seen.push(*key);
            true
        }
    });
    let last = keys.last().map_or(UP, |(_, direction)| *direction);
    let mut disks = disks.to_vec();
    disks.sort_by(|a, b| {
        keys.iter()
            .chain([&(DiskSort::Id, last)])
            .map(|(key, direction)| directed(*direction, compare(*key, a, b)))
            .find(|ordering| *ordering != Ordering::Equal)
            .unwrap_or(Ordering::Equal)
    });
    disks.iter().map(|disk| disk.id.to_string()).collect()
}

/// The ids of the whole list, read page by page.
async fn walk(
    reader: &mut dyn ReadTx,
    sort: &[(DiskSort, Direction)],
    limit: u32,
    by_offset: bool,
) -> Vec<String> {
    let mut query = DiskQuery {
        filter: DiskFilter { project: Some(project("atlas")), conditions: vec![] },
        page: Paging { limit, ..page(sort.to_vec()) },
    };
    let mut ids = Vec::new();
    loop {
        let disks = reader.disks(&query).await.unwrap();
        assert!(disks.len() <= limit as usize);
        let Some(last) = disks.last() else { return ids };
        if by_offset {
            query.page.offset += i64::try_from(disks.len()).unwrap();
        } else {
            query.page.marker = Some(last.id);
        }
        ids.extend(disks.iter().map(|disk| disk.id.to_string()));
        assert!(ids.len() <= 1000, "it goes in circles");
    }
}

fn some_disk() -> impl Strategy<Value = Disk> {
    (0..3_i64, 0..4_usize, 0..3_i64, 0..3_usize, any::<bool>(), 0..3_i64).prop_map(
        |(created, name, updated, status, bootable, size)| {
            let mut disk = disk("atlas");
            disk.created_at = at(created);
            disk.updated_at = (updated > 0).then(|| at(updated));
            disk.name = [None, Some(""), Some("a"), Some("B")][name].map(str::to_owned);
            disk.status = [DiskStatus::Available, DiskStatus::InUse, DiskStatus::Error][status];
            disk.bootable = bootable;
            disk.multiattach = created == 1;
            disk.description = (updated == 1).then(|| "for the ledger".to_owned());
            disk.disk_type = ["SSD", "SAS"][usize::from(bootable)].to_owned();
            disk.user = UserId::new(["ann", "bob"][usize::from(size > 1)]);
            disk.zone = format!("az-{}", size % 2);
            disk.size_gib = 1 + size;
            disk
        },
    )
}

fn some_sort() -> impl Strategy<Value = Vec<(DiskSort, Direction)>> {
    let key = prop::sample::select(SORTS);
    let direction = prop::sample::select(&[UP, DOWN][..]);
    prop::collection::vec((key, direction), 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_disk_is_on_exactly_one_page_and_in_order(
        disks in prop::collection::vec(some_disk(), 0..25),
        sorts in prop::collection::vec((some_sort(), 1..8_u32, any::<bool>()), 6),
    ) {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let bench = Bench::new().await;
            bench
                .commit(|unit| {
                    for disk in &disks {
                        unit.insert_disk(disk);
                    }
                    unit.insert_disk(&disk("beta"));
                })
                .await;
            let mut reader = bench.store.read().await.unwrap();
            for (sort, limit, by_offset) in sorts {
                let found = walk(&mut *reader, &sort, limit, by_offset).await;
                assert_eq!(found, in_order(&disks, &sort), "{sort:?} {limit} {by_offset}");
            }
        });
    }
}

#[tokio::test]
async fn every_sort_key_in_both_directions_pages_by_marker() {
    let bench = Bench::new().await;
    let disks: Vec<Disk> = (0..40_i64)
        .map(|n| {
            let mut disk = disk("atlas");
            disk.created_at = at(n % 7);
            disk.updated_at = (n % 3 > 0).then(|| at(n % 5));
            disk.name = (n % 4 > 0).then(|| format!("n{}", n % 6));
            disk.size_gib = 1 + n % 3;
            disk.bootable = n % 2 == 0;
            disk
        })
        .collect();
    bench.commit(|unit| disks.iter().for_each(|disk| unit.insert_disk(disk))).await;
    let mut reader = bench.store.read().await.unwrap();
    for key in SORTS {
        for other in SORTS {
            for directions in [[UP, UP], [UP, DOWN], [DOWN, UP], [DOWN, DOWN]] {
                let sort = [(*key, directions[0]), (*other, directions[1])];
                // A key that comes again is what it was the first time.
                let sort = if key == other { &sort[..1] } else { &sort[..] };
                let found = walk(&mut *reader, sort, 7, false).await;
                assert_eq!(found, in_order(&disks, sort), "{sort:?}");
            }
        }
    }
}

#[tokio::test]
async fn lists_of_disks_are_filtered_exactly() {
    let bench = Bench::new().await;
    let mut named = disk("atlas");
    named.name = Some("x' OR 1=1".to_owned());
    let mut used = disk("atlas");
    used.status = DiskStatus::InUse;
    let others = disk("beta");
    bench
        .commit(|unit| [&named, &used, &others].into_iter().for_each(|disk| unit.insert_disk(disk)))
        .await;
    let mut reader = bench.store.read().await.unwrap();
    let is = |text, value: Option<&str>| {
        value.map(|value| DiskCondition::Is(text, vec![value.to_owned()]))
    };
    let query = |project: Option<&str>, name: Option<&str>, status: Option<&str>| DiskQuery {
        filter: DiskFilter {
            project: project.map(support::project),
            conditions: [is(DiskText::Name, name), is(DiskText::Status, status)]
                .into_iter()
                .flatten()
                .collect(),
        },
        page: page(vec![]),
    };
    let cases = [
        (query(None, None, None), vec![&named, &used, &others]),
        (query(Some("atlas"), None, None), vec![&named, &used]),
        (query(Some("gamma"), None, None), vec![]),
        (query(None, Some("x' OR 1=1"), None), vec![&named]),
        (query(None, Some("LEDGER"), None), vec![]),
        (query(None, None, Some("in-use")), vec![&used]),
        (query(None, None, Some("in_use")), vec![]),
        (query(Some("atlas"), Some("ledger"), Some("available")), vec![]),
    ];
    for (query, expected) in cases {
        let expected: BTreeMap<_, _> = expected.iter().map(|disk| (disk.id, *disk)).collect();
        let found = reader.disks(&query).await.unwrap();
        assert!(found.iter().eq(expected.values().copied()), "{query:?}: {found:?}");
    }
}

/// What the reference says of a condition.
fn holds(condition: &DiskCondition, disk: &Disk) -> bool {
    let text = |of: DiskText| match of {
        DiskText::Id => Some(disk.id.to_string()),
        DiskText::Name => disk.name.clone(),
        DiskText::Description => disk.description.clone(),
        DiskText::Status => Some(disk.status.as_str().to_owned()),
        DiskText::Type => Some(disk.disk_type.clone()),
        DiskText::Zone => Some(disk.zone.clone()),
        DiskText::Project => Some(disk.project.to_string()),
        DiskText::User => Some(disk.user.to_string()),
        DiskText::FromSnapshot => disk.from_snapshot.map(|id| id.to_string()),
        DiskText::FromDisk => disk.from_disk.map(|id| id.to_string()),
    };
    match condition {
        DiskCondition::Is(of, values) => text(*of).is_some_and(|text| values.contains(&text)),
        DiskCondition::Contains(of, part) => text(*of)
            .is_some_and(|text| text.to_ascii_lowercase().contains(&part.to_ascii_lowercase())),
        DiskCondition::Size(sizes) => sizes.contains(&disk.size_gib),
        DiskCondition::Flag(DiskFlag::Bootable, flag) => disk.bootable == *flag,
        DiskCondition::Flag(DiskFlag::Multiattach, flag) => disk.multiattach == *flag,
        DiskCondition::Metadata(key, value) => disk.metadata.get(key) == Some(value),
        DiskCondition::ImageMetadata(key, value) => disk.image_metadata.get(key) == Some(value),
        DiskCondition::Time(of, comparison, than) => {
            let time = match of {
                DiskTime::CreatedAt => Some(disk.created_at),
                DiskTime::UpdatedAt => disk.updated_at,
            };
            time.is_some_and(|time| match comparison {
                Comparison::Greater => time > *than,
                Comparison::GreaterOrEqual => time >= *than,
                Comparison::Equal => time == *than,
                Comparison::NotEqual => time != *than,
                Comparison::Less => time < *than,
                Comparison::LessOrEqual => time <= *than,
            })
        }
        DiskCondition::Never => false,
    }
}

fn some_condition() -> impl Strategy<Value = DiskCondition> {
    use DiskText::{
        Description, FromDisk, FromSnapshot, Id, Name, Project, Status, Type, User, Zone,
    };
    let texts =
        &[Id, Name, Description, Status, Type, Zone, Project, User, FromSnapshot, FromDisk][..];
    let text = prop::sample::select(texts);
    let word = prop::sample::select(
        &["", "a", "B", "led", "error", "available", "az-1", "SSD", "bob", "%", "_", "\\", "atlas"]
            [..],
    )
    .prop_map(str::to_owned);
    let time = prop::sample::select(&[DiskTime::CreatedAt, DiskTime::UpdatedAt][..]);
    let comparison = prop::sample::select(
        &[
            Comparison::Greater,
            Comparison::GreaterOrEqual,
            Comparison::Equal,
            Comparison::NotEqual,
            Comparison::Less,
            Comparison::LessOrEqual,
        ][..],
    );
    let flag = prop::sample::select(&[DiskFlag::Bootable, DiskFlag::Multiattach][..]);
    let key =
        prop::sample::select(&["team", "$", "a.b", "no'ne", "\""][..]).prop_map(str::to_owned);
    let value = prop::sample::select(&["ops", "1", "", "\"x\""][..]).prop_map(str::to_owned);
    prop_oneof![
        (text.clone(), prop::collection::vec(word.clone(), 0..3))
            .prop_map(|(text, words)| DiskCondition::Is(text, words)),
        (text, word).prop_map(|(text, word)| DiskCondition::Contains(text, word)),
        prop::collection::vec(0..4_i64, 0..3).prop_map(DiskCondition::Size),
        (flag, any::<bool>()).prop_map(|(flag, set)| DiskCondition::Flag(flag, set)),
        (key, value, any::<bool>()).prop_map(|(key, value, image)| {
            if image {
                DiskCondition::ImageMetadata(key, value)
            } else {
                DiskCondition::Metadata(key, value)
            }
        }),
        (time, comparison, 0..3_i64).prop_map(|(time, comparison, than)| DiskCondition::Time(
            time,
            comparison,
            at(than)
        )),
        Just(DiskCondition::Never),
    ]
}

fn some_metadata() -> impl Strategy<Value = BTreeMap<String, String>> {
    let key =
        prop::sample::select(&["team", "$", "a.b", "no'ne", "\""][..]).prop_map(str::to_owned);
    let value = prop::sample::select(&["ops", "1", "", "\"x\""][..]).prop_map(str::to_owned);
    prop::collection::btree_map(key, value, 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_list_shows_and_a_count_counts_exactly_what_fulfils_every_condition(
        disks in prop::collection::vec((some_disk(), some_metadata(), any::<bool>()), 0..25),
        filters in prop::collection::vec(
            (prop::collection::vec(some_condition(), 0..3), any::<bool>()), 30),
        image in some_metadata(),
    ) {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let bench = Bench::new().await;
            let disks: Vec<Disk> = disks
                .into_iter()
                .map(|(disk, metadata, foreign)| Disk {
                    image_metadata: if metadata.len() > 1 { image.clone() } else { metadata.clone() },
                    metadata,
                    project: project(if foreign { "beta" } else { "atlas" }),
                    ..disk
                })
                .collect();
            bench.commit(|unit| disks.iter().for_each(|disk| unit.insert_disk(disk))).await;
            let mut reader = bench.store.read().await.unwrap();
            for (conditions, own) in filters {
                let filter = DiskFilter { project: own.then(|| project("atlas")), conditions };
                let expected: Vec<Disk> = disks
                    .iter()
                    .filter(|disk| !own || disk.project.as_str() == "atlas")
                    .filter(|disk| filter.conditions.iter().all(|c| holds(c, disk)))
                    .cloned()
                    .collect();
                assert_eq!(
                    reader.count_disks(&filter).await.unwrap(),
                    i64::try_from(expected.len()).unwrap(),
                    "{filter:?}"
                );
                let query = DiskQuery { filter, page: page(vec![(DiskSort::CreatedAt, DOWN)]) };
                let found = reader.disks(&query).await.unwrap();
                let ids: Vec<String> = found.iter().map(|disk| disk.id.to_string()).collect();
                let order = [(DiskSort::CreatedAt, DOWN)];
                assert_eq!(ids, in_order(&expected, &order), "{query:?}");
            }
        });
    }
}

/// Three disks with one of each kind, of which the second and third differ in every property.
struct Children {
    bench: Bench,
    disks: [Disk; 3],
    snapshots: [Snapshot; 3],
    backups: [Backup; 3],
    transfers: [Transfer; 3],
}

async fn children() -> Children {
    let bench = Bench::new().await;
    let disks = [disk("atlas"), disk("atlas"), disk("beta")];
    let mut snapshots = disks.each_ref().map(snapshot);
    let mut backups = disks.each_ref().map(backup);
    let mut transfers = disks.each_ref().map(transfer);
    for n in 0..3 {
        let (name, time) = (["b", "", "a"][n].to_owned(), at(i64::try_from(n / 2).unwrap()));
        let name = Some(name).filter(|name| !name.is_empty());
        (snapshots[n].name, snapshots[n].created_at) = (name.clone(), time);
        (backups[n].name, backups[n].created_at) = (name.clone(), time);
        (transfers[n].name, transfers[n].created_at) = (name, time);
    }
    backups[1].status = BackupStatus::Error;
    bench
        .commit(|unit| {
            for n in 0..3 {
                support::create(unit, &disks[n]);
                unit.insert_snapshot(&snapshots[n]);
                unit.insert_backup(&backups[n]);
                unit.insert_transfer(&transfers[n]);
            }
        })
        .await;
    Children { bench, disks, snapshots, backups, transfers }
}

#[tokio::test]
async fn snapshots_are_listed_by_their_sorts_and_filters() {
    let Children { bench, disks, snapshots, .. } = children().await;
    let mut reader = bench.store.read().await.unwrap();
    let all = of_snapshots(None, vec![]);
    let by = |indices: [usize; 3]| indices.map(|n| snapshots[n].clone());
    assert_eq!(reader.snapshots(&all).await.unwrap(), by([0, 2, 1]));
    assert_eq!(reader.count_snapshots(&all.filter).await.unwrap(), 3);
    let second = Paging { marker: Some(snapshots[0].id), limit: 1, ..all.page.clone() };
    let query = SnapshotQuery { page: second, ..all.clone() };
    assert_eq!(reader.snapshots(&query).await.unwrap(), [snapshots[2].clone()]);
    let is = |text, value: &str| SnapshotCondition::Is(text, vec![value.to_owned()]);
    let middle = snapshots[1].id.to_string();
    for (project, conditions, expected) in [
        (Some("beta"), vec![], vec![2]),
        (Some("atlas"), vec![], vec![0, 1]),
        (None, vec![is(SnapshotText::Name, "a")], vec![2]),
        (None, vec![is(SnapshotText::Id, &middle)], vec![1]),
        (None, vec![is(SnapshotText::Disk, &disks[1].id.to_string())], vec![1]),
        (None, vec![is(SnapshotText::Disk, "no id")], vec![]),
        (None, vec![is(SnapshotText::Status, "available")], vec![0, 2, 1]),
        (None, vec![is(SnapshotText::Status, "error")], vec![]),
        (None, vec![is(SnapshotText::Zone, &disks[0].zone)], vec![0, 2, 1]),
        (None, vec![is(SnapshotText::Zone, "nowhere")], vec![]),
        (None, vec![is(SnapshotText::EnterpriseProject, "0")], vec![0, 2, 1]),
        (None, vec![is(SnapshotText::EnterpriseProject, "1")], vec![]),
        (None, vec![is(SnapshotText::User, snapshots[2].user.as_str())], vec![0, 2, 1]),
        (None, vec![is(SnapshotText::Project, "beta")], vec![2]),
        (None, vec![is(SnapshotText::Description, "x")], vec![]),
        (None, vec![SnapshotCondition::Contains(SnapshotText::Name, "B".to_owned())], vec![0]),
        (None, vec![SnapshotCondition::Contains(SnapshotText::Name, "%".to_owned())], vec![]),
        (None, vec![SnapshotCondition::Size(vec![7, snapshots[0].size_gib])], vec![0, 2, 1]),
        (None, vec![SnapshotCondition::Size(vec![])], vec![]),
        (None, vec![SnapshotCondition::Metadata("k".to_owned(), "v".to_owned())], vec![0, 2, 1]),
        (None, vec![SnapshotCondition::Metadata("k".to_owned(), "w".to_owned())], vec![]),
        (None, vec![SnapshotCondition::Never], vec![]),
        (Some("atlas"), vec![is(SnapshotText::Name, "a")], vec![]),
    ] {
        let query = of_snapshots(project, conditions);
        let expected: Vec<_> = expected.into_iter().map(|n: usize| snapshots[n].clone()).collect();
        let count = reader.count_snapshots(&query.filter).await.unwrap();
        assert_eq!(usize::try_from(count).unwrap(), expected.len(), "{query:?}");
        assert_eq!(reader.snapshots(&query).await.unwrap(), expected, "{query:?}");
    }
    let sort = vec![(SnapshotSort::CreatedAt, DOWN), (SnapshotSort::Name, UP)];
    let query = SnapshotQuery { page: page(sort), ..all.clone() };
    assert_eq!(reader.snapshots(&query).await.unwrap(), by([2, 1, 0]));
    for sort in [
        SnapshotSort::UpdatedAt,
        SnapshotSort::Id,
        SnapshotSort::Description,
        SnapshotSort::Status,
        SnapshotSort::Size,
        SnapshotSort::Disk,
        SnapshotSort::Project,
        SnapshotSort::User,
    ] {
        let query = SnapshotQuery { page: page(vec![(sort, UP)]), ..all.clone() };
        assert_eq!(reader.snapshots(&query).await.unwrap().len(), 3, "{sort:?}");
    }
    let all_texts = [
        SnapshotText::Id,
        SnapshotText::Disk,
        SnapshotText::Status,
        SnapshotText::Zone,
        SnapshotText::EnterpriseProject,
        SnapshotText::Project,
        SnapshotText::User,
    ];
    for text in all_texts {
        let query = of_snapshots(None, vec![SnapshotCondition::Contains(text, String::new())]);
        assert_eq!(reader.snapshots(&query).await.unwrap().len(), 3, "{text:?}");
    }
}

/// By name, the last first.
fn of_snapshots(of: Option<&str>, conditions: Vec<SnapshotCondition>) -> SnapshotQuery {
    let filter = SnapshotFilter { project: of.map(project), conditions };
    SnapshotQuery { filter, page: page(vec![(SnapshotSort::Name, DOWN)]) }
}

#[tokio::test]
async fn backups_are_listed_by_their_sorts_and_filters() {
    let Children { bench, disks, backups, .. } = children().await;
    let mut reader = bench.store.read().await.unwrap();
    let middle = disks[1].id.to_string();
    let all = BackupQuery {
        filter: BackupFilter::default(),
        page: page(vec![(BackupSort::CreatedAt, DOWN), (BackupSort::Name, DOWN)]),
    };
    let by = |indices: [usize; 3]| indices.map(|n| backups[n].clone());
    assert_eq!(reader.backups(&all).await.unwrap(), by([2, 0, 1]));
    let is = |text, value: &str| BackupCondition::Is(text, value.to_owned());
    let part = |text, value: &str| BackupCondition::Contains(text, value.to_owned());
    for (condition, found) in [
        (is(BackupText::Disk, &middle), vec![1]),
        (is(BackupText::Disk, &middle.to_uppercase().replace('-', "")), vec![1]),
        (is(BackupText::Disk, "no id"), vec![]),
        (is(BackupText::Status, "error"), vec![1]),
        (is(BackupText::Project, "beta"), vec![2]),
        (is(BackupText::Name, "a"), vec![2]),
        (is(BackupText::Id, &backups[0].id.to_string()), vec![0]),
        (is(BackupText::User, "nobody"), vec![]),
        (is(BackupText::Zone, &backups[0].zone), vec![2, 0, 1]),
        (is(BackupText::Container, "vault"), vec![2, 0, 1]),
        (is(BackupText::Snapshot, &backups[0].snapshot.unwrap().to_string()), vec![0]),
        (part(BackupText::Disk, middle.get(3..30).unwrap()), vec![1]),
        (part(BackupText::Name, "A"), vec![2]),
        (part(BackupText::Status, "rro"), vec![1]),
        (part(BackupText::Id, backups[0].id.to_string().get(1..).unwrap()), vec![0]),
        (part(BackupText::User, "%"), vec![]),
        (part(BackupText::Zone, "az-"), vec![2, 0, 1]),
        (part(BackupText::Container, "aul"), vec![2, 0, 1]),
        (part(BackupText::Project, "et"), vec![2]),
        (
            part(BackupText::Snapshot, backups[1].snapshot.unwrap().to_string().get(2..).unwrap()),
            vec![1],
        ),
        (BackupCondition::Never, vec![]),
    ] {
        let filter = BackupFilter { project: None, conditions: vec![condition] };
        let expected: Vec<Backup> = found.iter().map(|n: &usize| backups[*n].clone()).collect();
        assert_eq!(
            reader.count_backups(&filter).await.unwrap(),
            i64::try_from(expected.len()).unwrap()
        );
        let query = BackupQuery { filter, ..all.clone() };
        assert_eq!(reader.backups(&query).await.unwrap(), expected, "{query:?}");
    }
    let filter = BackupFilter { project: Some(project("beta")), conditions: vec![] };
    let query = BackupQuery { filter, ..all.clone() };
    assert_eq!(reader.backups(&query).await.unwrap(), [backups[2].clone()]);
    for sort in [
        BackupSort::Id,
        BackupSort::UpdatedAt,
        BackupSort::DataAt,
        BackupSort::Status,
        BackupSort::Size,
        BackupSort::Disk,
    ] {
        let query = BackupQuery { page: page(vec![(sort, UP)]), ..all.clone() };
        assert_eq!(reader.backups(&query).await.unwrap().len(), 3, "{sort:?}");
    }
}

#[tokio::test]
async fn transfers_are_listed_by_their_sorts_and_filters() {
    let Children { bench, disks, transfers, .. } = children().await;
    let mut reader = bench.store.read().await.unwrap();
    let middle = disks[1].id.to_string();
    let all = TransferQuery {
        project: None,
        name: None,
        id: None,
        disk: None,
        page: page(vec![(TransferSort::Name, UP)]),
    };
    let by = |indices: [usize; 3]| indices.map(|n| transfers[n].clone());
    assert_eq!(reader.transfers(&all, at(0)).await.unwrap(), by([1, 2, 0]));
    for query in [
        TransferQuery { disk: Some(middle), ..all.clone() },
        TransferQuery { id: Some(transfers[1].id.to_string()), ..all.clone() },
    ] {
        assert_eq!(reader.transfers(&query, at(0)).await.unwrap(), [transfers[1].clone()]);
    }
    for query in [
        TransferQuery { project: Some(project("beta")), ..all.clone() },
        TransferQuery { name: Some("a".to_owned()), ..all.clone() },
    ] {
        assert_eq!(reader.transfers(&query, at(0)).await.unwrap(), [transfers[2].clone()]);
    }
    let sort = vec![(TransferSort::CreatedAt, DOWN), (TransferSort::Name, UP)];
    let query = TransferQuery { page: page(sort), ..all.clone() };
    assert_eq!(reader.transfers(&query, at(0)).await.unwrap(), by([2, 1, 0]));
    let mut by_disk = transfers.to_vec();
    by_disk.sort_by_key(|transfer| transfer.disk);
    let query = TransferQuery { page: page(vec![(TransferSort::Disk, UP)]), ..all.clone() };
    assert_eq!(reader.transfers(&query, at(0)).await.unwrap(), by_disk);
    let query = TransferQuery { page: page(vec![(TransferSort::Id, UP)]), ..all };
    assert_eq!(reader.transfers(&query, at(0)).await.unwrap().len(), 3);
}
