//! The small drawings beside the places one can go: strokes on a field of 24 by 24, in the colour of the words beside them.

/// A house.
pub const HOME: &str = "M4 11l8-7 8 7v9h-5v-6H9v6H4z";
/// A voucher with a line to tear at.
pub const VOUCHER: &str = "M3 7h18v3a2 2 0 000 4v3H3v-3a2 2 0 000-4zM14 7v2M14 11v2M14 15v2";
/// A banknote.
pub const NOTE: &str =
    "M3 7h18v10H3zM12 14.5a2.5 2.5 0 100-5 2.5 2.5 0 000 5M6.5 12h.01M17.5 12h.01";
/// A mast that sends.
pub const MAST: &str = "M12 12v8M9 20h6M12 12a1.5 1.5 0 100-3 1.5 1.5 0 000 3M8 14.5a5.5 5.5 0 010-8M16 14.5a5.5 5.5 0 000-8M5 17a9.5 9.5 0 010-13M19 17a9.5 9.5 0 000-13";
/// A person.
pub const PERSON: &str = "M12 11.5a4 4 0 100-8 4 4 0 000 8M4.5 20.5a7.5 7.5 0 0115 0";
/// Two people.
pub const PEOPLE: &str = "M9 11a3.5 3.5 0 100-7 3.5 3.5 0 000 7M2.5 20a6.5 6.5 0 0113 0M16 4.3a3.5 3.5 0 010 6.4M18 14.3a6.5 6.5 0 013.5 5.7";
/// A person in a ring.
pub const ACCOUNT: &str =
    "M12 21a9 9 0 100-18 9 9 0 000 18M12 12.5a3 3 0 100-6 3 3 0 000 6M6.3 18.7a6 6 0 0111.4 0";
/// A price tag.
pub const TAG: &str = "M4 4h8l8 8-8 8-8-8zM8.5 8.5h.01";
/// Bars of a chart.
pub const BARS: &str = "M5 20v-8M12 20V4M19 20v-5";
/// An open book.
pub const BOOK: &str =
    "M12 6.5C10 5 7 4.5 3 4.5v13.5c4 0 7 .5 9 2M12 6.5c2-1.5 5-2 9-2v13.5c-4 0-7 .5-9 2M12 6.5V20";
/// A phone.
pub const PHONE: &str = "M7 3h10v18H7zM11 18h2";
/// A page with a band.
pub const PAGE: &str = "M4 4h16v16H4zM4 9h16M8 13h8M8 16h4";
/// A bell.
pub const BELL: &str = "M6 17v-6a6 6 0 0112 0v6l2 1H4zM10 21h4";
/// A letter.
pub const LETTER: &str = "M3 6h18v12H3zM3.5 6.5l8.5 7 8.5-7";
/// What programs are written with.
pub const PROGRAM: &str = "M8 7l-5 5 5 5M16 7l5 5-5 5";
/// A list with a tick.
pub const LIST: &str = "M4 6h16M4 12h9M4 18h7M14.5 17l2 2 4-5";
/// A tower.
pub const TOWER: &str = "M12 3L7 21M12 3l5 18M9.5 12h5M8.4 16h7.2";
/// A shop.
pub const SHOP: &str = "M4 9l1.5-5h13L20 9zM5 9v11h14V9M10 20v-6h4v6";
/// A sign that warns.
pub const WARNING: &str = "M12 4L2.5 20h19zM12 10v4M12 17h.01";
/// Two sliders.
pub const SLIDERS: &str = "M4 7h8M16 7h4M14 5v4M4 17h4M12 17h8M10 15v4";
/// Three dots.
pub const DOTS: &str = "M5 12h.01M12 12h.01M19 12h.01";
