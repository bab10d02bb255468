//! A customer's phone with its browser: opens the portal, sends its forms, and is or is not online. Pages are read as a person
//! reads them, by their words.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};

use super::program::PATIENCE;
use crate::measure::now;
use crate::sim::routeros::Router;

/// What the portal says to a device that its router has not shown yet. It looks for two seconds, in which a busy machine may not get to it.
const STRANGER: [&str; 2] = [
    "This device is not on the hotspot",
    "Kifaa hiki hakiko kwenye hotspot",
];

/// A phone on a site's Wi-Fi.
#[derive(Clone, Debug)]
pub struct Phone {
    /// Its MAC as the router writes it.
    pub mac: String,
    portal: SocketAddr,
}

/// A page as it was shown.
#[derive(Clone, Debug)]
pub struct Page {
    /// The status.
    pub status: u16,
    /// The page.
    pub text: String,
}

impl Page {
    /// Whether a person who reads the page finds these words.
    #[must_use]
    pub fn says(&self, words: &str) -> bool {
        self.text.contains(words) || plain(&self.text).contains(words)
    }

    /// The fields of the form that is sent to an address, as the page filled them; `None` when the page has no such form.
    #[must_use]
    pub fn form(&self, action: &str) -> Option<Vec<(String, String)>> {
        let (_, form) = self.text.split_once(&format!("action=\"{action}\">"))?;
        let form = form.split("</form>").next()?;
        let inputs = form.split("<input ").skip(1).filter_map(|input| {
            let tag = input.split('>').next()?;
            if attribute(tag, "type") == Some("radio") && !tag.ends_with(" checked") {
                return None;
            }
            Some((
                attribute(tag, "name")?.to_owned(),
                plain(attribute(tag, "value").unwrap_or_default()),
            ))
        });
        Some(inputs.collect())
    }
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, value) = tag.split_once(&format!("{name}=\""))?;
    value.split('"').next()
}

/// Text as it is read, its entities undone.
fn plain(text: &str) -> String {
    text.replace("&#39;", "'")
        .replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

impl Phone {
    /// A phone with that MAC at the site whose portal listens there.
    #[must_use]
    pub const fn new(mac: String, portal: SocketAddr) -> Self {
        Self { mac, portal }
    }

    /// The address of a page of the portal.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/portal/{path}", self.portal)
    }

    /// Opens the portal.
    ///
    /// # Errors
    /// When the phone sees nothing.
    pub async fn home(&self, router: &Router) -> Result<Page> {
        self.open(router, "").await
    }

    /// Opens a page of the portal, following redirects as a browser does.
    ///
    /// # Errors
    /// When the phone sees nothing.
    pub async fn open(&self, router: &Router, path: &str) -> Result<Page> {
        self.known(async || self.follow(router, self.url(path)).await)
            .await
    }

    /// Asks for as long as the portal does not know the phone yet.
    async fn known(&self, ask: impl AsyncFn() -> Result<Page>) -> Result<Page> {
        let start = now();
        loop {
            let page = ask().await?;
            let is_known = !STRANGER.iter().any(|words| page.says(words));
            if is_known || start.elapsed() > PATIENCE {
                return Ok(page);
            }
        }
    }

    async fn follow(&self, router: &Router, mut url: String) -> Result<Page> {
        for _ in 0..5 {
            let seen = router
                .open(&self.mac, &url)
                .await
                .with_context(|| format!("opening {url}"))?;
            match seen.header("location") {
                Some(next) if (300..400).contains(&seen.status) => {
                    url = self.absolute(&url, next)?
                }
                _ => {
                    return Ok(Page {
                        status: seen.status,
                        text: seen.text(),
                    });
                }
            }
        }
        anyhow::bail!("{url} redirects without end")
    }

    fn absolute(&self, from: &str, to: &str) -> Result<String> {
        Ok(url::Url::parse(from)?.join(to)?.to_string())
    }

    /// Types a code into the portal.
    ///
    /// # Errors
    /// When the phone sees nothing.
    pub async fn redeem(&self, router: &Router, code: &str) -> Result<Page> {
        self.submit(router, "code", &[("code", code)]).await
    }

    /// Buys a plan: the price and revision are those of the page, as in the form it shows.
    ///
    /// # Errors
    /// When the plan is not on the page, or the phone sees nothing.
    pub async fn buy(&self, router: &Router, plan: &str, number: &str) -> Result<Page> {
        let page = self.home(router).await?;
        let revision = revision(&page.text, plan)
            .with_context(|| format!("plan {plan} is not on the page"))?;
        self.submit(
            router,
            "buy",
            &[("plan", plan), ("revision", &revision), ("phone", number)],
        )
        .await
    }

    /// Sends a form of the portal and follows where it leads.
    ///
    /// # Errors
    /// When the phone sees nothing.
    pub async fn submit(&self, router: &Router, path: &str, form: &[(&str, &str)]) -> Result<Page> {
        self.known(async || self.send(router, path, form).await)
            .await
    }

    async fn send(&self, router: &Router, path: &str, form: &[(&str, &str)]) -> Result<Page> {
        let url = self.url(path);
        let seen = router
            .submit(&self.mac, &url, form)
            .await
            .with_context(|| format!("sending a form to {url}"))?;
        match seen.header("location") {
            Some(next) if (300..400).contains(&seen.status) => {
                self.follow(router, self.absolute(&url, next)?).await
            }
            _ => Ok(Page {
                status: seen.status,
                text: seen.text(),
            }),
        }
    }

    /// Fills the form of a page in and presses its button, as a browser does: what the page had filled in goes with it.
    ///
    /// # Errors
    /// When the page has no such form, or the phone sees nothing.
    pub async fn press(
        &self,
        router: &Router,
        page: &Page,
        path: &str,
        filled: &[(&str, &str)],
    ) -> Result<Page> {
        self.press_of(router, page, (path, path), filled).await
    }

    /// As [`Self::press`], by a button that sends the form of one path to another.
    async fn press_of(
        &self,
        router: &Router,
        page: &Page,
        (form, path): (&str, &str),
        filled: &[(&str, &str)],
    ) -> Result<Page> {
        let mut fields = page
            .form(&format!("/portal/{form}"))
            .with_context(|| format!("the page has no form for {form}:\n{}", page.text))?;
        fields.retain(|(name, _)| filled.iter().all(|(filled, _)| filled != name));
        let mut form: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        form.extend(filled);
        self.submit(router, path, &form).await
    }

    /// Chooses a plan on a page that offers it and has a number asked for the money.
    ///
    /// # Errors
    /// When the page does not offer the plan, or the phone sees nothing.
    pub async fn order(
        &self,
        router: &Router,
        page: &Page,
        plan: &str,
        number: &str,
    ) -> Result<Page> {
        let choice = choice(page, plan)?;
        let filled = [("plan", choice.as_str()), ("phone", number)];
        self.press(router, page, "buy", &filled).await
    }

    /// Chooses a plan on a page that offers it and asks how to pay for it by hand, with the number that will pay.
    ///
    /// # Errors
    /// When the page does not offer the plan, or the phone sees nothing.
    pub async fn ask_by_hand(
        &self,
        router: &Router,
        page: &Page,
        plan: &str,
        number: &str,
    ) -> Result<Page> {
        let choice = choice(page, plan)?;
        let filled = [("plan", choice.as_str()), ("phone", number)];
        self.press_of(router, page, ("buy", "hand"), &filled).await
    }

    /// Whether the router lets it through: its active sessions are asked, nobody else.
    #[must_use]
    pub fn online(&self, router: &Router) -> bool {
        router.rows("/ip/hotspot/active").iter().any(|row| {
            row.get("mac-address")
                .is_some_and(|mac| mac.eq_ignore_ascii_case(&self.mac))
        })
    }

    /// Waits until the router lets it through.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn comes_online(&self, router: &Router) -> Result<()> {
        self.settles(router, true).await
    }

    /// Waits until the router lets it through no more.
    ///
    /// # Errors
    /// When it still does after a while.
    pub async fn goes_offline(&self, router: &Router) -> Result<()> {
        self.settles(router, false).await
    }

    async fn settles(&self, router: &Router, online: bool) -> Result<()> {
        let settled = router.until(|router| (self.online(router) == online).then_some(()));
        let in_time = tokio::time::timeout(PATIENCE, settled).await;
        ensure!(
            in_time.is_ok(),
            "{} is {} on the router; its active sessions: {:?}",
            self.mac,
            if online {
                "not let through"
            } else {
                "still let through"
            },
            router.rows("/ip/hotspot/active")
        );
        Ok(())
    }
}

/// What the form that sells a plan calls it.
fn choice(page: &Page, plan: &str) -> Result<String> {
    let revision = revision(&page.text, plan)
        .with_context(|| format!("plan {plan} is not on the page:\n{}", page.text))?;
    Ok(format!("{plan}.{revision}"))
}

/// The revision that stands after the plan in the form that sells it.
fn revision(page: &str, plan: &str) -> Option<String> {
    let (_, choice) = page.split_once(&format!("value=\"{plan}."))?;
    Some(choice.split('"').next()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::Page;

    #[test]
    fn a_form_is_read_as_a_browser_reads_it() {
        let page = Page {
            status: 200,
            text: "<p>The hotspot&#39;s</p><form method=\"post\" action=\"/portal/buy\"><input type=\"hidden\" name=\"seal\" value=\"ab\">\
                   <input type=\"radio\" name=\"plan\" value=\"a.1\"><input type=\"radio\" name=\"plan\" value=\"b.2\" checked>\
                   <input name=\"phone\" value=\"&quot;07\"></form><form action=\"/portal/code\"></form>"
                .to_owned(),
        };
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            page.form("/portal/buy"),
            Some(vec![
                field("seal", "ab"),
                field("plan", "b.2"),
                field("phone", "\"07")
            ])
        );
        assert_eq!(page.form("/portal/code"), Some(vec![]));
        assert_eq!(page.form("/portal/logout"), None);
        assert!(page.says("hotspot's"));
    }
}
