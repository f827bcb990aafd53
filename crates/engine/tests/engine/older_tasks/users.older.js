/** Lists all users by their customer's number. Whom to act for stands beside the parameters; tools are a global. */
module.exports = async function () {
  const missing = ['keystore', 'gapi'].filter((name) => !tools[name]);
  if (missing.length > 0) throw new Error(`missing: ${missing}`);
  const admin = await tools.keystore.getKey('global', 'GAPI_ADMIN_EMAIL');
  if (typeof admin !== 'string' || admin.trim() === '') throw new Error('no administrator');
  const self = await tools.gapi.admin.users.get({ userKey: admin }, { __impersonate: admin });
  const all = [];
  let pageToken = null;
  do {
    const page = await tools.gapi.admin.users.list(
      { customer: self.customerId, pageToken: pageToken, maxResults: 4, orderBy: 'email', viewType: 'domain_public' },
      { __impersonate: admin },
    );
    all.push(...page.users);
    pageToken = page.nextPageToken;
  } while (pageToken);
  return all.map((user) => ({ primaryEmail: user.primaryEmail, id: user.id }));
};
