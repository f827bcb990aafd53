//! What a call took of a provider that counts is recorded with it, counted for its run, and bounded by a budget.

use fermata_engine::KeystorePut;
use fermata_model::record::KeystoreKind;
use fermata_model::usage::Usage;
use fermata_testkit::openai::OpenAiPeer;
use serde_json::Value;

use crate::support::Bench;

const KEY: &str = "a key that opens everything";

/// An engine beside a server that counts tokens.
async fn counted() -> (Bench, OpenAiPeer) {
    let (bench, openai) = (Bench::new().await, OpenAiPeer::start(KEY));
    let hosts = || Some(vec!["127.0.0.1".to_owned()]);
    let (url, value, secret) = (openai.base_url(), KeystoreKind::Value, KeystoreKind::Secret);
    for (name, put) in [
        ("OPENAI_BASE_URL", KeystorePut { kind: value, value: &url, tasks: None, hosts: None, over: None }),
        ("OPENAI_API_KEY", KeystorePut { kind: secret, value: KEY, tasks: None, hosts: hosts(), over: None }),
    ] {
        bench.engine.keystore_put(&bench.workspace, "global", name, put).await.unwrap();
    }
    (bench, openai)
}

/// A task that asks so often, and tells what the provider counted, or the code of the error.
fn asking(config: &str) -> String {
    format!(
        "export const config = {config};
         export default async (n, {{ tools: {{ openai }} }}) => {{
           const messages = [{{ role: 'user', content: 'How many words are these?' }}];
           const counted = [];
           for (let i = 0; i < n; i++) {{
             try {{
               counted.push((await openai.chat.completions.create({{ model: 'chat-1', messages }})).usage);
             }} catch (error) {{ counted.push(error.code) }}
           }}
           return counted;
         }}"
    )
}

#[tokio::test]
async fn what_a_provider_counts_is_recorded_for_call_and_run() {
    let (bench, _openai) = counted().await;
    bench.publish("ask.js", &asking("{}")).await;
    let run = bench.run("ask", "2").await;
    let told: Vec<Value> = serde_json::from_str(&bench.result(&run)).unwrap();
    let calls = bench.engine.store().calls(&bench.workspace, run.birth.id, 0, 10).unwrap();
    let mut tokens = 0;
    for (told, call) in told.iter().zip(&calls) {
        let count = |name: &str| told[name].as_u64().unwrap();
        let (input_tokens, output_tokens) = (count("prompt_tokens"), count("completion_tokens"));
        assert!(input_tokens > 0 && output_tokens > 0, "{told}");
        let usage = call.state.usage.unwrap();
        assert_eq!(usage, Usage { input_tokens, output_tokens, cost_micros: usage.cost_micros });
        tokens += input_tokens + output_tokens;
    }
    assert_eq!((calls.len(), told.len()), (2, 2));
    assert_eq!((run.state.used.calls, run.state.used.tokens), (2, tokens));
}

#[tokio::test]
async fn a_budget_of_tokens_ends_the_asking() {
    let (bench, openai) = counted().await;
    bench.publish("ask.js", &asking("{ budget: { tokens: 1 } }")).await;
    let run = bench.run("ask", "3").await;
    let told: Vec<Value> = serde_json::from_str(&bench.result(&run)).unwrap();
    assert!(told[0].is_object(), "{told:?}");
    assert_eq!(told[1..], ["budget_used_up", "budget_used_up"]);
    assert_eq!(openai.seen().len(), 1, "nothing else left");
}
