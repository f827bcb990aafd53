//! The server of these tests, as Python's client finds it.

use fermata_testkit::smtp::{Encryption, Setup, SmtpPeer};
use serde_json::json;

use crate::python;

const SEND: &str = r#"
import json, smtplib, ssl, sys
told = json.load(sys.stdin)
context = ssl.create_default_context(cadata=told["certificate"]) if told["certificate"] else None
if told["implicit"]:
    server = smtplib.SMTP_SSL("localhost", told["port"], context=context)
else:
    server = smtplib.SMTP("localhost", told["port"])
server.ehlo()
if context and not told["implicit"]:
    server.starttls(context=context)
    server.ehlo()
server.user, server.password = "ann", "secret"
wrong = None
if told["mechanism"]:
    server.password = "wrong"
    try:
        server.auth(told["mechanism"], getattr(server, "auth_" + told["mechanism"].lower()))
    except smtplib.SMTPAuthenticationError as error:
        wrong = error.smtp_code
    server.password = "secret"
    server.auth(told["mechanism"], getattr(server, "auth_" + told["mechanism"].lower()))
size = server.esmtp_features.get("size")
refused = server.sendmail("ann@example.com", ["bob@example.com"], "Subject: x\r\n\r\n.\r\n..a\r\n")
server.quit()
print(json.dumps({"wrong": wrong, "size": size, "refused": refused}))
"#;

#[test]
fn another_client_understands_the_server() {
    for encryption in [Encryption::None, Encryption::StartTls, Encryption::Implicit] {
        for mechanism in ["", "PLAIN", "LOGIN"] {
            let setup = Setup { encryption, mechanisms: mechanism.into(), ..Setup::default() };
            let peer = SmtpPeer::start(setup).unwrap();
            let told = json!({
                "port": peer.port(),
                "certificate": peer.certificate().unwrap(),
                "implicit": encryption == Encryption::Implicit,
                "mechanism": mechanism,
            });
            let answer = python::run(SEND, &told);
            let wrong = (!mechanism.is_empty()).then_some(535);
            assert_eq!(answer, json!({ "wrong": wrong, "size": "20000000", "refused": {} }));
            let [mail] = &peer.take()[..] else { panic!("one message") };
            assert_eq!(mail.user.as_deref(), (!mechanism.is_empty()).then_some("ann"));
            assert_eq!(mail.is_encrypted, encryption != Encryption::None);
            assert_eq!(mail.data, b"Subject: x\r\n\r\n.\r\n..a\r\n");
        }
    }
}
