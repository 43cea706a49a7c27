//! `qos-specs`: qualities of service (reference: Cinder `qos_specs_manage`).

use actix_web::HttpResponse;
use serde_json::{Map, Value, json};

use super::types::extra_specs::{SPACED_KEYS, specs};
use super::types::unnamed;
use super::{not_found, page};
use crate::domain::access::Action;
use crate::domain::disk_type::Specs;
use crate::domain::ids::QosSpecsId;
use crate::domain::name;
use crate::domain::page::Direction;
use crate::domain::qos_spec::{Consumer, QosQuery, QosSort, QosSpecs};
use crate::http::call::{Answer, Call};
use crate::http::error::ApiError;
use crate::http::fields::{Fields, truth};
use crate::http::page::{SortWords, paging};
use crate::http::python;
use crate::service::Resource;
use crate::service::qos_specs::{NewQosSpecs, Removal};

const SORT_WORDS: SortWords<QosSort> = &[
    ("created_at", QosSort::CreatedAt),
    ("updated_at", QosSort::UpdatedAt),
    ("id", QosSort::Id),
    ("name", QosSort::Name),
    ("consumer", QosSort::Consumer),
];

pub(in crate::http) async fn list(call: Call) -> Answer {
    call.may(Action::ListQosSpecs)?;
    let query = QosQuery {
        id: call.filter("id"),
        name: call.filter("name"),
        consumer: call.filter("consumer"),
        page: paging(
            &call,
            SORT_WORDS,
            (QosSort::CreatedAt, Direction::Descending),
            QosSpecsId::parse,
            |id| not_found(Resource::QosSpecs, id),
        )?,
    };
    let limit = query.page.limit;
    let found = call.app().list_qos_specs(query).await?;
    let id = |qos: &QosSpecs| qos.id.to_string();
    Ok(HttpResponse::Ok().json(page(&call, "qos_specs", limit, &found, id, view)))
}

pub(in crate::http) async fn show(call: Call) -> Answer {
    call.may(Action::ShowQosSpecs)?;
    let found = call.app().qos_specs(call.part("id")).await?;
    Ok(HttpResponse::Ok().json(with_links(&call, &found)))
}

pub(in crate::http) async fn create(call: Call) -> Answer {
    let caller = call.may(Action::CreateQosSpecs)?;
    let new = new_qos_specs(&call.json()?)?;
    let made =
        call.write(move |app| async move { app.create_qos_specs(&caller, new).await }).await?;
    Ok(HttpResponse::Ok().json(with_links(&call, &made)))
}

/// Members besides `name` and `consumer` are keys; numbers and flags become texts, as Python
/// prints them.
pub(in crate::http) fn new_qos_specs(body: &Value) -> Result<NewQosSpecs, ApiError> {
    let fields = Fields::only(body, "qos_specs")?;
    let name = fields.required_text("name")?.trim();
    if name.is_empty() {
        return Err(unnamed());
    }
    if name.chars().count() > name::LONGEST {
        return Err(ApiError::Schema(
            "Invalid input received: The 'name' can not be greater than 255 characters.".to_owned(),
        ));
    }
    let name = super::types::short(&fields, "name", name)?;
    let mut rest = Map::new();
    for key in fields.keys().filter(|key| *key != "name") {
        let value = fields.get(key).cloned().unwrap_or_default();
        let value = match value {
            Value::Bool(_) | Value::Number(_) => python::str(&value).into(),
            Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => value,
        };
        rest.insert(key.clone(), value);
    }
    let rest = json!({"qos_specs": rest});
    let (consumer, specs) = consumer_and_specs(&Fields::only(&rest, "qos_specs")?)?;
    Ok(NewQosSpecs { name, consumer: consumer.unwrap_or(Consumer::BackEnd), specs })
}

pub(in crate::http) async fn update(call: Call) -> Answer {
    let caller = call.may(Action::UpdateQosSpecs)?;
    let body = call.json()?;
    let (consumer, specs) = consumer_and_specs(&Fields::only(&body, "qos_specs")?)?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.update_qos_specs(&caller, &id, consumer, specs).await })
        .await?;
    Ok(HttpResponse::Ok().json(body))
}

fn consumer_and_specs(fields: &Fields<'_>) -> Result<(Option<Consumer>, Specs), ApiError> {
    let mut specs = specs(fields, SPACED_KEYS)?;
    let consumer = match specs.remove("consumer") {
        None => None,
        Some(word) => Some(word.as_deref().and_then(Consumer::parse).ok_or_else(|| {
            ApiError::Schema(
                "Invalid qos specs: Valid consumer of QoS specs are: ['back-end', 'front-end', \
                 'both']"
                    .to_owned(),
            )
        })?),
    };
    Ok((consumer, specs))
}

pub(in crate::http) async fn delete(call: Call) -> Answer {
    let caller = call.may(Action::DeleteQosSpecs)?;
    let how = match call.query("force").map(|text| (text, truth(&text.to_lowercase()))) {
        None | Some((_, Some(false))) => Removal::IfUnused,
        Some((_, Some(true))) => Removal::Forced,
        Some((text, None)) => {
            return Err(ApiError::Query(format!("Value '{text}' for 'force' is not a boolean.")));
        }
    };
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.delete_qos_specs(&caller, &id, how).await }).await?;
    Ok(HttpResponse::Accepted().finish())
}

pub(in crate::http) async fn delete_keys(call: Call) -> Answer {
    let caller = call.may(Action::DeleteQosSpecs)?;
    let keys = keys(&call.json()?)?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.delete_qos_keys(&caller, &id, keys).await }).await?;
    Ok(HttpResponse::Accepted().finish())
}

fn keys(body: &Value) -> Result<Vec<String>, ApiError> {
    let top = Fields::top(body)?;
    let list = top.required("keys")?;
    top.no_others(&["keys"])?;
    let list = list.as_array().ok_or_else(|| top.wrong_type("keys", "'array'"))?;
    let mut keys = Vec::new();
    for key in list {
        let Some(text) = key.as_str().filter(|text| (1..=255).contains(&text.chars().count()))
        else {
            return Err(top.wrong_value("keys", |_| {
                format!("{} is no text of 1 to 255 characters", python::repr(key))
            }));
        };
        if keys.iter().any(|earlier| earlier == text) {
            return Err(top.wrong_value("keys", |value| format!("{value} has non-unique elements")));
        }
        keys.push(text.to_owned());
    }
    Ok(keys)
}

pub(in crate::http) async fn associations(call: Call) -> Answer {
    call.may(Action::ListQosSpecs)?;
    let types = call.app().qos_associations(call.part("id")).await?;
    let types: Vec<Value> = types
        .iter()
        .map(|(id, name)| {
            json!({"association_type": "volume_type", "name": name, "id": id.to_string()})
        })
        .collect();
    Ok(HttpResponse::Ok().json(json!({"qos_associations": types})))
}

/// A GET that changes something: Cinder's.
pub(in crate::http) async fn associate(call: Call) -> Answer {
    let caller = call.may(Action::UpdateQosSpecs)?;
    let (id, disk_type) = (call.part("id").to_owned(), type_in_query(&call)?);
    call.write(move |app| async move { app.associate_qos_specs(&caller, &id, &disk_type).await })
        .await?;
    Ok(HttpResponse::Accepted().finish())
}

pub(in crate::http) async fn disassociate(call: Call) -> Answer {
    let caller = call.may(Action::UpdateQosSpecs)?;
    let (id, disk_type) = (call.part("id").to_owned(), type_in_query(&call)?);
    call.write(
        move |app| async move { app.disassociate_qos_specs(&caller, &id, &disk_type).await },
    )
    .await?;
    Ok(HttpResponse::Accepted().finish())
}

pub(in crate::http) async fn disassociate_all(call: Call) -> Answer {
    let caller = call.may(Action::UpdateQosSpecs)?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.disassociate_qos_specs_from_all(&caller, &id).await })
        .await?;
    Ok(HttpResponse::Accepted().finish())
}

fn type_in_query(call: &Call) -> Result<String, ApiError> {
    call.filter("vol_type_id")
        .filter(|id| !id.is_empty())
        .ok_or_else(|| ApiError::Query("Volume Type id must not be None.".to_owned()))
}

fn view(qos: &QosSpecs) -> Value {
    json!({
        "id": qos.id.to_string(),
        "name": qos.name,
        "consumer": qos.consumer.as_str(),
        "specs": qos.specs,
    })
}

fn with_links(call: &Call, qos: &QosSpecs) -> Value {
    json!({"qos_specs": view(qos), "links": call.links("qos-specs", &qos.id.to_string())})
}
