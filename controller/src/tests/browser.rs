//! A browser for tests of pages: keeps cookies, sends forms as a page of ours would, follows nothing by itself.

use std::collections::BTreeMap;

use axum::http::header;

use super::*;

/// What a browser got.
pub(super) struct Got {
    pub(super) status: StatusCode,
    pub(super) location: Option<String>,
    /// What the page may load and who may frame it.
    pub(super) policy: String,
    pub(super) text: String,
}

impl Got {
    /// The page, if it is one.
    #[track_caller]
    pub(super) fn page(self) -> String {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text);
        self.text
    }

    /// Where it was sent on to.
    #[track_caller]
    pub(super) fn onward(self) -> String {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.text);
        self.location.unwrap()
    }
}

/// A browser at an address of its own.
pub(super) struct Browser<'a> {
    router: &'a Router,
    address: [u8; 4],
    cookies: BTreeMap<String, String>,
}

impl<'a> Browser<'a> {
    pub(super) fn new(world: &'a World, n: u8) -> Self {
        Self {
            router: &world.router,
            address: [198, 51, 100, n],
            cookies: BTreeMap::new(),
        }
    }

    pub(super) async fn get(&mut self, path: &str) -> Got {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    pub(super) async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Got {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
            .body(Body::from(body));
        self.send(request.unwrap()).await
    }

    pub(super) async fn send(&mut self, request: Request) -> Got {
        let response = self.open(request).await;
        let location = response.headers().get(header::LOCATION);
        let location = location.map(|path| path.to_str().unwrap().to_owned());
        let policy = response.headers().get(header::CONTENT_SECURITY_POLICY);
        let policy = policy.map_or_else(String::new, |policy| policy.to_str().unwrap().to_owned());
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20)
            .await
            .unwrap();
        Got {
            status,
            location,
            policy,
            // A file need be no text.
            text: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    /// What comes back, its body still to be read.
    pub(super) async fn open(&mut self, mut request: Request) -> Response {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let headers = request.headers_mut();
        headers.insert(header::COOKIE, cookies.join("; ").parse().unwrap());
        headers.insert(header::HOST, "billing.example.com".parse().unwrap());
        request
            .extensions_mut()
            .insert(ConnectInfo(SocketAddr::from((self.address, 4000))));
        let response = self.router.clone().oneshot(request).await.unwrap();
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let (pair, attributes) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        response
    }

    /// Takes a cookie that somebody copied.
    pub(super) fn keep(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    /// What it keeps under a name.
    pub(super) fn kept(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    /// Signs a business up and is in.
    pub(super) async fn sign_up(&mut self, business: &str, contact: &str) {
        let form = [
            ("business", business),
            ("name", "Njeri Wanjiru"),
            ("who", contact),
            ("password", PASSWORD),
        ];
        assert_eq!(self.post("/sign-up", &form).await.onward(), "/home");
    }

    /// Logs in and says where it was sent.
    pub(super) async fn log_in(&mut self, contact: &str, password: &str) -> Got {
        self.post("/log-in", &[("who", contact), ("password", password)])
            .await
    }
}

/// The password of everybody in these tests.
pub(super) const PASSWORD: &str = "mango rain tower";

/// What an authenticator with this secret shows now.
pub(super) fn digits(world: &World, secret: &str) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret.replace(' ', "")).unwrap();
    let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
    let now = u64::try_from(world.app.clock.now().as_secs()).unwrap();
    totp.generate(now).to_string()
}
