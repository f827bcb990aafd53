export async function runTask(input, { gapi, keystore }) {
  const options = { impersonate: await keystore.get('GAPI_ADMIN_EMAIL') };
  const { customerId: customer } = await gapi.admin.users.get({ userKey: options.impersonate }, options);
  const all = [];
  for (let pageToken, more = true; more; more = pageToken !== undefined) {
    const wanted = { customer, pageToken, maxResults: 4, orderBy: 'email', viewType: 'domain_public' };
    const page = await gapi.admin.users.list(wanted, options);
    all.push(...page.users);
    pageToken = page.nextPageToken;
  }
  return all.map(({ primaryEmail, id }) => ({ primaryEmail, id }));
}
