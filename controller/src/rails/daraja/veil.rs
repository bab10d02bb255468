//! What nobody may read of what goes to Daraja: passwords, and the secrets in our addresses.

use serde_json::{Map, Value};

/// Takes it out of the fields of a body.
pub(super) fn veil(fields: &mut Map<String, Value>) {
    fields.remove("Password");
    fields.remove("SecurityCredential");
    for name in ["CallBackURL", "ResultURL", "QueueTimeOutURL"] {
        if let Some(Value::String(address)) = fields.get_mut(name)
            && let Some((rest, _)) = address.rsplit_once('/')
        {
            *address = format!("{rest}/…");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Exchange;
    use super::*;

    #[test]
    fn what_nobody_may_read_is_not_kept() {
        let body = json!({
            "BusinessShortCode": "174379",
            "Password": "c2VjcmV0",
            "SecurityCredential": "c2VhbGVk",
            "CallBackURL": "https://billing.example.com/api/pay/prv_1/0123456789abcdef",
            "ResultURL": "https://billing.example.com/api/pay/prv_1/123456789abcdef0",
            "QueueTimeOutURL": "https://billing.example.com/api/pay/prv_1/23456789abcdef01",
        });
        let sent = Exchange::sending(&body, veil).sent.unwrap();
        assert!(
            sent.contains("174379") && sent.contains("prv_1/…"),
            "{sent}"
        );
        for secret in ["c2VjcmV0", "c2VhbGVk", "3456789abcdef"] {
            assert!(!sent.contains(secret), "{sent}");
        }
    }
}
