/** Has an effect outside at every step, some of them at the same time. */
export const config = { retries: { attempts: 100, backoff: 10, backoffMax: 100 } };

export async function runTask({ url, steps }, tools, { run }) {
  const values = [];
  const count = async (step) => {
    const answer = await tools.http.post(url, { run: run.id, step: `${step}` });
    if (!answer.ok) throw new Error(`step ${step}: ${answer.status}`);
    values[step] = answer.data.value;
  };
  for (let step = 0; step < steps; step += 3) {
    await Promise.all([step, step + 1, step + 2].filter((each) => each < steps).map(count));
  }
  return values;
}
