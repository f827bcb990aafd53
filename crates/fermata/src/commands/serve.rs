//! `fermata serve`: the server.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use fermata_engine::Ending;
use fermata_runtime::token;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::console::{Colour, Console};
use crate::exit::{Exit, Failure, with_causes};
use crate::node::{self, Node};
use crate::settings::{self, Serve, ServeArgs};
use crate::switch::Switch;
use crate::{logging, serve};

/// How long the engine may take to put its runs down.
const STOP_WITHIN: Duration = Duration::from_secs(10);
/// How long the engine of a deposed node may take to end: it can write nothing more.
const END_WITHIN: Duration = Duration::from_secs(2);
/// Wait before a deposed node is opened again after that failed.
const BEGIN_AGAIN_EVERY: Duration = Duration::from_millis(250);

pub(super) async fn run(args: ServeArgs, console: &Console) -> Result<Exit, Failure> {
    let settings = args.validate()?;
    logging::start(console, settings.log_format, logging::SERVER);
    let mut signals = Signals::listen()?;
    // First: a port that is taken must not cost the time of opening, nor touch the store.
    let listener =
        TcpListener::bind(settings.listen).await.map_err(|error| not_bound(settings.listen, &error))?;
    let address = listener.local_addr().map_err(|error| not_bound(settings.listen, &error))?;
    let opening = open(&settings, console);
    let node = tokio::select! {
        node = opening => node?,
        () = signals.next() => return Ok(Exit::Ok),
    };
    announce(&settings, address, console)?;
    serve_until_told(node, &settings, listener, &mut signals).await;
    Ok(Exit::Ok)
}

async fn open(settings: &Serve, console: &Console) -> Result<Node, Failure> {
    let node = Node::open(settings.store.clone(), settings.engine.clone()).await?;
    match ensure_token(&node, settings.token_file.as_deref()).await? {
        NewToken::None => {}
        NewToken::InFile => {
            let path = settings.token_file.as_deref().unwrap_or(Path::new("")).display();
            console.say(&format!("A new API token is in {path}"))?;
        }
        NewToken::ToShow(token) => show_token(&token, console)?,
    }
    Ok(node)
}

/// Serves until a signal comes, or somebody drains this node. A node that was deposed begins anew.
async fn serve_until_told(node: Node, settings: &Serve, listener: TcpListener, signals: &mut Signals) {
    let (stop, stopping) = watch::channel(false);
    let switch = Switch::default();
    let mut serving = std::pin::pin!(serve::serve(listener, switch.router(), stopping));
    let mut life = Life::begin(node, settings, &switch);
    loop {
        let ending = tokio::select! {
            () = serving.as_mut() => break,
            () = signals.next() => break,
            ending = life.node.engine.ending() => ending,
        };
        if ending == Ending::Drained {
            tracing::info!("Drained: runs are handed over");
            break;
        }
        life.end(&switch, END_WITHIN).await;
        life = tokio::select! {
            node = begin_again(settings) => Life::begin(node, settings, &switch),
            () = signals.next() => return,
        };
    }
    tracing::info!("Stopping");
    stop.send_replace(true);
    life.stopping.send_replace(true);
    let ending = async {
        serving.await;
        life.node.close(STOP_WITHIN).await;
    };
    tokio::select! {
        () = ending => tracing::info!("Stopped"),
        () = signals.next() => {
            tracing::warn!("Stopped at once; runs go on from their last delivery at the next start");
            std::process::exit(Exit::Interrupted.code().into());
        }
    }
}

/// A node from its opening to its end; the listener outlives it.
struct Life {
    node: Node,
    stopping: watch::Sender<bool>,
}

impl Life {
    fn begin(node: Node, settings: &Serve, switch: &Switch) -> Self {
        let (stopping, told) = watch::channel(false);
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let internal_token = settings.internal_token.clone();
        let settings = fermata_runtime::Settings { version, stopping: told, internal_token };
        switch.set(Some(fermata_runtime::router(node.engine.clone(), settings)));
        Self { node, stopping }
    }

    async fn end(self, switch: &Switch, within: Duration) {
        switch.set(None);
        self.stopping.send_replace(true);
        self.node.close(within).await;
    }
}

/// Opens the node again until that succeeds.
async fn begin_again(settings: &Serve) -> Node {
    loop {
        match Node::open(settings.store.clone(), settings.engine.clone()).await {
            Ok(node) => {
                tracing::info!("This node has begun anew");
                return node;
            }
            Err(failure) => {
                tracing::warn!(error = failure.message, "This node cannot begin anew yet");
                tokio::time::sleep(BEGIN_AGAIN_EVERY).await;
            }
        }
    }
}

/// What is to be said about the token.
enum NewToken {
    /// There is one, and it is known to whoever needs it.
    None,
    /// A new one was written to the token file.
    InFile,
    /// A new one that is kept nowhere.
    ToShow(String),
}

async fn ensure_token(node: &Node, file: Option<&Path>) -> Result<NewToken, Failure> {
    let (store, file) = (node.store.clone(), file.map(Path::to_owned));
    let ensured = node::blocking(move || match file {
        Some(path) => node::token_in_file(&store, &path)
            .map(|(_, is_new)| if is_new { NewToken::InFile } else { NewToken::None }),
        None => token::ensure_token(&store)
            .map(|made| made.map_or(NewToken::None, NewToken::ToShow))
            .map_err(|error| Failure::io(with_causes(&error))),
    });
    ensured.await?
}

fn show_token(token: &str, console: &Console) -> Result<(), Failure> {
    let lines = [
        "Your API token. It is shown only this once: keep it.".to_owned(),
        String::new(),
        format!("  export FERMATA_TOKEN={token}"),
        String::new(),
        "Lost it? Start with --token-file FILE, and a new one is made there.".to_owned(),
    ];
    let width = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let rule = "─".repeat(width + 2);
    console.say(&format!("╭{rule}╮"))?;
    for line in lines {
        console.say(&format!("│ {line:width$} │"))?;
    }
    console.say(&format!("╰{rule}╯"))
}

fn announce(settings: &Serve, address: SocketAddr, console: &Console) -> Result<(), Failure> {
    let dim = |text: &str| console.stdout.paint(Colour::Grey, text);
    let reached = settings::reachable(address);
    console.say(&console.stdout.paint(Colour::Green, &format!("Fermata is ready on http://{reached}")))?;
    console.say(&format!("  {} {}", dim("data   "), settings.store.folder.display()))?;
    console.say(&format!("  {} fermata publish PATH", dim("publish")))?;
    console.say(&format!("  {} fermata run TASK --input '{{…}}'", dim("run    ")))?;
    if !address.ip().is_loopback() {
        tracing::warn!(%address, "Reachable from other machines without encryption: put a TLS proxy in front");
    }
    Ok(())
}

fn not_bound(address: SocketAddr, error: &std::io::Error) -> Failure {
    let choose = "choose another with --listen HOST:PORT (FERMATA_LISTEN); port 0 takes a free one";
    match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            Failure::io(format!("cannot listen on {address}: another program listens there")).note(choose)
        }
        std::io::ErrorKind::PermissionDenied => Failure::configuration(format!(
            "cannot listen on {address}: no permission (ports below 1024 need it)"
        ))
        .note(choose),
        _ => Failure::configuration(format!("cannot listen on {address}: {error}")).note(choose),
    }
}

/// SIGINT and SIGTERM.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind)
                .map_err(|error| Failure::new(Exit::Internal, format!("cannot listen for signals: {error}")))
        };
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    /// Resolves with the next signal.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
