//! How fast the product is, beside what the machine allows: `cargo bench --bench speed`.
//!
//! Every figure is a ratio to something measured a moment before or after, since seconds alone say more
//! about the machine. Rounds of the product and of its bounds alternate; rates are medians of the rounds,
//! percentiles come from all samples. The load runs on the same cores.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it found")]
#![expect(clippy::cast_precision_loss, reason = "no count here comes near 2^52")]

mod bound;
mod fill;
mod load;
mod plot;
mod report;
mod served;
mod work;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::{Parser, ValueEnum as _};
use evs_local::domain::clock::{Clock as _, SystemClock};
use tempfile::TempDir;

use bound::{Bare, Costs, Parts};
use fill::{Filled, Size};
use load::Limit;
use report::{Grown, Report, Row, median, ms, thousands};
use served::Served;
use work::{Measured, Operation, Same, World};

/// Measures how fast evs is, as ratios to what hash, SQLite and HTTP alone allow on this machine.
#[derive(Debug, Parser)]
struct Arguments {
    /// Only these operations.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Operation>,
    /// So many clients, one after the other.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8, 32, 64])]
    clients: Vec<usize>,
    /// Rounds of each operation, alternating with rounds of its bounds.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// The longest that a round goes on, in milliseconds.
    #[arg(long, default_value_t = 1000)]
    round_ms: u64,
    /// Measure with 1000, 100 000 and 1 000 000 disks too, and the start with a million.
    #[arg(long)]
    growth: bool,
    /// Put the tables and pictures into README.md and benches/speed.
    #[arg(long)]
    keep: bool,
    /// Serve this status ...
    #[arg(long, hide = true, requires = "echo_body")]
    echo_status: Option<u16>,
    /// ... and the bytes of this file.
    #[arg(long, hide = true)]
    echo_body: Option<PathBuf>,
    /// What cargo says to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Arguments {
    fn measures(&self, operation: Operation) -> bool {
        self.only.is_empty() || self.only.contains(&operation)
    }

    fn limit(&self) -> Limit {
        Limit { things: usize::MAX, time: Duration::from_millis(self.round_ms) }
    }
}

/// The file of the main tables.
const USUAL: Size = Size { disks: 10_000, open: 2_000 };
/// The files that are compared with each other.
const SIZES: [Size; 3] = [
    Size { disks: 1_000, open: 100 },
    Size { disks: 100_000, open: 10_000 },
    Size { disks: 1_000_000, open: 100_000 },
];
/// What is measured in all of them.
const GROWING: [Operation; 3] = [Operation::Create, Operation::List, Operation::Show];
fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if let (Some(status), Some(body)) = (arguments.echo_status, &arguments.echo_body) {
        return bound::serve_echo(status, body);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure(&arguments))
}

async fn measure(arguments: &Arguments) -> Result<()> {
    let cores = available_parallelism()?.get();
    let date = SystemClock.now().format("%Y-%m-%d").to_string();
    let mut report = Report { date, cores, ..Report::default() };
    let home = TempDir::new_in(env!("CARGO_TARGET_TMPDIR"))?;

    let alone = rows(arguments, &mut report, home.path()).await?;
    report.promise_by_rows(alone);
    if arguments.growth {
        growth(arguments, &mut report, home.path()).await?;
        report.promise_by_growth();
    }
    memory(&mut report, home.path()).await?;
    size(&mut report)?;

    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let json = Path::new(env!("CARGO_TARGET_TMPDIR")).join("speed.json");
    report.write_json(&json)?;
    println!("\n{}\nall of it as JSON: {}", report.page()?, json.display());
    if arguments.keep {
        plot::by_clients(&report, &root.join("benches/speed/by-clients.svg"))?;
        plot::by_size(&report, &root.join("benches/speed/by-size.svg"))?;
        report.keep(&root.join("README.md"))?;
    }
    Ok(())
}

/// A data file of some size, and the product serving it.
struct Stage {
    data: PathBuf,
    evs: Served,
    world: Rc<World>,
    filled: Filled,
}

impl Stage {
    async fn set(data: PathBuf, size: Size) -> Result<Self> {
        let evs = Served::evs(&data)?;
        let first = World::open(evs.address, &[], &[]).await?.make_first().await?;
        evs.stop()?;
        let filled = fill::fill(&data, size, &first.0, &first.1)?;
        let doctor = Command::new(env!("CARGO_BIN_EXE_evs"))
            .arg("doctor")
            .arg("--data")
            .arg(&data)
            .output()?;
        ensure!(doctor.status.success(), "{}", String::from_utf8_lossy(&doctor.stdout));
        let evs = Served::evs(&data)?;
        let world = Rc::new(World::open(evs.address, &filled.disks, &filled.transfers).await?);
        Ok(Self { data, evs, world, filled })
    }
}

/// Every operation with every number of clients. Says what hash and lone commit of a creation take, in
/// seconds.
async fn rows(arguments: &Arguments, report: &mut Report, home: &Path) -> Result<Option<f64>> {
    let stage = Stage::set(home.join("usual"), USUAL).await?;
    let mut bare = Bare::copy(&stage.data, &home.join("bare"), &stage.filled.disks)?;
    let mut alone = None;
    for &operation in Operation::value_variants() {
        if !arguments.measures(operation) {
            continue;
        }
        let measured = Measured::of(&stage.world, operation);
        let (request, body) = measured.sample().await?;
        let echo = Echo::of(home, operation, request, &body)?;
        for &clients in &arguments.clients {
            let (row, costs) =
                row(arguments, (&stage.evs, &measured), (&mut bare, &echo), clients).await?;
            println!(
                "{:8} {clients:3} clients {:6.0}/s of {:6.0}/s ({:.2})  p50 {:.2} ms",
                operation.word(),
                row.rate,
                row.bound,
                row.ratio,
                row.p50_ms
            );
            if operation == Operation::Create && clients == 1 {
                println!(
                    "         hash {:.3} ms, lone commit {:.3} ms, exchange {:.3} ms",
                    costs.hash_alone * 1000.0,
                    costs.rows_alone * 1000.0,
                    costs.echo_alone * 1000.0
                );
                alone = Some(costs.hash_alone + costs.rows_alone);
            }
            report.rows.push(row);
        }
    }
    println!("the server's memory at most: {:.0} MiB", stage.evs.memory("VmHWM")?);
    stage.evs.stop()?;
    Ok(alone)
}

/// Somebody who answers at once what the product answered.
struct Echo {
    served: Served,
    work: Rc<Same>,
}

impl Echo {
    fn of(home: &Path, operation: Operation, request: Vec<u8>, body: &[u8]) -> Result<Self> {
        let file = home.join(operation.word());
        std::fs::write(&file, body)?;
        let status = operation.status();
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--echo-status").arg(status.to_string()).arg("--echo-body").arg(file);
        Ok(Self { served: Served::start(&mut command)?, work: Rc::new(Same { request, status }) })
    }
}

/// Rounds of one operation with so many clients, each beside rounds of its bounds.
async fn row(
    arguments: &Arguments,
    (evs, measured): (&Served, &Measured),
    (bare, echo): (&mut Bare, &Echo),
    clients: usize,
) -> Result<(Row, Costs)> {
    let cores = available_parallelism()?.get();
    let parts = Parts::of(measured.operation);
    let a_moment = Limit { things: usize::MAX, time: Duration::from_millis(200) };
    measured.round(evs, clients, a_moment).await?;
    load::run(echo.served.address, clients, a_moment, &echo.work).await?;

    let mut all = load::Round::default();
    let (mut rates, mut bounds, mut ratios, mut of_echo, mut costs) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Costs::default());
    let (mut processor, mut written) = (Vec::new(), Vec::new());
    for _ in 0..arguments.rounds {
        let mut echoed = load::run(echo.served.address, clients, a_moment, &echo.work).await?;
        costs.echo_alone = echoed.percentile(0.5).as_secs_f64();
        costs.echo_shared = echoed.rate().recip();
        (costs.hash_alone, costs.hash_shared) = (0.0, 0.0);
        if parts.hashes > 0 {
            (costs.hash_alone, costs.hash_shared) = bound::hash(parts.hash, cores)?;
        }
        (costs.rows_alone, costs.rows_shared) = (0.0, 0.0);
        for rows in parts.rows {
            costs.rows_alone += bare.cost(*rows, 1)?;
            costs.rows_shared += bare.cost(*rows, clients.min(16))?;
        }
        let (mut round, spent) = measured.round(evs, clients, arguments.limit()).await?;
        let (count, rate) = (round.samples.len() as f64, round.rate());
        processor.push(ms(spent.processor) / count);
        written.push(spent.written / count / 1024.0);
        let bound = costs.bound(parts, clients, cores);
        rates.push(rate);
        bounds.push(bound);
        ratios.push(rate / bound);
        of_echo.push(rate / echoed.rate());
        all.samples.append(&mut round.samples);
    }
    let row = Row {
        operation: measured.operation,
        clients,
        rate: median(rates),
        bound: median(bounds),
        ratio: median(ratios),
        of_echo: median(of_echo),
        p50_ms: ms(all.percentile(0.5)),
        p99_ms: ms(all.percentile(0.99)),
        max_ms: ms(all.percentile(1.0)),
        processor_ms: median(processor),
        disk_kib: median(written),
        samples: all.samples.len(),
    };
    Ok((row, costs))
}

/// The same operations in files of several sizes, whose servers all run, in turn.
async fn growth(arguments: &Arguments, report: &mut Report, home: &Path) -> Result<()> {
    const CLIENTS: usize = 32;
    let mut stages = Vec::new();
    for size in SIZES {
        println!("making a file of {} disks", thousands(size.disks));
        stages.push(Stage::set(home.join(size.disks.to_string()), size).await?);
    }
    // The smallest has so many available disks: each is asked for the same.
    let limit = Limit { things: SIZES[0].disks - SIZES[0].open, time: Duration::MAX };
    for operation in GROWING {
        let mut rates: Vec<Vec<f64>> = vec![Vec::new(); stages.len()];
        for round in 0..=arguments.rounds {
            for (stage, rates) in stages.iter().zip(&mut rates) {
                let measured = Measured::of(&stage.world, operation);
                let (done, _) = measured.round(&stage.evs, CLIENTS, limit).await?;
                // The first is the warm-up.
                if round > 0 {
                    rates.push(done.rate());
                }
            }
        }
        let smallest = rates.first().cloned().unwrap_or_default();
        for (size, rates) in SIZES.iter().zip(rates) {
            let ratios = rates.iter().zip(&smallest).map(|(rate, smallest)| rate / smallest);
            let ratio = median(ratios.collect());
            let rate = median(rates);
            println!(
                "{:8} {:>9} disks {rate:6.0}/s ({ratio:.2})",
                operation.word(),
                thousands(size.disks)
            );
            let Size { disks, open } = *size;
            report.growth.push(Grown { disks, open, operation, rate, ratio });
        }
    }
    let data = stages.last().context("a stage")?.data.clone();
    for stage in stages {
        stage.evs.stop()?;
    }
    let mut starts = Vec::new();
    for _ in 0..arguments.rounds {
        let evs = Served::evs(&data)?;
        starts.push(ms(evs.ready_in));
        evs.stop()?;
    }
    let start = median(starts);
    let what = "from start to ready with 1 000 000 disks";
    report.promise(what, "< 100 ms", format!("{start:.0} ms"), start < 100.0);
    Ok(())
}

/// Memory of a fresh server: idle, and with 256 clients at work.
async fn memory(report: &mut Report, home: &Path) -> Result<()> {
    const CLIENTS: usize = 256;
    let stage = Stage::set(home.join("memory"), USUAL).await?;
    stage.evs.stop()?;
    let evs = Served::evs(&stage.data)?;
    // As after the first look of whatever waits for it to be ready.
    drop(load::Connection::open(evs.address).await?);
    let idle = evs.memory("VmRSS")?;
    report.promise("memory when idle", "< 25 MiB", format!("{idle:.1} MiB"), idle < 25.0);
    let world =
        Rc::new(World::open(evs.address, &stage.filled.disks, &stage.filled.transfers).await?);
    let limit = Limit { things: usize::MAX, time: Duration::from_secs(1) };
    for operation in [Operation::Create, Operation::Show, Operation::List, Operation::Pair] {
        Measured::of(&world, operation).round(&evs, CLIENTS, limit).await?;
    }
    let busy = evs.memory("VmHWM")?;
    let what = "memory at most, 256 clients at work";
    report.promise(what, "< 80 MiB", format!("{busy:.1} MiB"), busy < 80.0);
    evs.stop()
}

/// The size of the binary as it is built for use.
fn size(report: &mut Report) -> Result<()> {
    let mib = std::fs::metadata(env!("CARGO_BIN_EXE_evs"))?.len() as f64 / 1024.0 / 1024.0;
    report.promise("size of the binary", "< 15 MiB", format!("{mib:.1} MiB"), mib < 15.0);
    Ok(())
}
