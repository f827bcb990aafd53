// `tools.openai`: the official SDK's methods, on OpenAI and on everybody who speaks its protocol.

/** How one call is made; the SDK's second argument. */
export interface OpenAIOptions {
  /** Who is asked: `openrouter`, `ollama`, `groq` …, or a name with `OPENAI_NAME_BASE_URL` in the keystore. */
  provider?: string;
  /** Milliseconds for one attempt; ten minutes unless said otherwise. */
  timeout?: number;
  /** How often a failed attempt is repeated; twice unless said otherwise. */
  maxRetries?: number;
  /** More headers. Those that say who calls are set by the service. */
  headers?: Record<string, string>;
  /** More of the query. */
  query?: Record<string, unknown>;
}

/** Bytes, in base64. */
export interface OpenAIBytes {
  contentType: string;
  base64: string;
}

export interface OpenAIUsage {
  total_tokens?: number;
  /** What it costs in dollars, where the provider tells. */
  cost?: number;
  [name: string]: any;
}

export interface ChatMessage {
  role: 'system' | 'developer' | 'user' | 'assistant' | 'tool' | (string & {});
  content?: string | null | Array<{ type: string; [name: string]: any }>;
  name?: string;
  tool_calls?: ChatToolCall[];
  tool_call_id?: string;
  [name: string]: any;
}

export interface ChatToolCall {
  id: string;
  type: 'function' | 'custom' | (string & {});
  /** `arguments` is JSON text. */
  function: { name: string; arguments: string };
  [name: string]: any;
}

export interface ChatRequest {
  /** A model, or `preset:NAME` for what the keystore value `OPENAI_MODEL_PRESETS` says of NAME. */
  model: string;
  messages: ChatMessage[];
  /** Has the answer streamed to the server, which tells of it in the run's log. The result is the same. */
  stream?: boolean;
  temperature?: number;
  max_tokens?: number;
  max_completion_tokens?: number;
  n?: number;
  tools?: Array<{ type: string; [name: string]: any }>;
  tool_choice?: any;
  response_format?: { type: string; [name: string]: any };
  [name: string]: any;
}

export interface ChatCompletion {
  id: string;
  object: 'chat.completion';
  created: number;
  model: string;
  choices: Array<{
    index: number;
    finish_reason: string;
    message: {
      role: 'assistant';
      content: string | null;
      refusal?: string | null;
      /** There when the model calls tools, and only then. */
      tool_calls?: ChatToolCall[];
      [name: string]: any;
    };
    [name: string]: any;
  }>;
  usage?: OpenAIUsage;
  [name: string]: any;
}

export interface ResponseRequest {
  model?: string;
  input?: string | Array<{ [name: string]: any }>;
  instructions?: string;
  prompt?: { id: string; [name: string]: any };
  stream?: boolean;
  [name: string]: any;
}

export interface OpenAIResponse {
  id: string;
  object: 'response';
  status: string;
  model: string;
  output: Array<{ type: string; [name: string]: any }>;
  /** All texts of all messages in one. */
  output_text: string;
  usage?: OpenAIUsage | null;
  [name: string]: any;
}

/** One page of a list. */
export interface OpenAIList<Item = any> {
  object: 'list';
  data: Item[];
  has_more?: boolean;
  last_id?: string;
  [name: string]: any;
}

type Params = Record<string, any>;
type Make<Request = Params, Answer = any> = (request: Request, options?: OpenAIOptions) => Promise<Answer>;
type ById<Answer = any> = (id: string, options?: OpenAIOptions) => Promise<Answer>;
type List<Item = any> = (query?: Params, options?: OpenAIOptions) => Promise<OpenAIList<Item>>;
type Change = (id: string, request: Params, options?: OpenAIOptions) => Promise<any>;

export interface OpenAITools {
  readonly chat: {
    readonly completions: {
      readonly create: Make<ChatRequest, ChatCompletion>;
      readonly retrieve: ById<ChatCompletion>;
      readonly update: Change;
      readonly list: List<ChatCompletion>;
      readonly delete: ById;
    };
  };
  readonly completions: { readonly create: Make<{ model: string; prompt: unknown; [name: string]: any }> };
  readonly responses: {
    readonly create: Make<ResponseRequest, OpenAIResponse>;
    retrieve(id: string, query?: Params, options?: OpenAIOptions): Promise<OpenAIResponse>;
    readonly delete: ById;
    readonly cancel: ById<OpenAIResponse>;
    readonly compact: Make<{ model: string; [name: string]: any }>;
    readonly inputItems: { list(id: string, query?: Params, options?: OpenAIOptions): Promise<OpenAIList> };
    readonly inputTokens: { readonly count: Make };
  };
  readonly embeddings: {
    readonly create: Make<
      { model: string; input: string | string[] | number[] | number[][]; [name: string]: any },
      OpenAIList<{ object: 'embedding'; index: number; embedding: number[] }> & { model: string; usage: OpenAIUsage }
    >;
  };
  readonly images: {
    readonly generate: Make<
      { prompt: string; model?: string; [name: string]: any },
      { created: number; data: Array<{ url?: string; b64_json?: string; revised_prompt?: string }>; [name: string]: any }
    >;
  };
  readonly moderations: { readonly create: Make<{ input: unknown; model?: string }> };
  readonly audio: {
    readonly speech: { readonly create: Make<{ model: string; input: string; voice: unknown; [name: string]: any }, OpenAIBytes> };
  };
  readonly models: {
    list(options?: OpenAIOptions): Promise<OpenAIList<{ id: string; [name: string]: any }>>;
    readonly retrieve: ById<{ id: string; [name: string]: any }>;
    readonly delete: ById;
  };
  readonly files: {
    readonly list: List;
    readonly retrieve: ById;
    readonly delete: ById;
    readonly content: ById<OpenAIBytes>;
  };
  readonly batches: {
    readonly create: Make<{ input_file_id: string; endpoint: string; completion_window: string; [name: string]: any }>;
    readonly retrieve: ById;
    readonly list: List;
    readonly cancel: ById;
  };
  readonly vectorStores: {
    create(request?: Params, options?: OpenAIOptions): Promise<any>;
    readonly retrieve: ById;
    readonly update: Change;
    readonly list: List;
    readonly delete: ById;
    search(id: string, request: { query: string | string[]; [name: string]: any }, options?: OpenAIOptions): Promise<any>;
    readonly files: { create(id: string, request: { file_id: string; [name: string]: any }, options?: OpenAIOptions): Promise<any> };
  };
}
