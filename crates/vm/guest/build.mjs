// Builds what the VM boots from: dist/quickjs.wasm (the pinned engine) and dist/prelude.js (the guest's environment).

import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Checkpoints are bound to the engine they were made with, so the engine is pinned to the byte. */
const ENGINE_SHA256 = 'd4c9375f2b1ca4dc95f72c8aa2982a7a9951ac8011490d79c6582df732b4bbd9';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

await mkdir(here('dist'), { recursive: true });
await copyEngine();
await bundlePrelude();

async function copyEngine() {
  const engine = await readFile(here('node_modules/quickjs-wasi/quickjs.wasm'));
  const sha256 = createHash('sha256').update(engine).digest('hex');
  if (sha256 !== ENGINE_SHA256) {
    console.error(
      `quickjs.wasm is not the pinned engine.\n  expected SHA-256 ${ENGINE_SHA256}\n  found            ${sha256}\n` +
        'Run `npm ci` to install the pinned package; to change the engine, change ENGINE_SHA256 in build.mjs on purpose.',
    );
    process.exit(1);
  }
  await writeFile(here('dist/quickjs.wasm'), engine);
}

/** One script whose completion value is the prelude's default export, and which leaves no global of its own. */
async function bundlePrelude() {
  const { outputFiles } = await build({
    absWorkingDir: here('.'),
    entryPoints: ['src/prelude.js'],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'prelude',
    target: 'es2023',
    platform: 'neutral',
    // Ours is a small part of the size, in the memory of every run.
    alias: { tr46: './src/idna.js' },
    mainFields: ['module', 'main'],
    minifyWhitespace: true,
    keepNames: false,
    legalComments: 'inline',
    charset: 'utf8',
    logLevel: 'warning',
  });
  await writeFile(here('dist/prelude.js'), asExpression(outputFiles[0].text));
}

function asExpression(script) {
  return `(() => {"use strict";${script.trimEnd()}\nreturn prelude.default;\n})();\n`;
}
