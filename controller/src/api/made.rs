//! What calls that change something answer.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::web::Problem;

/// Where the API begins.
pub const BASE: &str = "/api/v1";

/// What a call that changes something answers.
#[derive(Clone, Debug)]
pub struct Made {
    /// The status.
    pub status: StatusCode,
    /// Where the new thing is.
    pub location: Option<String>,
    /// The JSON.
    pub body: Vec<u8>,
}

impl Made {
    /// It is done, and this is how it is now.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn now(thing: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_vec(thing).map_err(anyhow::Error::new)?;
        Ok(Self {
            status: StatusCode::OK,
            location: None,
            body,
        })
    }

    /// There is a new thing at a path behind the API's base.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn new(path: &str, thing: &impl Serialize) -> Result<Self, Problem> {
        Ok(Self {
            status: StatusCode::CREATED,
            location: Some(format!("{BASE}{path}")),
            ..Self::now(thing)?
        })
    }
}

impl IntoResponse for Made {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        let location = self
            .location
            .and_then(|path| HeaderValue::try_from(path).ok());
        if let Some(location) = location {
            headers.insert(header::LOCATION, location);
        }
        response
    }
}
