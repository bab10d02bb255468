//! Certificates: signed on the router, shown by their print, used by `api-ssl`. Keys are elliptic whatever size was asked for.
use std::sync::Arc;

use super::super::menu::Menu;
use super::super::sentence::{Request, Trap};
use super::super::tls::Identity;
use super::Device;
use super::edit::{Edited, missing};

impl Device {
    /// Returns the certificate `api-ssl` uses, when it has one that is signed.
    pub(crate) fn identity(&self) -> Option<Arc<Identity>> {
        let service = self.table("/ip/service").named("api-ssl")?;
        let row = self
            .table("/certificate")
            .named(&service.text("certificate"))?;
        self.identities.get(&row.id).cloned()
    }

    /// Puts a certificate into the store and gives it to `api-ssl`.
    pub(crate) fn install_certificate(&mut self, identity: Arc<Identity>) {
        let name = format!("agent-api-{}", self.table("/certificate").next);
        let id = self
            .table_mut("/certificate")
            .seed(None, &[("name", &name), ("common-name", "10.5.50.1")]);
        self.keep_identity(id, identity);
        let services = self.table_mut("/ip/service");
        let rows = services.rows.iter_mut();
        for row in rows.filter(|row| row.raw("name") == b"api-ssl") {
            row.values.insert("certificate", name.clone().into_bytes());
        }
        self.touch("/certificate");
        self.touch("/ip/service");
    }

    /// Signs a certificate by itself, at once.
    pub(super) fn sign(&mut self, menu: &'static Menu, request: &Request) -> Result<Edited, Trap> {
        let wanted = request
            .text("number")
            .or_else(|| request.text(".id"))
            .ok_or_else(|| missing(self.version, "number"))?;
        let id = self.stored_item(menu, &wanted)?;
        let names = self.names_in_certificate(id);
        let identity = Identity::make(&names)
            .map_err(|_| Trap::plain("failure: certificate can not be signed"))?;
        if let Some(name) = request.text("name")
            && let Some(row) = self.table_mut(menu.path).by_id_mut(id)
        {
            row.values.insert("name", name.into_bytes());
        }
        self.keep_identity(id, Arc::new(identity));
        Ok(Edited::Done)
    }

    /// Returns the names of `subject-alt-name`, which are written `IP:…,DNS:…`, or else the common name.
    fn names_in_certificate(&self, id: u32) -> Vec<String> {
        let Some(row) = self.table("/certificate").by_id(id) else {
            return Vec::new();
        };
        let alternatives = row.text("subject-alt-name").into_owned();
        let names: Vec<String> = alternatives
            .split(',')
            .filter(|name| !name.is_empty())
            .map(|name| {
                name.split_once(':')
                    .map_or(name, |(_, rest)| rest)
                    .to_owned()
            })
            .collect();
        let common = Some(row.text("common-name").into_owned());
        let common = common.filter(|name| !name.is_empty());
        if names.is_empty() {
            vec![common.unwrap_or_else(|| "MikroTik".to_owned())]
        } else {
            names
        }
    }

    fn keep_identity(&mut self, id: u32, identity: Arc<Identity>) {
        let print = identity.fingerprint();
        if let Some(row) = self.table_mut("/certificate").by_id_mut(id) {
            for (name, value) in [
                ("key-type", "ec"),
                ("key-size", "prime256v1"),
                ("trusted", "true"),
                ("fingerprint", &print),
                ("private-key", "true"),
                ("expired", "false"),
            ] {
                row.values.insert(name, value.as_bytes().to_vec());
            }
        }
        self.identities.insert(id, identity);
    }
}
