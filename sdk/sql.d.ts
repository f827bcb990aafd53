// `tools.sql`: statements on a PostgreSQL, or on the workspace's own SQLite file.

/** What can stand in a place such as `$1`; `{ base64 }` is bytes. */
export type SqlParam = string | number | boolean | null | SqlParam[] | { base64: string } | { [key: string]: unknown };

export interface SqlStatement {
  /** One statement, with places `$1`, `$2` and so on. */
  text: string;
  params?: readonly SqlParam[];
}

export interface SqlResult<Row = Record<string, any>> {
  rows: Row[];
  /** Names in their order; missing where the statement returns nothing. */
  columns?: string[];
  /** How many rows were returned or, where none are, changed. */
  rowCount: number;
}

export interface SqlOptions {
  /** From 100 to 60,000; 10,000 when nothing is said. */
  timeoutMs?: number;
}

export interface SqlTools {
  /** One statement, in a transaction of its own. */
  query<Row = Record<string, any>>(
    text: string,
    params?: readonly SqlParam[],
    options?: SqlOptions,
  ): Promise<SqlResult<Row>>;
  /** Several statements, all or none. */
  transaction(statements: readonly SqlStatement[], options?: SqlOptions): Promise<SqlResult[]>;
}
