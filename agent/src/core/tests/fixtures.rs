//! What the stories are about: devices, plans, a batch, a ticket that was bought.

use super::*;

pub(in crate::core) fn mac(n: u8) -> Mac {
    Mac::from_bytes([2, 0, 0, 0, 0, n])
}

pub(in crate::core) fn address(n: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 5, 50, n))
}

pub(in crate::core) fn terms() -> Terms {
    Terms {
        duration_secs: Some(3600),
        online_secs: None,
        data_bytes: None,
        devices: 1,
        rate: None,
    }
}

pub(in crate::core) fn right(terms: Terms) -> Right {
    Right {
        terms,
        sell_by: None,
        revoked: None,
        extra_secs: 0,
    }
}

pub(in crate::core) fn identity() -> Identity {
    Identity {
        site: SiteId::from_bytes([1; 16]),
        provider: ProviderId::from_bytes([2; 16]),
        signing: SigningKey::from_bytes(&[3; 32]),
    }
}

pub(in crate::core) fn plan() -> Plan {
    Plan {
        id: PlanId::from_bytes([7; 16]),
        revision: 3,
        name: "One hour".to_owned(),
        price: Money::from_shillings(10),
        terms: terms(),
        sell_by_secs: None,
        on_sale: true,
        position: 0,
        hours: None,
        colour: None,
    }
}

pub(in crate::core) fn series_id() -> SeriesId {
    SeriesId::from_bytes([8; 16])
}

pub(in crate::core) fn series_key() -> SeriesKey {
    SeriesKey::from_bytes([4; 32])
}

pub(in crate::core) fn batch(terms: Terms, cut_off: CutOff) -> Series {
    let agent = identity();
    let sealed_key = seal::seal(
        &agent.signing.verifying_key(),
        &seal::series_key_context(series_id(), agent.site),
        series_key().as_bytes(),
        [6; 32],
    );
    Series {
        id: series_id(),
        right: right(terms),
        plan_name: "Printed hour".to_owned(),
        price: Money::from_shillings(10),
        count: 50,
        skipped: Vec::new(),
        alphabet: Alphabet::Digits,
        length: 8,
        prefix: String::new(),
        home: agent.site,
        cut_off,
        sealed_key,
    }
}

pub(in crate::core) fn printed(index: u32) -> String {
    series::code(&series_key(), "", Alphabet::Digits, 8, index)
        .as_str()
        .to_owned()
}

pub(in crate::core) fn bought(to: Option<u8>) -> TicketRow {
    TicketRow {
        ticket: TicketId::from_bytes([5; 16]),
        code: BOUGHT.to_owned(),
        username: BOUGHT.to_owned(),
        password: BOUGHT.to_owned(),
        right: right(terms()),
        plan_name: "One hour".to_owned(),
        price: Money::from_shillings(10),
        deliver_to: to.map(mac),
        deliver_until: Some(NOON.plus_secs(86_400)),
        attempt: None,
        taken: None,
    }
}

pub(in crate::core) fn payment() -> PaymentId {
    PaymentId::from_bytes([11; 16])
}
