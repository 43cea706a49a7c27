//! Asks a running server on this machine: HTTP by hand, since a command needs no more of it than this.
//!
//! Must not know what is asked for.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use anyhow::{Context as _, bail};
use evs_local::config::{Login, Settings, login};
use evs_local::data_dir;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::cli::reachable;

/// How long to wait for a connection; an answer may take any time.
const PATIENCE: Duration = Duration::from_secs(5);

/// A running server.
#[derive(Debug)]
pub(crate) struct Client<'a> {
    settings: &'a Settings,
    /// What the `Host` header says.
    host: String,
    addr: SocketAddr,
    token: Option<String>,
}

struct Reply {
    status: u16,
    head: String,
    body: Value,
}

impl<'a> Client<'a> {
    /// The server on the data directory of the settings.
    pub(crate) fn of(settings: &'a Settings) -> anyhow::Result<Self> {
        let dir = &settings.data.dir;
        let running = data_dir::running(dir);
        let Some(url) = running.and_then(|holder| holder.url) else {
            bail!("no server runs on {}; start one with `evs serve`", dir.display());
        };
        // What is told to others may be a proxy that speaks TLS: then the server itself is asked.
        let host = match url.strip_prefix("http://") {
            Some(rest) => rest.split('/').next().unwrap_or_default().to_owned(),
            None => settings.server.listen.to_string(),
        };
        let resolved = host.to_socket_addrs().or_else(|_| (host.as_str(), 80).to_socket_addrs());
        let addr = resolved.ok().and_then(|mut found| found.next());
        let addr = reachable(addr.with_context(|| format!("{host} has no address"))?);
        Ok(Self { settings, host, addr, token: None })
    }

    /// The body of the answer, if that is a success. Logs in if the server asks who it is: one in open
    /// mode does not.
    pub(crate) fn ask(
        &mut self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        let mut reply = self.send(method, path, body)?;
        // A token does not outlive a clock that is set ahead.
        if reply.status == 401 {
            self.token = Some(self.log_in()?);
            reply = self.send(method, path, body)?;
        }
        if reply.status == 200 {
            return Ok(reply.body);
        }
        let mut members = reply.body.as_object().into_iter().flat_map(|object| object.values());
        let sentence = members.find_map(|fault| fault.get("message")?.as_str());
        let sentence = sentence.map_or_else(|| format!("status {}", reply.status), str::to_owned);
        if reply.status == 403 {
            bail!("{sentence} Say who may with OS_USERNAME and OS_PASSWORD.");
        }
        bail!("{sentence}");
    }

    fn log_in(&self) -> anyhow::Result<String> {
        let Some(Login { user, password, project, user_domain, project_domain }) =
            login(self.settings)
        else {
            bail!(
                "no account of the settings is an administrator; set OS_USERNAME and OS_PASSWORD"
            );
        };
        let body = json!({"auth": {
            "identity": {"methods": ["password"], "password": {"user": {
                "name": user, "password": password.expose_secret(), "domain": {"name": user_domain},
            }}},
            "scope": {"project": {"name": project, "domain": {"name": project_domain}}},
        }});
        let reply = self.send("POST", "/identity/v3/auth/tokens", Some(&body))?;
        let token = reply.head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("x-subject-token").then(|| value.trim().to_owned())
        });
        token.with_context(|| {
            format!("the server does not let {user} in; say who with OS_USERNAME and OS_PASSWORD")
        })
    }

    fn send(&self, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<Reply> {
        let exchanged = self.exchange(method, path, body);
        let answer = exchanged.with_context(|| format!("no answer from {}", self.addr))?;
        let text = String::from_utf8_lossy(&answer);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let Some(status) = status.filter(|_| head.starts_with("HTTP/1.")) else {
            bail!("what answers at {} does not speak HTTP", self.addr);
        };
        let body = serde_json::from_str(body).unwrap_or_default();
        Ok(Reply { status, head: head.to_owned(), body })
    }

    fn exchange(&self, method: &str, path: &str, body: Option<&Value>) -> std::io::Result<Vec<u8>> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let token = self.token.as_ref().map(|token| format!("X-Auth-Token: {token}\r\n"));
        let (token, host, length) = (token.unwrap_or_default(), &self.host, body.len());
        let mut stream = TcpStream::connect_timeout(&self.addr, PATIENCE)?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{token}\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(answer)
    }
}
