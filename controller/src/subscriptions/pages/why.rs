//! Why somebody was led to the page of the subscription, and which plans would help.

use crate::config::SupportContact;
use crate::providers::pages::words::{SubscriptionWords, Words};
use crate::subscriptions::{Feature, PlatformPlan};

/// Why somebody was led here, with the plans that would help.
pub(super) fn reason(
    w: &Words,
    support: Option<&SupportContact>,
    why: &str,
    offered: &[PlatformPlan],
) -> Option<String> {
    let words = &w.subscription;
    let having = |has: &dyn Fn(&PlatformPlan) -> bool| {
        let names: Vec<&str> = offered
            .iter()
            .filter(|plan| plan.price.cents > 0 && has(plan))
            .map(|plan| plan.name.as_str())
            .collect();
        if names.is_empty() {
            let ask = support.map_or_else(
                || words.ask_them.to_owned(),
                |contact| format!("{} {}.", w.frame.reach, contact.shown()),
            );
            format!("{} {ask}", words.nobody_has_it)
        } else {
            format!("{} {}.", words.these_have_it, names.join(", "))
        }
    };
    match why {
        "restricted" => Some(words.restricted_why.to_owned()),
        "sites" => {
            let largest = having(&|plan| plan.most_sites.is_none_or(|most| most > 1));
            Some(format!("{} {largest}", words.sites_why))
        }
        word => {
            let feature: Feature = word.parse().ok()?;
            let which = having(&|plan| plan.features.contains(&feature));
            let named = named(words, feature);
            let rests = match feature {
                Feature::CustomPortal => words.look_rests,
                Feature::AdvancedAnalytics | Feature::ApiAccess | Feature::Webhooks => "",
            };
            let said = format!("{}: {named}. {which} {rests}", words.lacks_why);
            Some(said.trim_end().to_owned())
        }
    }
}

/// What a feature is called.
pub(super) const fn named(words: &SubscriptionWords, feature: Feature) -> &'static str {
    match feature {
        Feature::AdvancedAnalytics => words.advanced_analytics,
        Feature::ApiAccess => words.api_access,
        Feature::Webhooks => words.webhooks,
        Feature::CustomPortal => words.custom_portal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mnara_protocol::portal::Language;

    #[test]
    fn where_no_plan_helps_it_is_said_who_does() {
        let w = Words::of(Language::English);
        let contact: SupportContact = "help@mnara.example".parse().unwrap();
        assert_eq!(
            reason(w, Some(&contact), "webhooks", &[]).unwrap(),
            "Your plan does not have this: news to programs. No plan that is offered does. Reach us at help@mnara.example."
        );
        assert!(
            reason(w, None, "sites", &[])
                .unwrap()
                .ends_with("No plan that is offered does. Ask whoever runs this Mnara.")
        );
    }
}
