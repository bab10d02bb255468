//! Invoices, which are receipts as well: written once an order is paid, numbered over the whole platform without a gap, and put on paper.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::portal::Language;
use sqlx::PgConnection;

use super::store::invoices::{self as store, Invoice};
use super::store::orders;
use super::{Order, PlatformPlan};
use crate::pdf::{Align, Column, Flow, Ink};
use crate::providers::pages::words::Words;
use crate::rails::pesapal::price::Price;

/// The colour of its title.
const INK: Ink = Ink(0x000A_6B41);

/// What people call a number.
#[must_use]
pub fn named(number: i64) -> String {
    format!("MN-{number:06}")
}

/// Writes the invoice of an order in the transaction in which it is paid; gives its number.
pub(super) async fn write(
    conn: &mut PgConnection,
    order: &Order,
    paid: Price,
    plan: &PlatformPlan,
    (from, until): (Timestamp, Timestamp),
    now: Timestamp,
) -> sqlx::Result<i64> {
    let contact = orders::contact(conn, order.provider).await?;
    let contact = contact.unwrap_or_default();
    let issuer = store::issuer(conn).await?;
    // Taken as late as can be: whoever pays next waits for it.
    let number = store::next(conn).await?;
    let invoice = Invoice {
        number,
        provider: order.provider,
        order: order.id,
        issued: now,
        business: contact.business,
        contact: contact.email,
        plan: plan.name.clone(),
        is_upgrade: order.is_upgrade,
        price: paid,
        from,
        until,
        receipt: None,
        method: None,
        is_back: false,
        issuer: Some(issuer).filter(|text| !text.is_empty()),
    };
    store::insert(conn, &invoice).await?;
    Ok(number)
}

/// Puts an invoice on paper.
#[must_use]
pub fn paper(invoice: &Invoice, issuer: &str, language: Language) -> Vec<u8> {
    let words = Words::of(language);
    let (w, calendar) = (&words.invoice, &words.calendar);
    let title = format!("{} {}", w.title, named(invoice.number));
    let mut flow = Flow::new(&title, language.tag(), INK);
    for line in issuer.lines().filter(|line| !line.trim().is_empty()) {
        flow.paragraph(line);
    }
    flow.paragraph(&format!("{}: {}", w.date, calendar.moment(invoice.issued)));
    flow.heading(w.billed);
    flow.paragraph(&invoice.business);
    if let Some(contact) = &invoice.contact {
        flow.paragraph(contact);
    }
    let what = if invoice.is_upgrade {
        format!("{} ({})", invoice.plan, w.upgrade)
    } else {
        invoice.plan.clone()
    };
    flow.heading(w.what);
    // A cell would cut a long name.
    flow.paragraph(&format!("{}: {what}", w.plan));
    let column = |title, share, align| Column {
        title,
        share,
        align,
    };
    let columns = [
        column(w.from, 2.4, Align::Left),
        column(w.until, 2.4, Align::Left),
        column(w.amount, 2.0, Align::Right),
    ];
    let amount = invoice.price.to_string();
    flow.table(
        &columns,
        [
            [
                calendar.moment(invoice.from),
                calendar.moment(invoice.until),
                amount.clone(),
            ],
            [w.total.to_owned(), String::new(), amount],
        ],
    );
    flow.heading(if invoice.is_back { w.back } else { w.paid });
    if invoice.is_back {
        flow.paragraph(w.back_text);
    }
    if let Some(receipt) = &invoice.receipt {
        let by = invoice.method.as_deref().unwrap_or("Pesapal");
        flow.paragraph(&format!("{}: {by} {receipt}", w.receipt));
    }
    flow.finish()
}

#[cfg(test)]
mod tests {
    use mnara_protocol::ids::{OrderId, ProviderId};

    use super::*;
    use crate::pdf::tests::streams;
    use crate::rails::pesapal::price::Currency;

    fn invoice() -> Invoice {
        Invoice {
            number: 7,
            provider: ProviderId::from_bytes([1; 16]),
            order: OrderId::from_bytes([2; 16]),
            issued: Timestamp::from_secs(1_800_000_000),
            business: "Njeri <Wi-Fi>".to_owned(),
            contact: Some("njeri@example.com".to_owned()),
            plan: "Pro".to_owned(),
            is_upgrade: true,
            price: Price::new(150_000, Currency::Kes),
            from: Timestamp::from_secs(1_800_000_000),
            until: Timestamp::from_secs(1_802_678_400),
            receipt: Some("SCJ8JQ26SW".to_owned()),
            method: None,
            is_back: true,
            issuer: None,
        }
    }

    #[test]
    fn an_invoice_comes_out_as_paper_in_both_languages() {
        let invoice = invoice();
        assert_eq!(named(7), "MN-000007");
        for language in Language::ALL {
            let pdf = paper(&invoice, "Mnara Ltd\nP051234567X", language);
            assert!(pdf.starts_with(b"%PDF-"));
        }
    }

    #[test]
    fn what_was_paid_for_stands_there_in_full() {
        let invoice = Invoice {
            plan: "All sites of a whole neighbourhood, all that Mnara can do".to_owned(),
            ..invoice()
        };
        for language in Language::ALL {
            let said = streams(&paper(&invoice, "Mnara Ltd", language)).concat();
            let w = &Words::of(language).invoice;
            assert!(
                said.contains(&format!("({}: {}", w.plan, invoice.plan)),
                "{said}"
            );
            // Three dots at the end of a text.
            assert!(!said.contains("85> Tj"), "{said}");
        }
    }
}
