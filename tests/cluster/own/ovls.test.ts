import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'ava'
import { MAKE_DISK } from '../../../scripts/cluster/own/ovls.ts'
import { tool } from '../../needs.ts'

/** mksquashfs before 4.5, which reads no archives. */
const OLD = `#!/bin/sh
case " $* " in
*" -help "*) echo 'SYNTAX: mksquashfs source1 source2 … dest'; exit 1 ;;
*" -tar "*) echo 'mksquashfs: -tar: unknown option' >&2; exit 1 ;;
esac
exec real-mksquashfs "$@"
`

const find = (command: string) =>
  execFileSync('sh', ['-c', 'command -v "$1"', 'sh', command], { encoding: 'utf8' }).trim()

test('packs the disk of an ovl with sqfstar, with mksquashfs alone, and with one that reads no archives', t => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-disk-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true }))
  const tree = path.join(directory, 'tree')
  fs.mkdirSync(path.join(tree, 'bin'), { recursive: true })
  fs.writeFileSync(path.join(tree, 'bin/tool'), 'a tool', { mode: 0o755 })
  fs.writeFileSync(path.join(tree, 'private'), '', { mode: 0o600 })
  fs.symlinkSync('bin/tool', path.join(tree, 'link'))
  execFileSync('tar', ['-cf', path.join(directory, 'ovl.tar'), '-C', tree, '.'])
  const listings = ['sqfstar', 'mksquashfs', 'old'].map(kind => {
    const bin = path.join(directory, `bin-${kind}`)
    fs.mkdirSync(bin)
    for (const name of ['grep', 'mkdir', 'rm', 'sh', 'tar']) fs.symlinkSync(find(name), path.join(bin, name))
    const mksquashfs = find(tool('mksquashfs'))
    if (kind === 'sqfstar') fs.symlinkSync(mksquashfs, path.join(bin, 'sqfstar'))
    if (kind === 'mksquashfs') fs.symlinkSync(mksquashfs, path.join(bin, 'mksquashfs'))
    if (kind === 'old') {
      fs.symlinkSync(mksquashfs, path.join(bin, 'real-mksquashfs'))
      fs.writeFileSync(path.join(bin, 'mksquashfs'), OLD, { mode: 0o755 })
    }
    const disk = path.join(directory, `${kind}.squashfs`)
    const words = ['-c', MAKE_DISK, 'sh', path.join(directory, 'ovl.tar'), disk, '-all-root', '-quiet', '-no-progress']
    execFileSync('/bin/sh', words, { env: { PATH: bin }, stdio: ['ignore', 'ignore', 'pipe'] })
    t.false(fs.existsSync(`${disk}.d`), 'nothing is left')
    const listing = execFileSync(tool('unsquashfs'), ['-llnumeric', disk], { encoding: 'utf8' })
    return listing.split('\n').filter(line => /^[-dl]/.test(line) && !line.endsWith(' squashfs-root'))
  })
  t.is(listings[0]?.length, 4)
  t.deepEqual(listings[1], listings[0])
  t.deepEqual(listings[2], listings[0])
})
