//! What befalls either end: rot, a dead line, a crash, an older copy of its disk.

use super::*;

impl World {
    /// A row on the agent's disk is lost or goes bad, and nobody is told.
    pub(super) fn rot(&mut self) {
        let rows = &mut self.site.disk.rows;
        if rows.is_empty() {
            return;
        }
        let at = usize::try_from(self.chance.below(rows.len() as u64)).unwrap();
        let key = *rows.keys().nth(at).unwrap();
        if self.chance.once_in(2) {
            rows.remove(&key);
        } else {
            rows.get_mut(&key).unwrap().body.push(1);
        }
        self.rotten += 1;
        self.note("a row goes bad");
    }

    /// The line carries nothing any more, and neither end is told.
    pub(super) fn die(&mut self) {
        let ready = self.site.session.as_ref().is_some_and(Session::is_ready);
        if let Some(cable) = &mut self.cable
            && cable.dead.is_none()
            && ready
        {
            cable.dead = Some(self.now);
            cable.up.clear();
            cable.down.clear();
            self.dead += 1;
            self.note("the line dies");
        }
    }

    /// A dead line is given up in time, which is soon when somebody waits.
    pub(super) fn check_dead_line(&mut self) {
        let Some(since) = self.cable.as_ref().and_then(|cable| cable.dead) else {
            return;
        };
        let waited = self.site.waited_since.map(|asked| asked.max(since));
        if waited.is_some_and(|waited| self.now > waited) {
            self.dead_while_asking += 1;
        }
        let by = waited.map_or(since + NOTICED, |waited| waited + NOTICED_WAITED);
        assert!(
            self.now <= by.min(since + NOTICED),
            "a line dead since {since} still stands at {}",
            self.now
        );
    }

    pub(super) fn crash_site(&mut self) {
        if self.site.session.is_none() {
            return;
        }
        self.note("agent crashes");
        self.crashes += 1;
        self.site.crash();
        self.lose_cable();
        self.site_starts_at = Some(self.now + self.chance.below(60_000));
    }

    pub(super) fn crash_cloud(&mut self) {
        if !self.cloud.up {
            return;
        }
        self.note("controller crashes");
        self.crashes += 1;
        self.cloud.crash();
        if self.cable.take().is_some() {
            self.site.link_lost(self.now, &mut self.chance);
        }
        self.cloud_starts_at = Some(self.now + self.chance.below(120_000));
    }

    /// The agent's disk is replaced by an older copy of itself.
    pub(super) fn restore_site(&mut self) {
        let at = usize::try_from(self.chance.below(self.copies.len() as u64)).unwrap();
        let copy = self.copies[at].clone();
        self.note("agent restored");
        self.crash_site();
        let here: BTreeSet<&Vec<u8>> = copy.entries.iter().map(|entry| &entry.body).collect();
        let known = self.cloud.database.facts();
        for entry in &self.site.disk.entries {
            if !here.contains(&entry.body) && !known.contains(&entry.body) {
                self.excused.insert(entry.body.clone());
            }
        }
        self.site.disk = copy;
        self.site.disk.restored = true;
        self.copies.clear();
    }
}
