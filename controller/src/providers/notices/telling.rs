//! Telling people, in the transaction of what happened: by mail, by SMS, or both, as each chose.

use std::time::Duration;

use mnara_protocol::ids::{PersonId, ProviderId};
use sqlx::PgConnection;

use super::kinds::{SECURITY, STANDING};
use super::{Colleague, Notice, Topic, Ways, reach, store};
use crate::app::App;
use crate::providers::mail::{Letter, NewMail, about_account, post};
use crate::providers::pages::words::Words;
use crate::providers::sms::{self, NewSms};
use crate::providers::staff::roles::Role;
use crate::providers::state::Move;
use crate::rails::sms::gsm7;

/// How long it helps somebody to hear of a change to their own account.
const GOOD_FOR: Duration = Duration::from_secs(3 * 86_400);

/// Tells all owners, in the caller's transaction. For what concerns security: nobody can choose not to hear of it.
///
/// # Errors
/// When the database refuses.
pub async fn tell_owners(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    notice: &Notice<'_>,
) -> sqlx::Result<()> {
    tell_those(app, conn, provider, notice, SECURITY, None, |one| {
        (one.role == Role::Owner).then(|| one.safely())
    })
    .await
}

/// Tells all owners that one of them will be none, in the caller's transaction, and those who stay whether keys are left that this one made.
///
/// # Errors
/// When the database refuses.
pub async fn tell_owner_gone(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    (gone, who): (PersonId, &str),
    has_keys: bool,
) -> sqlx::Result<()> {
    for is_told_of_keys in [false, true] {
        let notice = Notice::OwnerGone {
            who,
            has_keys: has_keys && is_told_of_keys,
        };
        tell_those(app, conn, provider, &notice, SECURITY, None, |one| {
            let stays = one.person != gone;
            (one.role == Role::Owner && stays == is_told_of_keys).then(|| one.safely())
        })
        .await?;
    }
    Ok(())
}

/// Tells all owners, in the caller's transaction; news with the same `once` is told once.
///
/// # Errors
/// When the database refuses.
pub async fn tell_owners_once(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    notice: &Notice<'_>,
    once: &str,
) -> sqlx::Result<()> {
    tell_those(app, conn, provider, notice, SECURITY, Some(once), |one| {
        (one.role == Role::Owner).then(|| one.safely())
    })
    .await
}

/// Tells all owners what the platform did with their business, in the caller's transaction: nobody can choose not to hear of it.
///
/// # Errors
/// When the database refuses.
pub async fn tell_standing(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    to: Move,
) -> sqlx::Result<()> {
    let notice = Notice::Standing(to);
    tell_those(app, conn, provider, &notice, STANDING, None, |one| {
        (one.role == Role::Owner).then(|| one.safely())
    })
    .await
}

/// Tells whoever may pay the platform, in the caller's transaction; news with the same `once` is told once.
///
/// It goes by mail, by SMS where there is no mail, and by both to whoever wants both.
///
/// # Errors
/// When the database refuses.
pub async fn tell_payers(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    notice: &Notice<'_>,
    once: &str,
) -> sqlx::Result<()> {
    tell(app, conn, provider, Topic::Billing, notice, once).await
}

/// Tells whoever hears of a topic, in the caller's transaction; news with the same `once` is told once.
///
/// # Errors
/// When the database refuses.
pub async fn tell(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    topic: Topic,
    notice: &Notice<'_>,
    once: &str,
) -> sqlx::Result<()> {
    tell_those(
        app,
        conn,
        provider,
        notice,
        topic.word(),
        Some(once),
        |one| Some(one.ways(topic)),
    )
    .await
}

async fn tell_those(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    notice: &Notice<'_>,
    kind: &str,
    once: Option<&str>,
    ways: impl Fn(&Colleague) -> Option<Ways> + Send,
) -> sqlx::Result<()> {
    if !app.rails.mail.is_set_up() && !app.rails.sms.is_set_up() {
        return Ok(());
    }
    let Some(business) = crate::providers::store::provider(conn, provider).await? else {
        return Ok(());
    };
    let colleagues = store::colleagues(conn, provider).await?;
    for one in &colleagues {
        let Some(ways) = ways(one) else {
            continue;
        };
        let once = once.map(|once| format!("{once}:{:032x}", one.person.as_u128()));
        let letter = notice.letter(Words::of(one.language), &business.business_name, app);
        if let Some(phone) = one.phone.filter(|_| ways.by_sms) {
            let sms = NewSms {
                provider,
                person: Some(one.person),
                payment: None,
                to: phone,
                kind,
                once: once.as_deref(),
                is_urgent: notice.is_security()
                    && !matches!(notice, Notice::KeysOld { .. } | Notice::WebhookOff { .. }),
                good_for: notice.good_for(),
                text: &short(&business.business_name, &letter),
            };
            sms::post(app, conn, sms).await?;
        }
        if let Some(reader) = one.reader().filter(|_| ways.by_mail) {
            let mail = NewMail {
                provider: Some(provider),
                to: &reader,
                kind: notice.kind(),
                once,
                good_for: notice.good_for(),
                letter,
            };
            post(app, conn, mail).await?;
        }
    }
    Ok(())
}

/// A letter as a text on a phone: what it is about, and as much of what it says as one message holds.
fn short(business: &str, letter: &Letter) -> String {
    let about = if letter.subject.contains(business) {
        letter.subject.clone()
    } else {
        format!("{business}: {}", letter.subject)
    };
    let mut text = about;
    let said = letter
        .lines
        .iter()
        .flat_map(|line| line.split_inclusive(". "));
    for sentence in said {
        let longer = format!("{}. {}", text.trim_end_matches('.'), sentence.trim());
        if gsm7::size(&gsm7::plain(&longer)).parts > 1 {
            break;
        }
        text = longer;
    }
    text
}

/// What changed of a person's own account.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Own {
    /// The password.
    Password,
    /// The second factor is on.
    SecondOn,
    /// The second factor is off.
    SecondOff,
    /// There is a passkey more.
    PasskeyAdded,
    /// There is a passkey less.
    PasskeyRemoved,
    /// What they log in with.
    Contact,
}

impl Own {
    /// What it is called, and what is said of it.
    const fn said(self, words: &Words) -> (&'static str, &'static str) {
        let m = &words.mail;
        match self {
            Self::Password => (m.password, m.password_text),
            Self::SecondOn => (m.own_second_on, m.own_second_on_text),
            Self::SecondOff => (m.own_second_off, m.own_second_off_text),
            Self::PasskeyAdded => (m.passkey_added, m.passkey_added_text),
            Self::PasskeyRemoved => (m.passkey_removed, m.passkey_removed_text),
            Self::Contact => (m.contact_changed, m.contact_changed_text),
        }
    }
}

/// Tells a person of a change to their own account, and the owners of each business of which they are one.
///
/// # Errors
/// When the database refuses.
pub async fn tell_person(
    app: &App,
    conn: &mut PgConnection,
    person: PersonId,
    own: Own,
) -> sqlx::Result<()> {
    let mut has_address = false;
    if let Some(reader) = crate::providers::mail::store::reader(conn, person).await? {
        has_address = true;
        let words = Words::of(reader.language);
        let (subject, said) = own.said(words);
        let mail = NewMail {
            provider: None,
            letter: about_account(words, app, &reader.name, subject, said),
            to: &reader,
            kind: "account",
            once: None,
            good_for: GOOD_FOR,
        };
        post(app, conn, mail).await?;
    }
    // Whoever has no address hears on their phone, and of another number on the one they had.
    if !has_address || own == Own::Contact {
        text_person(app, conn, person, own).await?;
    }
    let Some(named) = crate::providers::people::store::person(conn, person).await? else {
        return Ok(());
    };
    let who = named.name.as_str();
    let notice = match own {
        Own::Password => Notice::PasswordChanged { who },
        Own::SecondOff => Notice::SecondFactorOff { who },
        Own::Contact => Notice::ContactChanged { who },
        Own::SecondOn | Own::PasskeyAdded | Own::PasskeyRemoved => return Ok(()),
    };
    for provider in store::owned_by(conn, person).await? {
        // They heard of it themselves.
        tell_those(app, conn, provider, &notice, SECURITY, None, |one| {
            (one.role == Role::Owner && one.person != person).then(|| one.safely())
        })
        .await?;
    }
    Ok(())
}

/// Tells a person of a change to their own account on the phone they log in with, for the business they work in longest.
async fn text_person(
    app: &App,
    conn: &mut PgConnection,
    person: PersonId,
    own: Own,
) -> sqlx::Result<()> {
    let Some((to, language, provider)) = store::own_phone(conn, person).await? else {
        return Ok(());
    };
    let Some(business) = crate::providers::store::provider(conn, provider).await? else {
        return Ok(());
    };
    let words = Words::of(language);
    // What to do is worth more of one message than more words for what happened.
    let lines: Vec<String> = match own {
        Own::Contact => {
            let call = words.mail.contact_call.to_owned();
            [call].into_iter().chain(reach(words, app)).collect()
        }
        _ => vec![words.mail.not_you.to_owned()],
    };
    let letter = Letter {
        subject: own.said(words).0.to_owned(),
        lines,
        link: None,
        foot: String::new(),
    };
    let said = short(&business.business_name, &letter);
    let sms = NewSms::about_log_in((provider, person, to), GOOD_FOR, &said);
    sms::post(app, conn, sms).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_cut_to_one_text_between_its_sentences() {
        let letter = |subject: &str, line: &str| Letter {
            subject: subject.to_owned(),
            lines: vec![line.to_owned()],
            link: None,
            foot: String::new(),
        };
        assert_eq!(
            short(
                "Njeri Wi-Fi",
                &letter("Market is away", "Not heard since 14:05. See to it.")
            ),
            "Njeri Wi-Fi: Market is away. Not heard since 14:05. See to it."
        );
        let long = format!("It happened just now. {}", "Much more is said. ".repeat(20));
        let text = short("Njeri Wi-Fi", &letter("Njeri Wi-Fi: look", &long));
        assert!(text.starts_with("Njeri Wi-Fi: look. It happened just now. Much"));
        assert_eq!(gsm7::size(&text).parts, 1);
        let alone = short("Njeri Wi-Fi", &letter("Market is away", &"a".repeat(200)));
        assert_eq!(alone, "Njeri Wi-Fi: Market is away");
    }
}
