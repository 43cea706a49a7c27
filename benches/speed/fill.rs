//! A data file with many disks and open transfers: made by the product, multiplied by SQL.
//!
//! One disk and one transfer are made through the API; every other one is a copy of their rows and
//! events with an id and a time of its own. What is there at the end is what the doctor allows.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use rusqlite::Connection;

/// How much there is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// Disks of one project.
    pub(crate) disks: usize,
    /// Those of them that are offered.
    pub(crate) open: usize,
}

/// What was made, by id.
#[derive(Debug)]
pub(crate) struct Filled {
    /// Available disks, spread over all of them.
    pub(crate) disks: Vec<String>,
    /// Open transfers, likewise.
    pub(crate) transfers: Vec<String>,
}

/// Numbers below 2^32 in an order that looks random, so that neighbours in time are none in an index.
const ID: &str = "printf('%08x-0000-4000-8000-%012x', (n * 2654435761) % 4294967296, n)";
/// The transfer of the disk of the same number.
const OFFER: &str = "printf('%08x-0000-4000-9000-%012x', (n * 2654435761) % 4294967296, n)";
/// A second later each.
const MADE: &str = "strftime('%Y-%m-%dT%H:%M:%S', 1760000000 + n, 'unixepoch') || '.000000Z'";

/// Multiplies the one available disk `disk` and the one pending transfer `transfer` of another disk.
pub(crate) fn fill(data: &Path, size: Size, disk: &str, transfer: &str) -> Result<Filled> {
    ensure!(size.open < size.disks, "some disk must be left");
    let mut file = Connection::open(data.join("evs.db")).context("the data file")?;
    file.execute_batch("PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY")?;
    let all = file.transaction()?;
    all.execute_batch(&format!(
        "CREATE TEMP TABLE numbers AS
             WITH RECURSIVE count (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < {disks})
             SELECT n FROM count;
         CREATE TEMP TABLE new_disks AS
             SELECT d.*, n FROM numbers, main.disks AS d WHERE d.id = '{disk}';
         UPDATE new_disks SET id = {ID}, name = 'disk-' || n, created_at = {MADE}, updated_at = NULL;
         CREATE TEMP TABLE new_transfers AS
             SELECT t.*, n FROM numbers, main.transfers AS t WHERE t.id = '{transfer}' AND n <= {open};
         UPDATE new_transfers SET id = {OFFER}, disk_id = {ID}, created_at = {MADE};
         CREATE TEMP TABLE new_events AS
             SELECT e.*, n FROM numbers, main.events AS e
             WHERE e.resource_id = '{disk}' AND e.action = 'disk.create';
         UPDATE new_events SET seq = n + (SELECT max(seq) FROM main.events), resource_id = {ID},
                               disk_id = {ID}, at = {MADE};
         CREATE TEMP TABLE offers AS
             SELECT e.*, n FROM numbers, main.events AS e
             WHERE e.resource_id = '{transfer}' AND e.action = 'transfer.create' AND n <= {open};
         UPDATE offers SET seq = n + (SELECT max(seq) FROM new_events), resource_id = {OFFER},
                           disk_id = {ID}, at = {MADE};
         ALTER TABLE new_disks DROP COLUMN n;
         ALTER TABLE new_transfers DROP COLUMN n;
         ALTER TABLE new_events DROP COLUMN n;
         ALTER TABLE offers DROP COLUMN n;
         INSERT INTO main.disks SELECT * FROM new_disks;
         INSERT INTO main.transfers SELECT * FROM new_transfers;
         UPDATE main.disks SET status = 'awaiting-transfer', transfer_id = t.id
             FROM new_transfers AS t WHERE t.disk_id = main.disks.id;
         INSERT INTO main.events SELECT * FROM new_events ORDER BY seq;
         INSERT INTO main.events SELECT * FROM offers ORDER BY seq;",
        disks = size.disks,
        open = size.open,
    ))?;
    let filled = Filled {
        disks: ids(&all, &spread(ID, size.open, size.disks))?,
        transfers: ids(&all, &spread(OFFER, 0, size.open))?,
    };
    all.commit()?;
    file.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(filled)
}

/// Asks for the ids of some of these numbers, from all over the file.
fn spread(id: &str, after: usize, up_to: usize) -> String {
    /// So many are asked for.
    const SPREAD: usize = 5000;
    let step = ((up_to - after) / SPREAD).max(1);
    format!(
        "SELECT {id} FROM numbers WHERE n > {after} AND n <= {up_to} AND n % {step} = 0
         ORDER BY (n * 2654435761) % 4294967296 LIMIT {SPREAD}"
    )
}

fn ids(file: &Connection, sql: &str) -> Result<Vec<String>> {
    let mut query = file.prepare(sql)?;
    let rows = query.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
