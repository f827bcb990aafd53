// The keystore needs the secret `GAPI_KEY`, the key of a service account with domain-wide delegation for the scope
// `admin.directory.user.readonly`, and the value `GAPI_ADMIN_EMAIL`, the address of an administrator:
//
//   fermata keystore set GAPI_KEY --value-file key.json --task user-list
//   echo admin@example.com | fermata keystore set GAPI_ADMIN_EMAIL --kind value
//   fermata publish examples/user-list.ts
//   fermata run user-list --input '{ "domain": "example.com" }'

/**
 * Lists the users of a Google Workspace, or of one of its domains, page by page.
 *
 * @param {object} input
 * @param {string} [input.domain] Only the users of this domain.
 * @param {string} [input.query] Only the users that fit, such as `isSuspended=false`.
 * @param {integer} [input.pageSize=500] How many users are asked for at once, 500 at most.
 * @returns {Promise<{ users: object[], pages: number }>} The users by address, and how many pages they came on.
 */
export async function runTask(input: Input, tools: Tools): Promise<Listed> {
  const { domain, query, pageSize = 500 } = input ?? {};
  const users: User[] = [];
  let pages = 0;
  let pageToken: string | undefined;
  do {
    const page = await tools.gapi.admin.users.list({ domain, query, orderBy: 'email', maxResults: pageSize, pageToken });
    for (const { primaryEmail, name, isAdmin, suspended } of page.users ?? []) {
      users.push({ email: primaryEmail, name: name?.fullName, admin: isAdmin === true, suspended: suspended === true });
    }
    pages += 1;
    pageToken = page.nextPageToken;
    tools.log.info(`page ${pages}: ${users.length} users so far`);
  } while (pageToken !== undefined);
  return { users, pages };
}

interface Input {
  domain?: string;
  query?: string;
  pageSize?: number;
}

interface User {
  email: string;
  name?: string;
  admin: boolean;
  suspended: boolean;
}

interface Listed {
  users: User[];
  pages: number;
}
