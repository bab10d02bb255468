//! The pages by which somebody comes in, and those of their own account, with who may open them.

use crate::providers::gate::{Door, Pages};
use crate::providers::pages::{
    account, businesses, contact, enter, join, more, reset, second, sign_up,
};
use crate::providers::passkeys::pages as passkeys;

/// Adds them.
pub(super) fn with(pages: Pages) -> Pages {
    pages
        .get("/sign-up", Door::Anyone, sign_up::form)
        .post("/sign-up", Door::Anyone, sign_up::take)
        .get("/log-in", Door::Anyone, enter::form)
        .post("/log-in", Door::Anyone, enter::take)
        .get("/log-in/second", Door::HalfIn, second::form)
        .post("/log-in/second", Door::HalfIn, second::take)
        .get("/log-in/passkey", Door::Anyone, passkeys::using)
        .post("/log-in/passkey", Door::Anyone, passkeys::used)
        .get("/businesses", Door::LoggedIn, businesses::list)
        .post("/businesses", Door::LoggedIn, businesses::choose)
        .get("/account/passkeys", Door::LoggedIn, passkeys::list)
        .post("/account/passkeys", Door::LoggedIn, passkeys::made)
        .post("/account/passkeys/new", Door::LoggedIn, passkeys::making)
        .post("/account/passkeys/proof", Door::LoggedIn, passkeys::proving)
        .post("/account/passkeys/{id}/end", Door::LoggedIn, passkeys::gone)
        .get("/forgot", Door::Anyone, reset::forgot)
        .post("/forgot", Door::Anyone, reset::ask)
        .get("/reset/{token}", Door::Anyone, reset::form)
        .post("/reset/{token}", Door::Anyone, reset::take)
        .post("/log-out", Door::LoggedIn, enter::leave)
        .get("/join/{code}", Door::Anyone, join::form)
        .post("/join/{code}", Door::Anyone, join::take)
        .post("/join/{code}/here", Door::LoggedIn, join::here)
        .get("/more", Door::LoggedIn, more::more)
        .get("/account", Door::LoggedIn, account::form)
        .post("/account/password", Door::LoggedIn, account::password)
        .post("/account/contact", Door::LoggedIn, contact::take)
        .get("/account/contact/{token}", Door::LoggedIn, contact::form)
        .post(
            "/account/contact/{token}",
            Door::LoggedIn,
            contact::confirmed,
        )
        .post("/account/browsers/{id}/end", Door::LoggedIn, account::out)
        .get("/account/second", Door::LoggedIn, account::second_form)
        .post("/account/second", Door::LoggedIn, account::second_take)
        .post("/account/second/end", Door::LoggedIn, account::second_end)
}
