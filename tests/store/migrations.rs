//! Merged migrations never change, and SQL makes no times.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::support::Bench;

/// The first eight bytes of each merged migration's SHA-256. A new migration adds a line; a changed
/// line means that files out there no longer have the schema that the code expects.
const MERGED: &[(&str, &str)] = &[
    ("0001_accounts.sql", "65201192990375a0"),
    ("0002_disks.sql", "4f2877845ca89ad9"),
    ("0003_snapshots.sql", "576ca3ede48854c6"),
    ("0004_backups.sql", "f50474e73f53cef8"),
    ("0005_policies.sql", "96534a29a991318f"),
    ("0006_transfers.sql", "871fd0dfc1bdcc27"),
    ("0007_quotas.sql", "6f8007d7a4521fc7"),
    ("0008_events.sql", "7d056826ee3bda41"),
    ("0009_views.sql", "a532f1f34b4d2716"),
    ("0010_quota_classes.sql", "7ad4e7e4e85cbd2d"),
    ("0011_access_keys.sql", "22aeebb935ffb2dc"),
    ("0012_account_details.sql", "1008009939f54069"),
    ("0013_scopes.sql", "10851fe0e3f8ebd8"),
    ("0014_application_credentials.sql", "fd14aba1a92fcb05"),
    ("0015_wrong_guesses.sql", "59a4297223deae21"),
    ("0016_progress.sql", "6a9baa427a49a110"),
    ("0017_disk_types.sql", "9af8804129a42c8d"),
    ("0019_disk_lists.sql", "b91f0ff9fe6a3a61"),
    ("0020_attachments.sql", "27215e10e291e756"),
    ("0021_jobs.sql", "d56fc67705a21839"),
    ("0022_disk_tags.sql", "427e8079b29269ac"),
    ("0023_messages.sql", "d696ab6d99bcdc6c"),
    ("0024_snapshots_take_time.sql", "a798d4f86c913c43"),
    ("0025_backups_in_full.sql", "14d699fe35774d31"),
    ("0026_jobs_of_backups.sql", "b9f4001acf7333c7"),
    ("0027_backup_shares.sql", "21735701efd1a9e0"),
    ("0028_policy_runs.sql", "c08afc6325892729"),
    ("0029_clock.sql", "27182b2b72fa22f0"),
    ("0030_snapshots_in_full.sql", "650a7294e3cca6c5"),
    ("0031_events_say_why.sql", "f5ea50d24e8bfdee"),
    ("0032_retries.sql", "131ca6cbae97ea58"),
    ("0033_faults.sql", "b798647362e00c86"),
    ("0034_lineage.sql", "68377e8c3d7a20f8"),
    ("0035_webhooks.sql", "8903a69a144e1ec7"),
    ("0036_readme.sql", "e5fdb45c22cd58b8"),
    ("0037_points.sql", "c0299aee971971b5"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|is| is == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn merged_migrations_are_never_changed() {
    let actual: Vec<(String, String)> = files(&root().join("migrations/sqlite"), "sql")
        .iter()
        .map(|path| {
            let digest = Sha256::digest(std::fs::read(path).unwrap());
            let mut pin = String::new();
            for byte in &digest[..8] {
                write!(pin, "{byte:02x}").unwrap();
            }
            (path.file_name().unwrap().to_str().unwrap().to_owned(), pin)
        })
        .collect();
    let expected: Vec<(String, String)> =
        MERGED.iter().map(|(file, pin)| ((*file).to_owned(), (*pin).to_owned())).collect();
    assert_eq!(actual, expected);
}

#[test]
fn sql_makes_no_times() {
    let mut looked_at = 0;
    for path in files(&root().join("migrations/sqlite"), "sql")
        .into_iter()
        .chain(files(&root().join("src/store"), "rs"))
    {
        looked_at += 1;
        for (number, line) in std::fs::read_to_string(&path).unwrap().lines().enumerate() {
            let code = line.split("//").next().unwrap().split("--").next().unwrap().to_lowercase();
            for made in [
                "current_timestamp",
                "current_time",
                "current_date",
                "datetime(",
                "strftime(",
                "julianday(",
                "unixepoch(",
                "now()",
                "'now'",
                "random()",
                "randomblob(",
            ] {
                assert!(!code.contains(made), "{}:{}: {made}", path.display(), number + 1);
            }
        }
    }
    assert!(looked_at > 30, "the folders have moved");
}

#[tokio::test]
async fn every_table_is_strict_and_every_column_is_explained_in_the_schema() {
    let bench = Bench::new().await;
    let tables: Vec<(String, String)> = sqlx::query_as(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'",
    )
    .fetch_all(&mut bench.other().await)
    .await
    .unwrap();
    assert!(tables.len() > 10, "{} tables", tables.len());
    for (table, sql) in tables {
        assert!(sql.ends_with("STRICT"), "{table}");
        let mut columns = 0;
        for line in sql.lines().skip(1) {
            if line.trim_start().starts_with("CONSTRAINT") {
                break;
            }
            // Columns of later migrations are put behind the last one, on its line: what explains
            // them is between `/*` and `*/`, since a comment to the line's end would hide the rest.
            let (first, added) = line.split_once(", ").filter(|_| line.contains("/*")).unzip();
            let comment = line.rsplit_once("  -- ").map_or("", |(_, comment)| comment);
            let mut explained = vec![(first.unwrap_or(line), comment)];
            let added =
                added.unwrap_or_default().rsplit_once("  -- ").map_or("", |(added, _)| added);
            for column in added.split("*/").filter(|column| column.contains("/*")) {
                let (definition, comment) = column.split_once("/*").unwrap();
                explained.push((definition.rsplit(", ").next().unwrap(), comment));
            }
            for (definition, comment) in explained {
                columns += 1;
                assert!(!comment.is_empty(), "{table}: {definition}");
                let may_be_null = !definition.contains("NOT NULL");
                let told = comment.contains("null: ");
                assert_eq!(may_be_null, told, "what null means: {table}: {definition}");
            }
        }
        assert!(columns > 0, "{table}");
        for constraint in ["CHECK", "UNIQUE", "PRIMARY KEY", "FOREIGN KEY"] {
            for (at, _) in sql.match_indices(constraint) {
                let before = sql.get(..at).unwrap();
                let name = before.rsplit("CONSTRAINT").next().unwrap();
                assert!(!name.contains(','), "a {constraint} of {table} has no name");
            }
        }
    }
}

#[tokio::test]
async fn the_views_answer_what_testers_ask() {
    use crate::support::{self, account, backup, disk, domain, policy, snapshot, transfer};

    let bench = Bench::new().await;
    let (home, user) = account("atlas");
    let [mut disk, free] = [disk("atlas"), disk("beta")];
    disk.bootable = true;
    disk.metadata.insert("orderID".to_owned(), "CS1".to_owned());
    let (policy, offer) = (policy("atlas"), transfer(&free));
    bench
        .commit(|unit| {
            unit.insert_domain(&domain());
            unit.insert_project(&home);
            unit.insert_user(&user);
            support::create(unit, &disk);
            support::create(unit, &free);
            unit.insert_snapshot(&snapshot(&disk));
            unit.insert_backup(&backup(&disk));
            unit.insert_policy(&policy);
            unit.bind_disk(disk.id, policy.id, support::at(1));
            support::offer(unit, &free, &offer);
        })
        .await;
    let mut other = bench.other().await;
    let usage: Vec<(String, Option<String>, i64, i64, i64, i64)> =
        sqlx::query_as("SELECT * FROM v_usage ORDER BY project_id")
            .fetch_all(&mut other)
            .await
            .unwrap();
    let atlas = ("atlas".to_owned(), Some("ATLAS".to_owned()), 1, 80, 1, 1);
    assert_eq!(usage, [atlas, ("beta".to_owned(), None, 1, 40, 0, 0)]);

    let obstacles: Vec<String> = sqlx::query_scalar(
        "SELECT obstacle FROM v_why_not_transferable WHERE disk_id = $1 ORDER BY obstacle",
    )
    .bind(disk.id.to_string())
    .fetch_all(&mut other)
    .await
    .unwrap();
    assert_eq!(
        obstacles,
        [
            "it has 1 backup(s)",
            "it has 1 snapshot(s)",
            "it is a system disk",
            "it is paid for by the year or the month",
            "it is under the backup policy nightly",
        ]
    );
    let offers: Vec<(String, String, Option<String>, Option<String>)> = sqlx::query_as(
        "SELECT id, source_project, disk_name, destination_project FROM v_transfers",
    )
    .fetch_all(&mut other)
    .await
    .unwrap();
    let expected = (offer.id.to_string(), "beta".to_owned(), Some("ledger".to_owned()), None);
    assert_eq!(offers, [expected]);
}
