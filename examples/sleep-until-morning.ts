// fermata run examples/sleep-until-morning.ts --input '{ "maxWaitSeconds": 5 }'

/**
 * Sleeps until the next morning. The run takes no memory and no thread meanwhile, and survives restarts.
 *
 * @param {object} input
 * @param {integer} [input.hour=7] The hour to wake at, in UTC.
 * @param {integer} [input.minute=0] The minute to wake at.
 * @param {number} [input.maxWaitSeconds] Wake after this long at the latest; handy to see it work.
 * @returns {Promise<{ sleptFrom: string, sleptTo: string, woke: string }>} When it fell asleep and when it woke, and why.
 */
export async function runTask(input: Input, tools: Tools): Promise<Night> {
  const { hour = 7, minute = 0, maxWaitSeconds = Infinity } = input ?? {};
  const sleptFrom = new Date();
  const morning = nextMorning(sleptFrom, hour, minute);
  const alarm = Math.min(morning.getTime(), sleptFrom.getTime() + maxWaitSeconds * 1000);

  tools.log.info(`sleeping until ${new Date(alarm).toISOString()}`);
  await tools.sleepUntil(alarm);

  return {
    sleptFrom: sleptFrom.toISOString(),
    sleptTo: new Date().toISOString(),
    woke: alarm < morning.getTime() ? 'early' : 'in the morning',
  };
}

/** The first hour:minute (UTC) after `now`. */
function nextMorning(now: Date, hour: number, minute: number): Date {
  const morning = new Date(now);
  morning.setUTCHours(hour, minute, 0, 0);
  if (morning <= now) morning.setUTCDate(morning.getUTCDate() + 1);
  return morning;
}

interface Input {
  hour?: number;
  minute?: number;
  maxWaitSeconds?: number;
}

interface Night {
  sleptFrom: string;
  sleptTo: string;
  woke: 'early' | 'in the morning';
}
