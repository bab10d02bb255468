//! Statements as M-PESA and spreadsheets write them.

use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

fn entries(text: &str) -> Vec<(String, i64, i64)> {
    let statement = read(text.as_bytes(), NOW).unwrap();
    statement
        .entries
        .into_iter()
        .map(|entry| (entry.receipt, entry.at.as_secs(), entry.amount.cents()))
        .collect()
}

#[test]
fn a_statement_of_the_portal_is_read_whatever_stands_around_it() {
    let text = "\u{feff}Short Code:,174371,,,\r\nOrganization:,\"MAMA, MBOGA WIFI\",,,\r\nTime Period:,From 01-11-2026 00:00:00 To 26-11-2026 00:00:00\r\n\r\n\
        Receipt No.,Completion Time,Initiation Time,Details,Transaction Status,Paid In,Withdrawn,Balance,Balance Confirmed,Reason Type,Other Party Info,Linked Transaction ID,A/C No.\r\n\
        UKQ1AB2CD3,26-11-2026 10:00:00,26-11-2026 09:59:58,\"Pay Bill from 254708374149 - JOHN \"\"JJ\"\" DOE, Acc. SABC\",Completed,\"1,250.00\",,\"12,250.00\",true,Pay Utility,254708374149 - JOHN DOE,,sabc\r\n\
        UKQ1AB2CD3,26-11-2026 10:00:00,,Pay Bill Charge,Completed,,-5.00,\"12,245.00\",true,Charge,,,\r\n\
        UKQ1AB2CD4,2026-11-26 11:00:00,,Failed one,Failed,50.00,,1,true,,,,\r\n\
        UKQ1AB2CD5,26/11/2026 12:30,,\"two\r\nlines\",completed,50,,1,true,,0708***150 - X,,\r\n\
        Total,,,,,\"1,300.00\",,,,,,,\r\n";
    let statement = read(text.as_bytes(), NOW).unwrap();
    assert_eq!((statement.other, statement.unread), (2, 1));
    // 26 November 2026, 07:00 and 09:30 UTC.
    assert_eq!(
        entries(text),
        [
            ("UKQ1AB2CD3".to_owned(), 1_795_676_400, 125_000),
            ("UKQ1AB2CD5".to_owned(), 1_795_685_400, 5_000)
        ]
    );
    let first = &statement.entries[0];
    assert_eq!(first.account.as_deref(), Some("SABC"));
    assert_eq!(
        first.payer.as_ref().and_then(Payer::kept).as_deref(),
        Some("254708*149"),
        "the middle of a number is not kept"
    );
}

#[test]
fn each_page_of_a_statement_may_begin_anew_and_what_stands_around_its_table_is_no_line() {
    let page = |head: &str, lines: &str| {
        format!("Short Code:,174371,,\r\nOrganization:,\"MAMA, MBOGA\",,\r\n\r\n{head}\r\n{lines}")
    };
    let head = "Receipt No.,Completion Time,Paid In,Withdrawn";
    let text = [
        page(head, "UKQ1AB2CD3,26-11-2026 10:00:00,\"1,250.00\",\r\nPage: 1 of 3,,,\r\n"),
        page(head, "UKQ1AB2CD4,26-11-2026 11:00:00,20.00,\r\n<b>,26-11-2026 11:00:00,20.00,\r\nUKQ1AB2CD5,26-11-2026 11:30:00,30.00,\r\n"),
        // Whoever chose other columns for a page has them read by their names there.
        page(
            "Completion Time,Receipt No.,Withdrawn,Paid In",
            "26-11-2026 12:00:00,UKQ1AB2CD6,,40.00\r\nTotal,,,\"1,340.00\"\r\n",
        ),
    ]
    .concat();
    let statement = read(text.as_bytes(), NOW).unwrap();
    let found: Vec<_> = entries(&text)
        .into_iter()
        .map(|(receipt, _, cents)| (receipt, cents))
        .collect();
    let one = |receipt: &str, cents| (receipt.to_owned(), cents);
    assert_eq!(
        found,
        [
            one("UKQ1AB2CD3", 125_000),
            one("UKQ1AB2CD4", 2_000),
            one("UKQ1AB2CD5", 3_000),
            one("UKQ1AB2CD6", 4_000),
        ]
    );
    // A line in the middle of a table that cannot be read is one, and so is what follows the last.
    assert_eq!((statement.other, statement.unread), (0, 2));
}

#[test]
fn a_statement_that_a_spreadsheet_saved_in_two_bytes_a_letter_is_read() {
    let text = "\u{feff}Receipt No.\tCompletion Time\tPaid In\r\nUKQ1AB2CD3\t26-11-2026 10:00:00\t1,250.00\r\n";
    let both: [fn(u16) -> [u8; 2]; 2] = [u16::to_le_bytes, u16::to_be_bytes];
    for saved in both {
        let bytes: Vec<u8> = text.encode_utf16().flat_map(saved).collect();
        let statement = read(&bytes, NOW).unwrap();
        assert_eq!(statement.entries.len(), 1);
        assert_eq!(statement.entries[0].amount, Money::from_cents(125_000));
    }
}

#[test]
fn money_that_went_back_is_told_with_the_receipt_by_which_it_had_come() {
    let head = "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Reason Type,Linked Transaction ID\n";
    let came = "UKQ1AB2CD3,26-11-2026 10:00:00,Pay Bill,Completed,50.00,,Pay Utility,\n";
    let read = |lines: &str| read(format!("{head}{came}{lines}").as_bytes(), NOW).unwrap();
    let time = "26-11-2026 11:00:00";
    // By its own column, by its words, with either sign, in brackets, and in the column of what came in.
    for line in [
        format!("UKQ9XY8ZW7,{time},Pay Bill Reversal,Completed,,50.00,Reversal,UKQ1AB2CD3\n"),
        format!("UKQ9XY8ZW7,{time},Pay Bill Reversal,Completed,,-50.00,Reversal,ukq1ab2cd3\n"),
        format!("UKQ9XY8ZW7,{time},Reversal of UKQ1AB2CD3 by APIOP37,Completed,,\"(50.00)\",,\n"),
        format!("UKQ9XY8ZW7,{time},,Completed,-50,,Transaction reversed: UKQ1AB2CD3,-\n"),
        format!("UKQ9XY8ZW7,{time},,completed,0.00,50,,UKQ1AB2CD3\n"),
    ] {
        let statement = read(&line);
        let back = Back {
            receipt: Some("UKQ9XY8ZW7".to_owned()),
            original: "UKQ1AB2CD3".to_owned(),
            at: Timestamp::from_secs(1_795_680_000),
            amount: Money::from_shillings(50),
        };
        assert_eq!(statement.backs, [back], "{line}");
        assert_eq!(statement.entries.len(), 1, "{line}");
        assert!(statement.entries[0].went_back, "{line}");
        assert_eq!((statement.other, statement.unread), (0, 0), "{line}");
    }
    // What else went out is none, and neither is what a reversal costs.
    for line in [
        format!("UKQ9XY8ZW7,{time},Pay Bill Charge,Completed,,-5.00,Charge,UKQ1AB2CD3\n"),
        format!("UKQ9XY8ZW7,{time},Reversal Charges,Completed,,-5.00,,UKQ1AB2CD3\n"),
        format!("UKQ9XY8ZW7,{time},Withdrawal to bank,Completed,,-50.00,Transfer,\n"),
        format!("UKQ9XY8ZW7,{time},Pay Bill Reversal,Failed,,-50.00,,UKQ1AB2CD3\n"),
    ] {
        let statement = read(&line);
        assert_eq!(
            (statement.backs, statement.other),
            (Vec::new(), 1),
            "{line}"
        );
    }
    // Its charge, taken or given back, stands under the same receipt.
    let statement = read(&format!(
        "UKQ9XY8ZW7,{time},Reversal of a part,Completed,,-5.00,,UKQ1AB2CD3\n\
         UKQ9XY8ZW7,{time},Pay Bill Reversal,Completed,,-50.00,,UKQ1AB2CD3\n\
         UKQ9XY8ZW7,{time},Charge given back,Completed,1.00,,,\n"
    ));
    assert_eq!(statement.backs.len(), 1);
    assert_eq!(statement.backs[0].amount, Money::from_shillings(50));
    assert_eq!((statement.entries.len(), statement.other), (1, 1));
    // Its own line may say it, or both may.
    let own = format!("UKQ1AB2CD4,{time},Pay Bill,Reversed,20.00,,,\n");
    let statement = read(&own);
    assert_eq!(statement.entries.len(), 2);
    assert_eq!(
        (statement.backs.len(), statement.backs[0].receipt.as_ref()),
        (1, None)
    );
    let statement = read(&format!(
        "{own}UKQ9XY8ZW7,{time},Pay Bill Reversal,Completed,,-20.00,,UKQ1AB2CD4\n"
    ));
    assert_eq!(statement.backs.len(), 1);
    assert_eq!(statement.backs[0].receipt.as_deref(), Some("UKQ9XY8ZW7"));
    // One that names nothing is its own.
    let statement = read(&format!("UKQ9XY8ZW7,{time},Reversal,Completed,,-20.00,,\n"));
    assert_eq!(statement.backs[0].original, "UKQ9XY8ZW7");
}

#[test]
fn money_of_the_business_itself_that_comes_in_is_no_customers() {
    let head = "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Reason Type,Other Party Info,A/C No.\n";
    let read = |lines: &str| read(format!("{head}{lines}").as_bytes(), NOW).unwrap();
    let time = "26-11-2026 11:00:00";
    let own = read(&format!(
        "UKQ1AB2CD3,{time},Transfer from Utility Account to Working Account,Completed,900.00,,Organization Transfer,,\n\
         UKQ1AB2CD4,{time},Merchant to organisation,Completed,800.00,,Organization Settlement,174371 - MAMA,\n\
         UKQ1AB2CD5,{time},Business Payment Reversal,Completed,700.00,,,,\n"
    ));
    assert_eq!((own.entries, own.other, own.unread), (Vec::new(), 3, 0));
    // What names a phone or an account is a customer's whatever its words are, and so is what says nothing.
    let paid = read(&format!(
        "UKQ1AB2CD3,{time},Customer Merchant Payment from 07******149 - JOHN SETTLEMENT,Completed,50.00,,,,\n\
         UKQ1AB2CD4,{time},Deposit,Completed,50.00,,,,SABC\n\
         UKQ1AB2CD5,{time},Transfer,Completed,50.00,,,254708***149 - JOHN,\n\
         UKQ1AB2CD6,{time},Customer Merchant Payment,Completed,50.00,,,,\n"
    ));
    assert_eq!((paid.entries.len(), paid.other, paid.unread), (4, 0, 0));
    // One that went back says so itself.
    let gone = read(&format!(
        "UKQ1AB2CD3,{time},Payment reversed,Reversed,50.00,,,,\n"
    ));
    assert_eq!((gone.entries.len(), gone.backs.len()), (1, 1));
}

#[test]
fn a_line_that_never_ends_takes_no_more_room_than_a_line() {
    for between in [',', ';', '\t'] {
        for text in [
            between.to_string().repeat(1 << 20),
            "x".repeat(1 << 20),
            format!("\"{}", between.to_string().repeat(1 << 20)),
        ] {
            assert_eq!(read(text.as_bytes(), NOW), Err(BadStatement::NoColumns));
            let cells = Cells {
                rest: &text,
                between,
            }
            .next()
            .unwrap();
            assert!(cells.len() <= MOST_CELLS + 1);
            assert!(cells.iter().map(String::len).sum::<usize>() <= MOST_LINE);
        }
    }
    // What stands after it is read all the same.
    let text = format!(
        "{}\nReceipt No.,Completion Time,Paid In\n{}\nSH12ABC3XY1,2024-11-01 10:30:00,20{}\n",
        ",".repeat(100_000),
        "x,".repeat(100_000),
        ",".repeat(100_000),
    );
    assert_eq!(
        entries(&text),
        [("SH12ABC3XY1".to_owned(), 1_730_446_200, 2_000)]
    );
}

#[test]
fn other_columns_other_marks_and_no_status_do() {
    let text = "Paid In;Completion Time;RECEIPT NO\n20;01/11/24 10:30 AM;SH12ABC3XY1\n";
    assert_eq!(
        entries(text),
        [("SH12ABC3XY1".to_owned(), 1_730_446_200, 2_000)]
    );
    let text = "Receipt No.\tCompletion Time\tPaid In\nSB71AB\t2026-09-02 10:00:00\t1200.50";
    assert_eq!(entries(text)[0].2, 120_050);
}

#[test]
fn an_amount_is_read_as_its_country_writes_it_or_not_at_all() {
    for (written, cents) in [
        ("50", Some(5_000)),
        ("1,250", Some(125_000)),
        ("1,250.00", Some(125_000)),
        ("1,250,000.5", Some(125_000_050)),
        ("+1200.50", Some(120_050)),
        ("-1,250.00", Some(-125_000)),
        // A decimal comma.
        ("50,00", Some(5_000)),
        ("50,5", Some(5_050)),
        ("-50,00", Some(-5_000)),
        ("1.250,00", Some(125_000)),
        ("1.250.000,5", Some(125_000_050)),
        ("1 250,00", Some(125_000)),
        ("1\u{202f}250,00", Some(125_000)),
        ("", Some(0)),
        ("-", Some(0)),
        // A thousand or one, and what no country writes.
        ("1.250", None),
        ("1.250.000", None),
        ("1.250,000", None),
        ("1,250,00", None),
        ("12.50,00", None),
        ("1,2500", None),
        ("50,", None),
        ("50.", None),
        (",50", None),
        ("50,x", None),
    ] {
        assert_eq!(amount(written).map(Money::cents), cents, "{written}");
    }
    let text = "Receipt No.;Completion Time;Paid In\n\
                UKQ1AB2CD3;26-11-2026 10:00:00;50,00\nUKQ1AB2CD4;26-11-2026 10:00:00;1.250\n";
    let statement = read(text.as_bytes(), NOW).unwrap();
    assert_eq!(statement.entries.len(), 1);
    assert_eq!(statement.entries[0].amount, Money::from_shillings(50));
    assert_eq!(statement.unread, 1);
}

#[test]
fn what_is_no_statement_is_refused_and_nonsense_is_counted() {
    for text in ["", "a,b\n1,2", "Receipt No.,Paid In\nX,1"] {
        assert_eq!(read(text.as_bytes(), NOW), Err(BadStatement::NoColumns));
    }
    let head = "Receipt No.,Completion Time,Paid In\n";
    for bad in [
        "<script>,26-11-2026 10:00:00,50",
        "UKQ1AB2CD3,yesterday,50",
        "UKQ1AB2CD3,26-11-2026 10:00:00,fifty",
        "UKQ1AB2CD3,26-11-2026 10:00:00,-50",
        "UKQ1AB2CD3,26-11-2026 10:00:00,99999999999",
        // After tomorrow.
        "UKQ1AB2CD3,26-11-2028 10:00:00,50",
        "UKQ1AB2CD3",
    ] {
        let statement = read(format!("{head}{bad}\n").as_bytes(), NOW).unwrap();
        assert_eq!(statement.entries, [], "{bad}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_fall(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut text = b"Receipt No.,Completion Time,Paid In\n".to_vec();
        text.extend(bytes);
        prop_assert!(read(&text, NOW).is_ok());
    }
}
