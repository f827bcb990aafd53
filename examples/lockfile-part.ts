/**
 * Works out one part of a lockfile report: one source, one package name that occurs in several versions, or how
 * far one package reaches through the dependency graph.
 * The task `lockfile-report` runs it once for each.
 *
 * @param {object} input
 * @param {"source"|"duplicate"|"reach"} input.kind Which kind of part.
 * @param {string} [input.source] Of a source: where its packages come from.
 * @param {string[]} [input.names] Of a source: the names of its packages.
 * @param {string} [input.name] Of a duplicate: the package name.
 * @param {string[]} [input.versions] Of a duplicate: the versions it occurs in.
 * @param {object[]} [input.dependents] Of a duplicate: who depends on it.
 * @param {string} [input.id] Of a reach: the package, as "name version".
 * @param {object} [input.graph] Of a reach: which package needs which, by "name version".
 * @returns {Promise<object>} The part.
 */
export async function runTask(input: Input): Promise<SourceReport | DuplicateReport | ReachReport> {
  switch (input?.kind) {
    case 'source':
      return reportSource(input);
    case 'duplicate':
      return reportDuplicate(input);
    case 'reach':
      return reportReach(input);
    default:
      throw new TypeError('input.kind must be "source", "duplicate" or "reach"');
  }
}

function reportSource({ source, names }: SourceInput): SourceReport {
  return { source, packages: names.length };
}

function reportDuplicate({ name, versions, dependents }: DuplicateInput): DuplicateReport {
  const sorted = [...versions].sort(compareVersions);
  return { name, versions: sorted, dependents: sorted.map((version) => ({ version, neededBy: neededBy(version, dependents) })) };
}

/** Walks the graph from the package; each package is counted once, however often it is met. */
function reportReach({ id, graph }: ReachInput): ReachReport {
  const met = new Set([id]);
  for (const each of met) for (const dependency of graph[each] ?? []) met.add(dependency);
  return { id, reaches: met.size - 1 };
}

function neededBy(version: string, dependents: Dependent[]): string[] {
  return dependents
    .filter((each) => each.needs === version)
    .map((each) => `${each.name} ${each.version}`)
    .sort();
}

/** Numbers by value; what is equal so far, by its text. */
function compareVersions(a: string, b: string): number {
  const left = a.split(/[.+-]/);
  const right = b.split(/[.+-]/);
  for (let i = 0; i < Math.min(left.length, right.length, 3); i++) {
    const difference = Number(left[i]) - Number(right[i]);
    if (difference) return difference;
  }
  return a < b ? -1 : 1;
}

type Input = SourceInput | DuplicateInput | ReachInput;

interface SourceInput {
  kind: 'source';
  source: string;
  names: string[];
}

interface DuplicateInput {
  kind: 'duplicate';
  name: string;
  versions: string[];
  dependents: Dependent[];
}

interface ReachInput {
  kind: 'reach';
  id: string;
  graph: Record<string, string[]>;
}

interface Dependent {
  name: string;
  version: string;
  /** The version it needs. */
  needs?: string;
}

interface SourceReport {
  source: string;
  packages: number;
}

interface DuplicateReport {
  name: string;
  versions: string[];
  dependents: { version: string; neededBy: string[] }[];
}

interface ReachReport {
  id: string;
  reaches: number;
}
