import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import test, { type ExecutionContext } from 'ava'
import { eventStream } from '../../scripts/events/stream.ts'
import { newLogFile } from '../../scripts/reporters/log-files.ts'
import { describePlaces, openReporters } from '../../scripts/reporters/reporters.ts'
import { readReporting } from '../../scripts/reporters/reporting.ts'
import { failing } from './fixtures/runs.ts'

function directory(t: ExecutionContext): string {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-reports-'))
  t.teardown(() => fs.rmSync(made, { recursive: true, force: true }))
  return made
}

/** Plays the failing run to the requested reporters. */
async function report(words: readonly string[], environment = {}, results?: string) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const complaints: string[] = []
  const listeners = await openReporters(readReporting(words, environment, results, {}), { stdout, stderr })
  const { emit, close } = eventStream(listeners, line => complaints.push(line))
  for (const event of failing) emit(event)
  await close()
  const read = (stream: PassThrough) => stream.read()?.toString() ?? ''
  return { stdout: read(stdout), stderr: read(stderr), complaints, names: listeners.map(({ name }) => name) }
}

const open = (...words: string[]) =>
  openReporters(readReporting(words, {}, undefined, {}), { stdout: new PassThrough(), stderr: new PassThrough() })

test('writes the log to stdout and the summary to stderr by default, without control characters', async t => {
  const { stdout, stderr, names } = await report([])
  t.deepEqual(names, ['summary', 'log'])
  t.regex(stdout, /host bridge - TEST CASE/)
  t.regex(stderr, /FAILED: bridge: bridge_ping on vm-002/)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  t.notRegex(stdout + stderr, /[\x00-\x08\x0b-\x1f\x7f-\x9f]/)
})

test('a reporter on stdout replaces the log, and no other reporter', async t => {
  const { stdout, stderr, names } = await report(['tap'])
  t.deepEqual(names, ['summary', 'tap'])
  t.true(stdout.startsWith('TAP version 14'))
  t.regex(stderr, /TEST CASE/)
  await t.throwsAsync(open('tap', 'json'), { code: 'BAD_TARGET', message: /tap and json both write to stdout/ })
  await t.throwsAsync(open('log', 'junit=-'), { code: 'BAD_TARGET' })
  await t.throwsAsync(open('tap=/dev/stdout', 'json=stdout'), { code: 'BAD_TARGET' })
})

test('writes several reports to their files, and still the log', async t => {
  const place = directory(t)
  const file = (name: string) => path.join(place, 'made', name)
  const words = ['junit=a.xml', 'tap=a.tap', 'json=a.jsonl', 'log=a.log', 'html=a.html'].map(word =>
    word.replace('a.', `${file('a.')}`),
  )
  const { stdout, names } = await report([...words, 'github'], {}, place)
  t.is(stdout, '')
  t.deepEqual(names, ['summary', 'junit', 'tap', 'json', 'log', 'html', 'github', 'html', 'log', 'results'])
  t.deepEqual(fs.readdirSync(file('')).sort(), ['a.html', 'a.jsonl', 'a.log', 'a.tap', 'a.xml'])
  t.is(JSON.parse(fs.readFileSync(path.join(place, 'results.json'), 'utf8')).verdict, 'failed')
})

test('writes all reports to the results directory, and reports its path', async t => {
  const place = directory(t)
  const { stdout, stderr } = await report([`html=${place}/report.html`], {}, place)
  t.deepEqual(fs.readdirSync(place).sort(), ['log.txt', 'report.html', 'results.json'])
  t.regex(stdout, /TEST CASE: bridge/)
  t.is(fs.readFileSync(path.join(place, 'log.txt'), 'utf8').replaceAll(/^\S+ /gm, ''), stdout.replaceAll(/^\S+ /gm, ''))
  t.regex(stderr, /FAILED: 1 of 3 tests: bridge/)
  t.deepEqual(describePlaces(readReporting([], {}, place, {})), [
    `results: ${place} (report.html, log.txt, results.json)`,
  ])
})

test('on a terminal, writes the log to a named file, in the results directory if there is one', async t => {
  const place = directory(t)
  const logFile = path.join(place, 'logs/a.log')
  const open = async (words: readonly string[], results?: string) => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()]
    const reporting = readReporting(words, {}, results, {}, undefined, logFile)
    const listeners = await openReporters(reporting, { stdout, stderr })
    for (const event of failing) for (const listener of listeners) listener.on({ at: 0, ...event })
    for (const listener of listeners) await listener.close?.()
    return { places: describePlaces(reporting), stdout: stdout.read()?.toString() ?? '' }
  }
  t.deepEqual(await open([]), { places: [`log: ${logFile}`], stdout: '' })
  t.regex(fs.readFileSync(logFile, 'utf8'), /TEST CASE: bridge/)
  fs.rmSync(logFile)
  const { places, stdout } = await open([], path.join(place, 'results'))
  t.regex(places[0] ?? '', /^results: \S+ \(report\.html, log\.txt, results\.json\)$/)
  t.is(stdout, '')
  t.false(fs.existsSync(logFile))
  t.regex((await open(['log'])).stdout, /TEST CASE/, 'whoever asks for it on stdout has it there')
})

test('retains a limited number of logs, and removes nothing else', t => {
  const place = directory(t)
  fs.writeFileSync(path.join(place, 'mine.log'), '')
  for (let day = 10; day < 35; day++) fs.writeFileSync(path.join(place, `202501${day}T000000Z-1.log`), '')
  const file = newLogFile(place)
  t.regex(path.basename(file), /^\d{8}T\d{6}Z-\d+\.log$/)
  const left = fs.readdirSync(place)
  t.is(left.length, 20)
  t.true(left.includes('mine.log'))
  t.false(left.includes('20250110T000000Z-1.log'))
})

test('accepts a comma-separated list of reporters', async t => {
  const place = directory(t)
  t.deepEqual((await report([`junit=${place}/a.xml,tap`])).names, ['summary', 'junit', 'tap'])
})

test('refuses invalid reporters before the run', async t => {
  const place = directory(t)
  fs.writeFileSync(path.join(place, 'file'), '')
  await t.throwsAsync(open('jnit'), { code: 'NO_SUCH_REPORTER', message: /'jnit'/ })
  await t.throwsAsync(open('constructor'), { code: 'NO_SUCH_REPORTER' })
  await t.throwsAsync(open('junit='), { code: 'BAD_TARGET' })
  for (const target of [place, `${place}/file/below`, '/proc/none/a.xml']) {
    const error = await t.throwsAsync(open(`junit=${target}`), { code: 'REPORT_NOT_WRITABLE' })
    t.true(error?.message.includes(target))
    t.like(error, { exitCode: 3 })
  }
  await t.throwsAsync(open(`junit=${place}/a.xml`, 'tap=/proc/none/a'), { code: 'REPORT_NOT_WRITABLE' })
  t.deepEqual(fs.readdirSync(place), ['file'], 'and nothing is left of what was opened before')
})

test('publishes complete documents only, follows links, and keeps the old file on failure', async t => {
  const place = directory(t)
  const [target, link] = [path.join(place, 'a.xml'), path.join(place, 'link.xml')]
  fs.writeFileSync(target, 'before')
  fs.symlinkSync(target, link)
  const [listener] = (await open(`junit=${link}`)).filter(({ name }) => name === 'junit')
  for (const event of failing) listener?.on({ at: 0, ...event })
  t.is(fs.readFileSync(target, 'utf8'), 'before')
  t.deepEqual(fs.readdirSync(place).sort(), ['a.xml', 'link.xml'], 'whatever ends the run now, nothing is left')
  await listener?.close?.()
  t.true(fs.readFileSync(link, 'utf8').endsWith('</testsuites>\n'))
  t.true(fs.lstatSync(link).isSymbolicLink())
  const [again] = (await open(`junit=${target}`)).filter(({ name }) => name === 'junit')
  // An invalid event makes the reporter fail.
  again?.on({ at: 0, type: 'test-start', test: 'bridge', summary: '', settings: undefined } as never)
  t.throws(() => again?.on({ at: 0, type: 'test-end', test: 'bridge', verdict: 'passed', why: undefined }))
  await again?.close?.()
  t.true(fs.readFileSync(target, 'utf8').endsWith('</testsuites>\n'))
  t.deepEqual(fs.readdirSync(place).sort(), ['a.xml', 'link.xml'])
})

test('a full disk disables one report, with a message', async t => {
  const { stdout, complaints } = await report(['tap=/dev/full'])
  t.regex(stdout, /TEST CASE/)
  t.is(complaints.length, 1)
  t.regex(complaints[0] ?? '', /^report 'tap' failed and is disabled: .*ENOSPC/)
})

test('uses color and progress on a terminal only, not in a file', async t => {
  const file = path.join(directory(t), 'summary')
  const reporting = readReporting([`summary=${file}`, 'summary'], {}, undefined, { isTTY: true })
  const stderr = new PassThrough()
  const listeners = await openReporters(reporting, { stdout: new PassThrough(), stderr })
  for (const event of failing) for (const listener of listeners) listener.on({ at: 0, ...event })
  for (const listener of listeners) await listener.close?.()
  t.true(stderr.read().toString().includes('\u001b[31mFAILED'))
  const text = fs.readFileSync(file, 'utf8')
  t.regex(text, /FAILED: bridge/)
  t.false(text.includes('\u001b'))
})
