//! The description of the API as `OpenAPI` 3.1, made from the table of its calls.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::example;
use super::gate::Listed;
use super::made::BASE;
use crate::app::App;

/// What one should know before the first call: a title, a text, and how it looks. `BASE` in it stands for the address of the API.
pub const ABOUT: [(&str, &str, &str); 8] = [
    (
        "Keys",
        "Send a key as `Authorization: Bearer mnara_…`. Keys are made in the settings under “Programs and data”, each for what it needs, and are shown once.",
        "curl BASE/me -H \"Authorization: Bearer $KEY\"",
    ),
    (
        "People",
        "What a thief of a key could make money of, or use to outlive its end, is left to people who log in: the M-PESA account and its operator, \
         sending money back, keys, webhooks with their secrets, a line for a site that has an agent, staff, the export of all data, and everybody's own \
         password and second factor. \
         So is what is done by eye or by hand: logos and previews, selling for cash, M-PESA's statements, and the name of the business. \
         No call moves money or makes a phone pay.",
        "",
    ),
    (
        "Values",
        "Bodies and answers are JSON. Times are RFC 3339 in UTC; a call may ask for those of the years 1970 to 9999, and for days of 2000 to 2999. Amounts \
         are texts with two decimals beside their `currency`. Ids are texts such as \
         `site_0198…`; a bare UUID is read as well. Fields and parameters that a call does not know are refused, so that a mistyped one is not passed over.",
        "",
    ),
    (
        "Lists",
        "Lists come in parts: `limit` rows at once, 50 if nothing is said and 200 at most, and `next`, which is the `cursor` of the next part; it is null at the end.",
        "curl 'BASE/payments?limit=2' -H \"Authorization: Bearer $KEY\"\n{\"items\": [{…}, {…}], \"next\": \"AAABnrk…\"}\n\n\
         curl 'BASE/payments?limit=2&cursor=AAABnrk…' -H \"Authorization: Bearer $KEY\"\n{\"items\": [{…}], \"next\": null}",
    ),
    (
        "Repeats",
        "A POST that is sent again with the same `Idempotency-Key` has its effect once and gets the first answer again, for 24 hours, with \
         `Idempotency-Replayed: true`. So after a lost connection send the same again. The same name with another body is refused. \
         Only an answer of success is kept. A call that was refused, by us or by a site (`site-refused`, `site-away`), or that failed before its \
         effect, binds no name: mend the cause and send it again, with the same name or another body. \
         What a site is told to do is told it once: after 504, when nobody knows whether it was done, the name stays with that request, and the \
         same request waits for what came of it.",
        "curl -X POST BASE/sites \\\n  -H \"Authorization: Bearer $KEY\" \\\n  -H \"Idempotency-Key: order-17\" \\\n  \
         -H \"Content-Type: application/json\" \\\n  -d '{\"name\": \"Kawangware market\"}'",
    ),
    (
        "Errors",
        "Errors are problem documents (RFC 9457, `application/problem+json`): `type` is stable and for programs, `title` and `detail` are for people.",
        "HTTP/1.1 422 Unprocessable Content\nContent-Type: application/problem+json\n\n{\n  \"type\": \"urn:mnara:problem:bad-field\",\n  \
         \"title\": \"A field is missing or has the wrong form.\",\n  \"status\": 422,\n  \"detail\": \"name: give the site a name of 1 to 80 letters.\"\n}",
    ),
    (
        "Limits",
        "A key may call 120 times at once and 600 times a minute. `RateLimit` says how many calls are left (`r`) and after how many seconds all are there \
         again (`t`). Past that the answer is 429 with `Retry-After`. Looking a ticket up by its `code` is held down besides, to 120 times at once and 60 \
         a minute.",
        "RateLimit-Policy: \"key\";q=120;w=12\nRateLimit: \"key\";r=87;t=4",
    ),
    (
        "Webhooks",
        "Messages to your webhooks are signed as the Standard Webhooks have it: `webhook-signature` is `v1,` and the base64 of HMAC-SHA256 over \
         `{webhook-id}.{webhook-timestamp}.{body}`, with the bytes behind `whsec_` in the secret, read as base64, as the key. Refuse what is older than five \
         minutes, and take each `webhook-id` once. Answer with 2xx within eight seconds; anything else is sent again, eight times within some 25 hours; a \
         redirect is not followed.",
        "import base64, hashlib, hmac, time\n\n\
         def check(secret, headers, body):\n    \
         key = base64.b64decode(secret.removeprefix(\"whsec_\"))\n    \
         sent = int(headers[\"webhook-timestamp\"])\n    \
         if abs(time.time() - sent) > 300:\n        raise ValueError(\"too old\")\n    \
         text = f\"{headers['webhook-id']}.{sent}.\".encode() + body\n    \
         mac = hmac.new(key, text, hashlib.sha256).digest()\n    \
         good = \"v1,\" + base64.b64encode(mac).decode()\n    \
         given = headers[\"webhook-signature\"].split()\n    \
         if not any(hmac.compare_digest(good, one) for one in given):\n        raise ValueError(\"not from Mnara\")\n\n\
         # One to try it with, once its age is passed over:\n\
         # secret             whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n\
         # webhook-id         msg_p5jXN8AQM9LWM0D4loKWxJek\n\
         # webhook-timestamp  1614265330\n\
         # webhook-signature  v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=\n\
         # body               {\"test\": 2432232314}",
    ),
];

/// Makes the document.
#[must_use]
pub fn document(app: &App, listed: &[Listed]) -> Value {
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    let mut schemas = Map::new();
    for one in listed {
        for (name, schema) in &one.operation.schemas {
            schemas.insert(name.clone(), schema.clone());
        }
        paths
            .entry(format!("{BASE}{}", one.path))
            .or_default()
            .insert(one.method.as_str().to_lowercase(), operation(one));
    }
    schemas.insert("Problem".to_owned(), problem_schema());
    for calls in paths.values_mut() {
        for call in calls.values_mut() {
            add_example(call, &schemas);
        }
    }
    let description: Vec<&str> = ABOUT.iter().map(|(_, text, _)| *text).collect();
    let description = description.join("\n\n");
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Mnara", "version": "1", "description": description, "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"}},
        "servers": [{"url": app.config.web.public().as_str()}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {"schemas": schemas, "responses": responses(),
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "A key made in the settings."}}},
    })
}

/// Adds to a call how its answer may look.
fn add_example(call: &mut Value, schemas: &Map<String, Value>) {
    let responses = call["responses"].as_object_mut().into_iter().flatten();
    for (_, response) in responses.filter(|(status, _)| status.starts_with('2')) {
        let answer = &mut response["content"]["application/json"];
        answer["example"] = example::of(schemas, &answer["schema"], "");
    }
}

fn operation(one: &Listed) -> Value {
    let op = &one.operation;
    let (status, schema) = &op.answer;
    let mut responses = Map::new();
    let repeats = one.method == "POST" && !one.call.is_fresh;
    let mut headers = Map::new();
    let mut header = |name: &str, description: &str| {
        let header = json!({"schema": {"type": "string"}, "description": description});
        headers.insert(name.to_owned(), header);
    };
    header("RateLimit", "How many calls are left.");
    header("RateLimit-Policy", "How many calls there are.");
    if *status == 201 {
        header("Location", "Where the new thing is.");
    }
    if repeats {
        header(
            "Idempotency-Replayed",
            "`true` where this is the answer that the same request had before.",
        );
    }
    let answer = json!({"description": "Done.", "headers": headers, "content": {"application/json": {"schema": schema}}});
    responses.insert(status.to_string(), answer);
    let mut problems = vec![400, 401, 402, 403, 429, 500, 503];
    problems.extend(&op.problems);
    if repeats {
        problems.extend([409, 413, 422]);
    }
    for problem in problems {
        responses.insert(
            problem.to_string(),
            json!({"$ref": format!("#/components/responses/{problem}")}),
        );
    }
    let mut document = json!({
        "operationId": op.id,
        "summary": op.summary,
        "description": text(one),
        "tags": [one.path.split('/').nth(1).unwrap_or_default()],
        "parameters": parameters(one, repeats),
        "responses": responses,
        "x-scope": one.call.scope.map(|scope| scope.word()),
    });
    if let Some(body) = &op.body {
        document["requestBody"] = json!({"required": true, "content": {"application/json": {"schema": body.schema, "example": body.example}}});
    }
    document
}

/// What one should know of a call, with what its key must be good for.
fn text(one: &Listed) -> String {
    let scope = match one.call.scope {
        Some(scope) => format!("Needs the scope `{}`.", scope.word()),
        None => "Any key will do.".to_owned(),
    };
    let stopped = if one.call.sells {
        " Refused while the business is stopped."
    } else {
        ""
    };
    format!("{} {scope}{stopped}", one.operation.text)
        .trim()
        .to_owned()
}

/// The parameters of a call: of its path, after the question mark, in the headers.
fn parameters(one: &Listed, repeats: bool) -> Vec<Value> {
    let mut list = Vec::new();
    if let Some(mark) = one.operation.of {
        list.push(json!({"name": "id", "in": "path", "required": true, "description": "Its id.", "schema": {"type": "string",
            "pattern": format!("^{mark}_[0-9a-f]{{32}}$")}, "example": format!("{mark}_01980000000070008000000000000001")}));
    }
    if let Some(query) = &one.operation.query {
        let required = query["required"].as_array().cloned().unwrap_or_default();
        for (name, schema) in query["properties"].as_object().into_iter().flatten() {
            let mut schema = schema.clone();
            let description = schema
                .as_object_mut()
                .and_then(|schema| schema.remove("description"))
                .unwrap_or_default();
            // A parameter is left out, not null.
            if let Some(kind) = schema["type"]
                .as_array()
                .and_then(|kinds| kinds.first())
                .cloned()
            {
                schema["type"] = kind;
            }
            list.push(json!({"name": name, "in": "query", "required": required.contains(&json!(name)), "description": description, "schema": schema}));
        }
    }
    if repeats {
        list.push(json!({"name": "Idempotency-Key", "in": "header", "required": false,
            "description": "A name for this request, such as a UUID: sent again with it, the request has its effect once.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 257, "pattern": "^[!-~]{1,257}$"}, "example": "8a4f2c6e-order-17"}));
    }
    list
}

/// The schema of every problem.
fn problem_schema() -> Value {
    json!({"type": "object", "required": ["type", "title", "status"], "properties": {
        "type": {"type": "string", "description": "Its stable name, such as `urn:mnara:problem:not-found`."},
        "title": {"type": "string", "description": "What it means, for people."},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What to do in this case."},
        "retry_after": {"type": "integer", "description": "Seconds after which trying again helps."},
        "scope": {"type": "string", "description": "The scope the key lacks."},
        "feature": {"type": "string", "description": "What the plan of the business lacks."},
        "reason": {"type": "string", "description": "More, for programs."}}})
}

/// What every problem means.
pub const PROBLEMS: [(u16, &str); 14] = [
    (
        400,
        "The request cannot be understood; `detail` says what to send.",
    ),
    (401, "No good key was sent."),
    (
        402,
        "The subscription of the business has ended: what was sold goes on, and everything is answered again once it is paid.",
    ),
    (
        403,
        "The key may not do that, the plan of the business does not have it, or the business is stopped.",
    ),
    (404, "There is nothing here."),
    (409, "It cannot be done as things stand; `detail` says why."),
    (413, "The body is too large."),
    (415, "Send JSON."),
    (
        422,
        "A field is missing or wrong; `detail` says which, and how it should be.",
    ),
    (429, "Too many calls; wait as long as `Retry-After` says."),
    (500, "Something went wrong on our side."),
    (502, "The site did not answer."),
    (503, "We cannot take it now; try again in a moment."),
    (504, "The site did not answer in time."),
];

fn responses() -> Map<String, Value> {
    PROBLEMS
        .into_iter()
        .map(|(status, meaning)| {
            let mut response = json!({"description": meaning, "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}});
            let header = match status {
                401 => Some(("WWW-Authenticate", "The way to send a key: `Bearer`.")),
                409 | 429 | 503 => Some((
                    "Retry-After",
                    "Seconds after which trying again helps; left out where it does not.",
                )),
                _ => None,
            };
            if let Some((name, description)) = header {
                response["headers"] = json!({name: {"schema": {"type": "string"}, "description": description}});
            }
            (status.to_string(), response)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use mnara_protocol::clock::Timestamp;
    use secrecy::SecretString;

    use super::*;
    use crate::webhooks::sign;

    #[test]
    fn the_signed_message_that_programs_are_tried_with_is_signed_as_ours_are() {
        let about = ABOUT.into_iter().find(|(title, _, _)| *title == "Webhooks");
        let looks = about.unwrap().2;
        let said = |name: &str| {
            let line = looks.lines().find_map(|line| {
                let (first, rest) = line.strip_prefix("# ")?.split_once(' ')?;
                (first == name).then_some(rest.trim())
            });
            line.unwrap()
        };
        let at = Timestamp::from_secs(said("webhook-timestamp").parse().unwrap());
        let secret = SecretString::from(said("secret"));
        let signed = sign::signature(&secret, said("webhook-id"), at, said("body"));
        assert_eq!(signed.as_deref(), Some(said("webhook-signature")));
    }
}
