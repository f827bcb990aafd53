export async function runTask({ query, limit, userEmail }, tools) {
  const { messages: mail } = tools.gapi.gmail.users, asUser = { impersonate: userEmail };
  const listed = await mail.list({ userId: 'me', q: query, maxResults: Math.min(limit, 100) }, asUser);
  const messages = [];
  for (const { id, threadId } of listed.messages) {
    const wanted = { userId: 'me', id, format: 'metadata', metadataHeaders: ['Subject', 'From', 'To', 'Cc'] };
    const { payload } = await mail.get(wanted, asUser);
    messages.push({ id, threadId, headers: payload.headers });
  }
  return { success: true, messages };
}
