// setTimeout, setInterval and clearTimeout, cleared from within and from outside.
export async function runTask(input, tools) {
  const seen = [];
  await new Promise((resolve) => {
    let ticks = 0;
    const interval = setInterval((name) => { seen.push(name + ++ticks); if (ticks === 4) { clearInterval(interval); resolve(); } }, 10, 'tick');
  });
  const never = setTimeout(() => seen.push('never'), 5);
  const [one, two] = [setTimeout(() => { seen.push('one'); clearTimeout(two); }, 1), setTimeout(() => { seen.push('two'); clearTimeout(one); }, 2)];
  clearTimeout(never);
  clearTimeout(never);
  clearTimeout('nonsense');
  await new Promise((resolve) => setTimeout(resolve, 20));
  setTimeout(() => { throw new Error('in a timer'); }, 1);
  await tools.sleep('2s');
  await new Promise((resolve) => setTimeout(resolve));
  return seen.filter((name) => !['one', 'two'].includes(name)).concat(seen.some((name) => name === 'one' || name === 'two'));
}
