//! A PostgreSQL that only takes encrypted connections.

use std::process::Command;

use fermata_testkit::postgres::Server;

use crate::program::{Ended, Place, finish};

/// A certificate for the server alone: one of an authority is not taken for that.
const CERTIFICATE: &str = "
[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
[name]
CN = database
[extensions]
subjectAltName = IP:127.0.0.1
basicConstraints = critical, CA:FALSE
";

/// A server that shows a certificate of its own making, and a place to call it from.
struct Site {
    place: Place,
    _server: Server,
    url: String,
}

impl Site {
    fn new() -> Self {
        let (place, server) = (Place::new(), Server::start().unwrap());
        let (certificate, key) = (place.path("server.crt"), place.path("server.key"));
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-config"]);
        openssl.arg(place.file("openssl.cnf", CERTIFICATE));
        openssl.arg("-out").arg(&certificate).arg("-keyout").arg(&key);
        let made = openssl.output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        server.require_tls(&certificate, &key).unwrap();
        Self { url: server.url(), place, _server: server }
    }

    fn migrate(&self, what: &str, mode: &str, trusted: bool) -> Ended {
        let url = format!("{}?sslmode={mode}", self.url);
        let mut command = self.place.fermata(["migrate", what, "--database", &url]);
        command.env_remove("FERMATA_DATABASE_URL");
        if trusted {
            command.env("SSL_CERT_FILE", self.place.path("server.crt"));
        }
        finish(command)
    }
}

#[test]
fn a_database_that_is_encrypted_is_used_if_its_certificate_is_trusted() {
    let site = Site::new();
    let stranger = site.migrate("up", "require", false);
    assert_ne!(stranger.code, 0);
    assert!(stranger.stderr.contains("certificate"), "{}", stranger.stderr);
    let plain = site.migrate("up", "disable", true);
    assert_ne!(plain.code, 0);
    assert!(plain.stderr.contains("encryption") || plain.stderr.contains("refused"), "{}", plain.stderr);
    for mode in ["require", "prefer"] {
        site.migrate("up", mode, true).with_code(0);
    }
    site.migrate("status", "require", true).with_code(0);
}
