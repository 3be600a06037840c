import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { flawsOf, importsIn, type Layers } from './imports.ts'

const SCRIPTS = path.resolve(import.meta.dirname, '../../scripts')

/** Nodes of namespaces use the files of the VMs' image. */
const NAMESPACES = 'cluster/namespaces/ → cluster/vm/image/cache.ts'

/** docs/design.md describes the folders. */
const LAYERS: Layers = {
  order: [
    'errors',
    'host',
    'settings',
    'ssh',
    'cache',
    'ovl',
    'proof',
    'graph',
    'diagnosis',
    'events',
    'consoles',
    'cluster',
    'cases',
    'test-files',
    'cni',
    'connections',
    'runner',
    'reporters',
    'copy',
    'xctest',
    'command-line',
    'commands',
    'launch',
  ],
  privates: Object.fromEntries(
    clusterKinds().map(kind => [`cluster/${kind}`, ['cluster/kinds.ts', ...(kind === 'vm' ? [NAMESPACES] : [])]]),
  ),
}

/** A cluster kind is a folder with a kind.ts. */
function clusterKinds(): readonly string[] {
  const cluster = path.join(SCRIPTS, 'cluster')
  return fs.readdirSync(cluster).filter(name => fs.existsSync(path.join(cluster, name, 'kind.ts')))
}

test('imports lead only downwards, without cycles, and cluster kinds are used only through their interface', t => {
  t.true(Object.keys(LAYERS.privates).includes('cluster/vm'))
  t.deepEqual(flawsOf(importsIn(SCRIPTS), LAYERS), [])
})

test('docs/design.md lists the folders in this order', t => {
  const text = fs.readFileSync(path.join(SCRIPTS, '../docs/design.md'), 'utf8')
  const listed = [...text.matchAll(/^ {2}([\w-]+)\/ {2,}/gm)].map(([, name = '']) => name)
  t.deepEqual(
    listed.filter(name => fs.existsSync(path.join(SCRIPTS, name))),
    LAYERS.order,
  )
})

/** Creates a tree of files. */
function tree(t: ExecutionContext, files: Readonly<Record<string, string>>): string {
  const top = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-layers-'))
  t.teardown(() => fs.rmSync(top, { recursive: true }))
  for (const [file, text] of Object.entries(files)) {
    fs.mkdirSync(path.join(top, path.dirname(file)), { recursive: true })
    fs.writeFileSync(path.join(top, file), text)
  }
  return top
}

const SMALL: Layers = {
  order: ['low', 'high'],
  privates: { 'low/inner': ['low/door.ts', 'high/e.ts → low/inner/b.ts', 'high/ → low/inner/c.ts'] },
}
const SOUND = {
  'low/a.ts': 'export const a = 1\n',
  'low/inner/b.ts': "import { a } from '../a.ts'\nexport const b = a\n",
  'low/door.ts': "export const b = async () => await import('./inner/b.ts')\n",
  'high/c.ts': "import { a } from '../low/a.ts'\nexport const c = a\n",
  'main.ts': "import { c } from './high/c.ts'\nc\n",
}

test('a tree that keeps the order has no violation', t => {
  t.deepEqual(flawsOf(importsIn(tree(t, SOUND)), SMALL), [])
})

for (const [what, files, flaws] of [
  [
    'an upward import',
    { 'low/d.ts': "import { c } from '../high/c.ts'\nc\n" },
    ['low/d.ts imports high/c.ts: low is below high'],
  ],
  [
    'an upward import of a type',
    { 'low/d.ts': "import type { C } from '../high/c.ts'\nexport type D = C\n" },
    ['low/d.ts imports high/c.ts: low is below high'],
  ],
  [
    'an upward import over several lines',
    { 'low/d.ts': "import {\n  type C,\n  c,\n} from '../high/c.ts'\n" },
    ['low/d.ts imports high/c.ts: low is below high'],
  ],
  [
    'an upward dynamic import, or one in a type',
    { 'low/d.ts': "const c = () => import('../high/c.ts')\ntype C = import('../high/c.ts').C\n" },
    ['low/d.ts imports high/c.ts: low is below high', 'low/d.ts imports high/c.ts: low is below high'],
  ],
  [
    'an upward import by a template, for each file that matches',
    { 'low/d.ts': `export const c = (name: string) => import(\`../high/\${name}.ts\`)\n` },
    ['low/d.ts imports high/c.ts: low is below high'],
  ],
  [
    'an upward re-export',
    { 'low/d.ts': "export { c } from '../high/c.ts'\n" },
    ['low/d.ts imports high/c.ts: low is below high'],
  ],
  [
    'a cycle of type imports',
    { 'low/d.ts': "import type { E } from './e.ts'\n", 'low/e.ts': "import type { D } from './d.ts'\n" },
    ['low/d.ts → low/e.ts → low/d.ts'],
  ],
  [
    'an import from a private folder',
    { 'high/d.ts': "import { b } from '../low/inner/b.ts'\nb\n", 'high/e.ts': "import '../low/inner/b.ts'\n" },
    ['high/d.ts imports low/inner/b.ts: low/inner is private'],
  ],
  ['a folder that is not in the order', { 'new/d.ts': '' }, ['new/d.ts: new has no place in the order of folders']],
] as const) {
  test(`reports ${what}`, t => {
    t.deepEqual(flawsOf(importsIn(tree(t, { ...SOUND, ...files })), SMALL), flaws)
  })
}

test('refuses computed imports and imports of missing files', t => {
  t.throws(() => importsIn(tree(t, { 'a.ts': 'import(name)\n' })), { message: /^a\.ts: .*computed/ })
  t.throws(() => importsIn(tree(t, { 'a.ts': "import './b.ts'\n" })), { message: /^a\.ts: .*does not exist/ })
})
