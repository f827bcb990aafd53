// `tools.supabase` (also `tools.database`): chains as supabase-js has them.

/**
 * A Supabase project, or a PostgREST that stands alone. A chain is built without asking anybody; `await` it and the
 * request is made, and the run may be put down until the answer is there.
 *
 * Errors come in the result, as in supabase-js; end a chain with `throwOnError()` to have it reject instead.
 */
export interface SupabaseTools extends SupabaseSchema {
  /** Tables and functions of another schema than `public`. */
  schema(name: string): SupabaseSchema;
  readonly storage: SupabaseStorage;
  readonly auth: { readonly admin: SupabaseUsers };
  readonly functions: {
    /** Calls an edge function. */
    invoke<Data = any>(name: string, options?: SupabaseInvokeOptions): SupabaseCall<Data>;
  };
}

export interface SupabaseSchema {
  /** A table or view; say what its rows are like: `from<Order>('orders')`. */
  from<Row = any>(table: string): SupabaseTable<Row>;
  /** Calls a database function. */
  rpc<Data = any>(
    name: string,
    args?: object,
    options?: { head?: boolean; get?: boolean; count?: SupabaseCount },
  ): SupabaseQuery<Data, Data extends (infer Row)[] ? Row : Data>;
}

export type SupabaseCount = 'exact' | 'planned' | 'estimated';

/** A column of `Row`, or one of a table that is joined in, or a path into JSON such as `data->address->>city`. */
export type SupabaseColumn<Row> = (keyof Row & string) | (string & {});

export interface SupabaseTable<Row = any> {
  select<Result = Row>(
    columns?: string,
    options?: { head?: boolean; count?: SupabaseCount },
  ): SupabaseQuery<Result[], Row>;
  insert(
    values: Partial<Row> | Partial<Row>[],
    options?: { count?: SupabaseCount; defaultToNull?: boolean },
  ): SupabaseQuery<null, Row>;
  upsert(
    values: Partial<Row> | Partial<Row>[],
    options?: { onConflict?: string; ignoreDuplicates?: boolean; count?: SupabaseCount; defaultToNull?: boolean },
  ): SupabaseQuery<null, Row>;
  update(values: Partial<Row>, options?: { count?: SupabaseCount }): SupabaseQuery<null, Row>;
  delete(options?: { count?: SupabaseCount }): SupabaseQuery<null, Row>;
}

/** A chain that can be awaited. Its steps change it and give it back; each `await` is a request of its own. */
export interface SupabaseAwaitable<Result> extends PromiseLike<Result> {
  catch<Other = never>(onRejected?: ((error: any) => Other | PromiseLike<Other>) | null): Promise<Result | Other>;
  finally(onSettled?: (() => void) | null): Promise<Result>;
}

export interface SupabaseQuery<Data, Row = any, Throws extends boolean = false>
  extends SupabaseAwaitable<Throws extends true ? SupabaseSuccess<Data> : SupabaseResult<Data>> {
  /** Has the rows that were written come back. */
  select<Result = Row>(columns?: string): SupabaseQuery<Result[], Row, Throws>;

  eq(column: SupabaseColumn<Row>, value: unknown): this;
  neq(column: SupabaseColumn<Row>, value: unknown): this;
  gt(column: SupabaseColumn<Row>, value: unknown): this;
  gte(column: SupabaseColumn<Row>, value: unknown): this;
  lt(column: SupabaseColumn<Row>, value: unknown): this;
  lte(column: SupabaseColumn<Row>, value: unknown): this;
  like(column: SupabaseColumn<Row>, pattern: string): this;
  likeAllOf(column: SupabaseColumn<Row>, patterns: readonly string[]): this;
  likeAnyOf(column: SupabaseColumn<Row>, patterns: readonly string[]): this;
  ilike(column: SupabaseColumn<Row>, pattern: string): this;
  ilikeAllOf(column: SupabaseColumn<Row>, patterns: readonly string[]): this;
  ilikeAnyOf(column: SupabaseColumn<Row>, patterns: readonly string[]): this;
  regexMatch(column: SupabaseColumn<Row>, pattern: string): this;
  regexIMatch(column: SupabaseColumn<Row>, pattern: string): this;
  is(column: SupabaseColumn<Row>, value: boolean | null | 'unknown'): this;
  isDistinct(column: SupabaseColumn<Row>, value: unknown): this;
  in(column: SupabaseColumn<Row>, values: readonly unknown[]): this;
  notIn(column: SupabaseColumn<Row>, values: readonly unknown[]): this;
  contains(column: SupabaseColumn<Row>, value: string | readonly unknown[] | object): this;
  containedBy(column: SupabaseColumn<Row>, value: string | readonly unknown[] | object): this;
  rangeGt(column: SupabaseColumn<Row>, range: string): this;
  rangeGte(column: SupabaseColumn<Row>, range: string): this;
  rangeLt(column: SupabaseColumn<Row>, range: string): this;
  rangeLte(column: SupabaseColumn<Row>, range: string): this;
  rangeAdjacent(column: SupabaseColumn<Row>, range: string): this;
  overlaps(column: SupabaseColumn<Row>, value: string | readonly unknown[]): this;
  textSearch(
    column: SupabaseColumn<Row>,
    query: string,
    options?: { config?: string; type?: 'plain' | 'phrase' | 'websearch' },
  ): this;
  /** Every column equals its value; those that are undefined are left out. */
  match(values: Partial<Row>): this;
  not(column: SupabaseColumn<Row>, operator: string, value: unknown): this;
  /** Any of PostgREST's filters: `or('age.lt.18,name.eq.Ada')`. */
  or(filters: string, options?: SupabaseReferenced): this;
  filter(column: SupabaseColumn<Row>, operator: string, value: unknown): this;

  order(
    column: SupabaseColumn<Row>,
    options?: { ascending?: boolean; nullsFirst?: boolean } & SupabaseReferenced,
  ): this;
  limit(rows: number, options?: SupabaseReferenced): this;
  /** Rows number `from` to `to`, counted from 0, both included. */
  range(from: number, to: number, options?: SupabaseReferenced): this;
  /** One row; an error of code `PGRST116` when there is none or more than one. */
  single(): SupabaseQuery<SupabaseItem<Data>, Row, Throws>;
  /** One row, or null when there is none. */
  maybeSingle(): SupabaseQuery<SupabaseItem<Data> | null, Row, Throws>;
  csv(): SupabaseQuery<string, Row, Throws>;
  geojson(): SupabaseQuery<Record<string, unknown>, Row, Throws>;
  explain(options?: {
    analyze?: boolean;
    verbose?: boolean;
    settings?: boolean;
    buffers?: boolean;
    wal?: boolean;
    format?: 'text' | 'json';
  }): SupabaseQuery<any, Row, Throws>;
  stripNulls(): this;
  /** Does it and takes it back, where PostgREST is set up to allow that. */
  rollback(): this;
  /** Fails when more rows would be changed. */
  maxAffected(rows: number): this;
  setHeader(name: string, value: string): this;
  /** `retry(false)` makes one attempt, whatever comes of it. */
  retry(enabled: boolean): this;
  /** Rejects with a `ToolError` of PostgREST's code where the result would hold an error. */
  throwOnError(): SupabaseQuery<Data, Row, true>;
  /** Has no effect here. */
  abortSignal(signal: AbortSignal): this;
  returns<Result>(): SupabaseQuery<Result, Row, Throws>;
  overrideTypes<Result>(): SupabaseQuery<Result, Row, Throws>;
}

export type SupabaseItem<Data> = Data extends readonly (infer Item)[] ? Item : Data;

/** The table that is joined in and meant, rather than the query's own. */
export interface SupabaseReferenced {
  referencedTable?: string;
  /** @deprecated The older name of `referencedTable`. */
  foreignTable?: string;
}

export type SupabaseResult<Data> = SupabaseSuccess<Data> | SupabaseFailure;

export interface SupabaseSuccess<Data> {
  success: true;
  error: null;
  data: Data;
  /** How many rows there are in all, if that was asked for. */
  count: number | null;
  status: number;
  statusText: string;
}

export interface SupabaseFailure {
  success: false;
  error: SupabaseError;
  data: null;
  count: number | null;
  /** 0 when no answer came. */
  status: number;
  statusText: string;
}

export interface SupabaseError {
  message: string;
  /** PostgREST's or PostgreSQL's code, such as `PGRST116` or `23505`. */
  code?: string;
  details?: string | null;
  hint?: string | null;
}

/** A chain that asks for something else than rows. */
export type SupabaseCall<Data> = SupabaseAwaitable<{ data: Data; error: null } | { data: null; error: any }>;

export interface SupabaseStorage {
  from(bucket: string): SupabaseBucket;
  listBuckets(options?: {
    limit?: number;
    offset?: number;
    search?: string;
    sortColumn?: string;
    sortOrder?: 'asc' | 'desc';
  }): SupabaseCall<any[]>;
  getBucket(name: string): SupabaseCall<any>;
  createBucket(name: string, options?: SupabaseBucketOptions): SupabaseCall<{ name: string }>;
  updateBucket(name: string, options: SupabaseBucketOptions): SupabaseCall<{ message: string }>;
  emptyBucket(name: string): SupabaseCall<{ message: string }>;
  deleteBucket(name: string): SupabaseCall<{ message: string }>;
}

export interface SupabaseBucketOptions {
  public: boolean;
  fileSizeLimit?: number | string | null;
  allowedMimeTypes?: string[] | null;
}

export interface SupabaseBucket {
  /** Has what follows reject where its result would hold an error. */
  throwOnError(): SupabaseBucket;
  list(
    folder?: string,
    options?: { limit?: number; offset?: number; search?: string; sortBy?: { column?: string; order?: 'asc' | 'desc' } },
  ): SupabaseCall<any[]>;
  upload(path: string, file: SupabaseContent, options?: SupabaseFileOptions): SupabaseCall<SupabaseStored>;
  update(path: string, file: SupabaseContent, options?: SupabaseFileOptions): SupabaseCall<SupabaseStored>;
  /** The file itself: its text where it is text, else its bytes in base64. */
  download(path: string, options?: { transform?: SupabaseTransform }): SupabaseCall<SupabaseFile>;
  remove(paths: string[]): SupabaseCall<any[]>;
  move(from: string, to: string, options?: { destinationBucket?: string }): SupabaseCall<{ message: string }>;
  copy(from: string, to: string, options?: { destinationBucket?: string }): SupabaseCall<{ path: string }>;
  info(path: string): SupabaseCall<any>;
  createSignedUrl(
    path: string,
    seconds: number,
    options?: { download?: string | boolean; transform?: SupabaseTransform },
  ): SupabaseCall<{ signedUrl: string }>;
  /** Unlike in supabase-js this has to be awaited: the task does not know the project's address. */
  getPublicUrl(
    path: string,
    options?: { download?: string | boolean; transform?: SupabaseTransform },
  ): SupabaseAwaitable<{ data: { publicUrl: string } }>;
}

/** Text, or bytes. */
export type SupabaseContent = string | ArrayBuffer | ArrayBufferView | { base64: string };

export interface SupabaseFileOptions {
  contentType?: string;
  cacheControl?: string;
  /** Replace the file if there is one. */
  upsert?: boolean;
  contentEncoding?: string;
  metadata?: Record<string, unknown>;
  headers?: Record<string, string>;
}

export interface SupabaseStored {
  path: string;
  id: string;
  fullPath: string;
}

export interface SupabaseFile {
  type: string;
  size: number;
  text?: string;
  base64?: string;
}

export interface SupabaseTransform {
  width?: number;
  height?: number;
  resize?: 'cover' | 'contain' | 'fill';
  format?: 'origin';
  quality?: number;
}

export interface SupabaseUsers {
  listUsers(page?: { page?: number; perPage?: number }): SupabaseAwaitable<{
    data: { users: any[]; nextPage?: number | null; lastPage?: number; total?: number };
    error: any;
  }>;
  getUserById(id: string): SupabaseUserCall;
  createUser(attributes: object): SupabaseUserCall;
  updateUserById(id: string, attributes: object): SupabaseUserCall;
  deleteUser(id: string, shouldSoftDelete?: boolean): SupabaseUserCall;
  inviteUserByEmail(email: string, options?: { data?: object; redirectTo?: string }): SupabaseUserCall;
  generateLink(params: {
    type: string;
    email: string;
    newEmail?: string;
    password?: string;
    options?: { data?: object; redirectTo?: string };
  }): SupabaseAwaitable<{ data: { properties: any; user: any }; error: any }>;
}

export type SupabaseUserCall = SupabaseAwaitable<{ data: { user: any }; error: any }>;

export interface SupabaseInvokeOptions {
  method?: 'POST' | 'GET' | 'PUT' | 'PATCH' | 'DELETE';
  /** Text, or anything JSON can hold. */
  body?: unknown;
  headers?: Record<string, string>;
  region?: string;
  /** Give up after this many milliseconds. */
  timeout?: number;
}
