//! The internet, as far as a phone needs one: the pages by which phones find out whether they are online, and one page for all else.
use super::{Ask, Seen};

const APPLE: &str = "<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>";
const WORKS: &str = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>Internet works</title></head><body><h1>Internet works</h1><p>This page stands for any page outside the hotspot.</p></body></html>\n";

/// Answers for any host outside.
pub(super) fn answer(ask: &Ask) -> Seen {
    match ask.path.split('?').next().unwrap_or_default() {
        "/hotspot-detect.html" | "/library/test/success.html" => Seen::new(200, "text/html", APPLE),
        "/generate_204" | "/gen_204" => Seen {
            headers: Vec::new(),
            ..Seen::new(204, "", "")
        },
        "/connecttest.txt" => Seen::new(200, "text/plain", "Microsoft Connect Test"),
        "/success.txt" => Seen::new(200, "text/plain", "success\n"),
        _ => Seen::new(200, "text/html; charset=utf-8", WORKS),
    }
}
