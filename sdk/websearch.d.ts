// `tools.websearch`: searching the web, and reading a page.

export type SearchProvider = 'duckduckgo' | 'searxng' | 'brave' | 'tavily';

export interface SearchResults {
  query: string;
  results: Array<{ title: string; url: string; snippet: string }>;
  /** When the answer came, in ISO 8601. */
  timestamp: string;
  provider: SearchProvider;
}

export interface WebPage {
  /** Where the page came from, after redirects. */
  url: string;
  title: string;
  /** The article without what surrounds it, or all text where there is no article. */
  text: string;
  byline?: string;
  lang?: string;
  /** Whether the text was cut at `maxChars`. */
  truncated: boolean;
}

export interface WebSearchTools {
  /** Five results unless `limit` says otherwise, 50 at most. */
  search(what: string | { query: string; limit?: number; provider?: SearchProvider }): Promise<SearchResults>;
  /** @deprecated The older form of `search({ query, limit })`. */
  search(query: string, limit: number): Promise<SearchResults>;
  /** 20,000 characters unless `maxChars` says otherwise, 200,000 at most. */
  fetchPage(page: string | { url: string; maxChars?: number }): Promise<WebPage>;
}
