//! Signed requests, `SDK-HMAC-SHA256` and `V11-HMAC-SHA256`: what their header says, and which text
//! was signed (Huawei Cloud "API Request Signing Guide", "AK/SK Signing and Authentication
//! Algorithm").
//!
//! Must not know: secrets, and how a hash or a MAC is made.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use chrono::{NaiveDateTime, TimeDelta};
use thiserror::Error;

use super::clock::Time;
use super::ids::AccessId;

/// Why a signature does not let anybody in. The texts are constants: nothing of a request is quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SignatureRefused {
    /// The `Authorization` header does not say what it must.
    #[error("the Authorization header is malformed: {0}")]
    Malformed(&'static str),
    /// A header on which the request depends could be changed by others.
    #[error("the header {0} must be among the signed ones")]
    Unsigned(&'static str),
    /// A signed header did not come exactly once.
    #[error("a signed header is missing or comes twice")]
    Headers,
    /// The date is none.
    #[error("x-sdk-date is no time of the form YYYYMMDDTHHMMSSZ, or not the credential's")]
    Date,
    /// The date is not about now.
    #[error("x-sdk-date is too far from the present time")]
    Stale,
    /// The body is not the one that was hashed.
    #[error("x-sdk-content-sha256 is not the hash of the body")]
    Payload,
    /// An unknown or disabled key, a wrong secret, or something signed that was changed: told apart
    /// nowhere.
    #[error("verify aksk signature fail")]
    Mismatch,
    /// The user has no role in the project asked for.
    #[error("the access key does not reach the project")]
    Project,
}

/// What comes to `Ok` if nothing speaks against a signature.
pub type Result<T> = std::result::Result<T, SignatureRefused>;

/// How a request was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Algorithm {
    /// `SDK-HMAC-SHA256`: with the secret itself.
    Plain,
    /// `V11-HMAC-SHA256`: with a key derived from the secret for this `<date>/<region>/<service>`.
    Derived(String),
}

const PLAIN: &str = "SDK-HMAC-SHA256";
const DERIVED: &str = "V11-HMAC-SHA256";

/// What an `Authorization` header claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    /// The public half of the key.
    pub access: AccessId,
    /// How it was signed.
    pub algorithm: Algorithm,
    /// The names of the signed headers, lower case, joined by `;`, in the order of the header.
    pub signed_headers: String,
    /// The signature.
    pub signature: [u8; 32],
}

/// The longest public half of a key that is looked up.
const LONGEST_ACCESS: usize = 128;

impl Authorization {
    /// Whether a header is about a signature at all; `Basic` and `Bearer`, say, are not.
    pub fn is_meant_by(header: &[u8]) -> bool {
        [PLAIN, DERIVED].iter().any(|algorithm| {
            header
                .strip_prefix(algorithm.as_bytes())
                .is_some_and(|rest| rest.first().is_none_or(|next| !next.is_ascii_alphanumeric()))
        })
    }

    /// Reads a header.
    pub fn parse(header: &[u8]) -> Result<Self> {
        use SignatureRefused::Malformed;
        let text = std::str::from_utf8(header).map_err(|_| Malformed("it is no text"))?;
        let (algorithm, members) = text.split_once(' ').ok_or(Malformed("it has no members"))?;
        let owner = match algorithm {
            PLAIN => "Access",
            DERIVED => "Credential",
            _ => return Err(Malformed("the algorithm is unknown")),
        };
        let (mut credential, mut listed, mut signature) = (None, None, None);
        for member in members.split(',') {
            let (name, value) =
                member.trim().split_once('=').ok_or(Malformed("a member has no value"))?;
            let slot = match name {
                _ if name == owner => &mut credential,
                "SignedHeaders" => &mut listed,
                "Signature" => &mut signature,
                _ => return Err(Malformed("a member is unknown")),
            };
            if slot.replace(value).is_some() {
                return Err(Malformed("a member comes twice"));
            }
        }
        let (Some(credential), Some(listed), Some(signature)) = (credential, listed, signature)
        else {
            return Err(Malformed("a member is missing"));
        };
        let (access, algorithm) = if owner == "Access" {
            (credential, Algorithm::Plain)
        } else {
            let (access, scope) =
                credential.split_once('/').ok_or(Malformed("the credential has no scope"))?;
            (access, Algorithm::Derived(scope_of(scope)?))
        };
        Ok(Self {
            access: access_of(access)?,
            algorithm,
            signed_headers: signed_headers_of(listed)?,
            signature: bytes_of(signature).ok_or(Malformed("the signature is no SHA-256"))?,
        })
    }

    /// The names of the signed headers.
    fn names(&self) -> impl Iterator<Item = &str> {
        self.signed_headers.split(';')
    }

    /// The text whose MAC is the signature.
    pub fn string_to_sign(&self, date: &str, canonical_hash: &str) -> String {
        match &self.algorithm {
            Algorithm::Plain => format!("{PLAIN}\n{date}\n{canonical_hash}"),
            Algorithm::Derived(scope) => format!("{DERIVED}\n{date}\n{scope}\n{canonical_hash}"),
        }
    }
}

fn access_of(text: &str) -> Result<AccessId> {
    let fits = (1..=LONGEST_ACCESS).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    fits.then(|| AccessId::new(text)).ok_or(SignatureRefused::Malformed("the access key is none"))
}

fn scope_of(text: &str) -> Result<String> {
    let parts: Vec<&str> = text.split('/').collect();
    let fits = parts.len() == 3
        && parts.iter().all(|part| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        });
    fits.then(|| text.to_owned())
        .ok_or(SignatureRefused::Malformed("the credential's scope is none"))
}

fn signed_headers_of(listed: &str) -> Result<String> {
    use SignatureRefused::{Malformed, Unsigned};
    let mut names = BTreeSet::new();
    for name in listed.split(';') {
        let fits = !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b));
        if !fits {
            return Err(Malformed("a signed header has no lower-case name"));
        }
        if !names.insert(name) {
            return Err(Malformed("a signed header is named twice"));
        }
    }
    // Without these a signature would count on any server and for ever.
    for needed in ["host", "x-sdk-date"] {
        if !names.contains(needed) {
            return Err(Unsigned(needed));
        }
    }
    Ok(listed.to_owned())
}

/// 64 lower-case hexadecimal digits as 32 bytes.
fn bytes_of(hex: &str) -> Option<[u8; 32]> {
    let digit = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = hex
        .as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect();
    bytes?.try_into().ok()
}

/// The parts of a request that can be signed, as they came in.
#[derive(Debug, Clone)]
pub struct Signable<'a> {
    /// The method.
    pub method: &'a str,
    /// The path as it stood in the request line.
    pub path: &'a str,
    /// The query as it stood there, without the question mark.
    pub query: &'a str,
    /// Every header with its lower-case name, those that come twice twice.
    pub headers: Vec<(&'a str, &'a [u8])>,
}

impl<'a> Signable<'a> {
    /// The value of a header, which must have come exactly once.
    fn only(&self, name: &str) -> Result<&'a [u8]> {
        let mut values = self.headers.iter().filter(|(key, _)| *key == name);
        match (values.next(), values.next()) {
            (Some((_, value)), None) => Ok(value.trim_ascii()),
            _ => Err(SignatureRefused::Headers),
        }
    }

    /// When it was signed, as the client wrote it, if that is at most `skew` away from `now`.
    pub fn date(&self, claim: &Authorization, now: Time, skew: TimeDelta) -> Result<&'a str> {
        let text =
            std::str::from_utf8(self.only("x-sdk-date")?).map_err(|_| SignatureRefused::Date)?;
        // chrono alone would take `+2026` for a year, and blanks.
        let shaped = text.len() == "YYYYMMDDTHHMMSSZ".len()
            && text.bytes().all(|b| b.is_ascii_digit() || b"TZ".contains(&b));
        let date = NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ")
            .ok()
            .filter(|_| shaped)
            .ok_or(SignatureRefused::Date)?
            .and_utc();
        if let Algorithm::Derived(scope) = &claim.algorithm
            && scope.split('/').next() != text.get(..8)
        {
            return Err(SignatureRefused::Date);
        }
        if (now - date).abs() > skew { Err(SignatureRefused::Stale) } else { Ok(text) }
    }

    /// What stands for the body: its hash, or the word with which a client leaves it out.
    ///
    /// That header decides whether the body is covered, so it must be signed: otherwise somebody in
    /// between changes the body and names the hash of the old one.
    pub fn payload<'h>(
        &self,
        claim: &Authorization,
        hash: &'h str,
        body: &[u8],
    ) -> Result<&'h str> {
        const HEADER: &str = "x-sdk-content-sha256";
        const LEFT_OUT: &str = "UNSIGNED-PAYLOAD";
        if body.is_empty() || !self.headers.iter().any(|(name, _)| *name == HEADER) {
            return Ok(hash);
        }
        if !claim.names().any(|name| name == HEADER) {
            return Err(SignatureRefused::Unsigned(HEADER));
        }
        match self.only(HEADER)? {
            word if word == LEFT_OUT.as_bytes() => Ok(LEFT_OUT),
            given if given == hash.as_bytes() => Ok(hash),
            _ => Err(SignatureRefused::Payload),
        }
    }

    /// The text whose hash is signed: method, path, query, headers, their names, the body.
    pub fn canonical(&self, claim: &Authorization, payload: &str) -> Result<Vec<u8>> {
        let mut headers = Vec::new();
        for name in claim.names() {
            headers.extend_from_slice(name.as_bytes());
            headers.push(b':');
            headers.extend_from_slice(self.only(name)?);
            headers.push(b'\n');
        }
        let (path, query) = (canonical_path(self.path), canonical_query(self.query));
        let mut text =
            format!("{}\n{path}\n{query}\n", self.method.to_ascii_uppercase()).into_bytes();
        text.extend_from_slice(&headers);
        text.extend_from_slice(format!("\n{}\n{payload}", claim.signed_headers).as_bytes());
        Ok(text)
    }
}

/// Decoded, cut at the slashes, encoded again, with a slash at its end.
fn canonical_path(path: &str) -> String {
    let decoded = decode(path, Plus::Itself);
    let segments: Vec<String> = decoded.split(|byte| *byte == b'/').map(encode).collect();
    let mut path = segments.join("/");
    if !path.ends_with('/') {
        path.push('/');
    }
    path
}

/// Decoded as the handlers will read it, sorted by key, then value, encoded again.
fn canonical_query(query: &str) -> String {
    let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decode(key, Plus::Blank), decode(value, Plus::Blank)))
        .collect();
    pairs.sort();
    let pairs: Vec<String> =
        pairs.iter().map(|(key, value)| format!("{}={}", encode(key), encode(value))).collect();
    pairs.join("&")
}

/// What `+` stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plus {
    Itself,
    Blank,
}

/// Percent-decodes; a `%` that begins no code stands for itself.
fn decode(text: &str, plus: Plus) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    loop {
        rest = match rest {
            [] => return decoded,
            [b'%', high, low, after @ ..]
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                let value = |digit: &u8| char::from(*digit).to_digit(16).unwrap_or_default();
                decoded.extend(u8::try_from(value(high) * 16 + value(low)));
                after
            }
            [b'+', after @ ..] if plus == Plus::Blank => {
                decoded.push(b' ');
                after
            }
            [byte, after @ ..] => {
                decoded.push(*byte);
                after
            }
        };
    }
}

/// Percent-encodes all but the unreserved characters of RFC 3986.
fn encode(bytes: &[u8]) -> String {
    let mut encoded = String::with_capacity(bytes.len());
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(byte) {
            encoded.push(char::from(*byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNATURE: &str = "51a21329c2bc8845e95ec7162c336955d53bef2fa1e3317485658e8eea985b53";

    fn claim(signed: &str) -> Authorization {
        let header =
            format!("SDK-HMAC-SHA256 Access=AK, SignedHeaders={signed}, Signature={SIGNATURE}");
        Authorization::parse(header.as_bytes()).unwrap()
    }

    fn request<'a>(headers: &[(&'a str, &'a str)]) -> Signable<'a> {
        let headers = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        Signable { method: "POST", path: "/a", query: "", headers }
    }

    #[test]
    fn a_header_is_read_whatever_the_order_of_its_members() {
        let header = format!(
            "V11-HMAC-SHA256 SignedHeaders=host;x-sdk-date,Signature={SIGNATURE}, \
             Credential=AK/20261123/sim-1/evs"
        );
        let claim = Authorization::parse(header.as_bytes()).unwrap();
        assert_eq!(claim.access, AccessId::new("AK"));
        assert_eq!(claim.algorithm, Algorithm::Derived("20261123/sim-1/evs".to_owned()));
        assert_eq!(claim.signed_headers, "host;x-sdk-date");
        assert_eq!(claim.signature[..3], [0x51, 0xa2, 0x13]);
    }

    #[test]
    fn only_the_two_algorithms_mean_a_signature() {
        for (header, is) in [
            ("SDK-HMAC-SHA256", true),
            ("SDK-HMAC-SHA256 Access=", true),
            ("V11-HMAC-SHA256,", true),
            ("SDK-HMAC-SHA2567 x", false),
            ("SDK-HMAC-SM3 Access=", false),
            ("Basic c2VjcmV0", false),
            ("", false),
        ] {
            assert_eq!(Authorization::is_meant_by(header.as_bytes()), is, "{header}");
        }
    }

    #[test]
    fn a_path_is_encoded_anew_and_ends_in_a_slash() {
        for (path, canonical) in [
            ("", "/"),
            ("/", "/"),
            ("/a/b", "/a/b/"),
            ("/a/b/", "/a/b/"),
            ("/a%2fb%20c", "/a/b%20c/"),
            ("/~a_-.+", "/~a_-.%2B/"),
            ("/%zz%C3%BC%", "/%25zz%C3%BC%25/"),
        ] {
            assert_eq!(canonical_path(path), canonical, "{path}");
        }
    }

    #[test]
    fn a_query_is_sorted_by_what_it_means_and_encoded_anew() {
        for (query, canonical) in [
            ("", ""),
            ("b=2&a=1", "a=1&b=2"),
            ("a=2&a=1&a", "a=&a=1&a=2"),
            ("&&x==", "x=%3D"),
            ("a+b=%2B&%61=%c3%bc", "a=%C3%BC&a%20b=%2B"),
        ] {
            assert_eq!(canonical_query(query), canonical, "{query}");
        }
    }

    #[test]
    fn a_signed_header_must_come_exactly_once_and_is_trimmed() {
        let claim = claim("host;x-sdk-date");
        let text = request(&[("x-sdk-date", " d\t"), ("host", "h")]).canonical(&claim, "p");
        assert_eq!(text.unwrap(), b"POST\n/a/\n\nhost:h\nx-sdk-date:d\n\nhost;x-sdk-date\np");
        for headers in [&[("host", "h")][..], &[("host", "h"), ("host", "h"), ("x-sdk-date", "d")]]
        {
            let refused = request(headers).canonical(&claim, "p");
            assert_eq!(refused, Err(SignatureRefused::Headers));
        }
    }

    #[test]
    fn a_date_counts_only_near_the_present_and_in_its_one_spelling() {
        let now: Time = "2026-11-23T07:41:05Z".parse().unwrap();
        let skew = TimeDelta::seconds(900);
        let claim = claim("host;x-sdk-date");
        let date = |text: &str| request(&[("x-sdk-date", text)]).date(&claim, now, skew).err();
        assert_eq!(date("20261123T074105Z"), None);
        assert_eq!(date("20261123T072605Z"), None);
        assert_eq!(date("20261123T075605Z"), None);
        for stale in ["20261123T072604Z", "20261123T075606Z", "00010101T000000Z"] {
            assert_eq!(date(stale), Some(SignatureRefused::Stale), "{stale}");
        }
        for bad in
            ["", "20261123T074105", "2026-11-23T07:41", "+0261123T074105Z", "20261323T074105Z"]
        {
            assert_eq!(date(bad), Some(SignatureRefused::Date), "{bad}");
        }
    }

    #[test]
    fn the_body_is_left_out_or_hashed_elsewhere_only_under_the_signature() {
        let (open, covered) =
            (claim("host;x-sdk-date"), claim("host;x-sdk-content-sha256;x-sdk-date"));
        let with = |value| request(&[("x-sdk-content-sha256", value)]);
        assert_eq!(request(&[]).payload(&open, "hash", b"x"), Ok("hash"));
        assert_eq!(with("UNSIGNED-PAYLOAD").payload(&open, "hash", b""), Ok("hash"));
        assert_eq!(
            with("UNSIGNED-PAYLOAD").payload(&covered, "hash", b"x"),
            Ok("UNSIGNED-PAYLOAD")
        );
        assert_eq!(with("hash").payload(&covered, "hash", b"x"), Ok("hash"));
        assert_eq!(with("other").payload(&covered, "hash", b"x"), Err(SignatureRefused::Payload));
        assert_eq!(
            with("other").payload(&open, "hash", b"x"),
            Err(SignatureRefused::Unsigned("x-sdk-content-sha256"))
        );
    }
}
