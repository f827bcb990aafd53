// `tools`: everything a task can call.

import type { GitHubTools, HubSpotTools, NotionTools, SlackTools, StripeTools } from './connectors';
import type { EventsTools } from './events';
import type { GapiTools } from './gapi';
import type { HttpTools } from './http';
import type { KeystoreTools } from './keystore';
import type { LogTool } from './log';
import type { MailTools } from './mail';
import type { OpenAITools } from './openai';
import type { Secret } from './secret';
import type { SqlTools } from './sql';
import type { StateTools } from './state';
import type { SupabaseTools } from './supabase';
import type { TasksTools } from './tasks';
import type { WebSearchTools } from './websearch';

/** Milliseconds, or text such as `"500ms"`, `"90s"`, `"1h30m"`, `"2d"`. */
export type Duration = number | string;

/** A Date, an ISO date string, or milliseconds since 1970. */
export type Instant = Date | string | number;

/**
 * The second argument of a task, and a global. `await` a call and the run may be put down until the outcome is
 * there. A call that fails for good rejects with a `ToolError`, whose stack shows where the call was made.
 */
export interface Tools {
  /** Writes to the run's log. Not a call: there is nothing to await. */
  readonly log: LogTool;
  /** Waits. Sleeping costs nothing, for however long. */
  sleep(duration: Duration): Promise<void>;
  /** Waits until an instant; one in the past is over at once. */
  sleepUntil(instant: Instant): Promise<void>;
  /** A reference to a secret, by name. */
  secret(name: string): Secret;

  readonly http: HttpTools;
  readonly tasks: TasksTools;
  readonly keystore: KeystoreTools;
  readonly state: StateTools;
  readonly events: EventsTools;

  /** A Supabase project, or a PostgREST that stands alone. */
  readonly supabase: SupabaseTools;
  /** Another name of `supabase`. */
  readonly database: SupabaseTools;
  readonly sql: SqlTools;
  readonly openai: OpenAITools;
  readonly websearch: WebSearchTools;
  readonly gapi: GapiTools;
  readonly mail: MailTools;
  readonly slack: SlackTools;
  readonly github: GitHubTools;
  readonly stripe: StripeTools;
  readonly notion: NotionTools;
  readonly hubspot: HubSpotTools;

  /** `tools` itself, so that `async (input, { tools }) => …` works too. */
  readonly tools: Tools;

  /** Any other service the workspace has. */
  readonly [service: string]: any;
}

/** A service without types of its own: every path in it can be called, `tools.gapi.gmail.users.messages.list(request)`. */
export interface ToolService {
  readonly [name: string]: ToolCall;
}

/** A method of a service, or a step on the way to one. */
export interface ToolCall {
  (...args: unknown[]): Promise<any>;
  readonly [name: string]: ToolCall;
}
