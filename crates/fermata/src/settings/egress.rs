//! Where tasks may connect to.

use std::net::IpAddr;
use std::str::FromStr;

use fermata_connect::egress::{HostPattern, IpNet, Policy};

use super::wrong;
use crate::exit::Failure;

/// Where tasks may connect to.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct EgressArgs {
    /// Host that tasks may connect to: a name, *.domain or * (repeatable; default: * = every public host)
    #[arg(long, value_name = "HOST", env = "FERMATA_EGRESS_ALLOW", value_delimiter = ',')]
    egress_allow: Vec<String>,
    /// Private address range that tasks may connect to as well, such as 10.1.0.0/16 (repeatable)
    #[arg(long, value_name = "CIDR", env = "FERMATA_EGRESS_ALLOW_PRIVATE", value_delimiter = ',')]
    egress_allow_private: Vec<String>,
}

impl EgressArgs {
    /// The policy of the egress gate.
    ///
    /// # Errors
    /// When an entry is not a host pattern or an address range.
    pub(crate) fn validate(&self) -> Result<Policy, Failure> {
        let mut hosts = Vec::new();
        for text in &self.egress_allow {
            let pattern = HostPattern::from_str(text.trim());
            hosts.push(pattern.map_err(|error| wrong("--egress-allow", text, &error.to_string()))?);
        }
        if hosts.is_empty() {
            hosts.push(HostPattern::Any);
        }
        let mut allow_private = Vec::new();
        for text in &self.egress_allow_private {
            let example = "write an address range such as 10.1.0.0/16, or one address";
            let range = text.trim();
            let range = range.parse::<IpNet>().ok().or_else(|| range.parse::<IpAddr>().ok().map(IpNet::from));
            allow_private.push(range.ok_or_else(|| wrong("--egress-allow-private", text, example))?);
        }
        Ok(Policy { hosts, allow_private, ..Policy::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn egress_is_every_public_host_unless_said() {
        let egress = |hosts: &[&str], ranges: &[&str]| {
            let owned = |texts: &[&str]| texts.iter().map(|text| text.to_string()).collect();
            EgressArgs { egress_allow: owned(hosts), egress_allow_private: owned(ranges) }.validate()
        };
        assert_eq!(egress(&[], &[]).unwrap().hosts, [HostPattern::Any]);
        assert_eq!(egress(&["*.example.com"], &["10.0.0.0/8", "::1"]).unwrap().allow_private.len(), 2);
        assert!(egress(&["a b"], &[]).is_err());
        assert!(egress(&[], &["10.0.0"]).is_err());
    }
}
