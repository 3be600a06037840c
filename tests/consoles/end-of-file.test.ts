import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { describeFull, readEnd } from '../../scripts/consoles/end-of-file.ts'
import { temporaryDirectory } from '../ovl/fixtures/archives.ts'

test('of a console that was flooded the end is read, and what is missing is said', t => {
  const file = path.join(temporaryDirectory(t), 'console')
  t.is(readEnd(file), undefined)
  fs.writeFileSync(file, 'first\nlast\n')
  t.is(readEnd(file), 'first\nlast\n')
  t.is(readEnd(file, { most: 5 }), '(6 bytes before this were dropped)\nlast\n')
  t.is(readEnd(file, { full: 12 }), 'first\nlast\n')
  t.is(readEnd(file, { full: 11 }), `first\nlast\n\n${describeFull(11)}\n`)
  // Sparse: as large as a disk may be.
  fs.truncateSync(file, 2 ** 36)
  t.true((readEnd(file)?.length ?? 0) < 3 * 2 ** 20)
})
