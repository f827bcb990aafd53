// The keystore needs the secret `GAPI_KEY`, the key of a service account with domain-wide delegation for the scope
// `gmail.readonly`:
//
//   fermata keystore set GAPI_KEY --value-file key.json --task gmail-user-search
//   fermata publish examples/gmail-user-search.ts
//   fermata run gmail-user-search --input '{ "user": "ada@example.com", "query": "from:bank" }'

/**
 * Searches one user's mail, in that user's name, and gives who wrote the messages, what about and when. All pages of
 * the list are one call, and so are up to a hundred messages. The task `bulk-user-search` runs it once for each user.
 *
 * @param {object} input
 * @param {string} input.user The user's address.
 * @param {string} [input.query="is:unread"] What to look for, as in Gmail's search box.
 * @param {integer} [input.limit=5] How many messages are looked at.
 * @returns {Promise<{ user: string, messages: object[] }>} The messages, the newest first.
 */
export async function runTask(input: Input, tools: Tools): Promise<Found> {
  const { user, query = 'is:unread', limit = 5 } = input;
  const asUser = { impersonate: user };
  const { messages: listed = [] } = await tools.gapi.gmail.users.messages.list({ userId: 'me', q: query }, { ...asUser, all: true, limit });

  const messages: Message[] = [];
  for (let from = 0; from < listed.length; from += BATCH) {
    const calls = listed.slice(from, from + BATCH).map(({ id }) => ({ method: GET, params: { ...WANTED, id } }));
    for (const answer of await tools.gapi.batch<Metadata>(calls, asUser)) {
      if (answer.ok) messages.push(describe(answer.data));
      else tools.log.warn(`a message of ${user} cannot be read: ${answer.error.message}`);
    }
  }
  return { user, messages };
}

/** The most calls that Google takes at once. */
const BATCH = 100;
const GET = 'gmail.users.messages.get';
const WANTED = { userId: 'me', format: 'metadata', metadataHeaders: ['Subject', 'From', 'Date'] };

function describe({ id, payload }: Metadata): Message {
  const header = (name: string) => payload?.headers?.find((header) => header.name.toLowerCase() === name)?.value ?? '';
  return { id, subject: header('subject'), from: header('from'), date: header('date') };
}

interface Input {
  user: string;
  query?: string;
  limit?: number;
}

interface Metadata {
  id: string;
  payload?: { headers?: { name: string; value: string }[] };
}

interface Message {
  id: string;
  subject: string;
  from: string;
  date: string;
}

interface Found {
  user: string;
  messages: Message[];
}
