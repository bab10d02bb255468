//! What is taken out of which table, and which tables are left out and why.
//!
//! Columns are named one by one, so a new secret is never taken
//! along by accident; a test finds every table and every column that is named in neither list.

/// A table of the file.
#[derive(Debug)]
pub struct Table {
    /// Its name in the database and in the file.
    pub name: &'static str,
    /// The column that says whose a row is.
    pub owner: &'static str,
    /// Its key, with the types of its columns; an index serves it.
    pub key: &'static [(&'static str, &'static str)],
    /// What is taken: the name in the file, and where it comes from.
    pub columns: &'static [(&'static str, &'static str)],
}

/// Names columns that are called in the file as they are in the table.
macro_rules! columns {
    ($($name:ident)*) => { &[$((stringify!($name), stringify!($name))),*] };
}

const ID: &[(&str, &str)] = &[("id", "uuid")];

const fn table(name: &'static str, columns: &'static [(&'static str, &'static str)]) -> Table {
    Table {
        name,
        owner: "provider_id",
        key: ID,
        columns,
    }
}

/// What is taken out, in the order of the file.
pub const TABLES: &[Table] = &[
    Table {
        owner: "id",
        ..table(
            "providers",
            columns!(id business_name contact_email help_phone colour mpesa_shortcode mpesa_kind mpesa_till_number mpesa_least mpesa_most mpesa_most_a_day mpesa_account_id mpesa_since mpesa_moved_at mpesa_moved_by pesapal_merchant_id confirm_by_query state state_at created_at),
        )
    },
    Table {
        key: &[("provider_id", "uuid")],
        ..table(
            "portal_looks",
            columns!(button welcome_en welcome_sw banner_en banner_sw terms_en terms_sw logo_kind changed_at trial_on trial_minutes trial_data_mb trial_mbps trial_days trial_a_day),
        )
    },
    Table {
        key: &[("site_id", "uuid")],
        ..table(
            "site_looks",
            columns!(site_id colour button welcome_en welcome_sw banner_en banner_sw terms_en terms_sw logo_kind changed_at),
        )
    },
    Table {
        key: &[("provider_id", "uuid")],
        ..table(
            "subscriptions",
            columns!(plan_id paid_until stage asked_at look_at created_at changed_at),
        )
    },
    Table {
        key: &[("provider_id", "uuid")],
        ..table(
            "provider_rights",
            columns!(due_at restricted_from features most_sites changed_at),
        )
    },
    table(
        "platform_orders",
        columns!(id plan_id kind reference amount_cents currency state tracking_id confirmation_code payment_method payer is_upgrade upgrade_until begins_anew flag paid_cents paid_currency refund refund_at resolution resolved_at created_at expires_at settled_at),
    ),
    Table {
        key: &[("number", "bigint")],
        ..table(
            "platform_invoices",
            columns!(number order_id issued_at issuer business contact plan is_upgrade amount_cents currency from_at until_at),
        )
    },
    table(
        "platform_order_messages",
        columns!(id order_id kind at body),
    ),
    table(
        "subscription_entries",
        columns!(id number what plan_id period days order_id added_cents at from_at until_at upgrade_until),
    ),
    table(
        "staff",
        &[
            ("id", "id"),
            ("person_id", "person_id"),
            (
                "name",
                "select p.name from people p where p.id = t.person_id",
            ),
            ("role", "role"),
            ("owner_since", "owner_since"),
            ("created_at", "created_at"),
            ("ended_at", "ended_at"),
        ],
    ),
    table(
        "invitations",
        columns!(id name role invited_by expires_at ended_at created_at),
    ),
    table("sites", columns!(id name created_at closed_at)),
    table(
        "agents",
        columns!(id site_id software last_seen_at revoked_at created_at),
    ),
    table(
        "site_events",
        columns!(id site_id kind value at received_at),
    ),
    table("site_outages", columns!(id site_id began_at ended_at)),
    Table {
        key: &[("site_id", "uuid"), ("began_at", "timestamptz")],
        ..table("router_losses", columns!(site_id began_at ended_at))
    },
    table(
        "plans",
        columns!(id revision name price duration_secs online_secs data_bytes devices rate_down_bps rate_up_bps burst sell_by_secs sold_days sold_from sold_until colour on_sale position created_at),
    ),
    table(
        "series",
        columns!(id plan_id plan_name price duration_secs online_secs data_bytes devices rate_down_bps rate_up_bps burst count alphabet length prefix home_site_id cut_off sell_by shown_below revoked_at created_at),
    ),
    Table {
        key: &[("series_id", "uuid"), ("site_id", "uuid")],
        ..table("series_sites", columns!(series_id site_id))
    },
    table(
        "tickets",
        columns!(id code plan_id plan_name price plan_type duration_secs online_secs data_bytes devices rate_down_bps rate_up_bps burst status sell_by expires_at created_at series_id series_index payment_id sold_at_site_id redeemed_at redeemed_site_id started_at paused_at ended_at end_reason extra_secs revoked_at online_used_secs bytes_up bytes_down tried_by),
    ),
    Table {
        key: &[("ticket_id", "uuid"), ("site_id", "uuid")],
        ..table(
            "redemptions",
            columns!(ticket_id site_id redeemed_at started_at paused_at ended_at end_reason online_used_secs bytes_up bytes_down slots cut_off settled),
        )
    },
    Table {
        key: &[
            ("ticket_id", "uuid"),
            ("mac", "macaddr"),
            ("site_id", "uuid"),
        ],
        ..table(
            "grants",
            columns!(ticket_id mac site_id step ordered_at delivered_at written_at confirmed_at ended_at),
        )
    },
    table(
        "sessions",
        columns!(id site_id ticket_id plan_id mac began_at read_at ended_at online_secs bytes_up bytes_down),
    ),
    table(
        "payments",
        columns!(id type site_id plan_id plan_revision amount credit credited currency status failure msisdn payer external_txn_id noted_receipt account_reference account_id merchant_request_id checkout_request_id mac push push_error result_code settled_by settled_at paid_at flag looked_at looked_by looked_key created_at provider_payload),
    ),
    table(
        "mpesa_accounts",
        columns!(id shortcode kind till_number was_used created_at),
    ),
    table(
        "mpesa_moves",
        columns!(id from_account_id to_account_id payment_id person_id state created_at expires_at ended_at),
    ),
    Table {
        key: &[("provider_id", "uuid")],
        ..table(
            "mpesa_operators",
            columns!(shortcode initiator since status_proven_at reversal_proven_at),
        )
    },
    table(
        "mpesa_requests",
        columns!(id kind purpose shortcode receipt amount payment_id unmatched_id operator_since person_id reason state originator_id conversation_id code said back_receipt is_booked found created_at ended_at),
    ),
    table(
        "payment_messages",
        columns!(id payment_id kind at body source),
    ),
    table(
        "refunds",
        columns!(id payment_id amount receipt reason person_id key_id created_at),
    ),
    table(
        "ledger",
        columns!(id cause payment_id unmatched_id turn debit credit cents currency receipt site_id at day),
    ),
    Table {
        key: &[("code", "text")],
        ..table(
            "hand_codes",
            columns!(code site_id mac plan_id amount msisdn receipt receipt_msisdn by_sms asked_at),
        )
    },
    Table {
        key: &[("provider_id", "uuid")],
        ..table(
            "c2b_registrations",
            columns!(shortcode version completes state said at heard_at),
        )
    },
    table(
        "unmatched",
        columns!(id reason amount receipt payer reference payment_id site_id at paid_at created_at outcome closed_at person_id key_id ticket_id customer_id credited refund_receipt note),
    ),
    table(
        "customers",
        columns!(id msisdn credit blocked_at block_reason created_at),
    ),
    Table {
        key: &[("ticket_id", "uuid")],
        ..table(
            "gifts",
            columns!(ticket_id customer_id person_id key_id reason created_at),
        )
    },
    Table {
        key: &[("ticket_id", "uuid")],
        ..table(
            "cash_sales",
            columns!(ticket_id person_id amount sold_at undone_at),
        )
    },
    Table {
        key: &[("person_id", "uuid"), ("topic", "text")],
        ..table(
            "notice_choices",
            columns!(person_id topic by_mail by_sms changed_at),
        )
    },
    Table {
        key: &[("person_id", "uuid")],
        ..table("notice_phones", columns!(person_id msisdn changed_at))
    },
    Table {
        key: &[("provider_id", "uuid")],
        ..table(
            "message_settings",
            columns!(codes receipts language quiet_from quiet_until most_a_day most_a_phone changed_at),
        )
    },
    table(
        "smses",
        columns!(id person_id payment_id kind msisdn parts is_urgent state why rail_id cost_cents currency created_at tried_at ended_at),
    ),
    Table {
        key: &[("msisdn", "text")],
        ..table("sms_opt_outs", columns!(msisdn by_whom created_at))
    },
    table(
        "api_keys",
        columns!(id name ending scopes created_by created_at used_at expires_at revoked_at),
    ),
    table(
        "webhook_endpoints",
        columns!(id url events enabled failing_since given_up_at last_status last_fault secret_at created_at removed_at),
    ),
    table(
        "webhook_deliveries",
        columns!(id endpoint_id event body created_at attempts tried_at delivered_at dead_at status answer),
    ),
    table(
        "exports",
        columns!(id asked_by created_at expires_at taken_at),
    ),
    table(
        "audit",
        columns!(id at actor person_id key_id act subject before after),
    ),
];

/// What is left out, and why.
pub const LEFT_OUT: &[(&str, &str)] = &[
    ("c2b_secrets", "hashes of secrets in addresses"),
    ("claims", "hashes of codes that enrol a site"),
    (
        "log_ins",
        "hashes of cookies; whose browser was where is its person's affair",
    ),
    ("idempotency_keys", "answers of the API, kept for a day"),
    (
        "site_feed",
        "what sites were told of the rows that are in the file",
    ),
    ("journals", "marks of how far sites' reports were read"),
    (
        "journal_entries",
        "sites' reports as they came; what they say is in redemptions, grants and sessions",
    ),
    (
        "mails",
        "letters on their way to people, each gone when it is sent or too late",
    ),
    (
        "sms_wishes",
        "which buyers asked for a code by SMS; those that left stand in smses",
    ),
    (
        "outage_notices",
        "which outages were told; those stand in site_outages",
    ),
    ("site_samples", "live readings, each gone within a minute"),
    ("report_days", "which days are added up"),
    ("report_sums", "sums of the rows that are in the file"),
    ("report_marks", "days that are to be added up again"),
    (
        "subscription_reminders",
        "which letters about the subscription were written",
    ),
    ("ledger_checks", "when the books were compared last"),
    (
        "ledger_faults",
        "what that found; the books and their rows are here",
    ),
    ("commands", "orders to a site, kept for some days"),
    ("audit_waiting", "lines of the audit that have no seal yet"),
    (
        "audit_chain",
        "seals of the audit's lines, which its page shows",
    ),
    ("jobs", "what the program has yet to do"),
];

/// Which columns of taken tables are left out, and why.
pub const COLUMNS_LEFT_OUT: &[(&str, &[&str])] = &[
    (
        "it lets somebody in, or is what that is compared with",
        &[
            "providers.mpesa_consumer_key",
            "providers.mpesa_consumer_secret",
            "providers.mpesa_passkey",
            "providers.mpesa_callback_path",
            "mpesa_accounts.consumer_key",
            "mpesa_accounts.consumer_secret",
            "mpesa_accounts.passkey",
            "mpesa_operators.credential",
            "mpesa_requests.result_hash",
            "mpesa_requests.time_out_hash",
            "invitations.code_hash",
            "agents.public_key",
            "series.key",
            "tickets.username",
            "tickets.password",
            "payments.secret_hash",
            "payments.token_hash",
            "payments.token",
            "smses.body",
            "api_keys.key_hash",
            "webhook_endpoints.secret",
            "exports.link_hash",
        ],
    ),
    (
        "a picture, which is a file of its own beside the tables",
        &["portal_looks.logo", "site_looks.logo"],
    ),
    (
        "the columns beside it say the same",
        &[
            "tickets.duration_hours",
            "tickets.data_limit_mb",
            "payments.bought",
        ],
    ),
    (
        "how the program keeps from doing something twice, and when it looks again",
        &[
            "providers.prompts_failed",
            "providers.no_prompts_since",
            "platform_orders.attempt_id",
            "platform_orders.is_current",
            "platform_orders.account",
            "platform_orders.redirect_url",
            "platform_orders.asked",
            "platform_orders.hinted_id",
            "platform_orders.ask_after",
            "sites.feed_revision",
            "sites.feed_floor",
            "sites.told_up",
            "agents.link_epoch",
            "agents.device_since",
            "agents.take_overs",
            "agents.duplicate_seen_at",
            "agents.unproven_since",
            "agents.up_since",
            "router_losses.heard_at",
            "router_losses.noted_at",
            "router_losses.is_told",
            "router_losses.closed_at",
            "series.skipped",
            "payments.attempt_id",
            "payments.queries",
            "gifts.attempt_id",
            "cash_sales.attempt_id",
            "smses.once",
            "smses.drop_at",
            "webhook_deliveries.next_at",
        ],
    ),
];
