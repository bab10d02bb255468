//! What comes over the link: pages, answers, acknowledgements and the controller's time.

use mnara_protocol::message::FindingsReport;
use rand::Rng;

use super::*;
use crate::doctor;

impl Agent {
    pub(super) async fn link(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Up(wall, at) => {
                self.anchor(wall, at).await;
                self.cloud = true;
                self.feed_torn = false;
                self.refusal = None;
                tracing::info!("the controller is reached");
                self.core_event(CoreEvent::LinkUp).await;
            }
            LinkEvent::Anchor(wall, at) => self.anchor(wall, at).await,
            LinkEvent::Down => {
                self.cloud = false;
                self.core_event(CoreEvent::LinkDown).await;
            }
            LinkEvent::Page(page) => self.page(page).await,
            LinkEvent::FeedRestarted => {
                self.cursor = FeedCursor::default();
                if let Some(store) = &self.store {
                    let written = store.restart_feed().await;
                    self.pending.push_back(Box::pin(async move {
                        Event::FeedRestarted(written.await.unwrap_or(Err(Closed)))
                    }));
                }
            }
            LinkEvent::Acknowledged(mark) => {
                // It goes back when the controller was restored from a backup: what it lost is then kept and sent again.
                self.acknowledged = mark.number;
            }
            LinkEvent::Answered(id, answer) => {
                self.core_event(CoreEvent::Answered(id, answer)).await;
            }
            LinkEvent::Unanswered(id) => self.core_event(CoreEvent::Unanswered(id)).await,
            LinkEvent::NotAsked(id) => self.core_event(CoreEvent::NotAsked(id)).await,
            LinkEvent::Commanded(command) => self.core_event(CoreEvent::Commanded(command)).await,
            LinkEvent::KeysChanged(pinned) => {
                self.enrolment.pinned = pinned;
                if let Err(error) = self.state.keep_enrolment(&self.enrolment) {
                    tracing::error!(error = %format!("{error:#}"), "the controller's new keys could not be kept");
                }
            }
            LinkEvent::Forked(held) => {
                tracing::error!(
                    ?held,
                    "the journal and the controller's copy are two histories; a new journal is begun"
                );
                self.begin_journal(None).await;
            }
            LinkEvent::Refused(refusal) => {
                tracing::warn!(?refusal, "the controller does not let this agent in");
                self.refusal = Some(refusal);
            }
        }
    }

    pub(super) async fn page(&mut self, page: Page) {
        if self.feed_stopped || self.feed_torn {
            return;
        }
        let rows: Vec<RowChange> = page
            .rows
            .into_iter()
            .map(|row| RowChange {
                kind: row.kind,
                id: row.id,
                body: (!row.deleted).then_some(row.body),
            })
            .collect();
        if let Err(error) = Core::check(&rows) {
            self.feed_stopped = true;
            tracing::error!(%error, "nothing more is taken from the controller's feed until this agent is brought up to date");
            return;
        }
        let Some(store) = &self.store else {
            self.feed_torn = true;
            return;
        };
        let cursor = page.cursor;
        let written = store
            .store_rows(Rows {
                rows,
                cursor,
                more: page.more,
            })
            .await;
        self.pending.push_back(Box::pin(async move {
            Event::RowsStored(written.await.unwrap_or(Err(Closed)), cursor)
        }));
    }

    /// Sets the trusted clock by the controller's signed time.
    pub(super) async fn anchor(&mut self, wall: Timestamp, at: Ticks) {
        let proven = self.trusted.source() == Source::Anchored;
        let correction = self.trusted.anchor(wall, at);
        self.tell_trusted.send_replace(self.trusted);
        match correction {
            Some(Correction::Moved {
                from, by_millis, ..
            }) => {
                let secs =
                    by_millis.div_euclid(1000) + i64::from(by_millis.rem_euclid(1000) >= 500);
                tracing::info!(
                    secs,
                    "the clock was corrected by the controller's signed time"
                );
                if secs != 0 {
                    self.correct(from, secs).await;
                }
            }
            Some(Correction::Refused { behind }) => {
                tracing::error!(
                    behind_secs = behind.as_secs(),
                    "the controller's time contradicts what is proven; the clock stays"
                );
            }
            None => {}
        }
        if !proven && self.trusted.source() == Source::Anchored {
            self.keep_floor().await;
        }
    }

    /// Looks everything over, beside everything else, and reports what was found.
    pub(super) fn diagnose(&mut self, id: CommandId) {
        tracing::info!("the controller asked how the site is");
        let (state, clock, orders) = (self.state.clone(), self.clock.clone(), self.orders.queue());
        let mut nonce = [0; 32];
        self.rng.fill_bytes(&mut nonce);
        let looked_over = async move {
            let findings = doctor::look_over(&state, &clock, nonce).await;
            let report = Report::Findings(FindingsReport { findings });
            // With nobody there to take it, whoever asked asks again.
            let _ = orders.send(Order::Report(id, report)).await;
        };
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            stop.run_until_cancelled(looked_over).await;
        });
    }
}
