//! Who a signed request comes from: the key is looked up, the signature made again and compared.
//!
//! A key that is unknown or disabled, a wrong secret and a changed request are one refusal.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use super::identity::tokens::hex;
use super::{App, Result};
use crate::domain::access_key::AccessSecret;
use crate::domain::account::{Session, TokenScope};
use crate::domain::ids::ProjectId;
use crate::domain::signature::{Algorithm, Authorization, Signable, SignatureRefused};

/// A request that claims to be signed.
#[derive(Debug)]
pub struct SignedRequest<'a> {
    /// Its `Authorization` header.
    pub authorization: &'a [u8],
    /// What may be signed of it, except the body.
    pub signable: Signable<'a>,
    /// Its body.
    pub body: &'a [u8],
    /// The project it is about, if it names one; otherwise the key's own.
    pub project: Option<ProjectId>,
}

impl App {
    /// What a signed request stands for, as a token would. All that can be found wrong without a
    /// look at the database is found before it.
    pub async fn signed_session(&self, request: &SignedRequest<'_>) -> Result<Session> {
        let (now, skew) = (self.now(), self.rules.signature_skew);
        let claim = Authorization::parse(request.authorization)?;
        // Clients sign with the time of a machine, wherever people have set the clock of this service.
        let date = request.signable.date(&claim, self.clock.machine_now(), skew)?;
        let hash = hex(&Sha256::digest(request.body));
        let payload = request.signable.payload(&claim, &hash, request.body)?;
        let canonical = request.signable.canonical(&claim, payload)?;
        let text = claim.string_to_sign(date, &hex(&Sha256::digest(canonical)));

        let found = self.read().await?.signer(&claim.access, request.project.as_ref()).await?;
        let signer = found.ok_or(SignatureRefused::Mismatch)?;
        verify(&claim, &signer.secret, &text)?;
        // Only a holder of the secret learns which projects there are.
        let project =
            signer.project.filter(|_| !signer.roles.is_empty()).ok_or(SignatureRefused::Project)?;
        Ok(Session {
            user: signer.user,
            scope: TokenScope::Project(project),
            credential: None,
            roles: signer.roles,
            methods: vec!["hw_ak_sk".to_owned()],
            audit_id: claim.access.to_string(),
            issued_at: now,
            expires_at: now + skew,
        })
    }
}

/// Compares in constant time.
fn verify(
    claim: &Authorization,
    secret: &AccessSecret,
    text: &str,
) -> std::result::Result<(), SignatureRefused> {
    let mac = match &claim.algorithm {
        Algorithm::Plain => mac(secret.reveal().as_bytes(), &[text.as_bytes()])?,
        Algorithm::Derived(scope) => {
            let derived = derived_key(claim.access.as_str(), secret, scope)?;
            mac(derived.as_bytes(), &[text.as_bytes()])?
        }
    };
    mac.verify_slice(&claim.signature).map_err(|_| SignatureRefused::Mismatch)
}

/// HKDF-SHA256 with the access key as salt, its one block spelled in hexadecimal digits: that text
/// is the key of the signature.
fn derived_key(
    access: &str,
    secret: &AccessSecret,
    scope: &str,
) -> std::result::Result<String, SignatureRefused> {
    let extracted = mac(access.as_bytes(), &[secret.reveal().as_bytes()])?;
    let expanded = mac(&extracted.finalize().into_bytes(), &[scope.as_bytes(), &[1]])?;
    Ok(hex(&expanded.finalize().into_bytes()))
}

fn mac(key: &[u8], parts: &[&[u8]]) -> std::result::Result<Hmac<Sha256>, SignatureRefused> {
    // HMAC takes keys of any length; the type cannot say so.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| SignatureRefused::Mismatch)?;
    for part in parts {
        mac.update(part);
    }
    Ok(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCESS: &str = "AKSIM0000000000000001";
    const BODY: &str =
        r#"{"transfer": {"name": "t1", "volume_id": "4b1de0f6-6c3e-4b8f-9d7a-52f1c0a83e19"}}"#;
    const DATE: &str = "20261123T074105Z";
    const HEADERS: [(&str, &[u8]); 4] = [
        ("content-type", b"application/json;charset=utf-8"),
        ("host", b"127.0.0.1:8776"),
        ("x-project-id", b"7d3f1c0b9a2e4c58b6f0e1d2c3a4b596"),
        ("x-sdk-date", b"20261123T074105Z"),
    ];
    const ALL: &str = "content-type;host;x-project-id;x-sdk-date";

    fn create() -> Signable<'static> {
        Signable {
            method: "POST",
            path: "/v2/7d3f1c0b9a2e4c58b6f0e1d2c3a4b596/os-volume-transfer",
            query: "",
            headers: HEADERS.to_vec(),
        }
    }

    fn list() -> Signable<'static> {
        Signable {
            method: "GET",
            path: "/v2/7d3f1c0b9a2e4c58b6f0e1d2c3a4b596/cloudvolumes/detail",
            query: "limit=5&name=a+b%2f%c3%bc&ids=%5B'x','y'%5D",
            headers: HEADERS.to_vec(),
        }
    }

    fn check(
        authorization: &str,
        signable: &Signable<'_>,
        body: &str,
    ) -> std::result::Result<(), SignatureRefused> {
        let secret = AccessSecret::new("simulated-secret-key-0001".to_owned());
        let claim = Authorization::parse(authorization.as_bytes())?;
        let hash = hex(&Sha256::digest(body));
        let canonical = signable.canonical(&claim, &hash)?;
        verify(&claim, &secret, &claim.string_to_sign(DATE, &hex(&Sha256::digest(canonical))))
    }

    fn plain(signed: &str, signature: &str) -> String {
        format!("SDK-HMAC-SHA256 Access={ACCESS}, SignedHeaders={signed}, Signature={signature}")
    }

    #[test]
    fn a_signed_create_of_huaweis_sdk_verifies() {
        let header = plain(ALL, "51a21329c2bc8845e95ec7162c336955d53bef2fa1e3317485658e8eea985b53");
        assert_eq!(check(&header, &create(), BODY), Ok(()));
        assert_eq!(check(&header, &create(), ""), Err(SignatureRefused::Mismatch));
        let claim = Authorization::parse(header.as_bytes()).unwrap();
        let canonical = create().canonical(&claim, &hex(&Sha256::digest(BODY))).unwrap();
        assert_eq!(
            hex(&Sha256::digest(canonical)),
            "5c545486a4a0e4f08cb1c106c5b0897a2e7f8773eccc2f1ab1ac01f5dadbd3aa"
        );
    }

    #[test]
    fn a_signed_list_of_huaweis_sdk_verifies_however_the_query_is_spelled() {
        let header = plain(
            "host;x-sdk-date",
            "21ba40fd5eaa9a0da28b5630bb0e4ec4140f035f8b5b6d39e73569325f0540b1",
        );
        assert_eq!(check(&header, &list(), ""), Ok(()));
        let other = Signable { query: "limit=6", ..list() };
        assert_eq!(check(&header, &other, ""), Err(SignatureRefused::Mismatch));
    }

    #[test]
    fn a_signature_with_a_derived_key_verifies_for_its_scope_only() {
        let secret = AccessSecret::new("simulated-secret-key-0001".to_owned());
        assert_eq!(
            derived_key(ACCESS, &secret, "20261123/sim-1/evs").unwrap(),
            "e71769588f74b402574bf0292dae5584729c174069291ea46b164150d2528284"
        );
        let header = |service: &str| {
            format!(
                "V11-HMAC-SHA256 Credential={ACCESS}/20261123/sim-1/{service}, \
                 SignedHeaders={ALL}, \
                 Signature=b4ac9c1940ca39ad3e02731e2948ade28ea020c8f341df0b15d9451010d73170"
            )
        };
        assert_eq!(check(&header("evs"), &create(), BODY), Ok(()));
        assert_eq!(check(&header("ecs"), &create(), BODY), Err(SignatureRefused::Mismatch));
    }
}
