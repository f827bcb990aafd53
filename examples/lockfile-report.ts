// It runs the task `lockfile-part`. `cargo xtask demo` publishes both, and runs it on this repository's Cargo.lock.

/**
 * Reports on a Cargo.lock: where its packages come from, which names occur in several versions and who needs
 * them, which packages name the most dependencies, and how far these reach through the whole graph. Each
 * source, each name in several versions and each package whose reach is followed is a run of its own (the
 * task `lockfile-part`), all at the same time.
 *
 * @param {object} input
 * @param {string} input.lockfile The text of a Cargo.lock, of any version.
 * @returns {Promise<object>} The report.
 */
export async function runTask(input: Input, tools: Tools): Promise<Report> {
  const packages = parseLockfile(readLockfile(input));
  const versionsByName = groupBy(packages, (each) => each.name);
  const duplicated = [...versionsByName].filter(([, versions]) => versions.length > 1);
  const bySource = groupBy(packages, (each) => each.source);
  tools.log.info(`${packages.length} packages, ${duplicated.length} names in several versions, ${bySource.size} sources`);

  const part = <T>(question: PartInput) => askPart<T>(tools, question);
  const graph = dependencyGraph(packages);
  const [sources, duplicates, reaches] = await Promise.all([
    Promise.all([...bySource].map(([source, from]) => part<SourceReport>(aboutSource(source, from)))),
    Promise.all(duplicated.map(([name, versions]) => part<DuplicateReport>(aboutDuplicate(name, versions, packages)))),
    Promise.all(widest(packages, FOLLOWED).map((each) => part<ReachReport>({ kind: 'reach', id: idOf(each), graph }))),
  ]);

  return {
    packages: packages.length,
    uniqueNames: versionsByName.size,
    sources: sources.sort((a, b) => b.packages - a.packages || compare(a.source, b.source)),
    duplicates: duplicates.sort((a, b) => compare(a.name, b.name)),
    largestDependencySets: widest(packages, LISTED).map(countDependencies),
    furthestReach: reaches.sort((a, b) => b.reaches - a.reaches || compare(a.id, b.id)).slice(0, LISTED),
    childRuns: sources.length + duplicates.length + reaches.length,
  };
}

/** How many of the packages with the most dependencies have their reach followed, and how many a list shows. */
const FOLLOWED = 40;
const LISTED = 10;

/** Runs `lockfile-part`, and says which part it was that failed. */
async function askPart<T>(tools: Tools, question: PartInput): Promise<T> {
  try {
    return await tools.tasks.execute<T>('lockfile-part', question);
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    throw new Error(`the part about ${subjectOf(question)} failed: ${error.message}`, { cause: error });
  }
}

function subjectOf(question: PartInput): string {
  switch (question.kind) {
    case 'source':
      return `source ${question.source}`;
    case 'duplicate':
      return `package ${question.name}`;
    case 'reach':
      return `the reach of ${question.id}`;
  }
}

function readLockfile(input: Input | null | undefined): string {
  const lockfile = input?.lockfile;
  if (typeof lockfile !== 'string') throw new TypeError('input.lockfile is missing: give the text of a Cargo.lock');
  return lockfile;
}

/** The `[[package]]` tables. Cargo writes this file itself, one key to a line, so a line reader is enough. */
function parseLockfile(text: string): Package[] {
  const packages: Package[] = [];
  for (const table of text.split(/^\[\[package\]\]\s*$/m).slice(1)) packages.push(parsePackage(table));
  if (packages.length === 0) throw new TypeError('input.lockfile has no [[package]] in it: is it a Cargo.lock?');
  return packages;
}

function parsePackage(rest: string): Package {
  // The last table is followed by whatever comes after the packages, such as [metadata].
  const table = rest.split(/^\[(?!\[)[\w.]+\]\s*$/m)[0];
  const name = stringOf(table, 'name');
  const version = stringOf(table, 'version');
  if (name === undefined || version === undefined) throw new TypeError('input.lockfile has a package without name or version');
  return { name, version, source: stringOf(table, 'source') ?? 'this workspace', dependencies: dependenciesOf(table) };
}

function stringOf(table: string, key: string): string | undefined {
  return new RegExp(`^${key}\\s*=\\s*"([^"]*)"`, 'm').exec(table)?.[1];
}

/** Each is "name", "name version" or "name version (source)": as much as it takes to be unambiguous. */
function dependenciesOf(table: string): string[] {
  const list = /^dependencies\s*=\s*\[([^\]]*)\]/m.exec(table)?.[1] ?? '';
  return [...list.matchAll(/"([^"]+)"/g)].map(([, dependency]) => dependency);
}

/** A source's part needs only the names. */
function aboutSource(source: string, packages: Package[]): PartInput {
  return { kind: 'source', source, names: packages.map((each) => each.name) };
}

/** A duplicated name's part needs its versions, and the packages that depend on any of them. */
function aboutDuplicate(name: string, versions: Package[], packages: Package[]): PartInput {
  const dependents = packages.flatMap((each) =>
    each.dependencies
      .filter((dependency) => dependency.split(' ')[0] === name)
      .map((dependency) => ({ name: each.name, version: each.version, needs: dependency.split(' ')[1] })),
  );
  return { kind: 'duplicate', name, versions: versions.map((each) => each.version), dependents };
}

/** The packages that name the most dependencies. */
function widest(packages: Package[], count: number): Package[] {
  return [...packages]
    .sort((a, b) => b.dependencies.length - a.dependencies.length || compare(a.name, b.name))
    .slice(0, count);
}

function countDependencies({ name, version, dependencies }: Package): DependencySet {
  return { name, version, dependencies: dependencies.length };
}

/** Which package needs which, by "name version". */
function dependencyGraph(packages: Package[]): Graph {
  const byName = groupBy(packages, (each) => each.name);
  const resolve = (dependency: string): string => {
    const [name, version] = dependency.split(' ');
    // Cargo leaves the version out when there is only one.
    return `${name} ${version ?? byName.get(name)?.[0].version ?? 'unknown'}`;
  };
  return Object.fromEntries(packages.map((each) => [idOf(each), each.dependencies.map(resolve)]));
}

function idOf({ name, version }: Package): string {
  return `${name} ${version}`;
}

function groupBy<T>(items: T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

interface Input {
  lockfile: string;
}

interface Package {
  name: string;
  version: string;
  source: string;
  dependencies: string[];
}

type PartInput =
  | { kind: 'source'; source: string; names: string[] }
  | { kind: 'duplicate'; name: string; versions: string[]; dependents: { name: string; version: string; needs?: string }[] }
  | { kind: 'reach'; id: string; graph: Graph };

type Graph = Record<string, string[]>;

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
  /** How many packages it needs, directly or not. */
  reaches: number;
}

interface DependencySet {
  name: string;
  version: string;
  dependencies: number;
}

interface Report {
  packages: number;
  uniqueNames: number;
  sources: SourceReport[];
  duplicates: DuplicateReport[];
  largestDependencySets: DependencySet[];
  furthestReach: ReachReport[];
  childRuns: number;
}
