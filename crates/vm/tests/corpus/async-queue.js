// A worker pool with a limit on how many calls are under way.
export async function runTask(input, tools) {
  const jobs = Array.from({ length: 14 }, (_, i) => i);
  const done = [];
  let running = 0;
  let most = 0;
  async function worker() {
    while (jobs.length > 0) {
      const job = jobs.shift();
      most = Math.max(most, ++running);
      await tools.flaky.job(job).then(() => done.push(job), () => done.push(-job));
      running -= 1;
    }
  }
  await Promise.all([worker(), worker(), worker()]);
  return [done.map(Math.abs).sort((a, b) => a - b), most, running];
}
