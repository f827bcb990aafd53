export async function runTask({ topic }, { openai, websearch }) {
  const { results } = await websearch.search({ query: topic, limit: 3 });
  const others = await websearch.search({ query: `${topic} news`, limit: 2 });
  const more = await websearch.search(`more ${topic}`);
  const found = results.map(({ title, url }, at) => `${at + 1} ${title} ${url}`).join();
  const messages = [{ role: 'system', content: 'You write.' }, { role: 'user', content: `Write about ${topic}: ${found}` }];
  const post = await openai.chat.completions.create({ model: 'chat-1', messages, temperature: 0.7, max_tokens: 500 });
  const { content } = post.choices[0].message;
  const title = await openai.chat.completions.create({ model: 'chat-1', messages: [{ role: 'user', content }] });
  const sources = [...results, ...others.results, ...more.results].map(({ url }) => url);
  return { content, title: title.choices[0].message.content, sources };
}
