import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { command } from '../../../scripts/reporters/github/commands.ts'
import { github } from '../../../scripts/reporters/github/github.ts'
import { limited, MOST_BYTES, stepSummaryFile } from '../../../scripts/reporters/github/step-summary.ts'
import { failing, failingOn, flaky, interrupted, play, WHERE, writing } from '../fixtures/runs.ts'

/** Unescapes as GitHub's runner does. */
const received = (text: string) =>
  text
    .replaceAll('%2C', ',')
    .replaceAll('%3A', ':')
    .replaceAll('%0A', '\n')
    .replaceAll('%0D', '\r')
    .replaceAll('%25', '%')

const commandsOf = (text: string, name: string) =>
  text
    .split('\n')
    .filter(line => line.startsWith(`::${name} `) || line.startsWith(`::${name}::`))
    .map(received)

test('annotates failures with evidence, and groups every step', async t => {
  const text = await play(failing, output => github(output, undefined))
  const [first, last, ...more] = commandsOf(text, 'error')
  t.deepEqual(more, [])
  for (const word of WHERE) t.true(first?.includes(word), word)
  t.true(
    first?.startsWith('::error file=scripts/connections/bridge/definition.ts,title=bridge: bridge_ping on vm-002::'),
  )
  t.true(first?.includes('evidence: routes of vm-002-ns03'))
  t.is(last, '::error title=xcluster-netns::failed in 12 s\nThe cluster is left running')
  t.regex(
    text,
    /::group::failed: bridge\n1 create on vm-001: passed in 0.70 s\n[\s\S]*failed in 0.90 s: vm-002-ns03 [^\n]*\n::endgroup::/,
  )
})

test('writes at most nine annotations and a total', async t => {
  const errors = commandsOf(await play(failingOn(100), output => github(output, undefined)), 'error')
  t.is(errors.length, 10)
  t.regex(errors[9] ?? '', /100 failures; the first 9 are annotated/)
  t.is(commandsOf(await play(failingOn(9), output => github(output, undefined)), 'error').length, 10)
})

test('reports flaky tests as warnings', async t => {
  const text = await play(flaky, output => github(output, undefined))
  t.deepEqual(commandsOf(text, 'error'), [])
  t.regex(commandsOf(text, 'warning')[0] ?? '', /bridge \(attempt 2\): failed before it passed/)
  t.regex(commandsOf(text, 'notice')[0] ?? '', /1 flaky test: bridge/)
})

test('reports an interrupted run', async t => {
  const text = await play(interrupted, output => github(output, undefined))
  t.regex(commandsOf(text, 'error').join(), /interrupted in 5 s: interrupted by SIGINT/)
})

test('escapes every property and message losslessly in one line', t => {
  const printable = fc.string({ unit: fc.constantFrom('%', ':', ',', '\n', 'a', '25', '%0A', '::', '=') })
  fc.assert(
    fc.property(printable, printable, (title, message) => {
      const line = command('error', message, { title: `t${title}` })
      t.is(line.indexOf('\n'), line.length - 1)
      const [, properties = '', said = ''] = /^::error title=(.*?)::(.*)\n$/.exec(line) ?? []
      t.is(received(properties), `t${title}`)
      t.is(received(said), message)
      t.notRegex(properties, /[:,]/)
    }),
  )
})

test('never lets output of nodes act as a command', async t => {
  const nasty = fc.constantFrom('::error::x', '  ::stop-commands::y', '##[error]x', 'x ##[add-mask]y', '::endgroup::')
  await fc.assert(
    fc.asyncProperty(fc.array(nasty, { minLength: 1, maxLength: 4 }), async lines => {
      const text = await play(writing(lines), output => github(output, undefined))
      const [, token = '?'] = /^::stop-commands::(.+)\n/.exec(text) ?? []
      t.is(text.split('\n').filter(line => line === `::${token}::`).length, 2)
      const groups = text.slice(text.indexOf('::group::')).split('::endgroup::')
      t.false(groups[0]?.includes('##['))
      t.is(groups[0]?.split('\n').filter(line => /^\s*::/.test(line)).length, 1)
    }),
  )
})

test('appends verdict and failures to the summary of the step, within the size limit', async t => {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'netns-summary-')), 'summary.md')
  t.teardown(() => fs.rmSync(path.dirname(file), { recursive: true }))
  fs.writeFileSync(file, 'from another command\n')
  await play(failing, output => github(output, stepSummaryFile(file)))
  const text = fs.readFileSync(file, 'utf8')
  t.true(text.startsWith('from another command\n## xcluster-netns: failed in 12 s\n'))
  for (const word of WHERE) t.true(text.includes(word), word)
  fs.appendFileSync(file, 'x'.repeat(MOST_BYTES - fs.statSync(file).size - 500))
  await play(failing, output => github(output, stepSummaryFile(file)))
  t.true(fs.statSync(file).size <= MOST_BYTES)
  t.throws(() => stepSummaryFile('/proc/none/summary'), { code: 'REPORT_NOT_WRITABLE' })
})

test('truncates a text at a block, with a note', t => {
  const text = `head\n<details>${'é'.repeat(100)}</details>\n<details>${'é'.repeat(1000)}</details>\n`
  t.is(limited(text, 10_000), text)
  const cut = limited(text, 500)
  t.true(Buffer.byteLength(cut) <= 500)
  t.is(cut.split('<details>').length, cut.split('</details>').length)
  t.regex(cut, /The rest is omitted/)
  t.is(limited(text, 10), '')
})
