//! What each fuzz target does with an input, and what must hold of what comes of it. The targets and the
//! test that replays their corpus share this file, so that they cannot differ.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use chrono::TimeDelta;
use evs_local::domain::clock::Time;
use evs_local::domain::microversion::{BadMicroversion, Microversion};
use evs_local::domain::signature::{Algorithm, Authorization, Signable};
use evs_local::http::readers;
use evs_local::{fault_file, scenario_file};
use serde_json::Value;

/// What is done with an input.
type Target = fn(&[u8]);

/// Every target by its name.
pub(crate) const TARGETS: &[(&str, Target)] = &[
    ("bodies", bodies),
    ("faults", faults),
    ("literals", literals),
    ("microversion", microversion),
    ("paging", paging),
    ("scenario", scenario),
    ("signature", signature),
];

/// The longest answer to a request that is refused, in bytes, whatever the request says.
const LONGEST_REFUSAL: usize = 8192;

/// A line with the name of a reader, and a body for it.
pub(crate) fn bodies(input: &[u8]) {
    let Some(end) = input.iter().position(|byte| *byte == b'\n') else { return };
    let (name, body) = (&input[..end], &input[end + 1..]);
    let Some(read) = std::str::from_utf8(name).ok().and_then(|name| readers::body(name, body))
    else {
        return;
    };
    let Err(refused) = read else { return };
    assert!((400..500).contains(&refused.status), "{refused:?}");
    assert!(refused.body.len() <= LONGEST_REFUSAL, "{} bytes: {refused:?}", refused.body.len());
    let answer: Value = serde_json::from_str(&refused.body).unwrap();
    let mut told = BTreeSet::new();
    texts(&answer, &mut told);
    assert!(told.iter().any(|text| !text.is_empty()), "says nothing: {refused:?}");
    if matches!(name, b"login" | b"accept") {
        let mut sent = BTreeSet::new();
        if let Ok(body) = serde_json::from_slice(body) {
            texts(&body, &mut sent);
        }
        // What has letters and digits is no word of a sentence.
        let secret = |text: &&String| {
            text.len() >= 12
                && text.bytes().any(|b| b.is_ascii_digit())
                && text.bytes().any(|b| b.is_ascii_alphabetic())
        };
        for text in sent.iter().filter(secret) {
            assert!(!told.iter().any(|told| told.contains(text)), "{text} in {refused:?}");
        }
    }
}

/// Every text of a value.
fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            found.insert(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(members) => members.values().for_each(|member| texts(member, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A value of the header `OpenStack-API-Version`: what is read is read again from how it is printed.
pub(crate) fn microversion(input: &[u8]) {
    let Ok(header) = std::str::from_utf8(input) else { return };
    match Microversion::from_header(header) {
        Ok(version) => {
            assert_eq!(Microversion::from_header(&format!("volume {version}")), Ok(version));
            let among = format!("compute 2.1, volume {version},image 1");
            assert_eq!(Microversion::from_header(&among), Ok(version));
        }
        Err(BadMicroversion::Malformed(text)) => assert!(header.len() >= text.len()),
        Err(BadMicroversion::Unsupported(version)) => {
            let printed = format!("VOLUME {version}");
            let again = Microversion::from_header(&printed);
            assert_eq!(again, Err(BadMicroversion::Unsupported(version)));
        }
    }
}

/// A query: the link to the next page asks for what comes next of the same.
pub(crate) fn paging(input: &[u8]) {
    const LAST: &str = "4b1de0f6-6c3e-4b8f-9d7a-52f1c0a83e19";
    let Ok(query) = std::str::from_utf8(input) else { return };
    let (pairs, page) = match (readers::pairs(query), readers::page(query)) {
        (Ok(pairs), Ok(page)) => (pairs, page),
        (_, Err(refused)) => {
            assert!((400..500).contains(&refused.status), "{refused:?}");
            assert!(refused.body.len() <= LONGEST_REFUSAL + 6 * query.len(), "{refused:?}");
            return;
        }
        (Err(refused), Ok(_)) => panic!("a page of no query: {refused:?}"),
    };
    assert!((1..=1000).contains(&page.limit) && page.offset >= 0, "{page:?}");
    let next = readers::next(&pairs, LAST);
    let then = readers::page(&next).unwrap();
    assert_eq!(then.marker.as_deref(), Some(LAST), "{next}");
    assert_eq!((then.limit, then.offset, then.sort), (page.limit, 0, page.sort), "{next}");
    let rest = |pairs: Vec<(String, String)>| -> Vec<(String, String)> {
        pairs.into_iter().filter(|(key, _)| key != "marker" && key != "offset").collect()
    };
    let again = readers::pairs(&next).unwrap();
    assert_eq!(rest(again), rest(pairs), "{next}");
}

/// A filter as Python or JSON spells it: what is read is read again from how it is printed.
pub(crate) fn literals(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Some(value) = readers::literal(text) else { return };
    let printed = readers::quoted(&value);
    // What is long is cut when it is quoted, and fractions lose their last digit when they are read.
    if printed.chars().count() <= 1000 && !has_fraction(&value) {
        assert_eq!(readers::literal(&printed), Some(value), "{text} is printed as {printed}");
    }
}

fn has_fraction(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(items) => items.iter().any(has_fraction),
        Value::Object(members) => members.values().any(has_fraction),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

/// A request line, headers and a body, as HTTP has them: what is signed of it is the same however the same
/// path and query are spelled.
pub(crate) fn signature(input: &[u8]) {
    let end = input.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = end.map_or((input, &[][..]), |end| (&input[..end], &input[end + 2..]));
    let mut lines = head.split(|byte| *byte == b'\n');
    let Some(first) = lines.next().and_then(|line| std::str::from_utf8(line).ok()) else { return };
    let (method, target) = first.split_once(' ').unwrap_or((first, ""));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: Vec<(String, &[u8])> = lines
        .filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let name = std::str::from_utf8(&line[..colon]).ok()?.to_ascii_lowercase();
            Some((name, &line[colon + 1..]))
        })
        .collect();
    let Some((_, header)) = headers.iter().find(|(name, _)| name == "authorization") else {
        return;
    };
    let header = header.trim_ascii();
    let Ok(claim) = Authorization::parse(header) else { return };
    assert!(Authorization::is_meant_by(header));
    assert_eq!(Authorization::parse(printed(&claim).as_bytes()), Ok(claim.clone()));
    let headers = headers.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let request = Signable { method, path, query, headers };
    let _ = request.date(&claim, Time::UNIX_EPOCH, TimeDelta::MAX);
    let Ok(payload) = request.payload(&claim, "0".repeat(64).as_str(), body).map(str::to_owned)
    else {
        return;
    };
    let Ok(signed) = request.canonical(&claim, &payload) else { return };
    // Method, path and query are the first lines, in which no byte is left that ends one.
    let mut lines = signed.split(|byte| *byte == b'\n').skip(method.matches('\n').count() + 1);
    let mut line = || std::str::from_utf8(lines.next().unwrap_or_default()).unwrap();
    let (path, query) = (line(), line());
    let again = Signable { path, query, ..request.clone() };
    assert_eq!(again.canonical(&claim, &payload).as_deref(), Ok(&signed[..]), "{path}?{query}");
}

/// A header that claims this.
fn printed(claim: &Authorization) -> String {
    let mut signature = String::new();
    for byte in &claim.signature {
        write!(signature, "{byte:02x}").unwrap();
    }
    let (access, names) = (claim.access.as_str(), &claim.signed_headers);
    match &claim.algorithm {
        Algorithm::Plain => {
            format!("SDK-HMAC-SHA256 Access={access}, SignedHeaders={names}, Signature={signature}")
        }
        Algorithm::Derived(scope) => format!(
            "V11-HMAC-SHA256 Credential={access}/{scope}, SignedHeaders={names}, \
             Signature={signature}"
        ),
    }
}

/// A scenario: what is read is read again from how it is printed, and what is wrong has its place.
pub(crate) fn scenario(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    match scenario_file::parse(text) {
        Ok(scenario) => {
            let printed = scenario_file::render(&scenario);
            let again = scenario_file::parse(&printed)
                .unwrap_or_else(|told| panic!("what was printed is not taken: {told}\n{printed}"));
            assert_eq!(scenario_file::render(&again), printed);
        }
        Err(complaints) => {
            let told = complaints.to_string();
            let first = told.split(':').next().and_then(|line| line.parse::<usize>().ok());
            let lines = text.split('\n').count();
            assert!(first.is_some_and(|line| (1..=lines).contains(&line)), "{told}");
        }
    }
}

/// A file of faults: what is taken is good, and what is wrong has its line.
pub(crate) fn faults(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    match fault_file::parse(text) {
        Ok(drafts) => {
            for draft in drafts {
                let fault = draft.check(Time::UNIX_EPOCH, 0).unwrap();
                assert!(fault.chance.times != Some(0), "{fault:?}");
            }
        }
        Err(mistakes) => {
            assert!(!mistakes.is_empty());
            let lines = text.split('\n').count();
            for mistake in mistakes {
                let line = mistake.strip_prefix("line ").and_then(|rest| rest.split(':').next());
                let line = line.and_then(|line| line.parse::<usize>().ok());
                assert!(line.is_some_and(|line| (1..=lines).contains(&line)), "{mistake}");
            }
        }
    }
}
