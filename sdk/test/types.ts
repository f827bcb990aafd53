// Holds the types to what tasks write: compiled by `npm run check`, never run.

import type { Task, TaskConfig } from '../index';

export const config: TaskConfig = { timeout: '2h', retries: { attempts: 3, backoff: '1s', backoffMax: 60_000 } };

// @ts-expect-error a misspelt setting is noticed
export const misspelt: TaskConfig = { timout: '2h' };

export const runTask: Task<{ url: string }, number> = async (input, tools, { run }) => {
  tools.log('info', 'started', { run: run.id });
  tools.log.warn('careful');
  await tools.sleep('1h30m');
  await tools.sleepUntil(new Date());

  const answer = await tools.http.get<{ items: string[] }>(input.url, { headers: { authorization: tools.secret('TOKEN') } });
  const response = await fetch(input.url, { method: 'POST', body: 'x', signal: AbortSignal.timeout(1000) });
  const { total }: { total: number } = await response.json();

  const child = await tools.tasks.execute<{ count: number }>('count', answer.data.items);
  const approval = await tools.events.wait<{ approved: boolean }>('approval', { timeout: '1d' });
  await tools.openai.chat.completions.create({ model: 'small', messages: [] });
  await tools.anything.at.all();

  // @ts-expect-error a duration is a number or text
  await tools.sleep({ minutes: 5 });

  return approval.approved ? child.count + total : 0;
};

export const digest: string = crypto.hash('sha256', 'text', 'hex');
export const timer: number = setTimeout((text: string) => console.log(text), 1000, 'late');
