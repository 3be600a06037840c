import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'ava'
import { prepareResults } from '../../../../scripts/runner/artifacts/results/collect.ts'

test('refuses an unusable results directory, with the reason', t => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-results-'))
  t.teardown(() => fs.rmSync(home, { recursive: true }))
  fs.symlinkSync('loop', path.join(home, 'loop'))
  fs.writeFileSync(path.join(home, 'program'), '', { mode: 0o755 })
  for (const [name, why] of [
    ['loop', 'its symbolic links form a loop'],
    ['program', 'it is not a directory'],
    ['program/below', 'a part of its path is not a directory'],
    ['x'.repeat(300), 'the name is too long'],
  ] as const) {
    const directory = path.join(home, name)
    t.throws(() => prepareResults(directory), {
      code: 'RESULTS_NOT_WRITABLE',
      message: `cannot write results to ${directory}: ${why}`,
    })
  }
  t.notThrows(() => prepareResults(path.join(home, 'new/one')))
})
