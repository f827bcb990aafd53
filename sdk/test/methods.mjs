// Prints, as JSON, the methods that the types promise, and what the compiler says of each chain on its input.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const SDK = join(dirname(fileURLToPath(import.meta.url)), '..');
const CHAINS = join(SDK, 'test', 'chains.ts');

/** Chains as functions of a client, each on a line of its own, as a file that is nowhere. */
function chainsFile(chains) {
  const lines = chains.map((chain) => `(db: SupabaseTools) => { void ${chain}; };`);
  return ["import type { SupabaseTools } from '../index';", ...lines].join('\n');
}

function compile(chains) {
  const config = ts.getParsedCommandLineOfConfigFile(join(SDK, 'tsconfig.json'), {}, { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} });
  const host = ts.createCompilerHost(config.options);
  const read = host.getSourceFile;
  const text = chainsFile(chains);
  host.getSourceFile = (file, version) =>
    file === CHAINS ? ts.createSourceFile(file, text, version, true) : read.call(host, file, version);
  return ts.createProgram([join(SDK, 'index.d.ts'), CHAINS], config.options, host);
}

/** The paths of everything below a type that can be called. */
function* methods(checker, type, path, above) {
  for (const property of checker.getPropertiesOfType(type)) {
    const declaration = property.declarations?.[0];
    if (!declaration || dirname(declaration.getSourceFile().fileName) !== SDK) continue;
    const own = checker.getTypeOfSymbol(property);
    const name = [...path, property.name];
    if (above.includes(own)) continue;
    if (own.getCallSignatures().length > 0) yield name.join('.');
    yield* methods(checker, own, name, [...above, own]);
  }
}

/** What the compiler has against each line of the chains. */
function refusals(program, chains) {
  const file = program.getSourceFile(CHAINS);
  const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
  return found.map(({ start, messageText }) => {
    const { line } = file.getLineAndCharacterOfPosition(start);
    return { chain: chains[line - 1], message: ts.flattenDiagnosticMessageText(messageText, ' ') };
  });
}

const chains = JSON.parse(readFileSync(0, 'utf8'));
const program = compile(chains);
const checker = program.getTypeChecker();
const tools = program.getSourceFile(join(SDK, 'tools.d.ts')).statements
  .find((statement) => ts.isInterfaceDeclaration(statement) && statement.name.text === 'Tools');
const type = checker.getTypeAtLocation(tools.name);
process.stdout.write(JSON.stringify({
  methods: [...methods(checker, type, [], [type])],
  refusals: refusals(program, chains),
}));
