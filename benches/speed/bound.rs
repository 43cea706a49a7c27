//! What the machine allows: the same hash, the same rows and an echo of the same bytes, each as bare as it
//! can be, in the same run as what they are compared with.
//!
//! A part is measured alone, with all cores if it could use them. What one client has to wait for is their
//! sum; what many clients share are the cores, each of which does one thing at a time.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::{Context as _, Result, bail};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use rusqlite::{Connection, params};

use crate::work::Operation;

/// How long a part is measured.
const A_WHILE: Duration = Duration::from_millis(300);

/// Which hash an operation needs, at the default settings.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Hash {
    Key,
    Password,
}

/// What an operation cannot do without.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts {
    /// So many hashes.
    pub(crate) hashes: u32,
    pub(crate) hash: Hash,
    /// The rows that it reads and writes.
    pub(crate) rows: &'static [Rows],
    /// So many requests and answers.
    pub(crate) exchanges: u32,
}

impl Parts {
    pub(crate) fn of(operation: Operation) -> Self {
        let (hashes, hash, rows, exchanges): (_, _, &[Rows], _) = match operation {
            Operation::Create => (1, Hash::Key, &[Rows::Offer], 1),
            Operation::Accept => (1, Hash::Key, &[Rows::Take], 1),
            Operation::Delete => (0, Hash::Key, &[Rows::Withdraw], 1),
            Operation::Pair => (2, Hash::Key, &[Rows::Offer, Rows::Take], 2),
            Operation::Show | Operation::List | Operation::Refused => (0, Hash::Key, &[], 1),
            Operation::Token => (1, Hash::Password, &[Rows::Token], 1),
            Operation::Disk => (0, Hash::Key, &[Rows::Disk], 1),
        };
        Self { hashes, hash, rows, exchanges }
    }
}

/// Seconds of the parts.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Costs {
    /// One thread's hash, alone.
    pub(crate) hash_alone: f64,
    /// A hash when every core makes some: seconds over all cores.
    pub(crate) hash_shared: f64,
    /// The rows with a commit of their own.
    pub(crate) rows_alone: f64,
    /// The rows when as many share a commit as there are clients, 16 at most.
    pub(crate) rows_shared: f64,
    /// The exchange for one client, in the middle.
    pub(crate) echo_alone: f64,
    /// The exchange of so many clients: seconds over all cores.
    pub(crate) echo_shared: f64,
}

impl Costs {
    /// Operations a second, at most.
    pub(crate) fn bound(&self, parts: Parts, clients: usize, cores: usize) -> f64 {
        let (hashes, exchanges) = (f64::from(parts.hashes), f64::from(parts.exchanges));
        if clients == 1 {
            return (hashes * self.hash_alone + self.rows_alone + exchanges * self.echo_alone)
                .recip();
        }
        // One connection writes, whatever there is beside it.
        let writer = self.rows_shared;
        let all = (hashes * self.hash_shared + exchanges * self.echo_shared)
            + self.rows_shared / cores as f64;
        all.max(writer).recip()
    }
}

/// The cost of a hash in seconds: of one thread alone, and of each core's share when all work.
pub(crate) fn hash(hash: Hash, cores: usize) -> Result<(f64, f64)> {
    let params = match hash {
        Hash::Key => Params::new(1024, 1, 1, None),
        Hash::Password => Params::new(19456, 2, 1, None),
    };
    let params = params.map_err(|why| anyhow::anyhow!("{why}"))?;
    let alone = hashes(&params)?;
    let all = thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(|| hashes(&params))).collect();
        let each = threads.into_iter().map(|thread| match thread.join() {
            Ok(rate) => rate,
            Err(_) => bail!("a hash panicked"),
        });
        each.collect::<Result<Vec<f64>>>()
    })?;
    Ok((alone.recip(), all.iter().sum::<f64>().recip()))
}

/// Hashes a second of one thread, whose memory is used again and again.
fn hashes(params: &Params) -> Result<f64> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let mut memory = vec![Block::default(); params.block_count()];
    let (mut output, mut made) = ([0; Params::DEFAULT_OUTPUT_LEN], 0_u32);
    let begin = Instant::now();
    while begin.elapsed() < A_WHILE {
        let done = argon2.hash_password_into_with_memory(
            b"0123456789abcdef",
            b"salt salt salt s",
            &mut output,
            &mut memory,
        );
        done.map_err(|why| anyhow::anyhow!("{why}"))?;
        made += 1;
    }
    Ok(f64::from(made) / begin.elapsed().as_secs_f64())
}

/// The rows that a use case reads and writes in one unit of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    Offer,
    Take,
    Withdraw,
    Disk,
    Token,
}

/// A copy of the data file, written to without anything around SQLite.
#[derive(Debug)]
pub(crate) struct Bare {
    file: Connection,
    disks: Vec<String>,
    /// The disk as it was before and after, of the length that events have.
    state: String,
    /// Counts the ids that are made up here.
    made: u64,
}

const AT: &str = "2026-01-01T00:00:00.000000Z";
const KEY_HASH: &str = "$argon2id$v=19$m=1024,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA\
                        $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const DISK: &str = "SELECT d.*, (SELECT count(*) FROM snapshots AS s WHERE s.disk_id = d.id),
                           (SELECT count(*) FROM backups AS b WHERE b.disk_id = d.id),
                           (SELECT l.policy_id FROM policy_disks AS l WHERE l.disk_id = d.id)
                    FROM disks AS d WHERE d.id = ?1";

impl Bare {
    /// Has SQLite copy what is in `data`, where a server may run, to `beside`.
    pub(crate) fn copy(data: &Path, beside: &Path, disks: &[String]) -> Result<Self> {
        fs::create_dir_all(beside)?;
        let path = beside.join("evs.db");
        Connection::open(data.join("evs.db"))?
            .execute("VACUUM INTO ?1", [path.to_string_lossy()])
            .context("the data file cannot be copied")?;
        let file = Connection::open(path)?;
        file.set_prepared_statement_cache_capacity(64);
        file.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON",
        )?;
        let state = file.query_row(
            "SELECT after FROM events WHERE action = 'disk.create' LIMIT 1",
            [],
            |row| row.get(0),
        )?;
        Ok(Self { file, disks: disks.to_vec(), state, made: 0 })
    }

    /// Seconds of a unit of these rows when so many share a commit.
    pub(crate) fn cost(&mut self, rows: Rows, group: usize) -> Result<f64> {
        let (mut spent, mut units) = (Duration::ZERO, 0_u32);
        let disks = self.disks.clone();
        while spent < A_WHILE {
            for group in disks.chunks(group) {
                match rows {
                    Rows::Take | Rows::Withdraw => self.commit(Rows::Offer, group)?,
                    Rows::Offer | Rows::Disk | Rows::Token => {}
                }
                let begin = Instant::now();
                self.commit(rows, group)?;
                spent += begin.elapsed();
                units += u32::try_from(group.len())?;
                if rows == Rows::Offer {
                    self.commit(Rows::Withdraw, group)?;
                }
                if spent >= A_WHILE {
                    break;
                }
            }
        }
        Ok(spent.as_secs_f64() / f64::from(units))
    }

    fn commit(&mut self, rows: Rows, disks: &[String]) -> Result<()> {
        self.file.execute_batch("BEGIN IMMEDIATE")?;
        for disk in disks {
            self.file.execute_batch("SAVEPOINT unit")?;
            self.unit(rows, disk)?;
            self.file.execute_batch("RELEASE unit")?;
        }
        self.file.execute_batch("COMMIT")?;
        Ok(())
    }

    fn unit(&mut self, rows: Rows, disk: &str) -> Result<()> {
        self.made += 1;
        let new = format!("{:08x}-0000-4000-a000-{:012x}", scattered(self.made), self.made);
        let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| -> Result<()> {
            self.file.prepare_cached(sql)?.execute(values)?;
            Ok(())
        };
        let ask = |sql: &str, id: &str| -> Result<()> {
            let mut query = self.file.prepare_cached(sql)?;
            query.query([id])?.next()?;
            Ok(())
        };
        let action = match rows {
            Rows::Offer => {
                ask(DISK, disk)?;
                run(
                    "INSERT INTO transfers (id, disk_id, source_project_id, source_user_id, name,
                                            no_snapshots, key_hash, status, created_at)
                     SELECT ?1, id, project_id, user_id, 'handover', 0, ?2, 'pending', ?3
                     FROM disks WHERE id = ?4",
                    params![new, KEY_HASH, AT, disk],
                )?;
                run(
                    "UPDATE disks SET status = 'awaiting-transfer', transfer_id = ?1, updated_at = ?2
                     WHERE id = ?3 AND status = 'available'",
                    params![new, AT, disk],
                )?;
                "transfer.create"
            }
            Rows::Take => {
                ask(DISK, disk)?;
                run(
                    "UPDATE transfers SET status = 'accepted', destination_project_id = 'other',
                                          destination_user_id = 'other', finished_at = ?1
                     WHERE disk_id = ?2 AND status = 'pending'",
                    params![AT, disk],
                )?;
                run(
                    "UPDATE disks SET status = 'available', transfer_id = NULL, updated_at = ?1,
                                      project_id = 'other', user_id = 'other'
                     WHERE id = ?2 AND status = 'awaiting-transfer'",
                    params![AT, disk],
                )?;
                "transfer.accept"
            }
            Rows::Withdraw => {
                ask(DISK, disk)?;
                run(
                    "UPDATE transfers SET status = 'deleted', finished_at = ?1
                     WHERE disk_id = ?2 AND status = 'pending'",
                    params![AT, disk],
                )?;
                run(
                    "UPDATE disks SET status = 'available', transfer_id = NULL, updated_at = ?1
                     WHERE id = ?2 AND status = 'awaiting-transfer'",
                    params![AT, disk],
                )?;
                "transfer.delete"
            }
            Rows::Disk => {
                run(
                    "INSERT INTO disks (id, project_id, user_id, name, size_gib, status, disk_type,
                                        zone, bootable, multiattach, encrypted, metadata,
                                        created_at, updated_at)
                     VALUES (?1, 'other', 'other', 'disk', 1, 'available', 'SSD', 'az-sim-1', 0, 0,
                             0, '{}', ?2, ?2)",
                    params![new, AT],
                )?;
                "disk.create"
            }
            // Nothing else is told of a login.
            Rows::Token => {
                return run(
                    "INSERT INTO tokens (hash, user_id, project_id, system, methods, audit_id,
                                         issued_at, expires_at)
                     SELECT printf('%064x', ?1), u.id, p.id, 0, 'password', ?2, ?3, ?3
                     FROM users AS u JOIN projects AS p ON p.name = u.name WHERE u.name = 'demo'",
                    params![i64::try_from(self.made)?, new, AT],
                );
            }
        };
        let before = (rows != Rows::Disk).then_some(&self.state);
        run(
            "INSERT INTO events (at, request_id, user_id, project_id, action, resource_id, disk_id,
                                 before, after)
             VALUES (?1, ?2, 'other', 'other', ?3, ?2, ?4, ?5, ?6)",
            params![AT, new, action, disk, before, self.state],
        )
    }
}

/// Neighbouring numbers are none in an index.
fn scattered(number: u64) -> u64 {
    number.wrapping_mul(2_654_435_761) % (1 << 32)
}

/// Serves one answer for whatever is asked: what the frame around every request costs.
pub(crate) fn serve_echo(status: u16, body: &Path) -> Result<()> {
    let (status, body) = (StatusCode::from_u16(status)?, web::Bytes::from(fs::read(body)?));
    let cores = thread::available_parallelism()?.get();
    actix_web::rt::System::new().block_on(async move {
        let server = HttpServer::new(move || {
            let body = body.clone();
            App::new().default_service(web::to(move |_: web::Bytes| {
                let answer =
                    HttpResponse::build(status).content_type("application/json").body(body.clone());
                std::future::ready(answer)
            }))
        })
        .workers(cores)
        .bind("127.0.0.1:0")?;
        let address = server.addrs().first().copied().context("no address")?;
        println!("http://{address}");
        server.run().await?;
        Ok(())
    })
}
