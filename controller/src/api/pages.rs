//! The description of the API: as a document for programs, and as a page for people, which is made from the document.

use std::sync::{Arc, OnceLock};

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use serde_json::Value;

use super::calls;
use super::document::{ABOUT, PROBLEMS, document as describe};
use super::gate::Listed;
use super::made::BASE;
use crate::app::App;
use crate::providers::keys::scopes::Scope;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::words::Words;
use crate::web::page::html;
use crate::webhooks::Kind;

/// The description; one for the process, made when somebody first asks for it, since anybody may ask and all of it is always the same.
#[derive(Clone, Default)]
pub struct Description(Arc<OnceLock<Written>>);

struct Written {
    document: Bytes,
    parts: Vec<Part>,
}

impl Description {
    fn written(&self, app: &App) -> &Written {
        self.0.get_or_init(|| {
            let table = calls(app);
            let document = describe(app, table.listed());
            Written {
                parts: parts(app, table.listed(), &document),
                document: document.to_string().into(),
            }
        })
    }
}

/// Gives the document.
pub async fn document(
    State(app): State<App>,
    Extension(description): Extension<Description>,
) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ];
    (headers, description.written(&app).document.clone()).into_response()
}

/// A parameter, or a field of a body or an answer.
struct Field {
    name: String,
    kind: String,
    text: String,
    is_required: bool,
}

/// A call as people read it.
struct Call {
    id: String,
    method: String,
    path: String,
    summary: String,
    text: String,
    parameters: Vec<Field>,
    body: Vec<Field>,
    answer: Vec<Field>,
    is_list: bool,
    status: String,
    problems: String,
    curl: String,
    example: String,
    class: &'static str,
}

/// What one should know before the first call.
struct About {
    id: String,
    title: &'static str,
    text: &'static str,
    looks: String,
}

/// Calls about one kind of thing.
struct Part {
    name: String,
    calls: Vec<Call>,
}

#[derive(Template)]
#[template(path = "programs/api.html")]
struct ApiPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    about: Vec<About>,
    events: Vec<(&'static str, &'static str)>,
    scopes: Vec<(&'static str, &'static str)>,
    problems: [(u16, &'static str); 14],
    parts: &'a [Part],
    base: String,
}

/// Shows the page.
pub async fn read(
    State(app): State<App>,
    Extension(description): Extension<Description>,
    frame: Frame,
) -> Response {
    let base = app.config.web.public();
    let w = frame.words();
    let page = ApiPage {
        frame: &frame,
        w,
        about: ABOUT
            .into_iter()
            .map(|(title, text, looks)| About {
                id: title.to_lowercase(),
                title,
                text,
                looks: looks.replace("BASE", &format!("{}{BASE}", base.as_str())),
            })
            .collect(),
        events: Kind::CHOICES
            .into_iter()
            .map(|kind| (kind.word(), w.webhooks.kind(kind)))
            .collect(),
        scopes: Scope::ALL
            .into_iter()
            .map(|scope| (scope.word(), w.keys.scope(scope)))
            .collect(),
        problems: PROBLEMS,
        parts: &description.written(&app).parts,
        base: base.as_str().to_owned(),
    };
    html(StatusCode::OK, &page)
}

/// The calls by what they are about.
fn parts(app: &App, listed: &[Listed], document: &Value) -> Vec<Part> {
    let base = app.config.web.public();
    let mut parts: Vec<Part> = Vec::new();
    for one in listed {
        let path = format!("{BASE}{}", one.path);
        let method = one.method.as_str();
        let operation = &document["paths"][&path][method.to_lowercase()];
        let call = call(document, operation, method, &path, base.as_str());
        let name = text(&operation["tags"][0]);
        match parts.last_mut().filter(|part| part.name == name) {
            Some(part) => part.calls.push(call),
            None => parts.push(Part {
                name,
                calls: vec![call],
            }),
        }
    }
    parts
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn call(document: &Value, operation: &Value, method: &str, path: &str, base: &str) -> Call {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let parameters = parameters.map(|one| Field {
        name: text(&one["name"]),
        kind: kind(document, &one["schema"]),
        text: text(&one["description"]),
        is_required: one["required"] == true,
    });
    let body = &operation["requestBody"]["content"]["application/json"];
    let responses = operation["responses"].as_object();
    let (status, answer) = responses
        .into_iter()
        .flatten()
        .find(|(status, _)| status.starts_with('2'))
        .map_or((String::new(), &Value::Null), |(status, answer)| {
            (status.clone(), &answer["content"]["application/json"])
        });
    let (answer, example) = (&answer["schema"], &answer["example"]);
    let items = &answer["properties"]["items"]["items"];
    let is_list = !items.is_null();
    let problems: Vec<&str> = responses
        .into_iter()
        .flatten()
        .map(|(status, _)| status.as_str())
        .filter(|status| !status.starts_with('2'))
        .collect();
    Call {
        id: text(&operation["operationId"]),
        method: method.to_owned(),
        path: path.to_owned(),
        summary: text(&operation["summary"]),
        text: text(&operation["description"]),
        parameters: parameters.collect(),
        body: fields(document, &body["schema"]),
        answer: fields(document, if is_list { items } else { answer }),
        is_list,
        status,
        problems: problems.join(", "),
        curl: curl(method, path, base, &body["example"]),
        example: serde_json::to_string_pretty(example).unwrap_or_default(),
        class: match method {
            "GET" => "",
            "POST" => "good",
            _ => "wait",
        },
    }
}

/// The schema behind a name.
fn seen<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(name) => document
            .pointer(name.trim_start_matches('#'))
            .unwrap_or(&Value::Null),
        None => schema,
    }
}

fn fields(document: &Value, schema: &Value) -> Vec<Field> {
    let schema = seen(document, schema);
    let required = schema["required"].as_array();
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties
        .map(|(name, field)| Field {
            name: name.clone(),
            kind: kind(document, field),
            text: text(&field["description"]),
            is_required: required
                .is_some_and(|required| required.iter().any(|one| one == name.as_str())),
        })
        .collect()
}

/// What kind of value it is, in a word or two.
fn kind(document: &Value, schema: &Value) -> String {
    let options = [&schema["oneOf"], &schema["anyOf"]];
    if let Some(options) = options.into_iter().find_map(Value::as_array) {
        let kinds: Vec<String> = options
            .iter()
            .map(|option| kind(document, option))
            .filter(|kind| kind != "null")
            .collect();
        return kinds.join(", ");
    }
    let schema = seen(document, schema);
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
        return words.join(" | ");
    }
    let name = match &schema["type"] {
        Value::Array(kinds) => text(kinds.first().unwrap_or(&Value::Null)),
        kind => text(kind),
    };
    match name.as_str() {
        "array" => format!("[{}]", kind(document, &schema["items"])),
        _ => name,
    }
}

/// The call as it is typed.
fn curl(method: &str, path: &str, base: &str, example: &Value) -> String {
    let path = path.replace("{id}", "$ID");
    let mut lines = vec![format!("curl {base}{path}")];
    if method != "GET" {
        lines[0] = format!("curl -X {method} {base}{path}");
    }
    lines.push("-H \"Authorization: Bearer $KEY\"".to_owned());
    if method == "POST" {
        lines.push("-H \"Idempotency-Key: $(uuidgen)\"".to_owned());
    }
    if !example.is_null() {
        lines.push("-H 'Content-Type: application/json'".to_owned());
        let body = serde_json::to_string_pretty(example).unwrap_or_default();
        lines.push(format!("-d '{body}'"));
    }
    lines.join(" \\\n  ")
}
