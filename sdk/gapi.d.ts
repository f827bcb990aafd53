// `tools.gapi`: any API of Google's.

/**
 * A path is an API of Google's and a method of it, `tools.gapi.calendar.events.list(params, options)`; a version other
 * than the one Google prefers is named by `tools.gapi['drive:v2']` or `options.version`. Parameters are checked
 * against Google's description of the method before anything is sent.
 */
export type GapiTools = GapiOwn & GapiApis & Omit<GapiNamed, keyof GapiApis> & { readonly [api: string]: any };

/** Empty, until `fermata types --google API` writes the types of whole APIs into it. */
export interface GapiApis {}

/** The most used methods of some APIs. */
export interface GapiNamed {
  readonly admin: GapiAdmin;
  readonly gmail: GapiGmail;
}

/** What is not a method of an API. */
export interface GapiOwn {
  /**
   * Up to 100 calls of one API in one request. The answers come in the order of the calls; one that failed is among
   * them, and does not reject.
   */
  batch<Data = any>(calls: readonly GapiBatchCall[], options?: GapiBatchOptions): Promise<GapiBatchAnswer<Data>[]>;

  /** Asks nobody. */
  health(): Promise<{ ok: true; service: 'gapi'; documents: number }>;
  /** The argument itself. */
  echo<Value>(value: Value): Promise<Value>;
  /** Which credentials there are, and whether Google gives a token for them. */
  checkCredentials(options?: GapiCredentialOptions): Promise<GapiCredentials>;
  /** What the token is for that a call with these options would use; never the token. */
  getTokenInfo(options?: GapiCredentialOptions): Promise<GapiTokenInfo>;
  /** Forgets the tokens of the workspace's credentials. */
  clearTokenCache(options?: GapiCredentialOptions): Promise<{ cleared: number }>;
}

/** How to call a method: the second argument. */
export interface GapiOptions {
  /** The API's version, such as `v1`. */
  version?: string;
  /** The user to act for, by a service account with domain-wide delegation; of Gmail, who `userId` is unless said. */
  impersonate?: string;
  /** Scopes in the place of the narrowest one that opens the method. */
  scopes?: readonly string[];
  /** Which credentials; the first there are, in this order, unless said otherwise. */
  auth?: 'serviceAccount' | 'oauth' | 'apiKey' | 'none';
  /** Follow all pages and join their lists, up to 100 pages, 10,000 items or about 4 MB. */
  all?: boolean;
  /** With `all`: the most items. */
  limit?: number;
  /** Time of one attempt, at most 600000. */
  timeoutMs?: number;
}

export type GapiBatchOptions = Omit<GapiOptions, 'all' | 'limit'>;
export type GapiCredentialOptions = Pick<GapiOptions, 'impersonate' | 'scopes' | 'auth'>;

/** What every method takes besides parameters of its own: the first argument. */
export interface GapiParams {
  /** The fields of the answer, such as `nextPageToken,messages(id)`. */
  fields?: string;
  /** Whom to count the quota for. */
  quotaUser?: string;
  prettyPrint?: boolean;
  /** `media` downloads what the method describes. */
  alt?: 'json' | 'media';
  /** The body. */
  requestBody?: object;
  /** What is uploaded: text, or base64. */
  media?: { mimeType: string; body: string } | { mimeType: string; bodyBase64: string };
  /** The older way to say `options.impersonate`. */
  __impersonate?: string;
}

/** What a method brings that does not answer with JSON, or was called with `alt: 'media'`. */
export interface GapiDownload {
  contentType: string;
  /** There when it is text. */
  body?: string;
  /** There when it is not. */
  bodyBase64?: string;
}

export interface GapiBatchCall {
  /** A path such as `gmail.users.messages.get`. */
  method: string;
  params?: object;
}

export type GapiBatchAnswer<Data = any> =
  | { ok: true; status: number; data: Data }
  | { ok: false; status: number; error: { code: string; message: string; retryable: boolean; details?: any } };

export type GapiCredentials = {
  ok: boolean;
  kind?: 'serviceAccount' | 'oauth' | 'apiKey' | 'none';
  email?: string;
  projectId?: string | null;
  subject?: string | null;
  clientId?: string;
  error?: { code: string; message: string };
};

export interface GapiTokenInfo {
  kind: 'serviceAccount' | 'oauth';
  scopes: string[];
  subject?: string | null;
  /** Whether it was there already. */
  cached: boolean;
  expiresInSeconds: number;
}

/** The directory of users and domains. Called for the administrator of the keystore's `GAPI_ADMIN_EMAIL`. */
export interface GapiAdmin {
  readonly domains: {
    /** `customer` is `my_customer` unless said otherwise. */
    list(params?: GapiParams & { customer?: string }, options?: GapiOptions): Promise<{ domains?: GapiDomain[] }>;
    readonly [method: string]: any;
  };
  readonly users: {
    /** Of `customer`, which is `my_customer` unless said otherwise, or of `domain`. At most 500 on a page. */
    list(params?: GapiUserListParams, options?: GapiOptions): Promise<{ users?: GapiUser[]; nextPageToken?: string }>;
    readonly [method: string]: any;
  };
  readonly [resource: string]: any;
}

export interface GapiUserListParams extends GapiParams {
  customer?: string;
  domain?: string;
  query?: string;
  maxResults?: number;
  pageToken?: string;
  orderBy?: 'email' | 'familyName' | 'givenName';
  projection?: 'basic' | 'custom' | 'full';
  showDeleted?: string;
}

export interface GapiDomain {
  domainName: string;
  isPrimary?: boolean;
  verified?: boolean;
  [field: string]: any;
}

export interface GapiUser {
  id: string;
  primaryEmail: string;
  name?: { givenName?: string; familyName?: string; fullName?: string };
  isAdmin?: boolean;
  suspended?: boolean;
  [field: string]: any;
}

export interface GapiGmail {
  readonly users: {
    readonly messages: {
      list(params: GapiMessageListParams, options?: GapiOptions): Promise<GapiMessageList>;
      get(params: GapiMessageGetParams, options?: GapiOptions): Promise<GapiMessage>;
      readonly [method: string]: any;
    };
    readonly [resource: string]: any;
  };
  readonly [resource: string]: any;
}

export interface GapiMessageListParams extends GapiParams {
  /** An address, or `me` for whom the call is made for. */
  userId: string;
  /** As in Gmail's search box. */
  q?: string;
  labelIds?: readonly string[];
  includeSpamTrash?: boolean;
  maxResults?: number;
  pageToken?: string;
}

export interface GapiMessageList {
  messages?: { id: string; threadId: string }[];
  nextPageToken?: string;
  resultSizeEstimate?: number;
}

export interface GapiMessageGetParams extends GapiParams {
  userId: string;
  id: string;
  format?: 'minimal' | 'full' | 'raw' | 'metadata';
  metadataHeaders?: readonly string[];
}

export interface GapiMessage {
  id: string;
  threadId: string;
  labelIds?: string[];
  snippet?: string;
  internalDate?: string;
  raw?: string;
  payload?: {
    mimeType?: string;
    headers?: { name: string; value: string }[];
    body?: { size?: number; data?: string; attachmentId?: string };
    parts?: any[];
  };
  [field: string]: any;
}
