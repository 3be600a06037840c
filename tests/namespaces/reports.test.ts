import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { Parser } from 'tap-parser'
import { tool } from '../needs.ts'
import { conforms } from '../schema.ts'
import { processesIn, program, until } from './program.ts'

const REPORTS = ['junit=r/junit.xml', 'tap=r/run.tap', 'json=r/events.jsonl', 'github=r/github.txt']
const words = [...REPORTS.flatMap(report => ['--reporter', report]), '--results', 'r']

const read = (state: string, name: string) => fs.readFileSync(path.join(state, 'r', name), 'utf8')

/** Checks that every report is valid, whatever the run did. @returns results.json */
function checkReports(t: ExecutionContext, state: string) {
  execFileSync(tool('xmllint'), ['--noout', path.join(state, 'r/junit.xml')])
  for (const line of read(state, 'events.jsonl').trimEnd().split('\n')) conforms(t, 'event', JSON.parse(line))
  const results = JSON.parse(read(state, 'results.json'))
  conforms(t, 'results', results)
  return results
}

/** An ovl whose `tar` runs a script that prints its archive. */
function ovl(state: string, script: string): void {
  fs.mkdirSync(path.join(state, 'mine/bin'), { recursive: true })
  const tar = `#!/bin/sh\ncd "$(dirname "$0")" || exit\n${script}\nexec tar cf "$1" bin\n`
  fs.writeFileSync(path.join(state, 'mine/tar'), tar, { mode: 0o755 })
}

/** In the VM: a `netns_test` that cuts a POD's link before the last step. */
const CUT = `#!/bin/sh
case $1 in tcase_bridge_ping) ip link set "$(hostname)-ns03" down;; esac
exec /tmp/netns_test "$@"
`

test('every report contains test, step, node, POD and address of a cut link', async t => {
  const { run, runWith, state } = program(t)
  t.is((await run('test', 'start', '--nvm=1', '--no-stop')).status, 0)
  const wrap = `cp /bin/netns_test /tmp/netns_test; cat >/bin/netns_test <<'E'\n${CUT}E\n`
  t.is((await run('exec', 'vm-001', '--', 'sh', '-c', wrap)).status, 0)
  const summary = { GITHUB_STEP_SUMMARY: path.join(state, 'summary.md') }
  const { status, stdout, stderr } = await runWith(summary, 'test', 'bridge', '--no-start', ...words)
  t.is(status, 1, stderr)
  const results = checkReports(t, state)
  const summaryText = fs.readFileSync(summary.GITHUB_STEP_SUMMARY, 'utf8')
  const failed = (text: string, pattern: RegExp) => pattern.exec(text)?.[0] ?? ''
  const mentions = {
    log: failed(stdout, /.* - FAILED first: .*/),
    summary: failed(stderr, /.*FAILED: bridge: .*/),
    junit: failed(read(state, 'junit.xml'), /<testcase [^>]*>\s*<failure [^>]*>/),
    tap: failed(read(state, 'run.tap'), /message: .*\n.*\n.*\n.*\n.*node: .*/),
    events: failed(read(state, 'events.jsonl'), /.*"failure":.*/),
    annotation: failed(read(state, 'github.txt'), /::error file.*/),
    'step summary': failed(summaryText, /<pre>[\s\S]*<\/pre>/),
    results: JSON.stringify(results.tests[0].steps) + results.tests[0].test,
  }
  for (const [report, text] of Object.entries(mentions)) {
    for (const word of ['bridge', 'bridge_ping', 'vm-001', 'vm-001-ns03'])
      t.true(text.includes(word), `${report}: ${word}`)
    // Both of its addresses are silent; the last one is the reason.
    t.regex(text, /172\.16\.1\.3|1000::1:ac10:103/, report)
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the test looks for them
  t.notRegex(stdout + stderr, /[\x00-\x08\x0b-\x1f\x7f-\x9f]/)
})

test('every report marks a test that passes on retry as flaky; its seed reproduces the run', async t => {
  const { run, state } = program(t)
  ovl(
    state,
    `[ -e seen ] || printf '#!/bin/sh\\necho not yet\\nexit 7\\n' >bin/netns_test; [ -e seen ] && rm -f bin/netns_test\nchmod -f 755 bin/netns_test; touch seen`,
  )
  const { status, stderr } = await run(
    'test',
    'start',
    '--nvm=1',
    '--stop',
    '--ovl',
    './mine',
    '--retry',
    '1',
    ...words,
  )
  t.is(status, 0, stderr)
  t.regex(stderr, /failed: start; retrying/)
  t.regex(stderr, /passed: 1 test \(1 flaky: start\)\n.*results: .*\n.*Total time: .*\n$/)
  const results = checkReports(t, state)
  t.deepEqual(results.flaky, ['start'])
  t.regex(read(state, 'junit.xml'), /<flakyFailure message="start: version on vm-001: exited with status 7"/)
  t.regex(read(state, 'github.txt'), /::warning [^\n]*start is flaky/)
  const parser = new Parser({ strict: true }, ({ ok, todo }) => t.like({ ok, todo }, { ok: true }) || t.true(todo > 0))
  parser.end(read(state, 'run.tap'))

  const names = results.tests[1].components.map(({ name }: { name: string }) => name)
  for (const name of ['node image', 'ovl netns', 'ovl mine']) t.true(names.includes(name), name)
  fs.writeFileSync(path.join(state, 'mine/bin/more'), '')
  const again = await run('rerun', 'r', '--results', 'again', '--retry', '0')
  t.is(again.status, 0, again.stderr)
  t.regex(again.stderr, /changed: ovl mine is [0-9a-f]{64}, was [0-9a-f]{64}/)
  t.notRegex(again.stderr, /changed: ovl netns/)
  const second = JSON.parse(fs.readFileSync(path.join(state, 'again/results.json'), 'utf8'))
  const seedOf = ({ tests: [{ settings }] }: typeof results) =>
    settings.find(({ name }: { name: string }) => name === '__seed').value
  t.is(seedOf(second), seedOf(results))
  t.is(second.tests[0].attempts, 1)
  t.is((await run('status', '--json')).stdout, '[]\n')
})

test('Ctrl-C during a step: every report is complete and marked as interrupted', async t => {
  const { start, state } = program(t)
  ovl(state, `printf '#!/bin/sh\\nsleep 60\\n' >bin/netns_test; chmod 755 bin/netns_test`)
  const runner = start(['test', 'start', 'bridge', '--nvm=1', '--ovl', './mine', ...words])
  let log = ''
  runner.stdout?.on('data', chunk => {
    log += chunk
  })
  await until(runner, () => log.includes('start/version - on vm-001'))
  runner.kill('SIGINT')
  const { status, stderr } = await runner.ended
  t.is(status, 130, stderr)
  const results = checkReports(t, state)
  t.like(results, { verdict: 'interrupted', message: 'interrupted by SIGINT', notRun: ['bridge'] })
  for (const name of ['junit.xml', 'github.txt', 'run.tap', 'events.jsonl'])
    t.regex(read(state, name), /interrupted by SIGINT/, name)
  t.deepEqual(
    fs.readdirSync(path.join(state, 'r')).filter(name => name.endsWith('.part')),
    [],
  )
  t.deepEqual(processesIn(state), [])
})
