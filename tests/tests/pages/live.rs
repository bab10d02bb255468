//! A site's page that somebody keeps open: it says when it is told nothing any more, and when it is again.

use super::{person, set};

const ENDED: &str = "This page no longer updates by itself";

/// Has the page ask for its live part as if somebody had come back to it: first at an address where there is none, then where it was.
const ASK_NOWHERE: &str = "const live = document.getElementById('live'); window.from = live.dataset.from; \
     live.dataset.from = '/nowhere'; document.dispatchEvent(new Event('visibilitychange'))";
const ASK_AGAIN: &str = "document.getElementById('live').dataset.from = window.from; \
     document.dispatchEvent(new Event('visibilitychange'))";

#[tokio::test]
async fn a_page_that_is_told_nothing_any_more_says_so_until_it_is() {
    let (stage, chromium) = set().await;
    let owner = person(&stage, &chromium, "owner@example.com").await;
    let site = format!("/sites/{}", stage.world.business.site);
    let url = stage.world.controller.url(&site);
    owner.open(&url).await.unwrap();
    owner.sees("Refresh").await.unwrap();
    assert!(!owner.says(ENDED).await.unwrap());
    owner.eval(ASK_NOWHERE).await.unwrap();
    owner.sees(ENDED).await.unwrap();
    assert_eq!(owner.faults().await.unwrap(), Vec::<String>::new());
    owner.eval(ASK_AGAIN).await.unwrap();
    stage
        .world
        .until("the page is live again", async || {
            Ok((!owner.says(ENDED).await?).then_some(()))
        })
        .await
        .unwrap();
    stage.end().await.unwrap();
}
