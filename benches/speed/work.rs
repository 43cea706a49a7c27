//! What is measured: the requests of each operation, against a server that has what they need.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use serde_json::{Value, json};

use crate::load::{self, Connection, Limit, Round, Work};
use crate::served::Served;

/// What a client does again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Operation {
    /// Offer a disk.
    Create,
    /// Take a disk that is offered.
    Accept,
    /// Withdraw an offer.
    Delete,
    /// Offer a disk and take it.
    Pair,
    /// Show a transfer.
    Show,
    /// List 50 transfers in detail.
    List,
    /// Offer a disk that is offered already.
    Refused,
    /// Log in.
    Token,
    /// Make a disk.
    Disk,
}

/// An account that asks.
#[derive(Debug)]
struct Account {
    name: &'static str,
    project: String,
    token: String,
}

/// A disk that goes back and forth between the two accounts.
#[derive(Debug)]
struct Shuttle {
    disk: String,
    /// The place of the account whose it is.
    owner: Cell<usize>,
    /// The transfer that offers it, with its key.
    offer: RefCell<(String, String)>,
}

/// A server, two accounts of it and what is there for them.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) address: SocketAddr,
    accounts: [Account; 2],
    shuttles: Vec<Shuttle>,
    transfers: Vec<String>,
    /// One that is offered, so that it cannot be offered.
    offered: String,
}

/// The password of a first start.
const PASSWORD: &str = "secret";

impl World {
    /// A server with these available disks and open transfers of `demo`.
    pub(crate) async fn open(
        address: SocketAddr,
        disks: &[String],
        transfers: &[String],
    ) -> Result<Self> {
        let mut connection = Connection::open(address).await?;
        let demo = log_in(&mut connection, "demo").await?;
        let partner = log_in(&mut connection, "partner").await?;
        let first = transfers.first().cloned().unwrap_or_default();
        let mut world = Self {
            address,
            accounts: [demo, partner],
            shuttles: disks.iter().map(|disk| Shuttle::of(disk)).collect(),
            transfers: transfers.to_vec(),
            offered: String::new(),
        };
        if !first.is_empty() {
            let shown = connection.expect(200, &world.show(&first)).await?;
            let shown: Value = serde_json::from_slice(shown)?;
            world.offered = member(&shown, "/transfer/volume_id")?;
        }
        Ok(world)
    }

    /// Makes one disk and, of another one, a transfer; their ids.
    pub(crate) async fn make_first(&self) -> Result<(String, String)> {
        let mut connection = Connection::open(self.address).await?;
        let mut made = Vec::new();
        for _ in 0..2 {
            let body = connection.expect(202, &self.new_disk()).await?;
            made.push(member(&serde_json::from_slice(body)?, "/volume/id")?);
        }
        let [disk, other] = <[String; 2]>::try_from(made).ok().context("two disks")?;
        let body = connection.expect(202, &self.offer(0, &other)).await?;
        Ok((disk, member(&serde_json::from_slice(body)?, "/transfer/id")?))
    }

    /// So many disks can be on their way at the same time.
    pub(crate) fn shuttles(&self) -> usize {
        self.shuttles.len()
    }

    fn account(&self, place: usize) -> &Account {
        let [demo, partner] = &self.accounts;
        if place == 0 { demo } else { partner }
    }

    fn request(&self, who: usize, method: &str, rest: &str, body: &str) -> Vec<u8> {
        let Account { project, token, .. } = self.account(who);
        head(method, &format!("/v3/{project}/{rest}"), &format!("x-auth-token: {token}\r\n"), body)
    }

    fn offer(&self, who: usize, disk: &str) -> Vec<u8> {
        let body = format!(r#"{{"transfer": {{"volume_id": "{disk}", "name": "handover"}}}}"#);
        self.request(who, "POST", "os-volume-transfer", &body)
    }

    fn show(&self, transfer: &str) -> Vec<u8> {
        self.request(0, "GET", &format!("os-volume-transfer/{transfer}"), "")
    }

    fn new_disk(&self) -> Vec<u8> {
        self.request(0, "POST", "volumes", r#"{"volume": {"name": "disk", "size": 1}}"#)
    }

    fn shuttle(&self, number: usize) -> Result<&Shuttle> {
        self.shuttles.get(number).context("no such disk")
    }

    /// The request that does an operation next.
    pub(crate) fn next(&self, operation: Operation, number: usize) -> Result<Vec<u8>> {
        Ok(match operation {
            Operation::Create | Operation::Pair => {
                let shuttle = self.shuttle(number)?;
                self.offer(shuttle.owner.get(), &shuttle.disk)
            }
            Operation::Accept => {
                let shuttle = self.shuttle(number)?;
                let (transfer, key) = &*shuttle.offer.borrow();
                let path = format!("os-volume-transfer/{transfer}/accept");
                let body = format!(r#"{{"accept": {{"auth_key": "{key}"}}}}"#);
                self.request(1 - shuttle.owner.get(), "POST", &path, &body)
            }
            Operation::Delete => {
                let shuttle = self.shuttle(number)?;
                let path = format!("os-volume-transfer/{}", shuttle.offer.borrow().0);
                self.request(shuttle.owner.get(), "DELETE", &path, "")
            }
            Operation::Show => {
                let transfer = self.transfers.get(number % self.transfers.len().max(1));
                self.show(transfer.context("no transfer")?)
            }
            Operation::List => self.request(0, "GET", "os-volume-transfer/detail?limit=50", ""),
            Operation::Refused => self.offer(0, &self.offered),
            Operation::Token => password_request(self.account(0).name),
            Operation::Disk => self.new_disk(),
        })
    }

    async fn do_one(
        &self,
        operation: Operation,
        connection: &mut Connection,
        number: usize,
    ) -> Result<()> {
        let request = self.next(operation, number)?;
        let body = connection.expect(operation.status(), &request).await?;
        match operation {
            Operation::Create | Operation::Pair => {
                let found = (quoted(body, "id")?, quoted(body, "auth_key")?);
                *self.shuttle(number)?.offer.borrow_mut() = found;
            }
            Operation::Accept => {
                let owner = &self.shuttle(number)?.owner;
                owner.set(1 - owner.get());
            }
            Operation::Delete
            | Operation::Show
            | Operation::List
            | Operation::Refused
            | Operation::Token
            | Operation::Disk => {}
        }
        Ok(())
    }
}

impl Shuttle {
    fn of(disk: &str) -> Self {
        Self { disk: disk.to_owned(), owner: Cell::new(0), offer: RefCell::default() }
    }
}

impl Operation {
    /// Its name, as on the command line.
    pub(crate) fn word(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// What it is answered with.
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::Create | Self::Accept | Self::Delete | Self::Pair | Self::Disk => 202,
            Self::Show | Self::List => 200,
            Self::Refused => 400,
            Self::Token => 201,
        }
    }

    /// Whether each of its disks can be had once a round.
    fn uses_up(self) -> bool {
        matches!(self, Self::Create | Self::Accept | Self::Delete | Self::Pair)
    }

    /// What must be done to the same disks before, and what after, so that it can be done again.
    fn around(self) -> (Option<Self>, Option<Self>) {
        match self {
            Self::Create => (None, Some(Self::Delete)),
            Self::Delete | Self::Accept => (Some(Self::Create), None),
            Self::Pair | Self::Show | Self::List | Self::Refused | Self::Token | Self::Disk => {
                (None, None)
            }
        }
    }
}

/// An operation in a world.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) world: Rc<World>,
    pub(crate) operation: Operation,
}

impl Work for Measured {
    async fn one(&self, connection: &mut Connection, number: usize) -> Result<()> {
        self.world.do_one(self.operation, connection, number).await?;
        if self.operation == Operation::Pair {
            self.world.do_one(Operation::Accept, connection, number).await?;
        }
        Ok(())
    }
}

impl Measured {
    pub(crate) fn of(world: &Rc<World>, operation: Operation) -> Self {
        Self { world: Rc::clone(world), operation }
    }

    /// A request of it with its answer: what is echoed for comparison.
    pub(crate) async fn sample(&self) -> Result<(Vec<u8>, Vec<u8>)> {
        let (before, after) = self.operation.around();
        let mut connection = Connection::open(self.world.address).await?;
        if let Some(before) = before {
            self.world.do_one(before, &mut connection, 0).await?;
        }
        let request = self.world.next(self.operation, 0)?;
        self.one(&mut connection, 0).await?;
        let body = connection.last_body().to_vec();
        if let Some(after) = after {
            self.world.do_one(after, &mut connection, 0).await?;
        }
        Ok((request, body))
    }

    /// One round against `evs`; what it needs is done before, and undone after, at nobody's cost.
    pub(crate) async fn round(
        &self,
        evs: &Served,
        clients: usize,
        limit: Limit,
    ) -> Result<(Round, Spent)> {
        let most = if self.operation.uses_up() { self.world.shuttles() } else { usize::MAX };
        let limit = Limit { things: limit.things.min(most), ..limit };
        let address = self.world.address;
        let (before, after) = self.operation.around();
        if let Some(before) = before {
            let all = Limit { things: limit.things, time: Duration::MAX };
            load::run(address, 16, all, &Rc::new(Self::of(&self.world, before))).await?;
        }
        let work = Rc::new(Self::of(&self.world, self.operation));
        let before = Spent::so_far(evs)?;
        let round = load::run(address, clients, limit, &work).await?;
        let spent = Spent::so_far(evs)?.since(&before);
        if let Some(after) = after {
            let all = Limit { things: round.samples.len(), time: Duration::MAX };
            load::run(address, 16, all, &Rc::new(Self::of(&self.world, after))).await?;
        } else if self.operation == Operation::Accept || self.operation == Operation::Delete {
            // What the limit left is withdrawn, so that every disk is available again.
            let rest = Rest { world: Rc::clone(&self.world), from: round.samples.len() };
            let left = limit.things.saturating_sub(rest.from);
            let all = Limit { things: left, time: Duration::MAX };
            load::run(address, 16, all, &Rc::new(rest)).await?;
        }
        Ok((round, spent))
    }
}

/// What a server has used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spent {
    /// Time of its processors.
    pub(crate) processor: Duration,
    /// Bytes sent to the disk.
    pub(crate) written: f64,
}

impl Spent {
    fn so_far(evs: &Served) -> Result<Self> {
        Ok(Self { processor: evs.processor()?, written: evs.written()? })
    }

    fn since(self, before: &Self) -> Self {
        let processor = self.processor.saturating_sub(before.processor);
        Self { processor, written: self.written - before.written }
    }
}

/// Withdraws what is offered from a number on.
#[derive(Debug)]
struct Rest {
    world: Rc<World>,
    from: usize,
}

impl Work for Rest {
    async fn one(&self, connection: &mut Connection, number: usize) -> Result<()> {
        self.world.do_one(Operation::Delete, connection, self.from + number).await
    }
}

/// The same request again and again, to whoever answers it with this status.
#[derive(Debug)]
pub(crate) struct Same {
    pub(crate) request: Vec<u8>,
    pub(crate) status: u16,
}

impl Work for Same {
    async fn one(&self, connection: &mut Connection, _: usize) -> Result<()> {
        connection.expect(self.status, &self.request).await.map(drop)
    }
}

fn head(method: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:8776\r\n{headers}content-type: \
         application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

fn password_request(name: &str) -> Vec<u8> {
    let body = json!({"auth": {
        "identity": {"methods": ["password"], "password": {"user": {
            "name": name, "password": PASSWORD, "domain": {"name": "Default"},
        }}},
        "scope": {"project": {"name": name, "domain": {"name": "Default"}}},
    }});
    head("POST", "/identity/v3/auth/tokens", "", &body.to_string())
}

async fn log_in(connection: &mut Connection, name: &'static str) -> Result<Account> {
    let body = connection.expect(201, &password_request(name)).await?;
    let project = member(&serde_json::from_slice(body)?, "/token/project/id")?;
    let token = connection.header("x-subject-token").context("no token")?;
    Ok(Account { name, project, token })
}

fn member(body: &Value, pointer: &str) -> Result<String> {
    let text = body.pointer(pointer).and_then(Value::as_str);
    Ok(text.with_context(|| format!("no {pointer} in {body}"))?.to_owned())
}

/// The first text member of this name: cheaper than to parse all of an answer.
fn quoted(body: &[u8], name: &str) -> Result<String> {
    let text = std::str::from_utf8(body)?;
    let (_, rest) = text.split_once(&format!("\"{name}\":\"")).context("no such member")?;
    Ok(rest.split('"').next().unwrap_or_default().to_owned())
}
