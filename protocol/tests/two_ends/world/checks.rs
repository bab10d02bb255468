//! What must be true whenever and at the end.

use super::*;

impl World {
    /// What was acknowledged is on the controller's disk at that moment.
    pub(super) fn check_acknowledgements(&mut self) {
        for (journal, mark) in &self.site.acknowledged[self.checked..] {
            if *mark == Mark::start(*journal) {
                continue;
            }
            let stored = &self.cloud.database.journals[journal];
            assert!(
                stored.mark.number >= mark.number,
                "acknowledged, not stored"
            );
            let place = usize::try_from(mark.number.0 - 1).unwrap();
            assert_eq!(stored.entries[place].mark(), *mark);
        }
        self.checked = self.site.acknowledged.len();
    }

    /// The agent's anchors are never ahead by more than half a round trip, nor behind by more than a frame's way.
    pub(super) fn check_time(&mut self) {
        for (now, said) in &self.site.anchors[self.anchors_checked..] {
            let off = wall(*now).as_millis() - said.as_millis();
            let bound = i64::try_from(Duration::from_secs(6).as_millis()).unwrap();
            assert!(off.abs() <= bound, "an anchor is {off} ms off");
        }
        self.anchors_checked = self.site.anchors.len();
    }

    pub(super) fn settled(&self) -> bool {
        let disk = &self.site.disk;
        self.site.session.as_ref().is_some_and(Session::is_ready)
            && disk.acknowledged == disk.last.number
            && self.rows_agree()
            && disk.named.is_none()
            && self.site.open_questions.is_empty()
    }

    pub(super) fn rows_agree(&self) -> bool {
        let live = self
            .cloud
            .database
            .rows
            .iter()
            .filter(|(_, row)| !row.deleted);
        live.eq(self.site.disk.rows.iter())
    }

    pub(super) fn state(&self) -> String {
        let disk = &self.site.disk;
        format!(
            "journal {:?} acknowledged {}, rows agree: {}, starting over: {}, questions {}, link {}, trace {:?}",
            disk.last,
            disk.acknowledged,
            self.rows_agree(),
            disk.named.is_some(),
            self.site.open_questions.len(),
            self.site.linked,
            &self.trace[self.trace.len().saturating_sub(12)..]
        )
    }

    /// Both ends hold the same, and every fact that ever was is at the controller, unless its only disk was taken away.
    pub(super) fn check_end(&self) {
        let disk = &self.site.disk;
        if let Some(stored) = self.cloud.database.journals.get(&disk.journal) {
            assert_eq!(stored.entries, disk.entries, "one journal, one history");
        } else {
            assert!(disk.entries.is_empty());
        }
        let known = self.cloud.database.facts();
        // Two disasters at once may lose what was only in the stretch both of them took away.
        if self.restores == 0 {
            for fact in &self.everything {
                assert!(
                    known.contains(fact) || self.excused.contains(fact),
                    "a fact is lost"
                );
            }
        }
        assert_eq!(
            self.site.asked,
            self.site.answers + self.site.unanswered + self.site.forgotten,
            "every question ends once"
        );
    }
}
