//! The settings of what is installed at sites: where the agent can be had.

use std::str::FromStr;

use clap::Args;
use url::Url;

use super::ConfigError;

/// The section of what is installed at sites.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Agents")]
pub struct AgentsConfig {
    /// The https address below which the agent's files are, as `firmware image` writes them. Pages lead to them and routers fetch their image from
    /// there; left out, whoever sets a site up must be given them by hand.
    #[arg(
        id = "agent_url",
        long = "agent-url",
        env = "MNARA_AGENT_URL",
        global = true
    )]
    pub url: Option<AgentUrl>,
}

/// Where the agent's files are. A router runs what it finds there, so it is reached over TLS or not at all.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AgentUrl(Url);

impl AgentUrl {
    /// The address of one file.
    #[must_use]
    pub fn join(&self, name: &str) -> String {
        format!("{}/{name}", self.0.as_str().trim_end_matches('/'))
    }
}

impl FromStr for AgentUrl {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let url = Url::parse(text).map_err(ConfigError::NoAddress)?;
        let is_plain = url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if url.scheme() == "https" && is_plain {
            Ok(Self(url))
        } else {
            Err(ConfigError::NotPlain)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_router_gets_its_agent_over_tls_only() {
        for address in [
            "https://dl.example.com/Mnara",
            "https://dl.example.com/Mnara/",
        ] {
            let url: AgentUrl = address.parse().unwrap();
            assert_eq!(url.join("x.tar"), "https://dl.example.com/Mnara/x.tar");
        }
        for address in [
            "http://dl.example.com",
            "dl.example.com",
            "https://me:secret@dl.example.com",
            "https://:secret@dl.example.com",
            "https://dl.example.com/?x",
            "https://dl.example.com/#x",
        ] {
            assert!(address.parse::<AgentUrl>().is_err(), "{address}");
        }
    }
}
