import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'ava'
import { cpioArchive } from '../../../../scripts/cluster/vm/image/cpio.ts'
import { tool } from '../../../needs.ts'

test('cpio unpacks the archive, with modes, owners and times that do not depend on the host', t => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-cpio-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true }))
  const content = Buffer.from('five!')
  const archive = cpioArchive([
    { name: '.', mode: 0o040755 },
    { name: 'bin', mode: 0o040755 },
    { name: 'bin/tool', mode: 0o100755, content },
    { name: 'empty', mode: 0o100644, content: Buffer.alloc(0) },
  ])
  t.is(archive.length % 512, 0)
  const listed = execFileSync(tool('cpio'), ['--quiet', '-itv', '--numeric-uid-gid'], {
    input: archive,
    env: { TZ: 'UTC' },
  })
  t.deepEqual(
    listed
      .toString()
      .trim()
      .split('\n')
      .map(line =>
        line
          .split(/\s+/)
          .filter((_, at) => at !== 5 && at !== 6)
          .join(' '),
      ),
    [
      'drwxr-xr-x 2 0 0 0 1970 .',
      'drwxr-xr-x 2 0 0 0 1970 bin',
      '-rwxr-xr-x 1 0 0 5 1970 bin/tool',
      '-rw-r--r-- 1 0 0 0 1970 empty',
    ],
  )
  execFileSync(tool('cpio'), ['--quiet', '-id'], { input: archive, cwd: directory })
  t.deepEqual(fs.readFileSync(path.join(directory, 'bin/tool')), content)
})
