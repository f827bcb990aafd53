// `tools.slack`, `tools.github`, `tools.stripe`, `tools.notion`, `tools.hubspot`: what tasks need most of each, under
// the names of the official clients.

type Params = Record<string, any>;

export interface SlackMessage {
  text?: string;
  blocks?: Params[];
  attachments?: Params[];
  [name: string]: any;
}

/** The answers are Slack's own; one that says `ok: false` rejects with its `error` as the code. */
export interface SlackTools {
  readonly chat: {
    postMessage(message: SlackMessage & { channel: string; thread_ts?: string }): Promise<{ ok: true; channel: string; ts: string; [name: string]: any }>;
    update(message: SlackMessage & { channel: string; ts: string }): Promise<{ ok: true; [name: string]: any }>;
  };
  readonly conversations: {
    list(filter?: { cursor?: string; limit?: number; types?: string; exclude_archived?: boolean; [name: string]: any }): Promise<{ ok: true; channels: Params[]; [name: string]: any }>;
  };
  readonly users: { lookupByEmail(who: { email: string }): Promise<{ ok: true; user: Params; [name: string]: any }> };
  /** Sends a message to the incoming webhook in the secret `SLACK_WEBHOOK_URL`. */
  notify(message: string | SlackMessage): Promise<{ ok: true }>;
}

export interface GitHubAnswer<Data = any> {
  status: number;
  url: string;
  /** Names in lower case; `link` says where the next page is. */
  headers: Record<string, string>;
  data: Data;
}

interface Repo {
  owner: string;
  repo: string;
  [name: string]: any;
}

export interface GitHubTools {
  readonly issues: {
    create(issue: Repo & { title: string; body?: string; labels?: string[]; assignees?: string[] }): Promise<GitHubAnswer>;
    createComment(comment: Repo & { issue_number: number; body: string }): Promise<GitHubAnswer>;
    get(issue: Repo & { issue_number: number }): Promise<GitHubAnswer>;
    list(filter?: Params): Promise<GitHubAnswer<any[]>>;
    listComments(issue: Repo & { issue_number: number }): Promise<GitHubAnswer<any[]>>;
    listForRepo(filter: Repo): Promise<GitHubAnswer<any[]>>;
    update(issue: Repo & { issue_number: number }): Promise<GitHubAnswer>;
  };
  readonly pulls: {
    get(pull: Repo & { pull_number: number }): Promise<GitHubAnswer>;
    list(filter: Repo): Promise<GitHubAnswer<any[]>>;
  };
  readonly repos: { get(repo: Repo): Promise<GitHubAnswer> };
  readonly users: { getAuthenticated(): Promise<GitHubAnswer> };
  /** Any route: `request('POST /repos/{owner}/{repo}/dispatches', { owner, repo, event_type: 'go' })`. */
  request<Data = any>(route: string, params?: Params): Promise<GitHubAnswer<Data>>;
}

export interface StripeOptions {
  /** Sent instead of the call's own key, which already keeps a repeated attempt from doing more. */
  idempotencyKey?: string;
  stripeAccount?: string;
}

export interface StripeTools {
  readonly paymentIntents: {
    /** `amount` is in the currency's smallest unit. */
    create(payment: { amount: number; currency: string; [name: string]: any }, options?: StripeOptions): Promise<Params>;
    retrieve(id: string, params?: Params, options?: StripeOptions): Promise<Params>;
    confirm(id: string, params?: Params, options?: StripeOptions): Promise<Params>;
    cancel(id: string, params?: Params, options?: StripeOptions): Promise<Params>;
  };
  readonly customers: {
    create(customer?: Params, options?: StripeOptions): Promise<Params>;
    retrieve(id: string, params?: Params, options?: StripeOptions): Promise<Params>;
    update(id: string, customer: Params, options?: StripeOptions): Promise<Params>;
    list(filter?: Params, options?: StripeOptions): Promise<{ data: Params[]; has_more: boolean; [name: string]: any }>;
    search(search: { query: string; limit?: number; page?: string }, options?: StripeOptions): Promise<{ data: Params[]; [name: string]: any }>;
    /** Changes the customer of this address, or makes one. */
    upsert(customer: { email: string; [name: string]: any }): Promise<Params>;
  };
  readonly refunds: { create(refund: Params, options?: StripeOptions): Promise<Params> };
  readonly invoices: { retrieve(id: string, params?: Params, options?: StripeOptions): Promise<Params> };
}

export interface NotionTools {
  readonly pages: {
    create(page: { parent: Params; properties: Params; children?: Params[]; [name: string]: any }): Promise<Params>;
    retrieve(page: { page_id: string; filter_properties?: string[] }): Promise<Params>;
    update(page: { page_id: string; properties?: Params; [name: string]: any }): Promise<Params>;
  };
  readonly databases: {
    retrieve(database: { database_id: string }): Promise<Params>;
    /** In the last version of the API that queries databases; newer ones query `dataSources`. */
    query(query: { database_id: string; filter?: Params; sorts?: Params[]; page_size?: number; start_cursor?: string }): Promise<{ results: Params[]; [name: string]: any }>;
  };
  readonly dataSources: {
    retrieve(source: { data_source_id: string }): Promise<Params>;
    query(query: { data_source_id: string; filter?: Params; sorts?: Params[]; page_size?: number; start_cursor?: string; [name: string]: any }): Promise<{ results: Params[]; [name: string]: any }>;
  };
  readonly blocks: {
    readonly children: {
      list(block: { block_id: string; page_size?: number; start_cursor?: string }): Promise<{ results: Params[]; [name: string]: any }>;
      append(block: { block_id: string; children: Params[]; [name: string]: any }): Promise<Params>;
    };
  };
  search(search?: { query?: string; filter?: Params; sort?: Params; page_size?: number; start_cursor?: string }): Promise<{ results: Params[]; [name: string]: any }>;
}

interface HubSpotObjects<Upsert> {
  readonly basicApi: {
    create(object: { properties: Record<string, string>; associations?: Params[] }): Promise<Params>;
    getById(id: string, properties?: string[], propertiesWithHistory?: string[], associations?: string[], archived?: boolean, idProperty?: string): Promise<Params>;
    update(id: string, object: { properties: Record<string, string> }, idProperty?: string): Promise<Params>;
    archive(id: string): Promise<null>;
  };
  /** Changes the one object with this property, or makes it. */
  upsert(object: Upsert): Promise<Params>;
}

interface ByProperty {
  idProperty: string;
  idValue: string;
  properties?: Record<string, string>;
}

export interface HubSpotTools {
  readonly crm: {
    readonly contacts: HubSpotObjects<{ email: string; properties?: Record<string, string> } | ByProperty>;
    readonly deals: HubSpotObjects<ByProperty>;
    readonly companies: HubSpotObjects<ByProperty>;
    readonly tickets: HubSpotObjects<ByProperty>;
  };
}
