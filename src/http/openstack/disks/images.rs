//! Disks and images: uploads, and what is known of the image that a disk was made from.

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::type_view;
use crate::domain::access::Action;
use crate::domain::disk_type::DiskType;
use crate::domain::microversion::Microversion;
use crate::http::call::{Answer, Call};
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::time::zoneless;
use crate::service::disks::{ImageUpload, NewImage};

/// From here on an upload takes the image's visibility and protection.
const VISIBILITY: Microversion = Microversion(3, 1);

/// The largest name of an image, in characters.
const LONGEST_NAME: usize = 255;

/// What an image is, as far as the answer repeats it.
struct ImageForm {
    name: String,
    disk_format: String,
    container_format: String,
}

pub(super) async fn upload(call: Call, fields: &Fields<'_>) -> Answer {
    let caller = call.may(Action::UploadImage)?;
    let form = image_form(fields, call.version())?;
    let new = NewImage { forced: fields.boolean("force")? };
    let id = call.part("id").to_owned();
    let upload =
        call.write(move |app| async move { app.upload_image(&caller, &id, new).await }).await?;
    let disk_type = call.app().type_of_disk(&upload.disk).await?;
    let view = upload_view(&upload, disk_type.as_ref(), &form);
    Ok(HttpResponse::Accepted().json(json!({"os-volume_upload_image": view})))
}

fn image_form(fields: &Fields<'_>, version: Microversion) -> Result<ImageForm, ApiError> {
    let mut known = vec!["image_name", "force", "disk_format", "container_format", "__os_type"];
    if version >= VISIBILITY {
        known.extend(["visibility", "protected"]);
    }
    fields.no_others(&known)?;
    let name = fields.required_text("image_name")?;
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        let rule = if name.is_empty() { "is too short" } else { "is too long" };
        return Err(fields.wrong_value("image_name", |value| format!("{value} {rule}")));
    }
    let or = |key: &str, default: &str| {
        Ok::<_, ApiError>(fields.text(key)?.unwrap_or(default).to_owned())
    };
    Ok(ImageForm {
        name: name.to_owned(),
        disk_format: or("disk_format", "raw")?,
        container_format: or("container_format", "bare")?,
    })
}

fn upload_view(upload: &ImageUpload, disk_type: Option<&DiskType>, form: &ImageForm) -> Value {
    let disk = &upload.disk;
    json!({
        "id": disk.id.to_string(),
        "updated_at": disk.updated_at.map(zoneless),
        "status": "uploading",
        "display_description": disk.description,
        "size": disk.size_gib,
        "volume_type": disk_type.map(type_view),
        "image_id": upload.image,
        "container_format": form.container_format,
        "disk_format": form.disk_format,
        "image_name": form.name,
    })
}

pub(super) async fn set_metadata(call: Call, fields: &Fields<'_>) -> Answer {
    let caller = call.may(Action::ChangeImageMetadata)?;
    fields.required("metadata")?;
    let values = fields.metadata("metadata")?;
    fields.no_others(&["metadata"])?;
    let id = call.part("id").to_owned();
    let all = call
        .write(move |app| async move { app.set_image_metadata(&caller, &id, values).await })
        .await?;
    Ok(HttpResponse::Ok().json(json!({"metadata": all})))
}

pub(super) async fn show_metadata(call: Call) -> Answer {
    let caller = call.may(Action::ShowImageMetadata)?;
    let disk = call.app().disk(&caller, call.part("id")).await?;
    Ok(HttpResponse::Ok().json(json!({"metadata": disk.image_metadata})))
}

pub(super) async fn unset_metadata(call: Call, fields: &Fields<'_>) -> Answer {
    let caller = call.may(Action::ChangeImageMetadata)?;
    let key = fields.required_text("key")?.to_owned();
    fields.no_others(&["key"])?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.unset_image_metadata(&caller, &id, &key).await })
        .await?;
    Ok(HttpResponse::Ok().finish())
}
