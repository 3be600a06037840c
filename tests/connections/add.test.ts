import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { checkout } from '../launch/checkout.ts'

const TOP = path.resolve(import.meta.dirname, '../..')
/** One calls a CNI plugin from the host, the other has steps for the nodes. */
const NAMES = ['ptp', 'macvlan']
const FOLDERS = NAMES.map(name => `scripts/connections/${name}`)

/** Names and sizes of the files of a checkout, without generated ones. */
const filesOf = (top: string) =>
  (fs.readdirSync(top, { recursive: true }) as string[])
    .filter(file => !file.startsWith('node_modules') && fs.statSync(path.join(top, file)).isFile())
    .map(file => `${file} ${fs.statSync(path.join(top, file)).size}`)

test('adds a connection by one folder: it is listed, packed, and in the help and the pages', t => {
  const { top, program, list } = checkout(t)
  for (const name of ['README.md', 'docs']) fs.cpSync(path.join(TOP, name), path.join(top, name), { recursive: true })
  const read = (page: string) => fs.readFileSync(path.join(top, page), 'utf8')
  const writePages = () =>
    execFileSync(process.execPath, ['--import', 'tsx', 'scripts/docs.ts'], {
      cwd: top,
      env: { ...process.env, TSX_DISABLE_CACHE: '1' },
    })
  const help = () => {
    const unpacked = path.join(top, 'unpacked')
    fs.rmSync(unpacked, { recursive: true, force: true })
    fs.mkdirSync(unpacked)
    const packed = spawnSync(program, ['tar', '-'], { maxBuffer: 1 << 30 })
    t.is(packed.status, 0, String(packed.stderr))
    execFileSync('tar', ['xf', '-', '-C', unpacked, 'bin', 'usr'], { input: packed.stdout })
    return execFileSync('dash', [path.join(unpacked, 'bin/netns_test'), 'help'], { encoding: 'utf8' })
  }

  for (const folder of FOLDERS) fs.rmSync(path.join(top, folder), { recursive: true })
  writePages()
  t.notRegex(list().stdout, /^(ptp|macvlan)$/m)
  t.notRegex(help(), /^ {2}macvlan /m)
  for (const page of ['README.md', 'docs/connections.md']) t.notRegex(read(page), /\[`(ptp|macvlan)`\]/)
  const before = filesOf(top).filter(file => !file.startsWith('unpacked'))

  for (const folder of FOLDERS) fs.cpSync(path.join(TOP, folder), path.join(top, folder), { recursive: true })
  for (const name of NAMES) t.regex(list().stdout, new RegExp(`^${name}$`, 'm'))
  t.regex(spawnSync(program, ['test', '--list', '--verbose'], { encoding: 'utf8' }).stdout, /^ptp +PODs connected by/m)
  t.regex(help(), /^ {2}macvlan /m)
  const after = filesOf(top).filter(
    file => !file.startsWith('unpacked') && !FOLDERS.some(folder => file.startsWith(folder)),
  )
  t.deepEqual(after, before)
  writePages()
  for (const page of ['README.md', 'docs/connections.md'])
    t.is(read(page), fs.readFileSync(path.join(TOP, page), 'utf8'))
})
