import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'ava'
import { checkout } from '../launch/checkout.ts'

const CONTRIBUTING = fs.readFileSync(path.resolve(import.meta.dirname, '../../CONTRIBUTING.md'), 'utf8')

const REPORTER = `import type { Listener } from '../events/events.ts'
import type { Output } from './output.ts'

export const types = (output: Output): Listener => ({
  name: 'types',
  on: event => output.write(\`\${event.type}\\n\`),
})
`

const KIND = `import type { ClusterKind } from '../kind.ts'

export const fixture: ClusterKind = {
  name: 'fixture',
  aliases: [],
  summary: 'a cluster that does not start',
  isDefault: () => false,
  acceptsUnknownOptions: false,
  load: async () => (await import('./operations.ts')).operations,
}
`

const OPERATIONS = `import { infrastructureFailure } from '../../errors/failure.ts'
import type { ClusterOperations } from '../kind.ts'
import { ownOperations, resolved } from '../own/operations.ts'
import { resolveSettings } from '../own/settings.ts'

const start = async () => {
  throw infrastructureFailure('NODE_NOT_UP', 'the fixture was asked to start')
}

export const operations: ClusterOperations = {
  ...ownOperations,
  resolve: async request =>
    resolved(await resolveSettings(request, 'fixture'), 'fixture', async () => () => ({
      kind: 'fixture',
      start,
      attach: start,
    })),
  list: async () => [],
  names: () => [],
}
`

test('adds a reporter and a kind of cluster by the files that CONTRIBUTING.md lists', t => {
  const { top, program } = checkout(t)
  const state = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-state-'))
  t.teardown(() => fs.rmSync(state, { recursive: true }))
  const run = (...words: string[]) =>
    spawnSync(program, words, { encoding: 'utf8', env: { ...process.env, XDG_STATE_HOME: state } })
  const write = (file: string, text: string) => {
    const listed = file.replace('/fixture/', '/<kind>/').replace('types.ts', '<name>.ts')
    t.true(CONTRIBUTING.includes(`\`${listed}\``), listed)
    fs.mkdirSync(path.dirname(path.join(top, file)), { recursive: true })
    fs.writeFileSync(path.join(top, file), text)
  }
  const edit = (file: string, from: string, to: string) => {
    const text = fs.readFileSync(path.join(top, file), 'utf8')
    t.true(text.includes(from), file)
    write(file, text.replace(from, to))
  }
  const words = ['test', 'bridge', '--cluster', 'fixture', '--reporter', 'types']
  const before = run(...words)
  t.is(before.status, 2)
  t.regex(before.stderr, /--cluster=fixture: must be/)

  write('scripts/cluster/fixture/kind.ts', KIND)
  write('scripts/cluster/fixture/operations.ts', OPERATIONS)
  edit('scripts/cluster/kinds.ts', '= [vm, ', '= [vm, fixture, ')
  edit(
    'scripts/cluster/kinds.ts',
    'import { namespaces }',
    "import { fixture } from './fixture/kind.ts'\nimport { namespaces }",
  )
  t.regex(run(...words).stderr, /no reporter is named 'types'/)

  write('scripts/reporters/types.ts', REPORTER)
  edit('scripts/reporters/names.ts', "'summary',", "'types',\n  'summary',")
  const make = "make: async output => (await import('./types.ts')).types(output)"
  edit(
    'scripts/reporters/reporters.ts',
    '  summary: {',
    `  types: { target: STDOUT, isDocument: false, ${make} },\n  summary: {`,
  )
  const { status, stdout, stderr } = run(...words)
  t.is(status, 4, stderr)
  t.regex(stderr, /the fixture was asked to start/)
  t.regex(stdout, /^run-start\n(?:.*\n)*run-failed\nrun-end\n$/)
  const help = run('test', '--help').stdout
  t.regex(help, /fixture: a cluster that does not start/)
  t.regex(help, /add a report: types, summary/)
})
