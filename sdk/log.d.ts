// `tools.log`: lines in the run's log.

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/**
 * Writes a line to the run's log, at once: there is nothing to await. `data` is kept as JSON beside the message.
 * `console.log` and its kind write to the same log.
 */
export interface LogTool {
  (level: LogLevel, message: string, data?: unknown): void;
  debug(message: string, data?: unknown): void;
  info(message: string, data?: unknown): void;
  warn(message: string, data?: unknown): void;
  error(message: string, data?: unknown): void;
}
