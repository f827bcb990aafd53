// The types of everything a Fermata task meets: its input, `tools`, its context, its `config`, and the globals.
//
// A file with `import type { Task } from 'fermata-sdk'` gets the named types; a project that lists this package
// under `types` gets the globals too.

/// <reference path="./globals.d.ts" />

export type { Tools, ToolCall, ToolService, Duration, Instant } from './tools';
export type { Secret } from './secret';
export type { GapiTools, GapiApis, GapiOptions, GapiDownload, GapiBatchAnswer } from './gapi';
export type { HttpTools, HttpOptions, HttpAnswer } from './http';
export type { TasksTools, KnownTasks, ExecuteOptions, RunHandle } from './tasks';
export type { KeystoreTools } from './keystore';
export type { StateTools, StateEntry, StateComparison } from './state';
export type { EventsTools } from './events';
export type { LogTool, LogLevel } from './log';
export type {
  SupabaseTools, SupabaseTable, SupabaseQuery, SupabaseResult, SupabaseSuccess, SupabaseFailure, SupabaseError, SupabaseFile,
} from './supabase';
export type { OpenAITools, OpenAIOptions, ChatRequest, ChatCompletion, ResponseRequest, OpenAIResponse } from './openai';
export type { MailTools, MailMessage, MailAddress, MailAttachment, SentMail } from './mail';
export type { SqlTools, SqlStatement, SqlResult, SqlParam, SqlOptions } from './sql';
export type { WebSearchTools, SearchResults, WebPage } from './websearch';
export type { SlackTools, GitHubTools, StripeTools, NotionTools, HubSpotTools } from './connectors';
export type { Task, TaskConfig, TaskContext, Retries, Allow, Budget } from './task';
