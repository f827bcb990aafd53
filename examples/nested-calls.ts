// fermata run examples/nested-calls.ts --input '{ "depth": 3, "branches": 2 }'

/**
 * Runs itself as a tree: every run starts `branches` runs below it, down to `depth`, and waits for them all.
 *
 * @param {object} input
 * @param {integer} [input.depth=2] How many levels lie below this run.
 * @param {integer} [input.branches=2] How many runs each run starts.
 * @returns {Promise<{ runs: number, depth: number }>} How many runs the tree had, and how deep it was.
 */
export async function runTask(input: Input, tools: Tools): Promise<Tree> {
  const { depth = 2, branches = 2 } = input ?? {};
  if (depth === 0) return { runs: 1, depth: 0 };

  // Each child gives its own branch an account of itself; all of them run at the same time.
  const children = await Promise.all(
    Array.from({ length: branches }, () => tools.tasks.execute<Tree>('nested-calls', { depth: depth - 1, branches })),
  );

  return {
    runs: children.reduce((sum, child) => sum + child.runs, 1),
    depth: children.reduce((deepest, child) => Math.max(deepest, child.depth + 1), 0),
  };
}

interface Input {
  depth?: number;
  branches?: number;
}

interface Tree {
  runs: number;
  depth: number;
}
