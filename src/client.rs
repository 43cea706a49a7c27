//! Asks a running server on this machine.
//!
//! Must not know what is asked for.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::time::Duration;

use anyhow::{Context as _, bail};
use evs_local::config::{Login, Settings, login};
use evs_local::data_dir;
use reqwest::header::{CONTENT_TYPE, HOST};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::commands::reachable;

/// How long to wait for a connection; an answer may take any time.
const PATIENCE: Duration = Duration::from_secs(5);

/// A running server.
#[derive(Debug)]
pub(crate) struct Client<'a> {
    settings: &'a Settings,
    /// What the `Host` header says.
    host: String,
    addr: SocketAddr,
    http: reqwest::Client,
    runtime: Runtime,
    token: Option<String>,
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
        let http = reqwest::Client::builder().no_proxy().connect_timeout(PATIENCE).build()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { settings, host, addr, http, runtime, token: None })
    }

    /// The body of the answer, if that is a success: JSON, or nothing.
    pub(crate) fn ask(
        &mut self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        let answer = self.send(method, path, |request| match body {
            Some(body) => request.json(body),
            None => request,
        })?;
        let bytes = self.runtime.block_on(answer.bytes())?;
        Ok(if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes)? })
    }

    /// The text of the answer, if that is a success, to a text of a type or to nothing.
    pub(crate) fn text(
        &mut self,
        method: &Method,
        path: &str,
        body: Option<(&str, &str)>,
    ) -> anyhow::Result<String> {
        let answer = self.send(method, path, |request| match body {
            Some((kind, text)) => request.header(CONTENT_TYPE, kind).body(text.to_owned()),
            None => request,
        })?;
        Ok(self.runtime.block_on(answer.text())?)
    }

    /// The answer to what `complete` makes of a request, if that is a success. Logs in if the server
    /// asks who it is: one in open mode does not.
    pub(crate) fn send(
        &mut self,
        method: &Method,
        path: &str,
        complete: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> anyhow::Result<Response> {
        let mut answer = self.try_once(method, path, &complete)?;
        // A token does not outlive a clock that is set ahead, nor a state that knows nothing of it.
        if answer.status() == StatusCode::UNAUTHORIZED {
            self.token = Some(self.log_in()?);
            answer = self.try_once(method, path, &complete)?;
        }
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let body: Value = self.runtime.block_on(answer.json()).unwrap_or_default();
        let mut members = body.as_object().into_iter().flat_map(|object| object.values());
        let sentence = members.find_map(|fault| fault.get("message")?.as_str());
        let sentence =
            sentence.map_or_else(|| format!("status {}", status.as_u16()), str::to_owned);
        if status == StatusCode::FORBIDDEN {
            bail!("{sentence} Say who may with OS_USERNAME and OS_PASSWORD.");
        }
        bail!("{sentence}");
    }

    /// What comes next of an answer that is read as it comes; none: it has ended.
    pub(crate) fn chunk(&self, answer: &mut Response) -> anyhow::Result<Option<Vec<u8>>> {
        let chunk = self.runtime.block_on(answer.chunk())?;
        Ok(chunk.map(|chunk| chunk.to_vec()))
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
        let answer = self
            .try_once(&Method::POST, "/identity/v3/auth/tokens", &|request| request.json(&body))?;
        let token = answer.headers().get("x-subject-token").and_then(|token| token.to_str().ok());
        token.map(str::to_owned).with_context(|| {
            format!("the server does not let {user} in; say who with OS_USERNAME and OS_PASSWORD")
        })
    }

    fn try_once(
        &self,
        method: &Method,
        path: &str,
        complete: &impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> anyhow::Result<Response> {
        let url = format!("http://{}{path}", self.addr);
        let mut request = self.http.request(method.clone(), url).header(HOST, &self.host);
        if let Some(token) = &self.token {
            request = request.header("x-auth-token", token);
        }
        let answer = self.runtime.block_on(complete(request).send());
        answer.with_context(|| format!("no answer from {}", self.addr))
    }
}
