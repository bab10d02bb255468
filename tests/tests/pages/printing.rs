//! Printing: a series made by its owner's pages, on every kind of paper, and a printed voucher scanned by a customer's phone.

use mnara_tests::browser::{Screen, Tab};

use super::{person, set};

/// Vouchers of the series.
const COUNT: usize = 30;

/// The size of a sheet in points, as PDF counts.
const A4: (f32, f32) = (595.0, 842.0);
const ROLL_58: (f32, f32) = (58.0 * 72.0 / 25.4, 76.0 * 72.0 / 25.4);
const ROLL_80: (f32, f32) = (80.0 * 72.0 / 25.4, 90.0 * 72.0 / 25.4);

#[tokio::test]
async fn a_series_is_printed_on_every_paper_and_a_scanned_voucher_works() {
    let (stage, chromium) = set().await;
    let (world, url) = (&stage.world, |path: &str| stage.world.controller.url(path));
    let owner = person(&stage, &chromium, "owner@example.com").await;
    owner.open(&url("/vouchers/new")).await.unwrap();
    owner.fill("How many", &COUNT.to_string()).await.unwrap();
    let choose = format!(
        "document.querySelector('#home').value = '{}'; document.querySelector('#plan').value = '{}';
         document.querySelector('#home').dispatchEvent(new Event('change'))",
        world.business.site,
        world.business.plan("One hour").id
    );
    owner.eval(&choose).await.unwrap();
    let others = "[...document.querySelectorAll('[data-but] label:not([hidden])')].map(one => one.innerText.trim()).join()";
    let others = owner.eval(others).await.unwrap();
    assert_eq!(others, "Market", "the home site is offered once");
    owner.press("Print").await.unwrap();
    owner.sees("Made. Its sites know the codes").await.unwrap();
    let series = owner.address().await.unwrap();
    let series = series.split('?').next().unwrap().to_owned();
    owner.press("Print").await.unwrap();
    owner.sees("Vouchers to print").await.unwrap();
    // A sheet is wider than a phone, whose screen would cut it off.
    owner.look_with(Screen::DESKTOP).await.unwrap();

    let mut scanned = String::new();
    for (paper, sheets, size) in [
        ("a4-10", COUNT.div_ceil(10), A4),
        ("a4-24", COUNT.div_ceil(24), A4),
        ("a4-50", COUNT.div_ceil(50), A4),
        ("roll-58", COUNT, ROLL_58),
        ("roll-80", COUNT, ROLL_80),
    ] {
        owner
            .open(&format!("{series}/sheets?as={paper}"))
            .await
            .unwrap();
        owner.look_as_paper().await.unwrap();
        // What is said about printing is not printed.
        assert!(
            !owner.says("Vouchers to print").await.unwrap(),
            "{paper}: the page's own words are on paper"
        );
        for (maker, pdf) in [
            ("the browser", owner.print().await.unwrap()),
            (
                "the program",
                owner
                    .download(&format!("{series}/pdf?as={paper}"))
                    .await
                    .unwrap(),
            ),
        ] {
            assert_eq!(pages(&pdf), sheets, "{paper} by {maker}");
            for (width, height) in sizes(&pdf) {
                assert!(
                    (width - size.0).abs() < 1.5 && (height - size.1).abs() < 1.5,
                    "{paper} by {maker}: {width} by {height} points"
                );
            }
        }
        let picture = owner.close_up("svg.qr").await.unwrap();
        let code = owner
            .eval("document.querySelector('.sheet code').innerText")
            .await
            .unwrap();
        let code = code.as_str().unwrap().replace('-', "");
        scanned = read(&picture);
        assert_eq!(scanned, format!("HTTP://192.0.2.1/V/{code}"), "{paper}");
    }

    // A customer on the Wi-Fi scans it: the portal opens with the code filled in, and one press uses it.
    let (phone, router) = &stage.phones[0];
    let customer: Tab = chromium.on_wifi(Screen::PHONE, *router).await.unwrap();
    customer.open(&scanned).await.unwrap();
    customer.press("Use code").await.unwrap();
    phone.comes_online(&world.site.router).await.unwrap();
    customer.sees("You are online").await.unwrap();
    stage.end().await.unwrap();
}

/// What a picture of a voucher says to whoever scans it.
fn read(png: &[u8]) -> String {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png))
        .read_info()
        .unwrap();
    let mut dots = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut dots).unwrap();
    let (width, height) = (info.width as usize, info.height as usize);
    let each = info.color_type.samples();
    // Nothing of the card beside the picture is in it, so a scanner's quiet zone is put around.
    let margin = width / 8;
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(
        width + 2 * margin,
        height + 2 * margin,
        |x, y| {
            let at = x.checked_sub(margin).zip(y.checked_sub(margin));
            match at.filter(|(x, y)| *x < width && *y < height) {
                Some((x, y)) => dots[(y * width + x) * each],
                None => 255,
            }
        },
    );
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1, "one picture is seen");
    grids[0].decode().unwrap().1
}

/// How many pages a PDF has, which must hang together: its end names its table, and the table names its objects.
fn pages(pdf: &[u8]) -> usize {
    let text = String::from_utf8_lossy(pdf);
    assert!(text.starts_with("%PDF-1."), "no PDF");
    assert!(text.trim_end().ends_with("%%EOF"), "a PDF that is cut off");
    let (_, start) = text.rsplit_once("startxref").unwrap();
    let start: usize = start.split_whitespace().next().unwrap().parse().unwrap();
    assert!(
        pdf[start..].starts_with(b"xref"),
        "no table where it should be"
    );
    let table = String::from_utf8_lossy(&pdf[start..]).into_owned();
    for line in table.lines().filter(|line| line.trim_end().ends_with(" n")) {
        let at: usize = line[..10].parse().unwrap();
        let object = String::from_utf8_lossy(&pdf[at..(at + 24).min(pdf.len())]).into_owned();
        assert!(object.contains(" 0 obj"), "no object at {at}: {object}");
    }
    let kinds = text.split("/Type").skip(1);
    kinds
        .map(str::trim_start)
        .filter(|kind| kind.starts_with("/Page") && !kind.starts_with("/Pages"))
        .count()
}

/// The sizes of its pages.
fn sizes(pdf: &[u8]) -> Vec<(f32, f32)> {
    let text = String::from_utf8_lossy(pdf).into_owned();
    let boxes = text.split("/MediaBox").skip(1).map(|rest| {
        let (_, rest) = rest.split_once('[').unwrap();
        let numbers = rest.split_once(']').unwrap().0;
        let numbers: Vec<f32> = numbers
            .split_whitespace()
            .map(|number| number.parse().unwrap())
            .collect();
        (numbers[2] - numbers[0], numbers[3] - numbers[1])
    });
    let sizes: Vec<_> = boxes.collect();
    assert!(!sizes.is_empty(), "a PDF without paper");
    sizes
}
