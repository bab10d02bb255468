//! The style sheet and the script, and how a business's colour becomes legible ones. No page is written here.

use std::fmt::Write;

use crate::core::portal::Look;

const STYLE: &str = include_str!("style.css");
/// What makes the pages better where script runs; they work without.
pub(crate) const SCRIPT: &str = include_str!("portal.js");
/// Until the controller has said which.
const COLOUR: u32 = 0x0a_7d_4b;

/// The query of the style sheet's address: the colour, and the version so that an upgrade shows at once.
pub(crate) fn style_query(look: Option<&Look>) -> String {
    format!(
        "c={:06x}&v={}",
        look.map_or(COLOUR, |look| look.colour & 0xff_ff_ff),
        env!("CARGO_PKG_VERSION")
    )
}

/// The style sheet for a colour as [`style_query`] writes it.
pub(crate) fn style(colour: Option<&str>) -> String {
    let colour = colour
        .filter(|digits| digits.len() == 6)
        .and_then(|digits| u32::from_str_radix(digits, 16).ok())
        .unwrap_or(COLOUR);
    let light = luminance(colour);
    // WCAG: from here on black is the more legible one, and from 0.3 on the colour itself is lost on a white page (3 to 1).
    let ink = if light > 0.179 { "#000" } else { "#fff" };
    let mut style = String::with_capacity(STYLE.len() + 64);
    // Writing to a string cannot fail.
    let _ = write!(style, ":root{{--brand:#{colour:06x};--ink:{ink};--edge:");
    if light > 0.3 {
        style.push_str("#333");
    } else {
        let _ = write!(style, "#{colour:06x}");
    }
    style.push('}');
    style.push_str(STYLE);
    style
}

/// The relative luminance of WCAG 2.
pub(super) fn luminance(colour: u32) -> f64 {
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
            let sheet = style(Some(&format!("{colour:06x}")));
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
        assert!(style(Some("zzzzzz")).starts_with(":root{--brand:#0a7d4b;--ink:#fff"));
    }
}
