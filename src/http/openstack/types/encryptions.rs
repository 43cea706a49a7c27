//! `types/{id}/encryption` (reference: Cinder `volume_type_encryption`).

use actix_web::HttpResponse;
use serde_json::{Map, Value, json};

use super::short;
use crate::domain::access::Action;
use crate::domain::disk_type::{ControlLocation, Encryption};
use crate::http::call::{Answer, Call};
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::time::zoneless;
use crate::service::disk_types::DiskTypeRefused;
use crate::service::disk_types::encryptions::{EncryptionUpdate, NewEncryption};

const MEMBERS: &[&str] = &["provider", "cipher", "key_size", "control_location"];

/// The largest key, in bits: what Cinder's column holds.
const LARGEST_KEY: i64 = 0x7FFF_FFFF;

pub(in crate::http) async fn show(call: Call) -> Answer {
    let caller = call.may(Action::ShowEncryption)?;
    let encryption = call.app().encryption(&caller, call.part("id")).await?;
    Ok(HttpResponse::Ok().json(encryption.as_ref().map(view).unwrap_or_default()))
}

/// One member of an encryption.
pub(in crate::http) async fn show_member(call: Call) -> Answer {
    let caller = call.may(Action::ShowEncryption)?;
    let (id, key) = (call.part("id"), call.part("key"));
    let encryption = call.app().encryption(&caller, id).await?;
    let value = encryption.as_ref().map(view).unwrap_or_default().remove(key);
    let value = value.ok_or_else(|| no_encryption(id))?;
    Ok(HttpResponse::Ok().json(Map::from_iter([(key.to_owned(), value)])))
}

fn no_encryption(of: &str) -> ApiError {
    ApiError::Service(DiskTypeRefused::NoEncryption(of.to_owned()).into())
}

pub(in crate::http) async fn create(call: Call) -> Answer {
    let caller = call.may(Action::CreateEncryption)?;
    let body = call.json()?;
    let fields = Fields::only(&body, "encryption")?;
    fields.required("provider")?;
    fields.required("control_location")?;
    let given = given(&fields)?;
    let mut answer = echo(&fields, &given);
    let new = NewEncryption {
        provider: given.provider.unwrap_or_default(),
        cipher: given.cipher.flatten(),
        key_size: given.key_size.flatten(),
        control_location: given.control_location.unwrap_or(ControlLocation::FrontEnd),
    };
    let id = call.part("id").to_owned();
    let made = call
        .write(move |app| async move { app.create_encryption(&caller, &id, new).await })
        .await?;
    answer.insert("volume_type_id".to_owned(), made.disk_type.to_string().into());
    answer.insert("encryption_id".to_owned(), made.id.to_string().into());
    Ok(HttpResponse::Ok().json(json!({"encryption": answer})))
}

/// The id of the encryption in the path is not looked at, as Cinder does not: a type has one.
pub(in crate::http) async fn update(call: Call) -> Answer {
    let caller = call.may(Action::UpdateEncryption)?;
    let body = call.json()?;
    let fields = Fields::only(&body, "encryption")?;
    let change = given(&fields)?;
    let answer = echo(&fields, &change);
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.update_encryption(&caller, &id, change).await }).await?;
    Ok(HttpResponse::Ok().json(json!({"encryption": answer})))
}

pub(in crate::http) async fn delete(call: Call) -> Answer {
    let caller = call.may(Action::DeleteEncryption)?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.delete_encryption(&caller, &id).await }).await?;
    Ok(HttpResponse::Accepted().finish())
}

/// What a body gives.
fn given(fields: &Fields<'_>) -> Result<EncryptionUpdate, ApiError> {
    fields.no_others(MEMBERS)?;
    let cipher = || fields.text("cipher")?.map(|text| short(fields, "cipher", text)).transpose();
    Ok(EncryptionUpdate {
        provider: match fields.get("provider") {
            None => None,
            Some(_) => Some(short(fields, "provider", fields.required_text("provider")?)?),
        },
        cipher: fields.get("cipher").map(|_| cipher()).transpose()?,
        key_size: fields.get("key_size").map(|size| key_size(fields, size)).transpose()?,
        control_location: fields
            .get("control_location")
            .map(|word| control_location(fields, word))
            .transpose()?,
    })
}

fn control_location(fields: &Fields<'_>, word: &Value) -> Result<ControlLocation, ApiError> {
    word.as_str().and_then(ControlLocation::parse).ok_or_else(|| {
        fields.wrong_value("control_location", |value| {
            format!("{value} is not one of ['front-end', 'back-end']")
        })
    })
}

/// A whole number, its digits, or `null`.
fn key_size(fields: &Fields<'_>, size: &Value) -> Result<Option<i64>, ApiError> {
    let size = match size {
        Value::Null => return Ok(None),
        Value::Number(number) => number.as_i64(),
        Value::String(digits) => digits.parse().ok(),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            return Err(fields.wrong_type("key_size", "'string', 'integer', 'null'"));
        }
    };
    match size {
        None => {
            Err(ApiError::Schema("Invalid input received: key_size must be an integer.".to_owned()))
        }
        Some(size) if size < 0 => Err(fields
            .wrong_value("key_size", |value| format!("{value} is less than the minimum of 0"))),
        Some(size) if size > LARGEST_KEY => Err(fields.wrong_value("key_size", |value| {
            format!("{value} is greater than the maximum of {LARGEST_KEY}")
        })),
        size => Ok(size),
    }
}

/// The members as they came, but the size as a number.
fn echo(fields: &Fields<'_>, given: &EncryptionUpdate) -> Map<String, Value> {
    let member = |key: &String| {
        let value = fields.get(key).cloned().unwrap_or_default();
        let value = if key == "key_size" { given.key_size.flatten().into() } else { value };
        (key.clone(), value)
    };
    fields.keys().map(member).collect()
}

fn view(encryption: &Encryption) -> Map<String, Value> {
    let mut view = Map::new();
    let mut add = |name: &str, value: Value| view.insert(name.to_owned(), value);
    add("encryption_id", encryption.id.to_string().into());
    add("cipher", encryption.cipher.as_deref().into());
    add("key_size", encryption.key_size.into());
    add("provider", encryption.provider.as_str().into());
    add("control_location", encryption.control_location.as_str().into());
    add("volume_type_id", encryption.disk_type.to_string().into());
    add("deleted_at", Value::Null);
    add("deleted", false.into());
    add("created_at", zoneless(encryption.created_at).into());
    add("updated_at", encryption.updated_at.map(zoneless).into());
    view
}
