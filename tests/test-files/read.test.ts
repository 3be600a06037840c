import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { parse } from 'yaml'
import { testsOf } from '../../scripts/cases/definition.ts'
import { isCommandStep } from '../../scripts/cases/steps.ts'
import { testJsonSchema } from '../../scripts/test-files/json-schema.ts'
import { readTests } from '../../scripts/test-files/read.ts'
import { schemaNamed } from '../schema.ts'

const TOP = path.resolve(import.meta.dirname, '../..')

/** Writes a file; returns its path. */
function write(t: ExecutionContext, name: string, text: string): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-read-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true }))
  fs.writeFileSync(path.join(directory, name), text)
  return path.join(directory, name)
}

test('reports a file that does not exist', async t => {
  await t.throwsAsync(readTests('/tmp/none/none.test.ts'), { message: /none\.test\.ts: cannot read it: / })
})

/** The mistakes in a file, one in a line, without its directory. */
async function mistakes(t: ExecutionContext, name: string, text: string): Promise<readonly string[]> {
  const file = write(t, name, text)
  const error = await t.throwsAsync(readTests(file), { code: 'BAD_TEST' })
  return (error?.message ?? '').replaceAll(`${path.dirname(file)}/`, '').split('\n')
}

const GOOD = `import { defineTest, onWorkers } from 'xcluster-netns'
import { helper } from './helper.ts'

enum Kind { One = 'one' }

export default [
  defineTest({ summary: helper(Kind.One), steps: [onWorkers('create')] }),
  defineTest({ name: 'second', summary: import.meta.dirname, steps: [{ command: 'true', on: 2 }] }),
]
`

test('reads TypeScript with modules beside it, and this package wherever the file lies', async t => {
  const file = write(t, 'good.test.ts', GOOD)
  fs.writeFileSync(path.join(path.dirname(file), 'helper.ts'), 'export const helper = (a: string): string => a + "!"\n')
  const tests = (await readTests(file)).flatMap(template => testsOf(template))
  t.deepEqual(
    tests.map(({ name, summary }) => [name, summary]),
    [
      ['good', 'one!'],
      ['second', path.dirname(file)],
    ],
  )
  t.regex(tests[1]?.locate?.(['steps', 0, 'on']) ?? '', /good\.test\.ts:8:89$/)
})

test('reads plain JavaScript, with packages of its own project', async t => {
  const file = write(t, 'plain.mjs', "import { word } from 'mine'\nexport default { summary: word, steps: [] }\n")
  const own = path.join(path.dirname(file), 'node_modules/mine')
  fs.mkdirSync(own, { recursive: true })
  fs.writeFileSync(path.join(own, 'package.json'), '{ "name": "mine", "main": "index.js" }')
  fs.writeFileSync(path.join(own, 'index.js'), "exports.word = 'of a package'\n")
  const [template] = await readTests(file)
  t.like(template, { name: 'plain', definition: { summary: 'of a package' } })
})

const YAML = `# yaml-language-server: $schema=./test.schema.json
summary: a policy
cluster: { __nvm: 2 }
parameters:
  size: [1400, 9000]
  way: fast
labels: { web: ['*-ns01'] }
pods: numbered
steps:
  - name: create_with_addresses
  - command: ping -s {{size}} {{other}} {{ way }}
    in: { label: web }
    expect: { stdout: '/[0-9]+ bytes/i', withinSeconds: 5 }
reach: all
cleanup:
  - command: [rm, -f, /tmp/x]
    on: all
`

test('reads YAML, with regular expressions and parameters, a test for each combination', async t => {
  const file = write(t, 'policy.test.yaml', YAML)
  const [template] = await readTests(file)
  if (!template) return t.fail()
  const tests = testsOf(template)
  t.deepEqual(
    tests.map(({ name, parameters }) => [name, parameters]),
    [
      ['policy[size=1400]', { size: 1400, way: 'fast' }],
      ['policy[size=9000]', { size: 9000, way: 'fast' }],
    ],
  )
  const step = tests[1]?.steps[1]
  if (!step || !isCommandStep(step)) return t.fail()
  t.is(step.command, 'ping -s 9000 {{other}} fast')
  t.deepEqual(step.expect?.stdout, /[0-9]+ bytes/i)
  t.is(tests[0]?.cluster?.__nvm, '2')
  t.deepEqual(
    testsOf(template, new Map([['size', ['64']]])).map(({ name, parameters }) => [name, parameters?.size]),
    [['policy', 64]],
  )
  t.throws(() => testsOf(template, new Map([['size', ['x']]])), { message: 'size=x: not a number' })
})

const SHORT = `summary: steps without arguments
steps:
  - create
  - linux_bridge
cleanup: [forward]
`

test('reads the name of a step as a step on all workers, in YAML, TypeScript and functions', async t => {
  const [yaml] = await readTests(write(t, 'short.test.yaml', SHORT))
  const [module] = await readTests(
    write(
      t,
      'short.test.ts',
      "export default { summary: 'x', steps: () => ['create', 'linux_bridge'], cleanup: ['forward'] }",
    ),
  )
  for (const template of [yaml, module]) {
    const [one] = template ? testsOf(template) : []
    t.deepEqual(one?.steps, [{ name: 'create' }, { name: 'linux_bridge' }])
    t.deepEqual(one?.cleanup, [{ name: 'forward' }])
  }
})

test('the published schema is current, and accepts and rejects as the program does', async t => {
  t.is(fs.readFileSync(path.join(TOP, 'docs/schemas/test.schema.json'), 'utf8'), testJsonSchema(), 'npm run docs')
  const validate = schemaNamed('test')
  for (const right of [YAML, SHORT]) t.true(validate(parse(right)), JSON.stringify(validate.errors))
  for (const wrong of [
    { summary: 'x' },
    { summary: 'x', steps: [{ comand: 'x' }] },
    { summary: 'x', steps: [{ command: 'x', on: { lable: 'x' } }] },
    { summary: 'x', steps: [{ command: 3 }] },
    { summary: 'x', steps: ['ip route'] },
    { summary: 'x', steps: [], reach: 'none' },
    { summary: 'x', steps: [], setps: [] },
  ])
    t.false(validate(wrong), JSON.stringify(wrong))
})

const BAD = `import { defineTest } from 'xcluster-netns'

export default defineTest({
  // a comment { with [ brackets
  summary: \`text with \${'}'} { brace\`,
  clustr: { __nvm: 2 },
  steps: [
    { command: 'echo', on: 'workers' },
    { comand: 'echo "}"', on: 'workers', expect: { stdout: /a"[/{]/ } },
    { name: 'fine', run: async ({ run }) => { await run('x', { on: 'y' }) } },
    { command: 'x', expect: { statsu: 3 } },
    { command: 'x', on: 1, in: 2 },
    { command: 'x', background: { port: 'http' } },
  ],
} as never)
`

test('reports every wrong key and value with file, line, key and what would be right', async t => {
  t.deepEqual(await mistakes(t, 'bad.test.ts', BAD), [
    'bad.test.ts:6:3: clustr: unknown key (did you mean cluster?)',
    'bad.test.ts:9:5: steps[1].command: is missing',
    'bad.test.ts:9:7: steps[1].comand: unknown key (did you mean command?)',
    'bad.test.ts:11:31: steps[3].expect.statsu: unknown key (did you mean status?)',
    'bad.test.ts:12:5: steps[4]: either on or in, not both',
    'bad.test.ts:13:35: steps[5].background.port: a port is needed: 80, tcp/80 or udp/53',
  ])
})

for (const [what, name, text, expected] of [
  ['a syntax error in TypeScript', 'a.test.ts', 'export default {\n  summary: 1,,\n}\n', [/^a\.test\.ts:2:14: /]],
  ['an exception', 'a.test.ts', "const a: number = 1\n\nthrow new Error('boom ' + a)\n", [/^a\.test\.ts:3:7: boom 1$/]],
  ['a module that does not exist', 'a.test.ts', "\nimport './none.ts'\n", [/^a\.test\.ts:2:8: .*none\.ts/]],
  ['a module without a test', 'a.test.mjs', 'export const a = 1\n', [/^a\.test\.mjs: has no default export/]],
  ['a syntax error in YAML', 'a.test.yaml', 'summary: x\nsteps: [\n', [/^a\.test\.yaml:\d:\d+: /]],
  [
    'a wrong key in YAML',
    'a.test.yaml',
    'summary: x\nsteps:\n  - comand: x\n',
    [
      /^a\.test\.yaml:3:5: steps\[0\]\.name: is missing/,
      /^a\.test\.yaml:3:5: steps\[0\]\.comand: unknown key \(keys are name, /,
    ],
  ],
  [
    'a wrong expression',
    'a.test.yaml',
    'summary: x\nsteps:\n  - command: x\n    expect: {stdout: /(/}\n',
    [/^a\.test\.yaml:4:14: steps\[0\]\.expect\.stdout: Invalid regular/],
  ],
  [
    'a command where the name of a step is needed',
    'a.test.yaml',
    'summary: x\nsteps:\n  - create\n  - ip route\n',
    [/^a\.test\.yaml:4:5: steps\[1\]: the name of a step of netns_test is needed, or \{ command: … \}$/],
  ],
  [
    'a pattern without quotes in YAML',
    'a.test.yaml',
    'summary: x\nsteps:\n  - command: x\n    in: *-ns01\n',
    [/^a\.test\.yaml:4:9: \*-ns01 is an alias that is not defined; put a text that begins with \* in quotes$/],
  ],
  ['a missing key', 'a.test.yaml', 'steps: []\n', [/^a\.test\.yaml:1:1: summary: is missing$/]],
  ['a text instead of a test', 'a.test.yaml', 'hello\n', [/^a\.test\.yaml:1:1: an object of name, summary, /]],
  [
    'a function with wrong steps',
    'a.test.ts',
    "export default { summary: 'x', parameters: { n: 1 }, steps: ({ n }: { n: number }) => [{ command: n }] }\n",
    [/^a\.test\.ts:1:54: steps\[0\]\.command: lines for a shell/],
  ],
  [
    'a function that throws',
    'a.test.ts',
    "export default {\n  summary: 'x',\n  steps: () => { throw new Error('no') } }\n",
    [/^a\.test\.ts:3:3: steps: no$/],
  ],
] as const) {
  test(`reports ${what}`, async t => {
    const said = await mistakes(t, name, text)
    t.is(said.length, expected.length, said.join('\n'))
    for (const [index, pattern] of expected.entries()) t.regex(said[index] ?? '', pattern)
  })
}

test('reads the packages that a test needs on its nodes, and refuses an invalid name', async t => {
  const yaml = (name: string) =>
    `summary: x\npackages: [iperf3, ${name}]\nsteps: [{ command: iperf3 --version, on: 1 }]\n`
  const [template] = await readTests(write(t, 'speed.test.yaml', yaml('socat')))
  if (!template) return t.fail()
  t.deepEqual(testsOf(template)[0]?.packages, ['iperf3', 'socat'])
  const [mistake = ''] = await mistakes(t, 'speed.test.yaml', yaml('--force'))
  t.regex(mistake, /packages.*the name of a Debian package is needed/)
})
