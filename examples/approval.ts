// Over a server, since the answer comes from outside:
//
//   fermata publish examples/approval.ts
//   fermata run approval --detach --input '{ "subject": "the budget" }'
//   fermata send-event RUN approval '{ "approved": true, "by": "Ada" }'

/**
 * Asks for an approval and waits for the answer, for a day if need be.
 * The answer is the event `approval`, sent to the run with `{ "approved": true | false, "by": …, "comment": … }`.
 *
 * @param {object} input
 * @param {string} input.subject What is to be approved.
 * @param {number} [input.timeoutSeconds=86400] How long to wait for the answer.
 * @returns {Promise<{ outcome: string, subject: string, by?: string, comment?: string }>} "approved", "rejected" or "timed out".
 */
export async function runTask(input: Input, tools: Tools, { run }: TaskContext): Promise<Decision> {
  const { subject, timeoutSeconds = 86_400 } = input ?? {};
  if (typeof subject !== 'string' || subject === '') throw new TypeError('input.subject: say what is to be approved');

  tools.log.info(`approval wanted: ${subject}`, { run: run.id, timeoutSeconds });
  const answer = await waitForAnswer(tools, timeoutSeconds);

  if (answer === undefined) return { outcome: 'timed out', subject };
  return { outcome: answer.approved ? 'approved' : 'rejected', subject, by: answer.by, comment: answer.comment };
}

/** The answer, or undefined if none came in time. */
async function waitForAnswer(tools: Tools, timeoutSeconds: number): Promise<Answer | undefined> {
  try {
    return await tools.events.wait<Answer>('approval', { timeout: timeoutSeconds * 1000 });
  } catch (error) {
    if (error instanceof ToolError && error.code === 'timeout') return undefined;
    throw error;
  }
}

interface Input {
  subject: string;
  timeoutSeconds?: number;
}

interface Answer {
  approved: boolean;
  by?: string;
  comment?: string;
}

interface Decision {
  outcome: 'approved' | 'rejected' | 'timed out';
  subject: string;
  by?: string;
  comment?: string;
}
