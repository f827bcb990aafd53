//! Handing a message to the server: greeting, encryption, login, recipients, message.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fermata_model::CallError;
use zeroize::Zeroizing;

use super::message::Outgoing;
use super::relay::{Encryption, Login, Relay};
use super::reply::Reply;
use super::talk::{Silence, Talk};
use super::{Rejected, Sent, fault};
use crate::call::Failure;
use crate::way::Way;

/// How long saying goodbye may take.
const GOODBYE_WITHIN: Duration = Duration::from_secs(1);
/// Who we say we are: a client that has no name of its own (RFC 5321, section 4.1.3).
const HELLO: &str = "EHLO [127.0.0.1]";

/// Hands a message over. `is_out` is set when the server has all of it.
pub(super) async fn deliver(
    relay: &Relay,
    message: &Outgoing,
    way: &Way<'_>,
    is_out: &AtomicBool,
) -> Result<Sent, Failure> {
    let connection = way.connect(&relay.host, relay.port).await?;
    let (mut talk, offered) = begin(Talk::over(Box::new(connection)), relay).await?;
    if let Some(login) = &relay.login {
        log_in(&mut talk, &offered, login).await?;
    }
    positive("MAIL FROM", talk.command(&mail_from(message, &offered)?).await)?;
    let (accepted, rejected) = recipients(&mut talk, &message.to).await?;
    positive("DATA", talk.command("DATA").await)?;
    // A message without its end is none.
    talk.message(&message.bytes).await.map_err(|error| fault::lost(&error))?;
    is_out.store(true, Ordering::Relaxed);
    match talk.reply().await {
        Ok(reply) if reply.is_positive() => {}
        Ok(reply) => return Err(fault::refused("the message", &reply).into()),
        Err(Silence::Lost(error)) => return Err(fault::unclear(&format!("hung up ({error})")).into()),
        Err(Silence::Garbage) => return Err(fault::unclear("gave no answer that can be read").into()),
    }
    // The message is delivered, whatever becomes of this.
    let _ = tokio::time::timeout(GOODBYE_WITHIN, talk.command("QUIT")).await;
    Ok(Sent { message_id: message.id.clone(), accepted, rejected })
}

/// Greets and is greeted, encrypted as the settings want it; gives what the server offers.
async fn begin(mut talk: Talk, relay: &Relay) -> Result<(Talk, Reply), CallError> {
    if relay.encryption == Encryption::Always {
        talk = talk.encrypted(&relay.tls, relay.name()).await?;
    }
    positive("the connection", talk.reply().await)?;
    let offered = positive("EHLO", talk.command(HELLO).await)?;
    let has_tls = offered.keyword("STARTTLS").is_some();
    match relay.encryption {
        Encryption::Required if !has_tls => {
            let message = "the mail server offers no STARTTLS; with ?tls=none the address allows plain text";
            Err(CallError::fatal("tls", message))
        }
        Encryption::Required | Encryption::Offered if has_tls => {
            positive("STARTTLS", talk.command("STARTTLS").await)?;
            let mut talk = talk.encrypted(&relay.tls, relay.name()).await?;
            // What was offered before may have been put in by anybody.
            let offered = positive("EHLO", talk.command(HELLO).await)?;
            Ok((talk, offered))
        }
        _ => Ok((talk, offered)),
    }
}

async fn log_in(talk: &mut Talk, offered: &Reply, login: &Login) -> Result<(), CallError> {
    let Login { user, password } = login;
    let mechanisms = offered.keyword("AUTH").unwrap_or_default();
    let has = |name: &str| mechanisms.split_whitespace().any(|each| each.eq_ignore_ascii_case(name));
    let said = if has("PLAIN") {
        let both = Zeroizing::new(format!("\0{user}\0{}", password.as_str()));
        talk.command(&Zeroizing::new(format!("AUTH PLAIN {}", BASE64.encode(both.as_bytes())))).await?
    } else if has("LOGIN") {
        let mut said = talk.command("AUTH LOGIN").await?;
        for answer in [user.as_str(), password.as_str()] {
            if said.status == 334 {
                said = talk.command(&Zeroizing::new(BASE64.encode(answer))).await?;
            }
        }
        said
    } else {
        let message = "the mail server offers neither of the logins PLAIN and LOGIN";
        return Err(CallError::fatal("login", message));
    };
    if said.status == 235 { Ok(()) } else { Err(fault::login(&said)) }
}

fn mail_from(message: &Outgoing, offered: &Reply) -> Result<String, CallError> {
    let mut command = format!("MAIL FROM:<{}>", message.from);
    if let Some(most) = offered.keyword("SIZE").and_then(|size| size.parse::<usize>().ok()) {
        if most > 0 && message.bytes.len() > most {
            let bytes = message.bytes.len();
            let message = format!("the message takes {bytes} bytes; the mail server takes {most}");
            return Err(CallError::fatal("too_large", message));
        }
        command.push_str(&format!(" SIZE={}", message.bytes.len()));
    }
    let is_ascii =
        message.bytes.is_ascii() && message.from.is_ascii() && message.to.iter().all(|to| to.is_ascii());
    if !is_ascii {
        if offered.keyword("SMTPUTF8").is_none() {
            let message =
                "the mail server takes no addresses with letters other than those of ASCII (SMTPUTF8)";
            return Err(CallError::fatal("smtputf8", message));
        }
        command.push_str(" SMTPUTF8");
        // A server that offers the one has to offer the other (RFC 6531, section 3.1).
        command.push_str(" BODY=8BITMIME");
    }
    Ok(command)
}

/// Names the recipients. Those that are refused do not keep the message from the others.
async fn recipients(talk: &mut Talk, all: &[String]) -> Result<(Vec<String>, Vec<Rejected>), CallError> {
    let (mut accepted, mut rejected, mut worst) = (Vec::new(), Vec::new(), None);
    for address in all {
        let reply = talk.command(&format!("RCPT TO:<{address}>")).await?;
        if reply.is_positive() {
            accepted.push(address.clone());
            continue;
        }
        rejected.push(Rejected { address: address.clone(), status: reply.status, reply: reply.text() });
        // One that may be taken later makes the call worth repeating.
        worst = worst.filter(|worst: &Reply| worst.is_passing() || !reply.is_passing()).or(Some(reply));
    }
    match worst {
        Some(reply) if accepted.is_empty() => Err(fault::refused("the recipients", &reply)),
        _ => Ok((accepted, rejected)),
    }
}

fn positive(during: &str, said: Result<Reply, Silence>) -> Result<Reply, CallError> {
    let reply = said?;
    if reply.is_positive() { Ok(reply) } else { Err(fault::refused(during, &reply)) }
}
