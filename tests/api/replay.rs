//! What OpenStack's and Open Telekom Cloud's clients sent about snapshots, backups and backup policies,
//! byte for byte, and what they were answered (`tests/clients/record.py` wrote it down): sent again,
//! it is answered alike.

use std::collections::BTreeMap;
use std::io::Write as _;

use chrono::TimeDelta;
use reqwest::Method;

use crate::support::TestServer;

const RECORDED: &str = include_str!("../clients/recorded.txt");

/// One request as it was sent, and its answer.
#[derive(Default)]
struct Exchange {
    command: String,
    request: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
    status: u16,
    answer: String,
}

fn exchanges() -> Vec<Exchange> {
    let (mut all, mut command) = (Vec::<Exchange>::new(), String::new());
    for line in RECORDED.lines() {
        if let Some(rest) = line.strip_prefix("# ") {
            rest.clone_into(&mut command);
        } else if let Some(body) = line.strip_prefix("> = ") {
            all.last_mut().unwrap().body = Some(body.to_owned());
        } else if let Some((name, value)) = line.strip_prefix("> ").and_then(|l| l.split_once(": "))
        {
            all.last_mut().unwrap().headers.push((name.to_owned(), value.to_owned()));
        } else if let Some(request) = line.strip_prefix("> ") {
            let (command, request) = (command.clone(), request.to_owned());
            all.push(Exchange { command, request, ..Exchange::default() });
        } else if let Some(answer) = line.strip_prefix("< ") {
            let (status, text) = answer.split_once(' ').unwrap();
            let last = all.last_mut().unwrap();
            (last.status, last.answer) = (status.parse().unwrap(), text.to_owned());
        }
    }
    all
}

/// What the names of the recording stand for in this run.
#[derive(Clone)]
struct Names(BTreeMap<String, String>);

impl Names {
    /// The recorded text as it is said here; every name in it is known by now.
    fn said(&self, recorded: &str) -> String {
        self.0.iter().fold(recorded.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    /// Reads `text` along the recorded one, and learns the names that appear for the first time;
    /// where they part, what is left of both.
    fn learn<'t>(&mut self, mut recorded: &'t str, mut text: &'t str) -> Result<(), [&'t str; 2]> {
        loop {
            let Some(at) = recorded.find('{').filter(|at| is_name(&recorded[*at..])) else {
                // A brace that begins no name is read as what it is.
                let until = recorded.find('{').map_or(recorded.len(), |at| at + 1);
                text = text.strip_prefix(&recorded[..until]).ok_or([recorded, text])?;
                recorded = &recorded[until..];
                if recorded.is_empty() {
                    return if text.is_empty() { Ok(()) } else { Err([recorded, text]) };
                }
                continue;
            };
            text = text.strip_prefix(&recorded[..at]).ok_or([recorded, text])?;
            let (name, rest) = recorded[at..].split_at(recorded[at..].find('}').unwrap() + 1);
            let known = self.0.get(name).cloned();
            let length = match (name, known) {
                (_, Some(value)) if text.starts_with(&value) => value.len(),
                ("{time}", _) => length_of(text, |c| c.is_ascii_digit() || "T:.-Z".contains(c)),
                (_, None) => {
                    let prefix = ["autobk_snapshot_", "autobk_"];
                    let prefix = prefix.iter().find(|prefix| text.starts_with(**prefix));
                    let before = prefix.map_or(0, |prefix| prefix.len());
                    let id = |c: char| c.is_ascii_hexdigit() || c == '-';
                    before + length_of(&text[before..], id)
                }
                _ => 0,
            };
            if length == 0 {
                return Err([recorded, text]);
            }
            if name != "{time}" {
                self.0.insert(name.to_owned(), text[..length].to_owned());
            }
            (recorded, text) = (rest, &text[length..]);
        }
    }
}

fn is_name(text: &str) -> bool {
    ["{id ", "{time}", "{url}", "{demo}"].iter().any(|name| text.starts_with(name))
}

fn length_of(text: &str, of: impl Fn(char) -> bool) -> usize {
    text.find(|c| !of(c)).unwrap_or(text.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_clients_sent_is_answered_as_it_was() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let mut names = Names(BTreeMap::from([
        ("{demo}".to_owned(), demo.project.clone()),
        ("{url}".to_owned(), server.url()),
    ]));
    let (all, mut commands) = (exchanges(), Vec::new());
    for exchange in &all {
        // Lists are in the order of time, as they were then.
        server.advance(TimeDelta::seconds(1));
        let request = names.said(&exchange.request);
        let (method, path) = request.split_once(' ').unwrap();
        let body = exchange.body.as_deref().map(|body| names.said(body));
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let headers: Vec<(&str, &str)> =
            exchange.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        // What a policy has begun is over a moment later: who asks for it may have to ask again.
        let asks = if method == Method::GET { 1000 } else { 1 };
        for ask in 1..=asks {
            let answer = demo.send_with(method.clone(), path, &headers, body.clone()).await;
            let asked = format!("{}: {request}", exchange.command);
            assert_eq!(answer.status, exchange.status, "{asked}: {}", answer.text);
            let mut more = names.clone();
            match more.learn(&exchange.answer, &answer.text) {
                Ok(()) => {
                    names = more;
                    break;
                }
                Err([recorded, said]) if ask == asks => {
                    panic!("{asked}\nrecorded …{recorded}\nsaid     …{said}");
                }
                Err(_) => {}
            }
        }
        commands.push(&exchange.command);
    }
    commands.dedup();
    let (sent, of) = (all.len(), commands.len());
    writeln!(std::io::stderr(), "{sent} requests of {of} commands, sent again").unwrap();
    assert!(sent >= 100, "{sent} requests");
    server.finish().await;
}
