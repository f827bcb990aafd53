// The keystore needs the secret `GAPI_KEY`, the key of a service account with domain-wide delegation for the scopes
// `admin.directory.domain.readonly`, `admin.directory.user.readonly` and `gmail.readonly`, and the value
// `GAPI_ADMIN_EMAIL`, the address of an administrator:
//
//   fermata keystore set GAPI_KEY --value-file key.json --task gmail-search
//   echo admin@example.com | fermata keystore set GAPI_ADMIN_EMAIL --kind value
//   fermata publish examples/gmail-search.ts
//   fermata run gmail-search --input '{ "query": "subject:invoice newer_than:30d" }'

/**
 * Searches the mail of a whole Google Workspace: every domain, every user of it, each mailbox in its user's name. Of
 * every message found it tells who wrote it, what about and when. A mailbox that cannot be searched is told of.
 *
 * @param {object} input
 * @param {string} [input.query="is:unread"] What to look for, as in Gmail's search box.
 * @param {integer} [input.maxUsersPerDomain=98] How many users of a domain are searched, 500 at most.
 * @param {integer} [input.maxResultsPerUser=10] How many messages of a user are looked at, 100 at most.
 * @param {integer} [input.pageSize=100] How many users or messages are asked for at once, 500 at most.
 * @param {integer} [input.mailboxesAtOnce=8] How many mailboxes are searched at the same time, 50 at most.
 * @returns {Promise<object>} What was found: in all, by domain and user, and some of the messages.
 */
export async function runTask(input: Input, tools: Tools): Promise<Report> {
  const limits = readLimits(input ?? {});
  const { domains = [] } = await tools.gapi.admin.domains.list();
  tools.log.info(`searching ${domains.length} domains for ${limits.query}`);

  const domainResults: DomainResult[] = [];
  for (const { domainName } of domains) {
    const users = await usersOf(domainName, limits, tools);
    const results = await eachAtOnce(users, limits.mailboxesAtOnce, (user) => searchMailbox(user, limits, tools));
    domainResults.push({ domain: domainName, users: results });
  }

  return report(limits, domainResults);
}

/** How many messages the report shows beside all the others. */
const SAMPLES = 10;
/** What is wanted of a message, and whose: `me` is the user for whom the call is made. */
const METADATA = { userId: 'me', format: 'metadata', metadataHeaders: ['Subject', 'From', 'Date'] } as const;

function readLimits(input: Input): Limits {
  return {
    query: input.query ?? 'is:unread',
    maxUsersPerDomain: within('maxUsersPerDomain', input.maxUsersPerDomain ?? 98, 500),
    maxResultsPerUser: within('maxResultsPerUser', input.maxResultsPerUser ?? 10, 100),
    pageSize: within('pageSize', input.pageSize ?? 100, 500),
    mailboxesAtOnce: within('mailboxesAtOnce', input.mailboxesAtOnce ?? 8, 50),
  };
}

function within(name: string, value: number, most: number): number {
  if (!Number.isInteger(value) || value < 1 || value > most) throw new RangeError(`input.${name} is from 1 to ${most}`);
  return value;
}

async function usersOf(domain: string, { maxUsersPerDomain, pageSize }: Limits, { gapi }: Tools): Promise<User[]> {
  const found = await allPages(maxUsersPerDomain, pageSize, async (page) => {
    const { users = [], nextPageToken } = await gapi.admin.users.list({ domain, orderBy: 'email', ...page });
    return { items: users, nextPageToken };
  });
  return found.map(({ primaryEmail, name }) => ({ email: primaryEmail, name: name?.fullName ?? primaryEmail }));
}

/** One user's mailbox. That it cannot be searched (it may have none) is no reason to give the others up. */
async function searchMailbox(user: User, limits: Limits, tools: Tools): Promise<MailboxResult> {
  try {
    return { ...user, messages: await messagesOf(user, limits, tools) };
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    tools.log.warn(`the mailbox of ${user.email} cannot be searched`, { code: error.code });
    return { ...user, messages: [], error: error.message };
  }
}

async function messagesOf(user: User, { query, maxResultsPerUser, pageSize }: Limits, { gapi }: Tools): Promise<Message[]> {
  const asUser = { impersonate: user.email };
  const found = await allPages(maxResultsPerUser, pageSize, async (page) => {
    const { messages = [], nextPageToken } = await gapi.gmail.users.messages.list({ userId: 'me', q: query, ...page }, asUser);
    return { items: messages, nextPageToken };
  });

  const messages: Message[] = [];
  for (const { id } of found) {
    messages.push(describe(await gapi.gmail.users.messages.get({ ...METADATA, id }, asUser)));
  }
  return messages;
}

function describe({ id, snippet = '', payload }: Metadata): Message {
  const header = (name: string) => payload?.headers?.find((header) => header.name.toLowerCase() === name)?.value ?? '';
  return { id, subject: header('subject'), from: header('from'), date: header('date'), snippet };
}

function report({ query, mailboxesAtOnce }: Limits, domainResults: DomainResult[]): Report {
  const mailboxes = domainResults.flatMap(({ domain, users }) => users.map((user) => ({ domain, ...user })));
  const all = mailboxes.flatMap(({ domain, email, messages }) => messages.map((message) => ({ domain, user: email, ...message })));
  return {
    summary: {
      totalDomains: domainResults.length,
      totalUsers: mailboxes.length,
      totalMessagesFound: all.length,
      searchQuery: query,
    },
    domainResults,
    sampleMessages: all.slice(0, SAMPLES),
    executionInfo: { mailboxesAtOnce, mailboxesNotSearched: mailboxes.filter(({ error }) => error !== undefined).length },
  };
}

/** Asks for page after page until there are no more, or `most` items are there. */
async function allPages<Item>(most: number, pageSize: number, ask: (page: PageWanted) => Promise<Page<Item>>): Promise<Item[]> {
  const all: Item[] = [];
  let pageToken: string | undefined;
  do {
    const page = await ask({ maxResults: Math.min(pageSize, most - all.length), pageToken });
    all.push(...page.items);
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined && all.length < most);
  return all;
}

/** Does something with every item, with at most `most` of them at the same time. The answers come in the items' order. */
async function eachAtOnce<Item, Answer>(items: Item[], most: number, work: (item: Item) => Promise<Answer>): Promise<Answer[]> {
  const answers: Answer[] = new Array(items.length);
  const waiting = items.entries();
  const worker = async () => {
    for (const [at, item] of waiting) answers[at] = await work(item);
  };
  await Promise.all(Array.from({ length: most }, worker));
  return answers;
}

interface Limits {
  query: string;
  maxUsersPerDomain: number;
  maxResultsPerUser: number;
  pageSize: number;
  mailboxesAtOnce: number;
}

type Input = Partial<Limits>;

interface PageWanted {
  maxResults: number;
  pageToken?: string;
}

interface Page<Item> {
  items: Item[];
  nextPageToken?: string;
}

interface Metadata {
  id: string;
  snippet?: string;
  payload?: { headers?: { name: string; value: string }[] };
}

interface User {
  email: string;
  name: string;
}

interface Message {
  id: string;
  subject: string;
  from: string;
  date: string;
  snippet: string;
}

interface MailboxResult extends User {
  messages: Message[];
  /** Why the mailbox could not be searched. */
  error?: string;
}

interface DomainResult {
  domain: string;
  users: MailboxResult[];
}

interface Report {
  summary: { totalDomains: number; totalUsers: number; totalMessagesFound: number; searchQuery: string };
  domainResults: DomainResult[];
  sampleMessages: (Message & { domain: string; user: string })[];
  executionInfo: { mailboxesAtOnce: number; mailboxesNotSearched: number };
}
