//! Login requests: who proves what how, and what the token shall act on.

use secrecy::SecretString;
use serde_json::Value;

use crate::domain::account::{DomainNamedBy, NamedBy};
use crate::domain::ids::ApplicationCredentialId;
use crate::http::error::ApiError;
use crate::service::identity::tokens::{CredentialNamedBy, Proof, Scope};

/// What a login request asks for.
pub(in crate::http) fn login(body: &Value) -> Result<(Proof, Scope), ApiError> {
    let auth = object(body, "auth", "request body")?;
    let identity = object(auth, "identity", "auth")?;
    let methods = identity
        .get("methods")
        .and_then(Value::as_array)
        .ok_or_else(|| expected("methods", "identity"))?;
    let methods: Vec<&str> = methods.iter().filter_map(Value::as_str).collect();
    let proof = match methods.as_slice() {
        ["password"] => password(object(identity, "password", "identity")?)?,
        ["token"] => {
            let token = object(identity, "token", "identity")?;
            Proof::Token(SecretString::from(text(token, "id", "token")?))
        }
        ["application_credential"] => {
            let method = object(identity, "application_credential", "identity")?;
            application_credential(method)?
        }
        _ => {
            return Err(ApiError::Login(
                "Attempted to authenticate with an unsupported method: identity.methods must be \
                 [\"password\"], [\"token\"] or [\"application_credential\"]."
                    .to_owned(),
            ));
        }
    };
    Ok((proof, scope(auth.get("scope"))?))
}

fn password(method: &Value) -> Result<Proof, ApiError> {
    let user = object(method, "user", "password")?;
    let password = SecretString::from(text(user, "password", "user")?);
    let named = named(user, "user")?;
    if let NamedBy::Name { domain: None, .. } = named {
        return Err(expected("domain", "user"));
    }
    Ok(Proof::Password { user: named, password })
}

fn application_credential(method: &Value) -> Result<Proof, ApiError> {
    let secret = SecretString::from(text(method, "secret", "application_credential")?);
    let named = if method.get("id").is_some() {
        let id = text(method, "id", "application_credential")?;
        CredentialNamedBy::Id(ApplicationCredentialId::new(id))
    } else {
        let name = text(method, "name", "application_credential")?;
        let user = named(object(method, "user", "application_credential")?, "user")?;
        if let NamedBy::Name { domain: None, .. } = user {
            return Err(expected("domain", "user"));
        }
        CredentialNamedBy::Name(name, user)
    };
    Ok(Proof::ApplicationCredential { named, secret })
}

fn scope(scope: Option<&Value>) -> Result<Scope, ApiError> {
    let members = match scope {
        None | Some(Value::Null) => return Ok(Scope::Default),
        Some(Value::String(word)) if word == "unscoped" => return Ok(Scope::Unscoped),
        Some(Value::Object(members)) => members,
        Some(Value::String(_) | Value::Bool(_) | Value::Number(_) | Value::Array(_)) => {
            return Err(expected("project", "scope"));
        }
    };
    let mut kinds = members.keys().map(String::as_str);
    match (kinds.next(), kinds.next()) {
        (Some("project"), None) => {
            let scope = Value::Object(members.clone());
            Ok(Scope::Project(named(object(&scope, "project", "scope")?, "project")?))
        }
        (Some("domain"), None) => {
            let scope = Value::Object(members.clone());
            Ok(Scope::Domain(domain(object(&scope, "domain", "scope")?)?))
        }
        (Some("system"), None) => {
            let system = members.get("system").and_then(|system| system.get("all"));
            if system == Some(&Value::Bool(true)) {
                Ok(Scope::System)
            } else {
                Err(expected("all", "system"))
            }
        }
        (Some(_), Some(_)) => {
            Err(ApiError::Login("Expecting one scope in scope: it names several.".to_owned()))
        }
        _ => Err(expected("project", "scope")),
    }
}

/// By id, or by name and perhaps a domain, which is itself named by id or by name.
fn named(thing: &Value, kind: &str) -> Result<NamedBy, ApiError> {
    if thing.get("id").is_some() {
        return Ok(NamedBy::Id(text(thing, "id", kind)?));
    }
    let name = text(thing, "name", kind)?;
    if thing.get("domain").is_none() {
        return Ok(NamedBy::Name { name, domain: None });
    }
    let domain = domain(object(thing, "domain", kind)?)?;
    Ok(NamedBy::Name { name, domain: Some(domain) })
}

/// By id or by name.
fn domain(domain: &Value) -> Result<DomainNamedBy, ApiError> {
    if domain.get("id").is_some() {
        Ok(DomainNamedBy::Id(text(domain, "id", "domain")?))
    } else {
        Ok(DomainNamedBy::Name(text(domain, "name", "domain")?))
    }
}

fn object<'a>(parent: &'a Value, key: &str, place: &str) -> Result<&'a Value, ApiError> {
    parent.get(key).filter(|value| value.is_object()).ok_or_else(|| expected(key, place))
}

fn text(parent: &Value, key: &str, place: &str) -> Result<String, ApiError> {
    parent.get(key).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| expected(key, place))
}

/// Keystone's sentence; it never quotes what was sent, which may be a password.
fn expected(key: &str, place: &str) -> ApiError {
    ApiError::Login(format!(
        "Expecting to find {key} in {place}. The server could not comply with the request since \
         it is either malformed or otherwise incorrect. The client is assumed to be in error."
    ))
}
