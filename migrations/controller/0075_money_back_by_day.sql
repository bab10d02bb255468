-- Cash that went back is counted on the day on which it did, which a day of the counter asks for by itself. Few sales are undone, so few have an entry.
create index cash_sales_undone on cash_sales (provider_id, undone_at, ticket_id) where undone_at is not null;
