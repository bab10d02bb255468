//! The style sheet, and how a business's colours become legible ones. No page is written here.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::{Look, PlanView};

const STYLE: &str = include_str!("style.css");
/// Until the controller has said which.
pub(super) const COLOUR: u32 = 0x0a_7d_4b;
/// Plans may have so many colours on one page.
const COLOURS: usize = 100;

/// The query of the style sheet's address: the colours, and the version so that an upgrade shows at once.
#[must_use]
pub fn style_query(look: Option<&Look>, plans: &[PlanView]) -> String {
    let mut query = format!(
        "c={:06x}",
        look.map_or(COLOUR, |look| look.colour & 0xff_ff_ff)
    );
    // Writing to a string cannot fail.
    if let Some(button) = look.and_then(|look| look.button) {
        let _ = write!(query, "&b={button:06x}");
    }
    let cards: BTreeSet<u32> = plans.iter().filter_map(|plan| plan.colour).collect();
    for (place, card) in cards.iter().enumerate() {
        let _ = write!(query, "{}{card:06x}", if place == 0 { "&p=" } else { "." });
    }
    let _ = write!(query, "&v={}", env!("CARGO_PKG_VERSION"));
    query
}

fn parse(digits: &str) -> Option<u32> {
    (digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
        .then(|| u32::from_str_radix(digits, 16).ok())
        .flatten()
}

/// The style sheet for colours as [`style_query`] writes them: the brand's, the buttons', the plans'.
#[must_use]
pub fn style(brand: Option<&str>, button: Option<&str>, plans: Option<&str>) -> String {
    let brand = brand.and_then(parse).unwrap_or(COLOUR);
    let button = button.and_then(parse).unwrap_or(brand);
    let mut style = String::with_capacity(STYLE.len() + 160);
    // Writing to a string cannot fail.
    let _ = write!(
        style,
        ":root{{--brand:#{brand:06x};--ink:{};--button:#{button:06x};--button-ink:{};--edge:#{:06x}}}",
        ink(brand),
        ink(button),
        edge(button),
    );
    style.push_str(STYLE);
    for card in plans.unwrap_or_default().split('.').take(COLOURS) {
        if let Some(colour) = parse(card) {
            let _ = write!(
                style,
                ".p{colour:06x}{{border-left:8px solid #{colour:06x}}}"
            );
        }
    }
    style
}

/// Black or white, whichever is the more legible on a colour.
fn ink(colour: u32) -> &'static str {
    if luminance(colour) > 0.179 {
        "#000"
    } else {
        "#fff"
    }
}

/// A colour for lines on a white page: the colour itself, or dark grey if that would be lost there (below 3 to 1).
fn edge(colour: u32) -> u32 {
    if is_lost_on_white(colour) {
        0x33_33_33
    } else {
        colour
    }
}

/// Whether a colour is too light for lines on a white page, where dark grey stands for it.
#[must_use]
pub fn is_lost_on_white(colour: u32) -> bool {
    luminance(colour) > 0.3
}

/// The relative luminance of WCAG 2.
fn luminance(colour: u32) -> f64 {
    let [_, red, green, blue] = colour.to_be_bytes();
    let channel = |value: u8| {
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * channel(red) + 0.7152 * channel(green) + 0.0722 * channel(blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_colour_can_be_read() {
        for colour in (0..=0xff_ff_ff).step_by(0x01_23_45) {
            let sheet = style(Some(&format!("{colour:06x}")), None, None);
            let light = luminance(colour);
            let ink = if sheet.contains("--ink:#000") {
                0.0
            } else {
                1.0
            };
            let (high, low) = if light > ink {
                (light, ink)
            } else {
                (ink, light)
            };
            let contrast = (high + 0.05) / (low + 0.05);
            assert!(contrast >= 4.5, "{colour:06x}: {contrast}");
            assert!(
                !sheet.contains(&format!("--edge:#{colour:06x}")) || 1.05 / (light + 0.05) >= 3.0,
                "{colour:06x} is lost on white"
            );
        }
        assert!(style(Some("zzzzzz"), None, None).starts_with(":root{--brand:#0a7d4b;--ink:#fff"));
    }

    #[test]
    fn buttons_and_plans_have_colours_of_their_own() {
        let sheet = style(Some("000000"), Some("ffff00"), Some("ff0000.x}y{.00ff00"));
        assert!(sheet.contains("--button:#ffff00;--button-ink:#000;--edge:#333333"));
        assert!(sheet.ends_with(
            ".pff0000{border-left:8px solid #ff0000}.p00ff00{border-left:8px solid #00ff00}"
        ));
        assert!(!sheet.contains("x}y"), "what is no colour is left out");
    }
}
