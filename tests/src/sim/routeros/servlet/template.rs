//! The templating of hotspot pages: variables, conditions, and the two conditions that set status and headers. Pages are in `pages.rs`.
use std::collections::BTreeMap;

/// The variables of one page.
pub(crate) type Variables = BTreeMap<String, String>;

/// A rendered page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rendered {
    pub(crate) status: (u16, String),
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// Renders a page; a broken condition runs to the end of the page, as on the router.
pub(crate) fn render(source: &str, variables: &Variables) -> Rendered {
    let mut machine = Machine {
        rest: source,
        variables,
        out: Rendered {
            status: (200, "OK".to_owned()),
            headers: Vec::new(),
            body: String::new(),
        },
    };
    let mut body = String::new();
    while machine.block(&mut body, true) != End::Page {}
    machine.out.body = body;
    machine.out
}

/// What ended a block.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Page,
    Elif(String),
    Else,
    Endif,
}

struct Machine<'a> {
    rest: &'a str,
    variables: &'a Variables,
    out: Rendered,
}

impl Machine<'_> {
    /// Writes text up to the next tag that ends a block.
    fn block(&mut self, into: &mut String, live: bool) -> End {
        loop {
            let Some(at) = self.rest.find("$(") else {
                if live {
                    into.push_str(self.rest);
                }
                self.rest = "";
                return End::Page;
            };
            if live {
                into.push_str(&self.rest[..at]);
            }
            let Some(end) = self.rest[at..].find(')') else {
                self.rest = "";
                return End::Page;
            };
            let tag = self.rest[at + 2..at + end].trim().to_owned();
            self.rest = &self.rest[at + end + 1..];
            match tag.split_once(' ').unwrap_or((&tag, "")) {
                ("if", condition) => self.choose(condition.trim(), into, live),
                ("elif", condition) => return End::Elif(condition.trim().to_owned()),
                ("else", _) => return End::Else,
                ("endif", _) => return End::Endif,
                (name, _) if live => into.push_str(&self.value(name)),
                _ => {}
            }
        }
    }

    /// Runs one condition with all its branches.
    fn choose(&mut self, condition: &str, into: &mut String, live: bool) {
        let mut condition = Some(condition.to_owned());
        let mut taken = false;
        loop {
            let setting = condition.as_deref().and_then(setting);
            let wanted = condition
                .as_deref()
                .is_none_or(|text| setting.is_some() || self.holds(text));
            let this = live && !taken && wanted;
            let mut text = String::new();
            let end = self.block(&mut text, this);
            if this {
                taken = true;
                match setting {
                    Some(Setting::Status(code)) => self.out.status = (code, text.trim().to_owned()),
                    Some(Setting::Header(name)) => {
                        self.out
                            .headers
                            .retain(|(have, _)| !have.eq_ignore_ascii_case(&name));
                        self.out.headers.push((name, text.trim().to_owned()));
                    }
                    None => into.push_str(&text),
                }
            }
            match end {
                End::Elif(next) => condition = Some(next),
                End::Else => condition = None,
                End::Endif | End::Page => return,
            }
        }
    }

    fn value(&self, name: &str) -> String {
        match self.variables.get(name) {
            Some(value) => value.clone(),
            None => match name.strip_suffix("-esc") {
                Some(plain) => escape(&self.value(plain)),
                None => String::new(),
            },
        }
    }

    fn holds(&self, condition: &str) -> bool {
        if let Some((name, value)) = condition.split_once("==") {
            return self.value(name.trim()) == unquote(value);
        }
        if let Some((name, value)) = condition.split_once("!=") {
            return self.value(name.trim()) != unquote(value);
        }
        !self.value(condition).is_empty()
    }
}

/// A condition that is none: it sets something about the answer.
enum Setting {
    Status(u16),
    Header(String),
}

fn setting(condition: &str) -> Option<Setting> {
    let (name, value) = condition.split_once("==")?;
    match name.trim() {
        "http-status" => unquote(value).parse().ok().map(Setting::Status),
        "http-header" => Some(Setting::Header(unquote(value).to_owned())),
        _ => None,
    }
}

fn unquote(text: &str) -> &str {
    let text = text.trim();
    for quote in ['"', '\''] {
        if let Some(inner) = text
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote))
        {
            return inner;
        }
    }
    text
}

/// Escapes for a URL, space as plus.
pub(crate) fn escape(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(source: &str, variables: &[(&str, &str)]) -> Rendered {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        render(source, &variables)
    }

    #[test]
    fn variables_conditions_and_escapes() {
        let vars = [
            ("user", "a b"),
            ("trial", "yes"),
            ("link-orig", "http://x/?a=b&c"),
        ];
        assert_eq!(
            page("<$(user)|$(user-esc)|$(nothing)>", &vars).body,
            "<a b|a+b|>"
        );
        assert_eq!(
            page("$(link-orig-esc)", &vars).body,
            "http%3A%2F%2Fx%2F%3Fa%3Db%26c"
        );
        let source = "$(if trial == 'no')1$(elif trial == \"yes\")2$(else)3$(endif)!";
        assert_eq!(page(source, &vars).body, "2!");
        assert_eq!(page(source, &[]).body, "3!");
        assert_eq!(
            page("$(if user != x)y$(endif)$(if gone)n$(else)z$(endif)", &vars).body,
            "yz"
        );
        let nested =
            "$(if trial)$(if user == nobody)a$(else)b$(endif)$(else)$(if user)c$(endif)$(endif).";
        assert_eq!(page(nested, &vars).body, "b.");
    }

    #[test]
    fn status_and_headers_are_set_not_asked() {
        let source = "$(if http-status == 302)Go on$(endif)$(if http-header == \"Location\")$(there)$(endif)$(if http-header == location)http://second/$(endif)x";
        let out = page(source, &[("there", "http://first/")]);
        assert_eq!(out.status, (302, "Go on".to_owned()));
        assert_eq!(
            out.headers,
            [("location".to_owned(), "http://second/".to_owned())]
        );
        assert_eq!(out.body, "x");
        let out = page("$(if gone)$(if http-status == 500)no$(endif)$(endif)", &[]);
        assert_eq!(out.status.0, 200, "a branch not taken sets nothing");
    }

    #[test]
    fn a_stray_opening_is_eaten() {
        assert_eq!(page("a$(function(){}) b", &[]).body, "a{}) b");
    }
}
