import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import test, { type ExecutionContext } from 'ava'
import type { RunEvent } from '../../scripts/events/events.ts'
import { openReporters } from '../../scripts/reporters/reporters.ts'
import { readReporting } from '../../scripts/reporters/reporting.ts'
import { failing } from './fixtures/runs.ts'

/** Opens a module as a reporter that writes to a file; plays a run to it. */
async function report(t: ExecutionContext, text: string): Promise<string> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-reporter-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true }))
  const [module, target] = [path.join(directory, 'mine.ts'), path.join(directory, 'out.txt')]
  fs.writeFileSync(module, text)
  const reporting = readReporting([`${module}=${target}`, `log=${directory}/log`], {}, undefined, {})
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() }
  const listeners = await openReporters(reporting, streams as never)
  for (const event of failing) for (const listener of listeners) listener.on({ at: 0, ...event } as RunEvent)
  for (const listener of listeners) await listener.close?.()
  return fs.readFileSync(target, 'utf8')
}

const MINE = `import { defineReporter } from 'xcluster-netns'

export default defineReporter(output => {
  let failures: number = 0
  return {
    name: 'mine',
    on: event => {
      if (event.type === 'step-end' && event.failure) failures++
    },
    close: async () => output.write(failures + ' failures\\n'),
  }
})
`

test('a module of the user is a reporter, in TypeScript', async t => {
  t.is(await report(t, MINE), '1 failures\n')
})

for (const [what, text, expected] of [
  ['a syntax error', 'export default (\n', /mine\.ts:2:1: /],
  ['a module without a function', 'export default 3\n', /mine\.ts: its default export is not a function/],
  ['a function without a listener', 'export default () => ({})\n', /its function returned no object with a method on/],
  ['a module without a default export', 'export const a = 1\n', /mine\.ts: has no default export/],
] as const) {
  test(`refuses ${what}`, async t => {
    await t.throwsAsync(report(t, text), { code: 'BAD_REPORTER', message: expected })
  })
}
