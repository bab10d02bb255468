//! The calls of the API below `/settings`, with what each needs and what it does.

use super::gate::{Call, Calls};
use super::{keys, messages, mpesa, settings, webhooks};
use crate::providers::keys::scopes::Scope;

/// Adds them.
pub(super) fn with(calls: Calls) -> Calls {
    use Scope as S;
    calls
        .get(
            "/settings/portal",
            Call::with(S::SettingsRead),
            settings::portal_showing(),
            settings::portal,
        )
        .put(
            "/settings/portal",
            Call::with(S::SettingsWrite),
            settings::portal_changing(),
            settings::change_portal,
        )
        .get(
            "/settings/messages",
            Call::with(S::SettingsRead),
            messages::settings_showing(),
            messages::settings,
        )
        .put(
            "/settings/messages",
            Call::with(S::SettingsWrite),
            messages::settings_changing(),
            messages::change_settings,
        )
        .get(
            "/settings/notices",
            Call::with(S::SettingsRead),
            settings::notices_listing(),
            settings::list_notices,
        )
        .put(
            "/settings/notices/{id}",
            Call::with(S::SettingsWrite),
            settings::notices_changing(),
            settings::change_notices,
        )
        .get(
            "/settings/mpesa",
            Call::with(S::SettingsRead),
            mpesa::showing(),
            mpesa::show,
        )
        .get(
            "/settings/keys",
            Call::with(S::SettingsRead),
            keys::listing(),
            keys::list,
        )
        .get(
            "/settings/webhooks",
            Call::with(S::SettingsRead),
            webhooks::listing(),
            webhooks::list,
        )
        .get(
            "/settings/webhooks/{id}",
            Call::with(S::SettingsRead),
            webhooks::showing(),
            webhooks::show,
        )
        .get(
            "/settings/webhooks/{id}/deliveries",
            Call::with(S::SettingsRead),
            webhooks::sending(),
            webhooks::sent,
        )
        .post(
            "/settings/webhooks/{id}/test",
            Call::with(S::SettingsWrite),
            webhooks::trying(),
            webhooks::try_out,
        )
        .post(
            "/settings/webhooks/deliveries/{id}/again",
            Call::with(S::SettingsWrite),
            webhooks::repeating(),
            webhooks::again,
        )
}
