//! `evs healthcheck`: asks a running server whether it is ready.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use evs_local::config::Settings;

use super::{print, reachable};

/// Runs the command.
pub(crate) fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let addr = reachable(settings.server.listen);
    let status =
        ask(addr, Duration::from_secs(5)).with_context(|| format!("no answer from {addr}"))?;
    if status == "200" {
        print(&format!("evs on {addr} is ready\n"))?;
        return Ok(ExitCode::SUCCESS);
    }
    bail!("evs on {addr} is not ready (status {status})")
}

/// The status of `GET /_evs/ready`, by hand: a health check needs no HTTP client.
fn ask(addr: SocketAddr, patience: Duration) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&addr, patience)?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    write!(stream, "GET /_evs/ready HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n")?;
    // The status line is the first of the answer; the rest does not matter.
    let mut start = Vec::new();
    stream.take(64).read_to_end(&mut start)?;
    let text = String::from_utf8_lossy(&start);
    match text.split(' ').collect::<Vec<_>>().as_slice() {
        [version, status, ..] if version.starts_with("HTTP/1.") => Ok((*status).to_owned()),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "what answers does not speak HTTP")),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    #[test]
    fn a_health_check_reads_the_status_of_the_answer() {
        let answered = |answer: &'static str| {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let addr = listener.local_addr().unwrap();
            let server = thread::spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                // All of it: what is left unread at the end resets the connection, and the answer
                // with it.
                let (mut request, mut byte) = (Vec::new(), [0]);
                while !request.ends_with(b"\r\n\r\n") {
                    stream.read_exact(&mut byte).unwrap();
                    request.extend(byte);
                }
                assert!(request.starts_with(b"GET /_evs/ready HTTP/1.1\r\n"));
                stream.write_all(answer.as_bytes()).unwrap();
            });
            let status = ask(addr, Duration::from_secs(5));
            server.join().unwrap();
            status
        };
        assert_eq!(answered("HTTP/1.1 200 OK\r\n\r\n").unwrap(), "200");
        assert_eq!(answered("HTTP/1.1 503 Service Unavailable\r\n\r\n").unwrap(), "503");
        assert!(answered("SSH-2.0\r\n").is_err());
        assert!(answered("").is_err());
    }
}
