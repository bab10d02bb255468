-- What is kept of devices that pay by hand goes when its time is over, in parts, the oldest first.
create index hand_codes_asked on hand_codes (asked_at);
create index hand_codes_expected on hand_codes (asked_at) where amount is not null or msisdn is not null or receipt is not null;

-- A code that is paid by is in use, also where nobody asks for it again: its time counts from then, as it does for what is paid from now on. Whoever
-- owns the tables is behind the policies too.
select set_config('mnara.scope', 'platform', true);
update hand_codes h set asked_at = p.paid_at
from (select provider_id, site_id, mac, max(created_at) as paid_at from payments where push = 'hand' group by provider_id, site_id, mac) p
where p.provider_id = h.provider_id and p.site_id = h.site_id and p.mac = h.mac and p.paid_at > h.asked_at;
select set_config('mnara.scope', '', true);
