/**
 * @task every-mailbox
 * @description Searches every mailbox by the host-call global, with paths as lists. Whose mailbox it is says userId.
 */
module.exports = async function ({ query = '', maxResultsPerUser = 10, maxUsersPerDomain = 1000 }) {
  const { domains } = await __callHostTool__('gapi', ['admin', 'domains', 'list'], [{ customer: 'my_customer' }]);
  const found = [];
  for (const { domainName } of domains) {
    const wanted = { customer: 'my_customer', domain: domainName, maxResults: maxUsersPerDomain, orderBy: 'email' };
    const answer = await __callHostTool__('gapi', ['admin', 'users', 'list'], [wanted]);
    for (const user of answer.users || []) {
      const listed = await __callHostTool__('gapi', ['gmail', 'users', 'messages', 'list'], [
        { userId: user.primaryEmail, q: query, maxResults: maxResultsPerUser },
      ]);
      const first = await __callHostTool__('gapi', ['gmail', 'users', 'messages', 'get'], [
        { userId: user.primaryEmail, id: listed.messages[0].id, format: 'metadata', metadataHeaders: ['Subject', 'Date'] },
      ]);
      found.push({ user: user.primaryEmail, count: listed.messages.length, first });
    }
  }
  return found;
};
