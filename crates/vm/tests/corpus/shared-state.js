// Many concurrent tasks that change shared state between waits.
export async function runTask(input, tools) {
  const ledger = { balance: 100, history: [] };
  let lock = Promise.resolve();
  const locked = (work) => (lock = lock.then(work, work));
  const spend = (n) => locked(async () => {
    const before = ledger.balance;
    await tools.flaky.charge(n).catch(() => (n = 0));
    ledger.balance = before - n;
    ledger.history.push(n);
  });
  await Promise.all([1, 2, 3, 4, 5].map(spend));
  return ledger.balance === 100 - ledger.history.reduce((a, b) => a + b, 0);
}
