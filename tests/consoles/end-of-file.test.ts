import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { describeFull, readEnd } from '../../scripts/consoles/end-of-file.ts'
import { temporaryDirectory } from '../ovl/fixtures/archives.ts'

test('reads the end of a console, and reports how much was dropped', t => {
  const file = path.join(temporaryDirectory(t), 'console')
  t.is(readEnd(file), undefined)
  fs.writeFileSync(file, 'first\nlast\n')
  t.is(readEnd(file), 'first\nlast\n')
  t.is(readEnd(file, { limit: 5 }), '(6 earlier bytes were dropped)\nlast\n')
  t.is(readEnd(file, { maxSize: 12 }), 'first\nlast\n')
  t.is(readEnd(file, { maxSize: 11 }), `first\nlast\n\n${describeFull(11)}\n`)
  // A sparse file as large as a disk.
  fs.truncateSync(file, 2 ** 36)
  t.true((readEnd(file)?.length ?? 0) < 3 * 2 ** 20)
})
