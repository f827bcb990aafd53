// The keystore needs the secret `OPENAI_API_KEY`. The web is searched by DuckDuckGo unless the value
// `WEBSEARCH_PROVIDER` names another:
//
//   fermata keystore set OPENAI_API_KEY --host api.openai.com --task blog-generator
//   fermata publish examples/blog-generator.ts
//   fermata run blog-generator --input '{ "topic": "how bees find their way home" }'

/**
 * Writes a blog post: searches the web for the topic, reads what it finds, has an outline made of that and the post
 * written after the outline. Pages that cannot be read are left out.
 *
 * @param {object} input
 * @param {string} input.topic What to write about.
 * @param {integer} [input.sources=3] How many pages to read.
 * @param {string} [input.model="gpt-4o-mini"] Which model writes.
 * @param {integer} [input.words=600] About how long the post is to be.
 * @returns {Promise<{ content: string, sources: object[], metadata: object }>} The post, what it rests on, and what it took.
 */
export async function runTask(input: Input, tools: Tools): Promise<Post> {
  const { topic, sources: wanted = 3, model = 'gpt-4o-mini', words = 600 } = input;
  const { results } = await tools.websearch.search({ query: topic, limit: wanted });
  const sources = await readAll(results, tools);
  tools.log.info(`${sources.length} of ${results.length} pages were read`);

  const material = sources.map(({ title, url, text }, at) => `[${at + 1}] ${title} (${url})\n${text}`).join('\n\n');
  const outline = await ask(tools, model, [
    { role: 'system', content: 'You plan blog posts. Answer with an outline of four to six headings, one on a line.' },
    { role: 'user', content: `Topic: ${topic}\n\nSources:\n\n${material || 'none'}` },
  ]);
  const post = await ask(tools, model, [
    { role: 'system', content: `You write blog posts in Markdown, about ${words} words long. Cite sources by their numbers, such as [1].` },
    { role: 'user', content: `Write about ${topic} after this outline:\n\n${outline.text}\n\nSources:\n\n${material || 'none'}` },
  ]);

  return {
    content: post.text,
    sources: sources.map(({ title, url }) => ({ title, url })),
    metadata: { topic, model, pagesFound: results.length, pagesRead: sources.length, tokens: outline.tokens + post.tokens },
  };
}

/** How much of a page is read, in characters. */
const PAGE_CHARS = 4000;

/** Reads the pages at the same time, and keeps those that could be read, in their order. */
async function readAll(found: { url: string; title: string }[], { websearch, log }: Tools): Promise<Source[]> {
  const pages = await Promise.allSettled(found.map(({ url }) => websearch.fetchPage({ url, maxChars: PAGE_CHARS })));
  return pages.flatMap((page, at) => {
    const { url, title } = found[at];
    if (page.status === 'fulfilled') return [{ url, title: page.value.title || title, text: page.value.text }];
    log.warn(`${url} cannot be read: ${page.reason.message}`);
    return [];
  });
}

async function ask({ openai }: Tools, model: string, messages: { role: 'system' | 'user'; content: string }[]): Promise<Answer> {
  const { choices, usage } = await openai.chat.completions.create({ model, messages });
  const text = choices[0]?.message.content;
  if (!text) throw new Error(`${model} wrote nothing: ${choices[0]?.message.refusal ?? choices[0]?.finish_reason}`);
  return { text, tokens: usage?.total_tokens ?? 0 };
}

interface Input {
  topic: string;
  sources?: number;
  model?: string;
  words?: number;
}

interface Source {
  title: string;
  url: string;
  text: string;
}

interface Answer {
  text: string;
  tokens: number;
}

interface Post {
  content: string;
  sources: { title: string; url: string }[];
  metadata: { topic: string; model: string; pagesFound: number; pagesRead: number; tokens: number };
}
