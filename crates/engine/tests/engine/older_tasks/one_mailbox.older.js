/** Searches one mailbox. Whom to act for stands among the parameters. */
module.exports = async function execute(input = {}, { tools }) {
  if (!tools || !tools.gapi) throw new Error('there is no tools.gapi');
  const listed = await tools.gapi.gmail.users.messages.list({
    userId: 'me',
    q: input.query,
    maxResults: input.limit,
    __impersonate: input.userEmail,
  });
  const messages = [];
  for (const { id, threadId } of listed.messages || []) {
    const { payload } = await tools.gapi.gmail.users.messages.get({
      userId: 'me',
      id,
      format: 'METADATA',
      metadataHeaders: ['Subject', 'From', 'To', 'Cc'],
      __impersonate: input.userEmail,
    });
    messages.push({ id, threadId, headers: payload.headers });
  }
  return { success: true, messages };
};
