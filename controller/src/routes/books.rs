//! The pages of the books and of what waits to be sorted out, and who may open them.

use axum::extract::DefaultBodyLimit;
use axum::handler::Handler as _;

use crate::payments::unmatched::pages as queue;
use crate::providers::gate::{Door, Pages};
use crate::providers::staff::roles::Permission as P;
use crate::reports::books::pages as books;
use crate::reports::books::statement::pages as statement;

/// What stands around a file in a form.
const AROUND: usize = 16 * 1024;

/// Adds them.
pub(super) fn with(pages: Pages) -> Pages {
    let upload = statement::upload.layer(DefaultBodyLimit::max(statement::MOST_BYTES + AROUND));
    pages
        .get("/books", Door::Staff(P::SeeReports), books::show)
        .get("/books.csv", Door::Staff(P::SeeReports), books::table)
        .get("/books/day", Door::Staff(P::SeeReports), books::day)
        .get(
            "/books/statement",
            Door::Staff(P::WorkCustomers),
            statement::form,
        )
        .post("/books/statement", Door::Staff(P::WorkCustomers), upload)
        .post(
            "/books/statement/take",
            Door::Staff(P::WorkCustomers),
            statement::take_in,
        )
        .post(
            "/books/statement/gone",
            Door::Staff(P::WorkCustomers),
            statement::book_gone,
        )
        .get(
            "/payments/unmatched",
            Door::Staff(P::SeePayments),
            queue::list,
        )
        .post(
            "/payments/unmatched/{id}/ticket",
            Door::Staff(P::WorkPayments),
            queue::give,
        )
        .post(
            "/payments/unmatched/{id}/credit",
            Door::Staff(P::WorkPayments),
            queue::credit,
        )
        .post(
            "/payments/unmatched/{id}/refund",
            Door::Staff(P::WorkPayments),
            queue::refund,
        )
}
