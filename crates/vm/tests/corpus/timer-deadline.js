// Calls raced against durable timers that are cleared when the call wins.
export async function runTask(input, tools) {
  const withDeadline = (call, ms) => {
    let timer;
    const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error('late')), ms); });
    return Promise.race([call, late]).finally(() => clearTimeout(timer));
  };
  const outcomes = [];
  for (let i = 0; i < 6; i++) outcomes.push(await withDeadline(tools.flaky.work(i), 10 + i).then(() => 'done', (error) => error.message === 'late' ? 'late' : 'failed'));
  return outcomes.length;
}
