//! The load: clients that ask, wait for the answer and ask again, each on a connection of its own.
//!
//! Written on the bare socket, since what the client costs is taken from the server's cores.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::{JoinSet, LocalSet};

/// The most headers that an answer has.
const HEADERS: usize = 32;

/// A connection that is kept alive.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
    /// Where the body of the last answer begins.
    body: usize,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await.context("cannot connect")?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(64 * 1024), body: 0 })
    }

    /// Sends a request and waits for the whole answer: its status and its body.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Result<(u16, &[u8])> {
        self.stream.write_all(request).await?;
        self.received.clear();
        let (status, length) = loop {
            ensure!(self.stream.read_buf(&mut self.received).await? > 0, "cut off");
            let mut headers = [httparse::EMPTY_HEADER; HEADERS];
            let mut head = httparse::Response::new(&mut headers);
            if let httparse::Status::Complete(end) = head.parse(&self.received)? {
                self.body = end;
                break (head.code.context("no status")?, content_length(head.headers)?);
            }
        };
        while self.received.len() < self.body + length {
            ensure!(self.stream.read_buf(&mut self.received).await? > 0, "cut off");
        }
        Ok((status, self.received.get(self.body..).unwrap_or_default()))
    }

    /// Asks for something that must be answered with this status.
    pub(crate) async fn expect(&mut self, status: u16, request: &[u8]) -> Result<&[u8]> {
        let (found, body) = self.ask(request).await?;
        if found != status {
            let head = String::from_utf8_lossy(request);
            let head = head.lines().next().unwrap_or_default();
            bail!("{head}: {found} {}", String::from_utf8_lossy(body));
        }
        Ok(body)
    }

    /// A header of the last answer.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let head = std::str::from_utf8(self.received.get(..self.body)?).ok()?;
        let mut headers = head.lines().filter_map(|line| line.split_once(": "));
        let (_, value) = headers.find(|(found, _)| found.eq_ignore_ascii_case(name))?;
        Some(value.to_owned())
    }

    /// The body of the last answer.
    pub(crate) fn last_body(&self) -> &[u8] {
        self.received.get(self.body..).unwrap_or_default()
    }
}

fn content_length(headers: &[httparse::Header<'_>]) -> Result<usize> {
    let length = headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let Some(length) = length else { return Ok(0) };
    Ok(std::str::from_utf8(length.value)?.parse()?)
}

/// What clients do, one thing of it after the other.
pub(crate) trait Work: 'static {
    /// Does the thing of this number.
    async fn one(&self, connection: &mut Connection, number: usize) -> Result<()>;
}

/// How long a round goes on: until so many things are done, or until so much time has passed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    pub(crate) things: usize,
    pub(crate) time: Duration,
}

/// What a round came to.
#[derive(Debug, Default)]
pub(crate) struct Round {
    /// How long each thing took.
    pub(crate) samples: Vec<Duration>,
    pub(crate) wall: Duration,
}

impl Round {
    /// Things a second.
    pub(crate) fn rate(&self) -> f64 {
        self.samples.len() as f64 / self.wall.as_secs_f64()
    }

    /// The duration below which this part of all samples lies, from 0 to 1.
    pub(crate) fn percentile(&mut self, part: f64) -> Duration {
        self.samples.sort_unstable();
        let last = self.samples.len().saturating_sub(1);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a part of a length is one"
        )]
        let place = (last as f64 * part).round() as usize;
        self.samples.get(place).copied().unwrap_or_default()
    }
}

/// Runs so many clients until the limit, each on a connection that is open before the time counts.
pub(crate) async fn run<W: Work>(
    address: SocketAddr,
    clients: usize,
    limit: Limit,
    work: &Rc<W>,
) -> Result<Round> {
    let mut connections = Vec::new();
    for _ in 0..clients {
        connections.push(Connection::open(address).await?);
    }
    let (next, samples) = (Rc::new(Cell::new(0)), Rc::new(RefCell::new(Vec::new())));
    let local = LocalSet::new();
    let mut tasks = JoinSet::new();
    let begin = Instant::now();
    for mut connection in connections {
        let (work, next, samples) = (Rc::clone(work), Rc::clone(&next), Rc::clone(&samples));
        let client = async move {
            loop {
                let number = next.get();
                if number >= limit.things || begin.elapsed() >= limit.time {
                    return anyhow::Ok(());
                }
                next.set(number + 1);
                let asked = Instant::now();
                work.one(&mut connection, number).await?;
                samples.borrow_mut().push(asked.elapsed());
            }
        };
        tasks.spawn_local_on(client, &local);
    }
    let all = local.run_until(async {
        while let Some(client) = tasks.join_next().await {
            client??;
        }
        anyhow::Ok(())
    });
    all.await?;
    let wall = begin.elapsed();
    Ok(Round { samples: samples.take(), wall })
}
