//! What a browser sends: the language in the address, the fields of a form. Nothing here says who the browser is.

use mnara_protocol::portal::Language;

/// Fields of `application/x-www-form-urlencoded`, in order.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a body or a query; what cannot be read is left out, and a page then asks for it again.
    pub(super) fn parse(text: &str) -> Self {
        let pairs = text.split('&').take(16).filter(|pair| !pair.is_empty());
        let fields = pairs.filter_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name)?, decode(value)?))
        });
        Self(fields.collect())
    }

    /// The first field of a name.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The language the address or the form carries.
    pub(super) fn language(&self) -> Option<Language> {
        self.field("lang").and_then(Language::parse)
    }
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        bytes.push(match first {
            b'+' => b' ',
            b'%' => {
                let (digits, after) = rest.split_at_checked(2)?;
                rest = after;
                u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?
            }
            other => *other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read_and_nonsense_left_out() {
        let form = Form::parse("code=7KQ2-M0X1&phone=%2B254+712&bad=%zz&lang=sw&empty=");
        assert_eq!(form.field("code"), Some("7KQ2-M0X1"));
        assert_eq!(form.field("phone"), Some("+254 712"));
        assert_eq!(form.field("bad"), None);
        assert_eq!(form.field("empty"), Some(""));
        assert_eq!(form.language(), Some(Language::Swahili));
        assert_eq!(Form::parse("%").field(""), None);
    }
}
