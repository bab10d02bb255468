//! What a call does, said where the call is listed: from this the description of the whole API is made.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// A call as it is described.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its name for programs.
    pub id: &'static str,
    /// What it does, in a few words.
    pub summary: &'static str,
    /// What else one should know.
    pub text: &'static str,
    /// What the id in its path is of: `site`.
    pub of: Option<&'static str>,
    /// The schema of its parameters after the question mark.
    pub query: Option<Value>,
    /// The schema of its body.
    pub body: Option<Body>,
    /// The status and the schema of its answer.
    pub answer: (u16, Value),
    /// Statuses of problems beside those that every call has.
    pub problems: Vec<u16>,
    /// The schemas it names.
    pub schemas: BTreeMap<String, Value>,
}

/// A body as it is described.
#[derive(Clone, Debug)]
pub struct Body {
    /// Its schema.
    pub schema: Value,
    /// One as it may be sent.
    pub example: Value,
    /// Whether the handler can read one.
    pub reads: fn(&Value) -> Result<(), String>,
}

impl Operation {
    /// A call that is described by a name, a few words and a text.
    #[must_use]
    pub fn new(id: &'static str, summary: &'static str, text: &'static str) -> Self {
        Self {
            id,
            summary,
            text,
            of: None,
            query: None,
            body: None,
            answer: (200, Value::Null),
            problems: Vec::new(),
            schemas: BTreeMap::new(),
        }
    }

    /// Its path names one thing of a kind, by the mark of its ids.
    #[must_use]
    pub fn of(mut self, mark: &'static str) -> Self {
        self.of = Some(mark);
        self.problems.push(404);
        self
    }

    /// It takes parameters.
    #[must_use]
    pub fn query<T: ToSchema>(mut self) -> Self {
        self.query = Some(value(&T::schema()));
        self.problems.push(400);
        self
    }

    /// It takes a body.
    #[must_use]
    pub fn body<T: ToSchema + DeserializeOwned>(mut self, example: Value) -> Self {
        let schema = self.name::<T>();
        self.body = Some(Body {
            schema,
            example,
            reads: |example| {
                serde_json::from_value::<T>(example.clone())
                    .map(drop)
                    .map_err(|error| error.to_string())
            },
        });
        self.problems.extend([400, 413, 415, 422]);
        self
    }

    /// It answers with one thing.
    #[must_use]
    pub fn answers<T: ToSchema>(mut self, status: u16) -> Self {
        self.answer = (status, self.name::<T>());
        self
    }

    /// It answers with a part of a list.
    #[must_use]
    pub fn lists<T: ToSchema>(mut self) -> Self {
        let item = self.name::<T>();
        let list = json!({"type": "object", "required": ["items", "next"], "properties": {
            "items": {"type": "array", "items": item},
            "next": {"type": ["string", "null"], "description": "Give it as `cursor` to read on; null at the end."}}});
        self.answer = (200, list);
        self
    }

    /// It may also answer with a problem of this status.
    #[must_use]
    pub fn problem(mut self, status: u16) -> Self {
        self.problems.push(status);
        self
    }

    /// Names a schema, and keeps it with those it names.
    fn name<T: ToSchema>(&mut self) -> Value {
        let name = T::name().into_owned();
        let mut named = Vec::new();
        T::schemas(&mut named);
        for (name, schema) in &named {
            self.schemas.insert(name.clone(), value(schema));
        }
        self.schemas.insert(name.clone(), value(&T::schema()));
        json!({"$ref": format!("#/components/schemas/{name}")})
    }
}

fn value(schema: &impl serde::Serialize) -> Value {
    serde_json::to_value(schema).unwrap_or_default()
}
