//! What concerns the platform alone, and what its own staff did in any business.

use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::audit::names::{Kind, names};
use crate::audit::{chain, read};
use crate::db::Reason;
use crate::providers::pages::audit::{Asked, Known, PAGE, Whose, shown};
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::web::Query;

/// Shows it.
///
/// # Errors
/// When the database is away.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let mut tx = app.db.platform(Reason::Admin).await?;
    let lines = read::of_platform(&mut tx, &asked.wanted(), PAGE).await?;
    let people = read::people_of_platform(&mut tx).await?;
    let names = names(&mut tx, None, &lines).await?;
    let head = chain::head(&mut tx, None).await?;
    drop(tx);
    let w = frame.words();
    let whose = Whose {
        path: "/admin/audit",
        title: w.platform.audit,
        text: w.platform.audit_text,
        tells_admins: true,
        has_file: false,
    };
    let known = Known {
        names,
        path: |kind, subject: &str| match kind {
            Kind::Provider => Some(format!("/admin/providers/{subject}")),
            Kind::PlatformPlan => Some(format!("/admin/platform-plans/{subject}")),
            _ => None,
        },
    };
    Ok(shown(&frame, &whose, &asked, (lines, people, head), known))
}
