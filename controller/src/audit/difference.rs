//! What a line of the audit changed, field by field, as people can compare it. What looks like a secret is never shown, whoever wrote it down.

use std::collections::BTreeMap;

use serde_json::Value;

/// The most characters of a value that are shown.
const LONGEST: usize = 200;
/// What stands for a secret.
const HIDDEN: &str = "•••";

/// One field that was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Its name, dotted where it lies in another; empty for a line that has one value only.
    pub field: String,
    /// How it was.
    pub before: Option<String>,
    /// How it is.
    pub after: Option<String>,
}

/// Compares what was with what is.
#[must_use]
pub fn between(before: Option<&Value>, after: Option<&Value>) -> Vec<Changed> {
    let (mut before, mut after) = (fields(before), fields(after));
    let mut names: Vec<String> = before.keys().chain(after.keys()).cloned().collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .filter_map(|field| {
            let (before, after) = (before.remove(&field), after.remove(&field));
            (before != after).then_some(Changed {
                field,
                before,
                after,
            })
        })
        .collect()
}

fn fields(value: Option<&Value>) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    if let Some(value) = value {
        flatten("", value, &mut found);
    }
    found
}

fn flatten(name: &str, value: &Value, found: &mut BTreeMap<String, String>) {
    let text = match value {
        Value::Null => return,
        Value::Object(map) => {
            for (key, value) in map {
                let name = if name.is_empty() {
                    key.clone()
                } else {
                    format!("{name}.{key}")
                };
                flatten(&name, value, found);
            }
            return;
        }
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items
                .iter()
                .map(|item| match item {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                })
                .collect();
            items.join(", ")
        }
        other => other.to_string(),
    };
    let text = if is_secret(name) {
        HIDDEN.to_owned()
    } else if text.chars().count() > LONGEST {
        text.chars().take(LONGEST).chain(['…']).collect()
    } else {
        text
    };
    found.insert(name.to_owned(), text);
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["secret", "passkey", "password", "token", "consumer_key"]
        .iter()
        .any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_changed_is_told() {
        let (before, after) = (
            json!({"name": "1 hour", "price": "50.00", "old": 1, "in": {"a": 1, "b": [1, "x"]}}),
            json!({"name": "1 hour", "price": "60.00", "new": true, "in": {"a": 2, "b": [1, "x"]}}),
        );
        let told: Vec<_> = between(Some(&before), Some(&after))
            .into_iter()
            .map(|changed| (changed.field, changed.before, changed.after))
            .collect();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            told,
            [
                ("in.a".to_owned(), text("1"), text("2")),
                ("new".to_owned(), None, text("true")),
                ("old".to_owned(), text("1"), None),
                ("price".to_owned(), text("50.00"), text("60.00")),
            ]
        );
    }

    #[test]
    fn one_value_has_no_name_and_a_secret_no_value() {
        let told = between(None, Some(&json!("Market")));
        assert_eq!((told.len(), told[0].field.as_str()), (1, ""));
        let told = between(None, Some(&json!({"consumer_secret": "hush"})));
        assert_eq!(told[0].after.as_deref(), Some(HIDDEN));
        let told = between(None, Some(&json!("x".repeat(500))));
        assert_eq!(told[0].after.as_deref().unwrap().chars().count(), 201);
    }
}
