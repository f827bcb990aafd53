/** A tree of runs: every run starts `branches` runs below it, down to `depth`. */
export async function runTask(input: { depth: number; branches: number }, tools: Tools): Promise<Tree> {
  if (input.depth === 0) return { runs: 1, depth: 0 };
  const below = { ...input, depth: input.depth - 1 };
  const trees = await Promise.all(Array.from({ length: input.branches }, () => tools.tasks.execute<Tree>('nested', below)));
  return {
    runs: trees.reduce((sum, tree) => sum + tree.runs, 1),
    depth: Math.max(...trees.map((tree) => tree.depth)) + 1,
  };
}

interface Tree {
  runs: number;
  depth: number;
}
