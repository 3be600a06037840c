// Builds dist/ for the npm package, in which Node runs no TypeScript: `npm pack` calls it. `--clean` removes dist/.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import process from 'node:process'

const TOP = path.resolve(import.meta.dirname, '../..')
const DIST = path.join(TOP, 'dist')

/** Finds a file beside dist/ from a module in it. */
const PLACE = `
import { fileURLToPath as __path } from 'node:url'
function __place(name: string): string {
  return __path(new URL(name, import.meta.url))
}
`

/** Connections are no part of the public module, and their declarations need packages that users do not have. */
const OF_SSH = /^import (?:type )?\{([^}]*)\} from '[^']*\/ssh\/[^']*';$/m

fs.rmSync(DIST, { recursive: true, force: true })
if (!process.argv.includes('--clean')) {
  const esbuild = await import('esbuild')
  await esbuild.build({
    entryPoints: ['netns.ts', 'tar.ts', 'scripts/api.ts'].map(name => ({
      in: path.join(TOP, name),
      out: path.parse(name).name,
    })),
    outdir: DIST,
    bundle: true,
    splitting: true,
    chunkNames: '[name]-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    logLevel: 'warning',
    plugins: [{ name: 'source-paths', setup: keepSourcePaths }],
  })
  buildTypes()
}

/** Modules locate files relative to their source, which the package has too: beside dist/. */
function keepSourcePaths(build) {
  build.onLoad({ filter: /\.ts$/ }, ({ path: file }) => {
    const place = name => JSON.stringify(`../${path.relative(TOP, name)}`)
    return {
      loader: 'ts',
      contents: fs
        .readFileSync(file, 'utf8')
        .replaceAll('import.meta.dirname', `__place(${place(path.dirname(file))})`)
        .replaceAll('import.meta.filename', `__place(${place(file)})`)
        .concat(PLACE),
    }
  })
}

/** Declarations of the public module and of what it uses. */
function buildTypes() {
  const words = [
    ...['--declaration', '--emitDeclarationOnly', '--noEmit', 'false', '--incremental', 'false', '--ignoreConfig'],
    ...[
      '--outDir',
      path.join(DIST, 'types'),
      '--rootDir',
      path.join(TOP, 'scripts'),
      '--target',
      'es2023',
      '--lib',
      'es2023',
    ],
    ...[
      '--module',
      'nodenext',
      '--types',
      'node',
      '--allowImportingTsExtensions',
      '--verbatimModuleSyntax',
      '--strict',
    ],
    ...[
      '--exactOptionalPropertyTypes',
      '--noUncheckedIndexedAccess',
      '--skipLibCheck',
      path.join(TOP, 'scripts/api.ts'),
    ],
  ]
  execFileSync(path.join(TOP, 'node_modules/.bin/tsc'), words, { stdio: 'inherit', cwd: TOP })
  for (const name of fs.readdirSync(path.join(DIST, 'types'), { recursive: true })) {
    const file = path.join(DIST, 'types', name)
    if (!file.endsWith('.d.ts')) continue
    const text = fs
      .readFileSync(file, 'utf8')
      .replace(OF_SSH, (_, names) => names.replaceAll(/(?:type )?(\w+),?/g, 'type $1 = unknown;'))
      // Declared by a package that users may not have.
      .replaceAll(/\bBuffer(<\w+>)?/g, 'Uint8Array')
      .replaceAll(/(from|import\()(\s*['"]\.[^'"]*)\.ts(['"])/g, '$1$2.js$3')
    fs.writeFileSync(file, text)
  }
  fs.rmSync(path.join(DIST, 'types/ssh'), { recursive: true, force: true })
}
