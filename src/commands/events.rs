//! `evs events`: what happened on a running server, and what happens.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use evs_local::config::Settings;
use reqwest::Method;
use reqwest::header::ACCEPT;
use serde_json::Value;

use crate::client::Client;

/// Which events.
#[derive(Debug, Args)]
pub(crate) struct EventsCommand {
    /// Go on with what happens from now on, until Ctrl-C; outlives restarts of the server
    #[arg(long)]
    follow: bool,
    /// Only what follows the event of this number; latest: only what happens from now on
    #[arg(long, value_name = "NUMBER", default_value = "0")]
    after: String,
    /// Only this action, such as transfer.create, or all below one: transfer.*
    #[arg(long)]
    action: Option<String>,
    /// Only what is called so, as Cinder's notifications are: transfer.accept.end, volume.*
    #[arg(long = "type", value_name = "NAME")]
    event_type: Option<String>,
    /// Only on behalf of the project with this id
    #[arg(long, value_name = "ID")]
    project: Option<String>,
    /// Only of the disk with this id
    #[arg(long, value_name = "ID")]
    disk: Option<String>,
    /// Print each event as a JSON object on a line
    #[arg(long)]
    json: bool,
}

const PATH: &str = "/_evs/events";

/// How long to wait before a server that went away is looked for again.
const PAUSE: Duration = Duration::from_millis(500);

/// Runs the command on the server of `settings`.
pub(crate) fn run(settings: &Settings, command: &EventsCommand) -> anyhow::Result<ExitCode> {
    let mut client = Client::of(settings)?;
    let mut after = command.after.clone();
    loop {
        let page = client.ask(&Method::GET, &command.path(&after), None)?;
        let events = page.get("events").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let lines: String = events.iter().map(|event| command.line(event)).collect();
        if !is_read(&lines)? {
            return Ok(ExitCode::SUCCESS);
        }
        let next = page.get("next").and_then(Value::as_i64).context("the answer has no next")?;
        let latest = page.get("latest").and_then(Value::as_i64);
        after = next.to_string();
        if latest.is_none_or(|latest| next >= latest) {
            break;
        }
    }
    if command.follow {
        return command.follow(settings, client, after);
    }
    Ok(ExitCode::SUCCESS)
}

impl EventsCommand {
    fn path(&self, after: &str) -> String {
        let filters = [
            ("action", &self.action),
            ("event_type", &self.event_type),
            ("project_id", &self.project),
            ("disk_id", &self.disk),
        ];
        let given = filters.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
        let query = [("after", after)].into_iter().chain(given);
        let query = query.map(|(name, value)| format!("{name}={}", encoded(value)));
        format!("{PATH}?{}", query.collect::<Vec<_>>().join("&"))
    }

    /// Prints what comes, and when the stream ends looks for the server again: it may have been started
    /// anew, on another port.
    fn follow<'a>(
        &self,
        settings: &'a Settings,
        mut client: Client<'a>,
        mut after: String,
    ) -> anyhow::Result<ExitCode> {
        loop {
            let opened = client.send(&Method::GET, &self.path(&after), |request| {
                request.header(ACCEPT, "text/event-stream")
            });
            if let Ok(mut stream) = opened {
                let mut text = Vec::new();
                // A connection that is cut is like a stream that has ended.
                while let Ok(Some(chunk)) = client.chunk(&mut stream) {
                    text.extend(chunk);
                    for block in blocks(&mut text) {
                        if let Some(id) = block.id {
                            after = id;
                        }
                        let line = block.data.and_then(|data| self.told(&block.event, &data));
                        if !is_read(&line.unwrap_or_default())? {
                            return Ok(ExitCode::SUCCESS);
                        }
                    }
                }
            }
            sleep(PAUSE);
            if let Ok(found) = Client::of(settings) {
                client = found;
            }
        }
    }

    fn told(&self, event: &str, data: &Value) -> Option<String> {
        if event != "reset" {
            return Some(self.line(data));
        }
        let after = data.get("after")?;
        Some(if self.json {
            format!("{{\"reset\":{data}}}\n")
        } else {
            format!("the numbers went back: events go on after {after}\n")
        })
    }

    /// One event: its number and time, what it is called, what it happened to, from which status to
    /// which, and who did it.
    fn line(&self, event: &Value) -> String {
        if self.json {
            return format!("{event}\n");
        }
        let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or("-").to_owned();
        let seq = event.get("seq").map_or_else(|| "-".to_owned(), Value::to_string);
        let status = |of: &str| Some(event.get(of)?.get("status")?.as_str()?.to_owned());
        let mut words = vec![
            format!("{seq:>6}"),
            text("at"),
            format!("{:24}", text("event_type")),
            text("resource_id"),
        ];
        let (was, is) = (status("before"), status("after"));
        if was != is {
            let word = |status: Option<String>| status.unwrap_or_else(|| "-".to_owned());
            words.push(format!("{}->{}", word(was), word(is)));
        }
        if event.get("disk_id") != event.get("resource_id") && text("disk_id") != "-" {
            words.push(format!("disk={}", text("disk_id")));
        }
        words.push(format!("project={}", text("project_id")));
        words.push(format!("user={}", text("user_id")));
        if text("reason") != "-" {
            words.push(format!("({})", text("reason")));
        }
        format!("{}\n", words.join(" "))
    }
}

/// Prints; false: whoever read has left, as `head` does, and wants no more.
fn is_read(text: &str) -> io::Result<bool> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error),
    }
}

/// With what means something else in a query as `%XX`.
fn encoded(value: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'*' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    value.bytes().map(encode).collect()
}

/// One block of a stream.
#[derive(Debug, PartialEq)]
struct Block {
    id: Option<String>,
    event: String,
    data: Option<Value>,
}

/// Takes the blocks that are whole from the beginning of what came.
fn blocks(text: &mut Vec<u8>) -> Vec<Block> {
    let mut found = Vec::new();
    while let Some(end) = text.windows(2).position(|two| two == b"\n\n") {
        let block: Vec<u8> = text.drain(..end + 2).collect();
        let block = String::from_utf8_lossy(&block).into_owned();
        let field =
            |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        found.push(Block {
            id: field("id").map(str::to_owned),
            event: field("event").unwrap_or_default().to_owned(),
            data: field("data").and_then(|data| serde_json::from_str(data).ok()),
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn command(json: bool) -> EventsCommand {
        EventsCommand {
            follow: false,
            after: "0".to_owned(),
            action: Some("disk.*".to_owned()),
            event_type: None,
            project: None,
            disk: None,
            json,
        }
    }

    #[test]
    fn only_what_is_given_is_asked_for() {
        assert_eq!(command(false).path("12"), "/_evs/events?after=12&action=disk.*");
        assert_eq!(encoded("a b&c=%"), "a%20b%26c%3D%25");
    }

    #[test]
    fn a_line_says_what_happened_to_what_and_who_did_it() {
        let mut event = json!({
            "seq": 7, "at": "2026-11-23T07:41:05.318204Z", "event_type": "transfer.create.end",
            "resource_id": "t", "disk_id": "d", "project_id": "p", "user_id": "u",
            "before": {"status": "available"}, "after": {"status": "awaiting-transfer"},
            "reason": null,
        });
        assert_eq!(
            command(false).line(&event),
            "     7 2026-11-23T07:41:05.318204Z transfer.create.end      t \
             available->awaiting-transfer disk=d project=p user=u\n"
        );
        event["after"] = event["before"].clone();
        event["disk_id"] = json!("t");
        event["reason"] = json!("its time was over");
        assert_eq!(
            command(false).line(&event),
            "     7 2026-11-23T07:41:05.318204Z transfer.create.end      t project=p user=u \
             (its time was over)\n"
        );
        assert_eq!(command(true).line(&json!({"seq": 1})), "{\"seq\":1}\n");
    }

    #[test]
    fn a_stream_is_read_block_by_block_wherever_it_is_cut() {
        let mut text =
            b": hello\n\nid: 4\nevent: clock.run\ndata: {\"seq\":4}\n\nid: 5\nev".to_vec();
        let whole = |id: &str, data: Value| Block {
            id: Some(id.to_owned()),
            event: "clock.run".to_owned(),
            data: Some(data),
        };
        let comment = Block { id: None, event: String::new(), data: None };
        assert_eq!(blocks(&mut text), [comment, whole("4", json!({"seq": 4}))]);
        text.extend(b"ent: clock.run\ndata: {}\n\n");
        assert_eq!(blocks(&mut text), [whole("5", json!({}))]);
        assert!(text.is_empty());
    }
}
