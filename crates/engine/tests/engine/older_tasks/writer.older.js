/** Searches the web and has something written, with tools as a global. */
module.exports = async function ({ topic, searchResults = 3, model = 'chat-1', temperature = 0.7, maxTokens = 1500 }) {
  const { results } = await tools.websearch.search({ query: topic, limit: searchResults });
  const others = await tools.websearch.search(`${topic} news`, 2);
  const more = await __callHostTool__('websearch', ['search'], [{ query: `more ${topic}` }]);
  const response = await tools.openai.chat.completions.create({
    model,
    messages: [
      { role: 'system', content: 'You write.' },
      { role: 'user', content: `Write about ${topic}: ${results.map((result, i) => `${i + 1} ${result.title} ${result.url}`).join()}` },
    ],
    temperature,
    max_tokens: Math.min(maxTokens, 500),
  });
  const title = await __callHostTool__('openai', ['chat', 'completions', 'create'], [
    { model, messages: [{ role: 'user', content: response.choices[0].message.content }] },
  ]);
  return {
    content: response.choices[0].message.content,
    title: title.choices[0].message.content,
    sources: [...results, ...others.results, ...more.results].map((result) => result.url),
  };
};
