//! How a disk is encrypted.

use actix_web::HttpResponse;
use serde_json::{Map, Value, json};

use crate::domain::access::Action;
use crate::domain::disk::Disk;
use crate::domain::disk_type::Encryption;
use crate::http::call::{Answer, Call};
use crate::http::error::ApiError;

/// The user's own key among a disk's metadata (EVS).
const KEY: &str = "__system__cmkid";

pub(in crate::http) async fn show(call: Call) -> Answer {
    let caller = call.may(Action::ShowDiskEncryption)?;
    let (disk, encryption) = call.app().disk_encryption(&caller, call.part("id")).await?;
    Ok(HttpResponse::Ok().json(view(&disk, encryption.as_ref())))
}

/// One member as it is, without quotes (Cinder).
pub(in crate::http) async fn show_member(call: Call) -> Answer {
    let caller = call.may(Action::ShowDiskEncryption)?;
    let (disk, encryption) = call.app().disk_encryption(&caller, call.part("id")).await?;
    let member = view(&disk, encryption.as_ref()).remove(call.part("key"));
    let member = member.ok_or(ApiError::NoRoute)?;
    let text = member.as_str().map_or_else(|| member.to_string(), str::to_owned);
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(text))
}

fn view(disk: &Disk, encryption: Option<&Encryption>) -> Map<String, Value> {
    let mut members = Map::new();
    members.insert("encryption_key_id".to_owned(), json!(disk.metadata.get(KEY)));
    if let Some(encryption) = encryption.filter(|_| disk.encrypted) {
        members.insert("provider".to_owned(), json!(encryption.provider));
        members.insert("cipher".to_owned(), json!(encryption.cipher));
        members.insert("key_size".to_owned(), json!(encryption.key_size));
        let location = encryption.control_location.as_str();
        members.insert("control_location".to_owned(), json!(location));
    }
    members
}
