//! HTTP as bytes on a socket: written in pieces, cut anywhere, and read back answer by answer.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::AsFd as _;
use std::time::Duration;

/// Nothing that is answered at all takes longer.
const HANGS_AFTER: Duration = Duration::from_secs(30);

/// An answer as it came in.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// Why no answer came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Silence {
    /// The other end closed, before the first byte of an answer.
    Closed,
    /// It closed in the middle of one.
    Torn(String),
    /// It neither answers nor closes.
    Hangs,
}

/// One connection.
pub(crate) struct Wire {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Wire {
    pub(crate) fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(HANGS_AFTER)).unwrap();
        stream.set_write_timeout(Some(HANGS_AFTER)).unwrap();
        Self { stream, read: Vec::new() }
    }

    /// Writes as much as the other end takes; it may have closed by then, and its answer is there to read.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        drop(self.stream.write_all(bytes));
    }

    /// Says that nothing more comes; the answer may.
    pub(crate) fn half_close(&self) {
        drop(self.stream.shutdown(Shutdown::Write));
    }

    /// Goes away in the middle of everything: what is under way is thrown away on both ends.
    pub(crate) fn reset(self) {
        rustix::net::sockopt::set_socket_linger(self.stream.as_fd(), Some(Duration::ZERO)).unwrap();
    }

    /// Reads a few bytes, and does not care which.
    pub(crate) fn read_some(&mut self, most: usize) {
        let mut buffer = vec![0; most];
        drop(self.stream.read(&mut buffer));
    }

    /// The next answer. One to a `HEAD` has no body, whatever its head says.
    pub(crate) fn answer(&mut self, method: &str) -> Result<Raw, Silence> {
        let end = loop {
            if let Some(at) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.more()?;
        };
        let head: Vec<u8> = self.read.drain(..end).collect();
        let head = String::from_utf8(head).unwrap();
        let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = match length {
            Some(length) if method != "HEAD" && status != 100 => length.parse().unwrap(),
            _ => 0,
        };
        while self.read.len() < length {
            self.more().map_err(|_| Silence::Torn(head.clone()))?;
        }
        let body: Vec<u8> = self.read.drain(..length).collect();
        Ok(Raw { status, body: String::from_utf8(body).unwrap() })
    }

    fn more(&mut self) -> Result<(), Silence> {
        let mut buffer = [0; 4096];
        match self.stream.read(&mut buffer) {
            Ok(0) => Err(self.closed()),
            Ok(read) => {
                self.read.extend_from_slice(&buffer[..read]);
                Ok(())
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Err(Silence::Hangs)
            }
            Err(_) => Err(self.closed()),
        }
    }

    fn closed(&mut self) -> Silence {
        if self.read.is_empty() {
            return Silence::Closed;
        }
        Silence::Torn(String::from_utf8_lossy(&std::mem::take(&mut self.read)).into_owned())
    }
}
