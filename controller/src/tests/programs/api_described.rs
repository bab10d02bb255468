//! What the description of the API says of a value is what the API takes: patterns are held against the calls themselves, and every example of a
//! body against its schema.

use super::api::{call, key};
use super::*;
use crate::plans::DEAREST;
use crate::providers::keys::scopes::Scope;
use crate::rails::msisdn::Msisdn;
use crate::tests::browser::Browser;

async fn description(world: &World) -> Value {
    let path = "/api/v1/openapi.json";
    let (status, _, document) = world.send(Method::GET, path, None, Vec::new()).await;
    assert_eq!(status, StatusCode::OK);
    document
}

/// Whether a text fits a pattern. The database reads patterns as JSON Schema does, as far as ours go.
async fn fits(world: &World, pattern: &str, text: &str) -> bool {
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    sqlx::query_scalar("select $1::text ~ $2::text")
        .bind(text)
        .bind(pattern)
        .fetch_one(&mut *tx)
        .await
        .unwrap()
}

/// The pattern of a field of a body.
fn pattern<'a>(document: &'a Value, body: &str, field: &str) -> &'a str {
    let found = &document["components"]["schemas"][body]["properties"][field]["pattern"];
    found
        .as_str()
        .unwrap_or_else(|| panic!("{body}.{field} has no pattern"))
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_amount_is_described_up_to_the_most_that_is_taken(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let key = key(&world.app, world.shop.provider, &Scope::ALL).await;
    let document = description(&world).await;
    let of_price = pattern(&document, "PlanDraft", "price");
    assert_eq!(pattern(&document, "NewRefund", "amount"), of_price);
    let (most, in_cents) = (DEAREST.to_string(), format!("{DEAREST}.00"));
    let dearer = (DEAREST + 1).to_string();
    for (price, is_one) in [
        ("1", true),
        ("20.00", true),
        ("99999", true),
        ("100000", true),
        ("199999.00", true),
        ("249999", true),
        (most.as_str(), true),
        (in_cents.as_str(), true),
        (dearer.as_str(), false),
        ("260000", false),
        ("300000.00", false),
        ("1000000", false),
        ("0", false),
        ("20.50", false),
        ("-20", false),
        ("", false),
    ] {
        assert_eq!(fits(&world, of_price, price).await, is_one, "{price}");
        let body = json!({"name": "1 hour", "price": price, "duration_seconds": 3600});
        let (status, answer) = call(&world, Method::POST, &key, "/plans", body).await;
        let expected = if is_one {
            StatusCode::CREATED
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        };
        assert_eq!(status, expected, "{price}: {answer}");
    }
}

/// The pattern of a parameter of a list.
fn asked<'a>(document: &'a Value, path: &str, name: &str) -> &'a str {
    let parameters = document["paths"][format!("/api/v1{path}")]["get"]["parameters"].as_array();
    let mut parameters = parameters.unwrap().iter();
    let found = parameters.find(|parameter| parameter["name"] == name);
    found.unwrap()["schema"]["pattern"].as_str().unwrap()
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_phone_is_described_in_the_forms_in_which_it_is_taken(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let key = key(&world.app, world.shop.provider, &Scope::ALL).await;
    let document = description(&world).await;
    let of_phone = pattern(&document, "QueueCredit", "phone");
    assert_eq!(pattern(&document, "WhichPhone", "phone"), of_phone);
    for path in ["/customers", "/payments"] {
        assert_eq!(asked(&document, path, "phone"), of_phone, "{path}");
    }
    for (phone, is_one) in [
        ("254712345678", true),
        ("+254712345678", true),
        ("0712345678", true),
        ("712345678", true),
        ("0112345678", true),
        ("0712 345 678", true),
        (" (0712) 345-678 ", true),
        ("+254.712.345.678", true),
        ("+254 (0)712 345 678", false),
        ("254 254712345678", false),
        ("++254712345678", false),
        ("+1 712 345 678", false),
        ("0812345678", false),
        ("254012345678", false),
        ("00254712345678", false),
        ("071234567", false),
        ("07123456789", false),
        ("07x2345678", false),
        ("0712345678,0712345679", false),
    ] {
        assert_eq!(fits(&world, of_phone, phone).await, is_one, "{phone}");
        assert_eq!(phone.parse::<Msisdn>().is_ok(), is_one, "{phone}");
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("phone", phone)
            .finish();
        let expected = if is_one {
            StatusCode::OK
        } else {
            StatusCode::BAD_REQUEST
        };
        for path in ["/customers", "/payments"] {
            let path = format!("{path}?{query}");
            let (status, answer) = call(&world, Method::GET, &key, &path, Value::Null).await;
            assert_eq!(status, expected, "{path}: {answer}");
        }
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_number_to_call_is_described_as_it_is_taken(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let key = key(&world.app, world.shop.provider, &Scope::ALL).await;
    let document = description(&world).await;
    let of_number = pattern(&document, "PortalDraft", "help_phone");
    for (number, is_one) in [
        ("0712 000 000", true),
        ("+254 (20) 123/456", true),
        ("0712-345-678", true),
        ("1", true),
        ("12345678901234567890", true),
        ("123456789012345678901", false),
        ("0712.000.000", false),
        ("call us", false),
        ("", false),
    ] {
        assert_eq!(fits(&world, of_number, number).await, is_one, "{number}");
        let body = json!({"colour": "0a7d4b", "help_phone": number});
        let (status, answer) = call(&world, Method::PUT, &key, "/settings/portal", body).await;
        let expected = if is_one {
            StatusCode::OK
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        };
        assert_eq!(status, expected, "{number}: {answer}");
    }
}

/// What an example breaks of its schema, as far as ours say something; texts with a pattern are put by, for the database to read.
struct Held<'a> {
    schemas: &'a Value,
    faults: Vec<String>,
    patterns: Vec<(String, String, String)>,
}

impl Held<'_> {
    fn hold(&mut self, at: &str, schema: &Value, value: &Value) {
        if let Some(path) = schema["$ref"].as_str() {
            let name = path.rsplit('/').next().unwrap();
            let schemas = self.schemas;
            return self.hold(at, &schemas[name], value);
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.hold(at, part, value);
        }
        let options = schema["oneOf"].as_array().or(schema["anyOf"].as_array());
        if let Some(options) = options {
            let of_kind = |option: &&Value| (option["type"] == "null") == value.is_null();
            // Our choices are of null and of one thing.
            let option = options.iter().find(of_kind);
            return self.hold(at, option.unwrap_or(&Value::Null), value);
        }
        let mut says = |holds: bool, what: &str| {
            if !holds {
                self.faults
                    .push(format!("{at}: {value} is not as {what} says: {schema}"));
            }
        };
        let kinds: Vec<&str> = match &schema["type"] {
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            kind => kind.as_str().into_iter().collect(),
        };
        let is_of = kinds.iter().any(|kind| match *kind {
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            _ => value.is_null(),
        });
        says(kinds.is_empty() || is_of, "type");
        if let Some(words) = schema["enum"].as_array() {
            says(words.contains(value), "enum");
        }
        let size = match value {
            Value::String(text) => Some(text.chars().count()),
            Value::Array(items) => Some(items.len()),
            _ => None,
        };
        if let Some(size) = size.map(|size| u64::try_from(size).unwrap()) {
            for (least, most) in [("minLength", "maxLength"), ("minItems", "maxItems")] {
                let is_enough = schema[least].as_u64().is_none_or(|least| least <= size);
                says(is_enough, least);
                let is_room = schema[most].as_u64().is_none_or(|most| size <= most);
                says(is_room, most);
            }
        }
        if let Some(number) = value.as_f64() {
            let least = schema["minimum"].as_f64();
            says(least.is_none_or(|least| least <= number), "minimum");
            let most = schema["maximum"].as_f64();
            says(most.is_none_or(|most| number <= most), "maximum");
        }
        if let Value::Object(fields) = value {
            for name in schema["required"].as_array().into_iter().flatten() {
                says(fields.contains_key(name.as_str().unwrap()), "required");
            }
        }
        if let (Some(pattern), Some(text)) = (schema["pattern"].as_str(), value.as_str()) {
            let noted = (at.to_owned(), pattern.to_owned(), text.to_owned());
            self.patterns.push(noted);
        }
        for (name, field) in value.as_object().into_iter().flatten() {
            if let Some(schema) = schema["properties"].get(name) {
                self.hold(&format!("{at}.{name}"), schema, field);
            }
        }
        for item in value.as_array().into_iter().flatten() {
            self.hold(at, &schema["items"], item);
        }
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn every_example_of_a_body_is_as_its_schema_says(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let document = description(&world).await;
    let mut held = Held {
        schemas: &document["components"]["schemas"],
        faults: Vec::new(),
        patterns: Vec::new(),
    };
    let mut bodies = 0;
    let paths = document["paths"].as_object().unwrap();
    for (path, calls) in paths {
        for (method, call) in calls.as_object().unwrap() {
            let body = &call["requestBody"]["content"]["application/json"];
            if body.is_object() {
                bodies += 1;
                held.hold(
                    &format!("{method} {path}"),
                    &body["schema"],
                    &body["example"],
                );
            }
        }
    }
    let Held {
        mut faults,
        patterns,
        ..
    } = held;
    // Nothing that was looked at would prove nothing.
    assert!(bodies > 10 && patterns.len() > 10, "{bodies} {patterns:?}");
    for (at, pattern, text) in patterns {
        if !fits(&world, &pattern, &text).await {
            faults.push(format!("{at}: {text} does not fit {pattern}"));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_description_is_made_once_however_many_ask(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut browser = Browser::new(&world, 1);
    let mut given = Vec::new();
    for _ in 0..2 {
        let request = Request::get("/api/v1/openapi.json").body(Body::empty());
        let response = browser.open(request.unwrap()).await;
        assert_eq!(response.headers()["content-type"], "application/json");
        let body = axum::body::to_bytes(response.into_body(), 1 << 22).await;
        given.push(body.unwrap());
    }
    // The same bytes in the same place.
    assert_eq!(given[0].as_ptr(), given[1].as_ptr());
}
