// It runs the tasks `user-list` and `gmail-user-search`, which have to be granted what they need:
//
//   fermata keystore set GAPI_KEY --value-file key.json --task user-list --task gmail-user-search
//   echo admin@example.com | fermata keystore set GAPI_ADMIN_EMAIL --kind value
//   fermata publish examples
//   fermata run bulk-user-search --input '{ "domain": "example.com", "query": "has:attachment larger:10M" }'

/**
 * Searches the mail of many users at the same time, with a run of its own for each of them. A user whose mail cannot
 * be searched is told of and left out.
 *
 * @param {object} input
 * @param {string} [input.domain] Only the users of this domain.
 * @param {string} [input.query="is:unread"] What to look for, as in Gmail's search box.
 * @param {integer} [input.maxMessagesPerUser=5] How many messages of each user are looked at.
 * @param {integer} [input.pageSize=500] How many users are asked for at once, 500 at most.
 * @returns {Promise<object>} What was found, by user, and the users that could not be searched.
 */
export async function runTask(input: Input, tools: Tools): Promise<Report> {
  const { domain, query = 'is:unread', maxMessagesPerUser = 5, pageSize = 500 } = input ?? {};
  const { users } = await tools.tasks.execute<{ users: User[] }>('user-list', { domain, pageSize });
  const active = users.filter(({ suspended }) => !suspended);
  tools.log.info(`searching the mail of ${active.length} of ${users.length} users`);

  const searches = await Promise.allSettled(
    active.map(({ email }) => tools.tasks.execute<Found>('gmail-user-search', { user: email, query, limit: maxMessagesPerUser })),
  );

  const found: Found[] = [];
  const failed: Failed[] = [];
  searches.forEach((search, at) => {
    if (search.status === 'fulfilled') found.push(search.value);
    else failed.push({ user: active[at].email, error: search.reason.message });
  });
  const messages = found.reduce((sum, each) => sum + each.messages.length, 0);
  return { users: users.length, messages, found, failed };
}

interface Input {
  domain?: string;
  query?: string;
  maxMessagesPerUser?: number;
  pageSize?: number;
}

interface User {
  email: string;
  suspended: boolean;
}

interface Found {
  user: string;
  messages: object[];
}

interface Failed {
  user: string;
  error: string;
}

interface Report {
  users: number;
  messages: number;
  found: Found[];
  failed: Failed[];
}
