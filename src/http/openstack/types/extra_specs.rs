//! `types/{id}/extra_specs` (reference: Cinder `types_extra_specs`).

use actix_web::HttpResponse;
use serde_json::{Map, Value, json};

use super::short;
use crate::domain::access::Action;
use crate::domain::disk_type::Specs;
use crate::http::call::{Answer, Call};
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::python::repr;

/// Which characters keys may have, 1 to 255 of them.
#[derive(Debug, Clone, Copy)]
pub(in crate::http::openstack) struct Keys {
    /// Besides letters, digits and `-_:.`.
    besides: &'static [char],
    /// The rule as messages quote it.
    pattern: &'static str,
}

/// Keys of extra specs that are set on their own.
const PLAIN_KEYS: Keys = Keys { besides: &[], pattern: "^[a-zA-Z0-9-_:.]{1,255}$" };

/// Keys of extra specs that come with a type, and of qualities of service.
pub(in crate::http::openstack) const SPACED_KEYS: Keys =
    Keys { besides: &[' ', '/'], pattern: "^[a-zA-Z0-9-_:. /]{1,255}$" };

impl Keys {
    fn allow(self, key: &str) -> bool {
        (1..=255).contains(&key.len())
            && key.chars().all(|c| {
                c.is_ascii_alphanumeric() || "-_:.".contains(c) || self.besides.contains(&c)
            })
    }
}

/// All members of an object as keys with values: texts of at most 255 characters, or nothing.
pub(in crate::http::openstack) fn specs(
    fields: &Fields<'_>,
    keys: Keys,
) -> Result<Specs, ApiError> {
    let mut refused: Vec<String> = fields
        .keys()
        .filter(|key| !keys.allow(key))
        .map(|key| repr(&Value::String(key.clone())))
        .collect();
    refused.sort();
    if !refused.is_empty() {
        let verb = if refused.len() == 1 { "does" } else { "do" };
        let (refused, pattern) = (refused.join(", "), keys.pattern);
        return Err(
            fields.wrong(&format!("{refused} {verb} not match any of the regexes: '{pattern}'"))
        );
    }
    let value = |key: &String| {
        let text = fields.text(key)?.map(|text| short(fields, key, text)).transpose()?;
        Ok((key.clone(), text))
    };
    fields.keys().map(value).collect()
}

pub(in crate::http) async fn list(call: Call) -> Answer {
    let caller = call.may(Action::ListExtraSpecs)?;
    let specs = call.app().extra_specs(&caller, call.part("id")).await?;
    Ok(HttpResponse::Ok().json(json!({"extra_specs": specs})))
}

pub(in crate::http) async fn show(call: Call) -> Answer {
    let caller = call.may(Action::ShowExtraSpec)?;
    let key = call.part("key");
    let value = call.app().extra_spec(&caller, call.part("id"), key).await?;
    Ok(HttpResponse::Ok().json(Map::from_iter([(key.to_owned(), value.into())])))
}

pub(in crate::http) async fn create(call: Call) -> Answer {
    let caller = call.may(Action::CreateExtraSpecs)?;
    let body = call.json()?;
    let specs = specs(&Fields::only(&body, "extra_specs")?, PLAIN_KEYS)?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.set_extra_specs(&caller, &id, specs).await }).await?;
    Ok(HttpResponse::Ok().json(body))
}

pub(in crate::http) async fn update(call: Call) -> Answer {
    let caller = call.may(Action::UpdateExtraSpec)?;
    let body = call.json()?;
    let specs = one_spec(&body, call.part("key"))?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.set_extra_specs(&caller, &id, specs).await }).await?;
    Ok(HttpResponse::Ok().json(body))
}

/// The one member of a body, which must be the path's.
fn one_spec(body: &Value, key: &str) -> Result<Specs, ApiError> {
    let top = Fields::top(body)?;
    match top.keys().count() {
        0 => return Err(top.wrong("{} should be non-empty")),
        1 => {}
        _ => return Err(top.wrong(&format!("{} has too many properties", repr(body)))),
    }
    let specs = specs(&top, PLAIN_KEYS)?;
    if specs.contains_key(key) {
        Ok(specs)
    } else {
        Err(ApiError::Schema("Request body and URI mismatch".to_owned()))
    }
}

pub(in crate::http) async fn delete(call: Call) -> Answer {
    let caller = call.may(Action::DeleteExtraSpec)?;
    let (id, key) = (call.part("id").to_owned(), call.part("key").to_owned());
    call.write(move |app| async move { app.delete_extra_spec(&caller, &id, &key).await }).await?;
    Ok(HttpResponse::Accepted().finish())
}
