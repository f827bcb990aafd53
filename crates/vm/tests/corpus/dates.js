// Dates: the slice clock, parsing, local time that is UTC, formatting.
export async function runTask(input, tools) {
  const times = [];
  for (let i = 0; i < 4; i++) {
    times.push(Date.now(), new Date().toISOString(), Math.floor(performance?.now?.() ?? 0));
    await tools.sleep(i);
  }
  const date = new Date(2024, 1, 29, 12, 30);
  date.setMonth(date.getMonth() + 13);
  return [times, date.toString(), date.getTimezoneOffset(), new Date('2024-03-10T10:00:00+05:30').getTime(), Date.parse('nonsense'), Date.UTC(1969, 0), new Date(8.64e15).toJSON(), date.toLocaleDateString()];
}
