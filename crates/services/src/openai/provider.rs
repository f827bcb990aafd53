//! Who is asked: OpenAI, or anybody else who speaks its protocol.

use fermata_model::CallError;

use super::arguments::Call;
use crate::fields::Fields;
use crate::way::Vault;

/// What `model` begins with when it names a preset.
const PRESET: &str = "preset:";
/// The longest name of a provider, in characters.
const NAME_CHARS_MAX: usize = 40;

/// Base URLs that are well known, and whether the provider needs a key. Those without one run on somebody's own
/// machine, which the egress gate has to allow.
const KNOWN: [(&str, &str, bool); 13] = [
    ("openai", "https://api.openai.com/v1", true),
    ("openrouter", "https://openrouter.ai/api/v1", true),
    ("groq", "https://api.groq.com/openai/v1", true),
    ("mistral", "https://api.mistral.ai/v1", true),
    ("together", "https://api.together.xyz/v1", true),
    ("deepseek", "https://api.deepseek.com/v1", true),
    ("fireworks", "https://api.fireworks.ai/inference/v1", true),
    ("cerebras", "https://api.cerebras.ai/v1", true),
    ("xai", "https://api.x.ai/v1", true),
    ("gemini", "https://generativelanguage.googleapis.com/v1beta/openai", true),
    ("ollama", "http://localhost:11434/v1", false),
    ("lmstudio", "http://localhost:1234/v1", false),
    ("vllm", "http://localhost:8000/v1", false),
];

/// Where requests go, and as whom.
#[derive(Debug)]
pub(super) struct Provider {
    pub(super) base_url: String,
    /// Headers that say who calls, with references to secrets.
    pub(super) headers: Vec<(&'static str, String)>,
}

impl Provider {
    /// Finds a provider by its name, which is in the call's options, or OpenAI when none is.
    ///
    /// # Errors
    /// When nothing is known of it, or the keystore cannot be read.
    pub(super) fn find(name: Option<&str>, vault: &dyn Vault) -> Result<Self, CallError> {
        let name = name.unwrap_or("openai").to_ascii_lowercase();
        if name == "openai" {
            return openai(vault);
        }
        let is_name_char = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || name.len() > NAME_CHARS_MAX || !name.chars().all(is_name_char) {
            let message = "tools.openai: provider is a name of letters, digits, - and _";
            return Err(CallError::fatal("bad_arguments", message));
        }
        let word = name.to_ascii_uppercase().replace('-', "_");
        let known = KNOWN.iter().find(|(known, ..)| *known == name);
        let setting = format!("OPENAI_{word}_BASE_URL");
        let base_url = match (vault.value(&setting)?, known) {
            (Some(url), _) => url,
            (None, Some((_, url, _))) => (*url).to_owned(),
            (None, None) => {
                let message = format!("There is no provider {name}: the keystore has no value {setting}");
                return Err(CallError::fatal("unknown_provider", message));
            }
        };
        let key = format!("OPENAI_{word}_API_KEY");
        let needs_key = known.is_none_or(|(_, _, needs)| *needs);
        let has_key = needs_key || matches!(vault.secret(&key), Ok(Some(_)));
        let headers = has_key.then(|| ("authorization", bearer(&key))).into_iter().collect();
        Ok(Self { base_url, headers })
    }
}

fn openai(vault: &dyn Vault) -> Result<Provider, CallError> {
    let base_url = vault.value("OPENAI_BASE_URL")?.unwrap_or_else(|| KNOWN[0].1.to_owned());
    let mut headers = vec![("authorization", bearer("OPENAI_API_KEY"))];
    for (header, setting) in
        [("openai-organization", "OPENAI_ORG_ID"), ("openai-project", "OPENAI_PROJECT_ID")]
    {
        headers.extend(vault.value(setting)?.map(|id| (header, id)));
    }
    Ok(Provider { base_url, headers })
}

fn bearer(secret: &str) -> String {
    format!("Bearer {{{{secret:{secret}}}}}")
}

/// Puts in what a preset says, when the call's model names one. What the call says itself counts for more.
///
/// # Errors
/// When there is no such preset, or it is not what a preset is.
pub(super) fn apply_preset(call: &mut Call, vault: &dyn Vault) -> Result<(), CallError> {
    let Some(body) = &mut call.body else { return Ok(()) };
    let Some(model) = body.read::<String>("model") else { return Ok(()) };
    let Some(name) = model.strip_prefix(PRESET) else { return Ok(()) };
    let mut preset = preset(name, vault)?;
    if let Some(provider) = preset.remove("provider") {
        let provider: String = serde_json::from_str(provider.get()).map_err(|_| bad("provider is a text"))?;
        call.options.provider.get_or_insert(provider);
    }
    let model = preset.read::<String>("model").filter(|model| !model.starts_with(PRESET));
    let model = model.ok_or_else(|| bad(&format!("{name:?} has no model")))?;
    body.set_text("model", &model);
    for (member, value) in preset.into_members() {
        if !body.has(&member) {
            body.set(&member, value);
        }
    }
    Ok(())
}

fn preset(name: &str, vault: &dyn Vault) -> Result<Fields, CallError> {
    let unknown = || {
        let message = format!("The keystore value OPENAI_MODEL_PRESETS has no preset {name:?}");
        CallError::fatal("unknown_preset", message)
    };
    let text = vault.value("OPENAI_MODEL_PRESETS")?.ok_or_else(unknown)?;
    let presets: Fields = serde_json::from_str(&text).map_err(|error| bad(&error.to_string()))?;
    let preset = presets.get(name).ok_or_else(unknown)?;
    serde_json::from_str(preset.get()).map_err(|error| bad(&format!("{name:?}: {error}")))
}

fn bad(message: &str) -> CallError {
    CallError::fatal("bad_setting", format!("The keystore value OPENAI_MODEL_PRESETS: {message}"))
}
