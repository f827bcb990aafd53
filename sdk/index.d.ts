// The types of everything a Fermata task meets: its input, `tools`, its context, its `config`, and the globals.
//
// A file with `import type { Task } from 'fermata-sdk'` gets the named types; a project that lists this package
// under `types` gets the globals too.

/// <reference path="./globals.d.ts" />

export type { Tools, ToolCall, ToolService, Duration, Instant } from './tools';
export type { Secret } from './secret';
export type { HttpTools, HttpOptions, HttpAnswer } from './http';
export type { TasksTools, ExecuteOptions, RunHandle } from './tasks';
export type { KeystoreTools } from './keystore';
export type { EventsTools } from './events';
export type { LogTool, LogLevel } from './log';
export type { Task, TaskConfig, TaskContext, Retries } from './task';
