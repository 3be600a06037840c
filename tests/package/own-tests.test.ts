import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import test from 'ava'
import { XMLParser } from 'fast-xml-parser'
import { parse } from 'yaml'
import { needsUserNamespaces } from '../needs-user-namespaces.ts'
import { ordinaryUser } from './user.ts'

needsUserNamespaces()

const TOP = path.resolve(import.meta.dirname, '../..')
const PAGE = fs.readFileSync(path.join(TOP, 'docs/own-tests.md'), 'utf8')

/** The commands of the page, in order. */
const COMMANDS = [...PAGE.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, text = '']) => text.trim().split('\n'))

/** What must be so after a command that begins like this. */
interface Expectation {
  readonly status?: number
  readonly stdout?: RegExp
  readonly stderr?: RegExp
}

const PAIR = /vm-001-ns01 → vm-002-ns01 172\.16\.2\.1 does not answer/

const EXPECTED: readonly (readonly [beginning: string, expectation: Expectation])[] = [
  ['npm init', {}],
  ['npm install', {}],
  ['npx xcluster-netns setup', {}],
  ['npx xcluster-netns init', { stdout: /^created tests\/first\.test\.ts$/m }],
  ['npx xcluster-netns test tests/first.test.ts --cluster namespaces > first.log', { stderr: /passed: 2 tests/ }],
  ['sed', {}],
  [
    'npx xcluster-netns test tests/first.test.ts --set size=56 --cluster namespaces --reporter junit',
    { status: 1, stderr: new RegExp(`FAILED: first: matrix on vm-001: 8 wrong pairs: ${PAIR.source}`) },
  ],
  ["npx xcluster-netns exec --cluster namespaces '*-ns01'", { stdout: /^vm-002-ns01: 172\.16\.2\.0\/24/m }],
  ['npx xcluster-netns stop', {}],
  ['npx xcluster-netns test --list', { stdout: /^my-ovl\/greeting$/m }],
  ['npx xcluster-netns test tests/second.test.yaml', { stderr: /passed: 2 tests/ }],
  ['npx xcluster-netns test ./tests --grep', { stderr: /passed: second$/m }],
  ['npx xcluster-netns test tests/first.test.ts --list', { stdout: /^first\[size=576\]\nfirst\[size=1500\]$/m }],
]

test('from an empty directory to a failing test, by the commands of docs/own-tests.md, as an ordinary user', async t => {
  t.timeout(15 * 60 * 1000)
  const { home, run, own } = ordinaryUser(t)
  const directory = path.join(home, 'my-network')
  fs.mkdirSync(directory)
  const [packing = '', ...commands] = COMMANDS
  const words = packing.replace('/path/to/xcluster-netns', TOP).split(' ').slice(1)
  execFileSync('npm', [...words, '--ignore-scripts=false', '--silent'], { cwd: directory })
  t.false(fs.existsSync(path.join(TOP, 'dist')))
  own(directory)
  t.deepEqual(
    commands.map((command, index) => (command.startsWith(EXPECTED[index]?.[0] ?? '?') ? '' : command)).filter(Boolean),
    [],
  )
  for (const [index, command] of commands.entries()) {
    const [, { status = 0, stdout = /^/, stderr = /^/ }] = EXPECTED[index] as (typeof EXPECTED)[number]
    const begun = performance.now()
    const ended = await run(command, directory)
    t.log(`${((performance.now() - begun) / 1000).toFixed(1)} s: ${command}`)
    t.is(ended.status, status, `${command}\n${ended.stdout}\n${ended.stderr}`)
    t.regex(ended.stdout, stdout, command)
    t.regex(ended.stderr, stderr, command)
  }
  const report = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '' })
  const { testsuites } = report.parse(fs.readFileSync(path.join(directory, 'junit.xml'), 'utf8'))
  const failed = testsuites.testsuite.testcase.filter((each: { failure?: unknown }) => each.failure)
  t.deepEqual(
    failed.map(({ name }: { name: string }) => name.replace(/\d+ matrix/, 'matrix')),
    ['first: matrix on vm-001', 'first: matrix on vm-002'],
  )
  t.regex(failed[0].failure.message, PAIR)
  t.regex(fs.readFileSync(path.join(directory, 'report.html'), 'utf8'), PAIR)

  // The file for GitHub Actions runs as it is.
  const workflow = parse(fs.readFileSync(path.join(directory, '.github/workflows/netns.yml'), 'utf8'))
  const steps = workflow.jobs.netns.steps.flatMap(({ run: command }: { run?: string }) => command ?? [])
  t.deepEqual(steps.slice(0, 2), ['npm ci', 'npx xcluster-netns setup'])
  t.is((await run("sed -i \"s/reach: 'all'/reach: 'node'/\" tests/first.test.ts", directory)).status, 0)
  const summary = path.join(directory, 'step-summary.md')
  const variables = Object.entries({ ...workflow.jobs.netns.env, GITHUB_STEP_SUMMARY: summary, CI: 'true' })
  const job = await run(`${variables.map(([name, value]) => `${name}='${value}'`).join(' ')} ${steps[2]}`, directory)
  t.is(job.status, 0, job.stderr)
  t.regex(fs.readFileSync(summary, 'utf8'), /## xcluster-netns: passed in /)

  // Types of the public module, as an editor sees them.
  const settings = { module: 'nodenext', target: 'es2022', strict: true, noEmit: true, types: [] }
  fs.writeFileSync(
    path.join(directory, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: settings, include: ['tests'] }),
  )
  const compiler = path.join(TOP, 'node_modules/typescript/bin/tsc')
  const compile = () => spawnSync(process.execPath, [compiler], { cwd: directory, encoding: 'utf8' })
  const compiled = compile()
  t.is(compiled.status, 0, compiled.stdout)
  fs.appendFileSync(path.join(directory, 'tests/first.test.ts'), '\ndefineTest({ sumary: 3, steps: [] })\n')
  t.regex(compile().stdout, /first\.test\.ts\(\d+,14\): .*'sumary' does not exist in type 'TestDefinition'/)
})
