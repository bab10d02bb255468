//! How an answer may look, made from its schema: what people read first, and no source of truth.

use serde_json::{Map, Value, json};

/// Every id is this one.
const NUMBER: &str = "01980000000070008000000000000001";

/// Ids by the name of their field, without the `_id`.
const IDS: [(&str, &str); 11] = [
    ("site", "site"),
    ("plan", "plan"),
    ("ticket", "tkt"),
    ("payment", "pay"),
    ("series", "ser"),
    ("provider", "prv"),
    ("key", "key"),
    ("customer", "cust"),
    ("sold_site", "site"),
    ("redeemed_site", "site"),
    ("home_site", "site"),
];

/// Marks of ids by the name of the schema of what they are of.
const THINGS: [(&str, &str); 15] = [
    ("Site", "site"),
    ("Plan", "plan"),
    ("Ticket", "tkt"),
    ("Payment", "pay"),
    ("Series", "ser"),
    ("Customer", "cust"),
    ("Session", "ses"),
    ("Colleague", "staff"),
    ("Told", "staff"),
    ("AuditLine", "deed"),
    ("ApiKey", "key"),
    ("Webhook", "hook"),
    ("Delivery", "msg"),
    ("Message", "sms"),
    ("Invited", "inv"),
];

/// Texts by the name of their field, where no word in its description would do.
const TEXTS: [(&str, &str); 27] = [
    ("next", "AAABnrkAAAAZgAAAAABwAIAAAAAAAAAB"),
    ("currency", "KES"),
    ("phone", "254712345678"),
    ("help_phone", "0712 000 000"),
    ("receipt", "NLK7A1B2C3"),
    ("mac", "02:00:00:00:00:01"),
    ("address", "10.5.50.12"),
    ("code", "7KQ2-M0X1-90"),
    ("reason", "Rain took the link down"),
    ("reference", "WIFI"),
    ("email", "otieno@example.com"),
    ("line", "mnara-agent enrol --controller https://… --claim …"),
    ("board", "hAP ac2"),
    ("version", "7.15.3"),
    ("architecture", "arm"),
    ("shortcode", "174379"),
    ("amount", "50.00"),
    ("price", "50.00"),
    ("plan_name", "1 hour"),
    ("name", "Kawangware market"),
    ("business_name", "Njeri Wi-Fi"),
    ("key_name", "Accounts"),
    ("prefix", ""),
    ("act", "gift"),
    ("url", "https://accounts.example.com/mnara"),
    ("sold_by", "Wanjiru"),
    ("created_by", "Njeri"),
];

/// What most have not.
const RARE: [&str; 17] = [
    "ended_at",
    "end_reason",
    "revoked_at",
    "paused_at",
    "blocked_at",
    "block_reason",
    "gift_reason",
    "flag",
    "looked_at",
    "cut_off",
    "change",
    "till",
    "before",
    "undone_at",
    "failing_since",
    "given_up_at",
    "no_prompts_since",
];

/// A value that fits a schema; `name` is that of its field.
pub(super) fn of(schemas: &Map<String, Value>, schema: &Value, name: &str) -> Value {
    let thing = schema["$ref"]
        .as_str()
        .and_then(|path| path.rsplit('/').next());
    let mark = THINGS.iter().find(|(of, _)| Some(*of) == thing);
    let Some(schema) = plain(schemas, schema, name) else {
        return Value::Null;
    };
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().find(|kind| *kind != "null"),
        kind => Some(kind),
    };
    match kind.and_then(Value::as_str) {
        Some("object") => {
            let fields = schema["properties"].as_object().into_iter().flatten();
            let fields = fields.map(|(name, field)| (name.clone(), of(schemas, field, name)));
            let mut fields: Map<String, Value> = fields.collect();
            if let (Some(id), Some((_, mark))) = (fields.get_mut("id"), mark) {
                *id = json!(format!("{mark}_{NUMBER}"));
            }
            Value::Object(fields)
        }
        Some("array") => json!([of(schemas, &schema["items"], name)]),
        Some("boolean") => json!(name.starts_with("is_") || name == "on_sale"),
        Some("integer" | "number") => number(schema, name),
        Some("string") => json!(text(schema, name)),
        _ => Value::Null,
    }
}

/// The schema itself: behind its name, and the first of several that is something. None where null is more usual.
fn plain<'a>(schemas: &'a Map<String, Value>, schema: &'a Value, name: &str) -> Option<&'a Value> {
    if let Some(path) = schema["$ref"].as_str() {
        let found = schemas.get(path.rsplit('/').next()?)?;
        return plain(schemas, found, name);
    }
    let options = schema["oneOf"].as_array().or(schema["anyOf"].as_array());
    let is_null = |schema: &Value| schema["type"] == "null";
    let may_be_null = schema["type"]
        .as_array()
        .is_some_and(|kinds| kinds.contains(&json!("null")))
        || options.is_some_and(|options| options.iter().any(is_null));
    if may_be_null && RARE.contains(&name) {
        return None;
    }
    match options {
        Some(options) => {
            let first = options.iter().find(|option| !is_null(option))?;
            plain(schemas, first, name)
        }
        None => Some(schema),
    }
}

fn number(schema: &Value, name: &str) -> Value {
    let of_name = match name {
        _ if name.ends_with("seconds") => 3_600,
        _ if name.contains("bytes") || name == "free_memory" => 48_000_000,
        _ if name.ends_with("_bps") => 5_000_000,
        "count" => 100,
        "length" => 10,
        _ => 1,
    };
    schema
        .get("minimum")
        .filter(|least| least.as_i64() > Some(of_name))
        .cloned()
        .unwrap_or(json!(of_name))
}

fn text(schema: &Value, name: &str) -> String {
    if let Some(first) = schema["enum"][0].as_str() {
        return first.to_owned();
    }
    if let Some(kind) = name.strip_suffix("_ids").or(name.strip_suffix("_id")) {
        let mark = IDS.iter().find(|(field, _)| *field == kind);
        let mark = mark.map_or("id", |(_, mark)| mark);
        return format!("{mark}_{NUMBER}");
    }
    if name.ends_with("_at") || name == "at" || name == "sell_by" {
        return "2026-11-26T08:00:00Z".to_owned();
    }
    if let Some((_, text)) = TEXTS.iter().find(|(field, _)| *field == name) {
        return (*text).to_owned();
    }
    // Most descriptions name a value: `pending`, such as `50.00`.
    let said = schema["description"].as_str().unwrap_or_default();
    match said.split('`').nth(1) {
        Some(word) => word.to_owned(),
        None if matches!(name, "from" | "to" | "day") => "2026-11-26".to_owned(),
        None => "…".to_owned(),
    }
}
