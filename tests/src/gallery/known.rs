//! Which pages were looked at, by how they are built: what several people see alike need not be looked at for each of them.

use std::collections::BTreeSet;

use anyhow::{Context, Result};

use crate::browser::Tab;

/// How a page is built: its language, and which parts with which attributes stand in which, without texts and numbers of them.
const BUILT: &str = "document.documentElement.lang + ' ' + [...new Set([...document.querySelectorAll('body *')].map(part => \
                     part.parentElement.tagName + '>' + part.tagName + '.' + part.getAttribute('class') + '[' + part.getAttributeNames() + ']'))].sort()";

/// The pages so far.
#[derive(Debug, Default)]
pub struct Known(BTreeSet<String>);

impl Known {
    /// Whether no page of that name before was built as the one that a tab shows.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn is_new(&mut self, name: &str, tab: &Tab) -> Result<bool> {
        let built = tab.eval(BUILT).await?;
        let built = built.as_str().context("a page has no parts")?;
        Ok(self.0.insert(format!("{name} {built}")))
    }
}
