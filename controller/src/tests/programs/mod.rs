//! A business's own programs: the API and its keys, news to their addresses, all data as a file.

pub(super) mod api;
mod api_claims;
mod api_deeds;
mod api_described;
mod api_looked;
mod api_pages;
mod api_plans;
mod api_reads;
mod api_rules;
mod api_settings;
mod api_webhooks;
mod endpoints;
mod export;
mod keys;
mod strangers;
mod times;
mod turns;
mod webhooks;

use super::*;
