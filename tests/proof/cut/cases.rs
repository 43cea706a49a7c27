//! What is done to connections: one case of each of many kinds, made of its own seed.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;

use super::answers::{Known, created, is, listed, refused};
use super::wire::{Raw, Silence, Wire};
use crate::chance::Chance;

/// What a case leaves: the names of its disks, and what is known of each.
pub(crate) type Left = Vec<(String, Known)>;

/// Who asks, and where.
#[derive(Debug, Clone)]
pub(crate) struct Asker {
    pub(crate) address: SocketAddr,
    pub(crate) project: String,
    pub(crate) token: String,
    /// A disk that a rule answers nothing about.
    pub(crate) dropped: String,
}

/// One case.
pub(crate) struct Case<'a> {
    who: &'a Asker,
    seed: u64,
    chance: Chance,
    names: usize,
}

/// Every kind of case with its weight.
const KINDS: [(&str, usize); 15] = [
    ("cut", 26),
    ("left", 20),
    ("half read", 8),
    ("slow", 5),
    ("pipeline", 8),
    ("cut pipeline", 7),
    ("lie", 7),
    ("chunks", 6),
    ("expectation", 4),
    ("huge head", 2),
    ("garbage", 6),
    ("kept alive", 5),
    ("other methods", 4),
    ("old version", 3),
    ("dropped", 3),
];

/// Of so many cases one waits until the server loses its patience.
const ENDLESS: usize = 150;

impl<'a> Case<'a> {
    pub(crate) fn of(who: &'a Asker, seed: u64) -> Self {
        Self { who, seed, chance: Chance::of(seed), names: 0 }
    }

    /// Does it: its kind, and what it left or what was wrong.
    pub(crate) fn run(mut self) -> (&'static str, Result<Left, String>) {
        if self.chance.below(ENDLESS) == 0 {
            return ("endless", self.endless());
        }
        let mut place = self.chance.below(KINDS.iter().map(|(_, weight)| weight).sum());
        for (kind, weight) in KINDS {
            if place < weight {
                return (kind, self.kind(kind));
            }
            place -= weight;
        }
        unreachable!("the weights are those of the kinds")
    }

    fn kind(&mut self, kind: &str) -> Result<Left, String> {
        match kind {
            "cut" => Ok(self.cut()),
            "left" => self.left(),
            "half read" => Ok(self.half_read()),
            "slow" => self.slow(),
            "pipeline" => self.pipeline(),
            "cut pipeline" => self.cut_pipeline(),
            "lie" => self.lie(),
            "chunks" => self.chunks(),
            "expectation" => self.expectation(),
            "huge head" => self.huge_head(),
            "garbage" => self.garbage(),
            "kept alive" => self.kept_alive(),
            "other methods" => self.other_methods(),
            "old version" => self.old_version(),
            "dropped" => self.dropped(),
            kind => unreachable!("{kind}"),
        }
    }

    fn wire(&self) -> Wire {
        Wire::to(self.who.address)
    }

    fn head(&self, request: &str, version: &str, more: &str) -> String {
        let token = &self.who.token;
        format!("{request} HTTP/{version}\r\nHost: evs\r\nX-Auth-Token: {token}\r\n{more}\r\n")
    }

    fn own(&self, method: &str, rest: &str) -> String {
        format!("{method} /v3/{}/{rest}", self.who.project)
    }

    /// A disk that nobody made yet: its name, and the body that makes it.
    fn disk(&mut self) -> (String, String) {
        self.names += 1;
        let name = format!("cut {} {}", self.seed, self.names);
        let padding = "p".repeat(self.chance.below(3) * 100);
        let volume =
            json!({"name": name, "size": 3, "metadata": {"k": "v"}, "description": padding});
        (name, json!({"volume": volume}).to_string())
    }

    fn creation(&mut self, version: &str, more: &str) -> (String, String, String) {
        let (name, body) = self.disk();
        let more =
            format!("{more}Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        (name, self.head(&self.own("POST", "volumes"), version, &more), body)
    }

    fn pause(&mut self, most_us: usize) {
        std::thread::sleep(Duration::from_micros(self.chance.below(most_us).try_into().unwrap()));
    }

    /// Closes in one of three ways; half of it may still read.
    fn close(&mut self, mut wire: Wire) {
        match self.chance.below(3) {
            0 => wire.reset(),
            1 => {
                wire.half_close();
                wire.read_some(64);
            }
            _ => drop(wire),
        }
    }

    /// Goes away after some byte of a request.
    fn cut(&mut self) -> Left {
        let (name, head, body) = self.creation("1.1", "");
        let whole = format!("{head}{body}");
        let at = self.chance.below(whole.len());
        let mut wire = self.wire();
        let first = self.chance.below(at + 1);
        wire.write(&whole.as_bytes()[..first]);
        self.pause(2000);
        wire.write(&whole.as_bytes()[first..at]);
        self.pause(3000);
        self.close(wire);
        vec![(name, Known::Refused)]
    }

    /// Sends a whole request and goes away at some moment; or says that nothing more comes, and reads.
    fn left(&mut self) -> Result<Left, String> {
        let (name, head, body) = self.creation("1.1", "");
        let mut wire = self.wire();
        wire.write(format!("{head}{body}").as_bytes());
        if self.chance.below(4) == 0 {
            wire.half_close();
            let known = created(&wire.answer("POST"), &name)?;
            return Ok(vec![(name, known)]);
        }
        self.pause(8000);
        if self.chance.below(2) == 0 {
            wire.reset();
        }
        Ok(vec![(name, Known::Unknown)])
    }

    /// Reads some bytes of the answer and goes away.
    fn half_read(&mut self) -> Left {
        let (name, head, body) = self.creation("1.1", "");
        let mut wire = self.wire();
        wire.write(format!("{head}{body}").as_bytes());
        let most = 1 + self.chance.below(900);
        wire.read_some(most);
        self.close(wire);
        vec![(name, Known::Unknown)]
    }

    /// Sends a request in small pieces, which is nobody's fault.
    fn slow(&mut self) -> Result<Left, String> {
        let (name, head, body) = self.creation("1.1", "");
        let mut wire = self.wire();
        let whole = format!("{head}{body}");
        let most = [1, 7, 40][self.chance.below(3)];
        for piece in whole.as_bytes().chunks(most) {
            wire.write(piece);
            if self.chance.below(8) == 0 {
                self.pause(300);
            }
        }
        let known = created(&wire.answer("POST"), &name)?;
        Ok(vec![(name, is(known, Known::Done)?)])
    }

    /// Sends a part of a request and then nothing more, and waits until the server has had enough.
    fn endless(&mut self) -> Result<Left, String> {
        let (name, head, body) = self.creation("1.1", "");
        let whole = format!("{head}{body}");
        let mut wire = self.wire();
        let at = self.chance.below(whole.len());
        wire.write(&whole.as_bytes()[..at]);
        match wire.answer("POST") {
            Ok(Raw { status: 408, .. }) | Err(Silence::Closed) => Ok(vec![(name, Known::Refused)]),
            other => Err(format!("after {at} of {} bytes: {other:?}", whole.len())),
        }
    }

    /// Several requests in one write, of which some make disks: what each is to be answered with.
    fn several(&mut self) -> (String, Vec<Option<String>>) {
        let mut bytes = String::new();
        let mut expected = Vec::new();
        for _ in 0..2 + self.chance.below(4) {
            if self.chance.below(3) == 0 {
                bytes.push_str(&self.head(&self.own("GET", "volumes?limit=2"), "1.1", ""));
                expected.push(None);
            } else {
                let (name, head, body) = self.creation("1.1", "");
                bytes.push_str(&head);
                bytes.push_str(&body);
                expected.push(Some(name));
            }
        }
        (bytes, expected)
    }

    fn pipeline(&mut self) -> Result<Left, String> {
        let (bytes, expected) = self.several();
        let mut wire = self.wire();
        wire.write(bytes.as_bytes());
        let mut left = Vec::new();
        for name in expected {
            match name {
                None => listed(&wire.answer("GET"))?,
                Some(name) => {
                    let known = created(&wire.answer("POST"), &name)?;
                    left.push((name, is(known, Known::Done)?));
                }
            }
        }
        Ok(left)
    }

    /// A pipeline that ends somewhere; answers to the requests before that come in order.
    fn cut_pipeline(&mut self) -> Result<Left, String> {
        let (bytes, expected) = self.several();
        let mut wire = self.wire();
        let at = self.chance.below(bytes.len());
        wire.write(&bytes.as_bytes()[..at]);
        let reads = self.chance.below(2) == 0;
        if reads {
            wire.half_close();
        }
        let mut left = Vec::new();
        let mut over = !reads;
        for name in expected {
            let answer = if over { Err(Silence::Closed) } else { wire.answer("POST") };
            over |= answer.is_err();
            match name {
                None if over => {}
                None => listed(&answer)?,
                Some(name) => {
                    let known = created(&answer, &name)?;
                    over |= known != Known::Done;
                    left.push((name, known));
                }
            }
        }
        if !reads {
            self.pause(5000);
            self.close(wire);
        }
        Ok(left)
    }

    /// Says something else of its length than is so.
    fn lie(&mut self) -> Result<Left, String> {
        let (name, body) = self.disk();
        let (right, twice) = (body.len(), body.len() * 2);
        let lies = [
            format!("Content-Length: {twice}\r\n"),
            format!("Content-Length: {}\r\n", right / 2),
            format!("Content-Length: {right}\r\nContent-Length: {twice}\r\n"),
            "Content-Length: -1\r\n".to_owned(),
            "Content-Length: 99999999999999999999\r\n".to_owned(),
            "Content-Length: 9000000000000000000\r\n".to_owned(),
            format!("Content-Length: {right}\r\nTransfer-Encoding: chunked\r\n"),
            "Transfer-Encoding: identity, gzip\r\n".to_owned(),
        ];
        let lie = &lies[self.chance.below(lies.len())];
        let more = format!("{lie}Content-Type: application/json\r\n");
        let head = self.head(&self.own("POST", "volumes"), "1.1", &more);
        let mut wire = self.wire();
        wire.write(format!("{head}{body}").as_bytes());
        wire.half_close();
        refused(&wire.answer("POST")).map_err(|why| format!("{lie:?}: {why}"))?;
        Ok(vec![(name, Known::Refused)])
    }

    /// A body in chunks: whole, cut, or with sizes that are none.
    fn chunks(&mut self) -> Result<Left, String> {
        let (name, body) = self.disk();
        let more = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n";
        let mut whole = self.head(&self.own("POST", "volumes"), "1.1", more).into_bytes();
        let begins = whole.len();
        let most = 1 + self.chance.below(body.len());
        for chunk in body.as_bytes().chunks(most) {
            whole.extend(format!("{:x}\r\n", chunk.len()).bytes());
            whole.extend(chunk);
            whole.extend(b"\r\n");
        }
        whole.extend(b"0\r\n\r\n");
        let mut wire = self.wire();
        match self.chance.below(3) {
            0 => {
                wire.write(&whole);
                let known = created(&wire.answer("POST"), &name)?;
                Ok(vec![(name, is(known, Known::Done)?)])
            }
            1 => {
                // Without the last line end too it is cut: the end of the trailers is missing.
                let at = begins + self.chance.below(whole.len() - begins);
                wire.write(&whole[..at]);
                wire.half_close();
                refused(&wire.answer("POST"))?;
                Ok(vec![(name, Known::Refused)])
            }
            _ => {
                let sizes: [&[u8]; 4] = [b"zz\r\n", b"-5\r\n", b"fffffffffffffffff\r\n", b"\r\n"];
                whole.truncate(begins);
                whole.extend(sizes[self.chance.below(sizes.len())]);
                wire.write(&whole);
                wire.half_close();
                refused(&wire.answer("POST"))?;
                Ok(vec![(name, Known::Refused)])
            }
        }
    }

    /// Asks whether it may send the body; then sends it, or goes away.
    fn expectation(&mut self) -> Result<Left, String> {
        let (name, head, body) = self.creation("1.1", "Expect: 100-continue\r\n");
        let mut wire = self.wire();
        wire.write(head.as_bytes());
        match wire.answer("POST") {
            Ok(Raw { status: 100, .. }) => {}
            other => return Err(format!("{other:?} instead of 100")),
        }
        if self.chance.below(2) == 0 {
            let at = self.chance.below(body.len());
            wire.write(&body.as_bytes()[..at]);
            self.close(wire);
            return Ok(vec![(name, Known::Refused)]);
        }
        wire.write(body.as_bytes());
        let known = created(&wire.answer("POST"), &name)?;
        Ok(vec![(name, is(known, Known::Done)?)])
    }

    fn huge_head(&mut self) -> Result<Left, String> {
        let more = if self.chance.below(2) == 0 {
            format!("X-Long: {}\r\n", "a".repeat(140_000 + self.chance.below(100_000)))
        } else {
            "X-Many: a\r\n".repeat(200 + self.chance.below(1000))
        };
        let (name, head, body) = self.creation("1.1", &more);
        let mut wire = self.wire();
        wire.write(format!("{head}{body}").as_bytes());
        refused(&wire.answer("POST"))?;
        Ok(vec![(name, Known::Refused)])
    }

    /// Bytes at random, or a request with some bytes of it changed: anything but a 5xx and a hang. What
    /// the changed ones make is not known, so their disks are no part of what is left.
    fn garbage(&mut self) -> Result<Left, String> {
        let (name, head, body) = self.creation("1.1", "");
        let body = body.replace(&name, &name.replace("cut", "odd"));
        let mut bytes = format!("{head}{body}").into_bytes();
        let any = |chance: &mut Chance| u8::try_from(chance.below(256)).unwrap();
        if self.chance.below(2) == 0 {
            bytes = (0..self.chance.below(2000)).map(|_| any(&mut self.chance)).collect();
        } else {
            for _ in 0..=self.chance.below(6) {
                let at = self.chance.below(bytes.len());
                bytes[at] = any(&mut self.chance);
            }
        }
        let mut wire = self.wire();
        wire.write(&bytes);
        wire.half_close();
        loop {
            match wire.answer("POST") {
                Ok(answer) if answer.status < 500 => {}
                Err(Silence::Closed) => return Ok(vec![]),
                other => return Err(format!("{other:?}")),
            }
        }
    }

    /// Several requests one after the other on one connection.
    fn kept_alive(&mut self) -> Result<Left, String> {
        let mut wire = self.wire();
        let mut left = Vec::new();
        for _ in 0..2 + self.chance.below(4) {
            let (name, head, body) = self.creation("1.1", "");
            wire.write(format!("{head}{body}").as_bytes());
            let known = created(&wire.answer("POST"), &name)?;
            left.push((name, is(known, Known::Done)?));
        }
        self.close(wire);
        Ok(left)
    }

    /// `HEAD`, `OPTIONS` and what the path has no answer for; the connection goes on.
    fn other_methods(&mut self) -> Result<Left, String> {
        let mut wire = self.wire();
        for _ in 0..=self.chance.below(3) {
            let method = ["HEAD", "OPTIONS", "PATCH", "TRACE", "BREW"][self.chance.below(5)];
            let request = if method == "HEAD" && self.chance.below(2) == 0 {
                "HEAD /_evs/health".to_owned()
            } else {
                self.own(method, "volumes")
            };
            wire.write(self.head(&request, "1.1", "").as_bytes());
            match wire.answer(method) {
                Ok(Raw { status: 200 | 405, .. }) => {}
                other => return Err(format!("{request}: {other:?}")),
            }
        }
        wire.write(self.head(&self.own("GET", "volumes?limit=2"), "1.1", "").as_bytes());
        listed(&wire.answer("GET"))?;
        Ok(vec![])
    }

    /// HTTP/1.0: one answer, and the connection ends.
    fn old_version(&mut self) -> Result<Left, String> {
        let (name, head, body) = self.creation("1.0", "");
        let mut wire = self.wire();
        wire.write(format!("{head}{body}").as_bytes());
        let known = created(&wire.answer("POST"), &name)?;
        match wire.answer("POST") {
            Err(Silence::Closed) => Ok(vec![(name, is(known, Known::Done)?)]),
            other => Err(format!("after the answer: {other:?}")),
        }
    }

    /// A pipeline whose first answer a fault drops: nobody gets the answers of the others for it.
    fn dropped(&mut self) -> Result<Left, String> {
        let show = self.own("GET", &format!("volumes/{}", self.who.dropped));
        let first = self.head(&show, "1.1", "");
        let (name, head, body) = self.creation("1.1", "");
        let mut wire = self.wire();
        wire.write(format!("{first}{head}{body}").as_bytes());
        match wire.answer("GET") {
            Err(Silence::Closed) => Ok(vec![(name, Known::Unknown)]),
            other => Err(format!("instead of nothing: {other:?}")),
        }
    }
}
