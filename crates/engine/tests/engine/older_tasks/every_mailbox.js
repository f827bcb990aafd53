export async function runTask({ query, maxResultsPerUser }, { gapi }) {
  const { domains } = await gapi.admin.domains.list();
  const found = [];
  for (const { domainName } of domains) {
    const { users } = await gapi.admin.users.list({ customer: 'my_customer', domain: domainName, maxResults: 500, orderBy: 'email' });
    for (const { primaryEmail: user } of users) {
      const { messages } = gapi.gmail.users, asUser = { impersonate: user };
      const listed = await messages.list({ userId: user, q: query, maxResults: maxResultsPerUser }, asUser);
      const wanted = { userId: user, id: listed.messages[0].id, format: 'metadata', metadataHeaders: ['Subject', 'Date'] };
      found.push({ user, count: listed.messages.length, first: await messages.get(wanted, asUser) });
    }
  }
  return found;
}
