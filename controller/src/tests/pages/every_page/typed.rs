//! Every form of every page, sent with what breaks pages in each field that one types into: what answers shows it as text, if at all. Before
//! that, each is sent with what no text can hold, in one field after the other, which no page answers as a fault of ours.

use super::*;

/// Raw, it holds all that no page may.
const TYPED: &str = "<script>\"'&</script>";

/// A form as a page has it.
#[derive(Debug)]
struct Form {
    path: String,
    is_post: bool,
    fields: Vec<(String, String)>,
}

/// An attribute of a tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let value = rest.split('"').next()?;
    Some(value.replace("&#38;", "&").replace("&amp;", "&"))
}

/// The forms of a page into which one types; those that take files are left out.
fn forms(page: &str) -> Vec<Form> {
    let mut found = Vec::new();
    for rest in page.split("<form").skip(1) {
        let Some((head, rest)) = rest.split_once('>') else {
            continue;
        };
        let inside = rest.split("</form>").next().unwrap_or_default();
        let (Some(path), None) = (attribute(head, "action"), attribute(head, "enctype")) else {
            continue;
        };
        let fields = fields(inside);
        if fields.iter().any(|(_, value)| value == TYPED) {
            found.push(Form {
                path,
                is_post: head.contains("method=\"post\""),
                fields,
            });
        }
    }
    found
}

/// What a form sends by its first button, with that text wherever one types.
fn fields(inside: &str) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    // The list whose first choice comes next, and whether a button was pressed.
    let (mut list, mut is_pressed) = (None, false);
    for tag in inside.split('<').skip(1) {
        let (kind, name) = (
            tag.split([' ', '>', '\n']).next().unwrap_or_default(),
            attribute(tag, "name"),
        );
        let value = attribute(tag, "value");
        match (kind, name) {
            ("option", _) => {
                let shown = tag.split_once('>').map(|(_, text)| text.trim().to_owned());
                if let (Some(list), Some(value)) = (list.take(), value.or(shown)) {
                    fields.push((list, value));
                }
            }
            ("select", name) => list = name,
            ("textarea", Some(name)) => fields.push((name, TYPED.to_owned())),
            ("button", Some(name)) if !is_pressed => {
                is_pressed = true;
                fields.push((name, value.unwrap_or_default()));
            }
            ("button", None) => is_pressed = true,
            ("input", Some(name)) => match attribute(tag, "type").as_deref() {
                Some("hidden") => fields.push((name, value.unwrap_or_default())),
                Some("radio" | "checkbox") if !tag.contains(" checked") => {}
                Some("radio" | "checkbox") => {
                    fields.push((name, value.unwrap_or_else(|| "on".to_owned())));
                }
                _ => fields.push((name, TYPED.to_owned())),
            },
            _ => {}
        }
    }
    fields
}

/// The same form with what no text can hold, in one field after the other.
fn with_nul(form: &Form) -> impl Iterator<Item = Form> {
    (0..form.fields.len()).map(move |at| {
        let mut fields = form.fields.clone();
        fields[at].1.push('\0');
        Form {
            path: form.path.clone(),
            is_post: form.is_post,
            fields,
        }
    })
}

/// The page that answers a form.
async fn send(browser: &mut Browser<'_>, form: &Form) -> (StatusCode, String) {
    let fields: Vec<(&str, &str)> = form
        .fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let got = if form.is_post {
        browser.post(&form.path, &fields).await
    } else {
        let asked = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&fields)
            .finish();
        browser.get(&format!("{}?{asked}", form.path)).await
    };
    (got.status, got.text)
}

#[test]
fn a_form_is_read_as_a_browser_sends_it() {
    let page = "<form method=\"post\" action=\"/plans\"><input type=\"hidden\" name=\"id\" value=\"1\">\
                <input id=\"n\" name=\"name\" value=\"Old\"><select name=\"unit\"><option value=\"m\">Minutes</option>\
                <option>h</option></select><input type=\"radio\" name=\"a\" value=\"x\"><input type=\"radio\" name=\"a\" value=\"y\" checked>\
                <button name=\"do\" value=\"check\">Check</button><button name=\"do\" value=\"make\">Make</button></form>\
                <form method=\"post\" action=\"/log-out\"><button>Out</button></form>";
    let found = forms(page);
    assert_eq!(found.len(), 1, "{found:?}");
    let sent = [
        ("id", "1"),
        ("name", TYPED),
        ("unit", "m"),
        ("a", "y"),
        ("do", "check"),
    ];
    let sent = sent.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!((found[0].path.as_str(), found[0].is_post), ("/plans", true));
    assert_eq!(found[0].fields, sent);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whatever_is_typed_into_a_form_comes_back_as_text(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let flags = ["--public-url", "https://billing.example.com"];
    let world = World::open_with(pool, options, &flags).await;
    tenancy::fill(&world).await;
    begin::make(
        &world.app,
        "Admin",
        "a@b.example".parse().unwrap(),
        PASSWORD.into(),
    )
    .await
    .unwrap();
    let mut owner = member(&world, Role::Owner, 1).await;
    let mut admin = Browser::new(&world, 200);
    admin.log_in("a@b.example", PASSWORD).await.onward();
    let mut nobody = Browser::new(&world, 4);
    let names = Names::read(&world).await;
    let (mut faults, mut sent, mut echoed) = (Vec::new(), BTreeSet::<String>::new(), 0);
    let mut unread = 0;
    let pages = routes::pages(&world.app);
    // Nobody comes last: one of their forms sets the owner's password.
    for (who, browser) in [
        ("the owner", &mut owner),
        ("an admin", &mut admin),
        ("nobody", &mut nobody),
    ] {
        let mut found = Vec::new();
        for page in pages.listed() {
            let opens = match page.door {
                Door::Anyone => who == "nobody",
                Door::LoggedIn | Door::Staff(_) => who == "the owner",
                Door::Admin => who == "an admin",
                Door::HalfIn | Door::Business(..) => false,
            };
            if page.method != Method::GET || !opens {
                continue;
            }
            let paths = match names.of(page.path) {
                How::Plain => vec![page.path.to_owned()],
                How::At(paths) => paths,
                How::NoPage => continue,
            };
            for path in paths {
                found.extend(forms(&browser.get(&path).await.text));
            }
        }
        let fresh = found.iter().filter(|form| !sent.contains(&form.path));
        for form in fresh.flat_map(with_nul) {
            let (status, _) = send(browser, &form).await;
            // A gate that is shut for other reasons says so first.
            let is_shut = status.is_redirection() || status == StatusCode::FORBIDDEN;
            if status == StatusCode::UNPROCESSABLE_ENTITY {
                unread += 1;
            } else if !is_shut {
                faults.push(format!("{form:?} as {who}: {status}"));
            }
        }
        for form in found {
            if !sent.insert(form.path.clone()) {
                continue;
            }
            let (status, page) = send(browser, &form).await;
            let what = format!("{} as {who}: {status}", form.path);
            if status.is_server_error() {
                faults.push(what.clone());
            }
            // What is no page is read by programs.
            if !page.starts_with("<!doctype html") {
                continue;
            }
            echoed += usize::from(page.contains("&#60;script&#62;"));
            faults.extend(
                RAW.iter()
                    .filter(|raw| page.contains(**raw))
                    .map(|raw| format!("{what} holds {raw}")),
            );
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    // Pages without forms would prove nothing, nor answers that say nothing of what was typed.
    assert!(sent.len() > 25, "{sent:?}");
    assert!(echoed > 8, "{echoed} of {sent:?}");
    assert!(unread > 60, "{unread} with what no text can hold");
}
