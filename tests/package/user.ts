import { execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import type { ExecutionContext } from 'ava'
import { imageDirectory } from '../../scripts/cluster/vm/image/cache.ts'
import { readDirectories } from '../../scripts/settings/settings.ts'

const ID = 54321
const NAME = 'netns-user'

export interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/**
 * An ordinary user with a home, who has subordinate ids and the image of the nodes: for root, another user in a mount
 * namespace of its own; otherwise the user who runs the tests.
 */
export function ordinaryUser(t: ExecutionContext) {
  const top = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'netns-user-')))
  t.teardown(() => fs.rmSync(top, { recursive: true, force: true }))
  const home = path.join(top, 'home')
  const cache = path.join(home, '.cache/xcluster-netns')
  fs.mkdirSync(cache, { recursive: true })
  const image = imageDirectory(readDirectories(process.env).cache)
  fs.cpSync(image, path.join(cache, path.basename(image)), { recursive: true, preserveTimestamps: true })
  const isRoot = process.getuid?.() === 0
  if (isRoot) {
    fs.chmodSync(top, 0o755)
    fs.writeFileSync(
      path.join(top, 'passwd'),
      `${fs.readFileSync('/etc/passwd', 'utf8')}${NAME}:x:${ID}:${ID}::${home}:/bin/sh\n`,
    )
    fs.writeFileSync(path.join(top, 'group'), `${fs.readFileSync('/etc/group', 'utf8')}${NAME}:x:${ID}:\n`)
    for (const name of ['subuid', 'subgid']) fs.writeFileSync(path.join(top, name), `${NAME}:200000:65536\n`)
    chownAll(home)
  }
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(CI$|GITHUB_|XDG_|XCLUSTER|npm_|__|xcluster_|NODE_|AVA)/.test(name),
  )
  const environment = { ...Object.fromEntries(own), HOME: home, npm_config_fund: 'false', npm_config_audit: 'false' }
  const start = (command: string, directory: string) => {
    const options = {
      cwd: directory,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'],
    }
    if (!isRoot) return spawn('sh', ['-c', command], options)
    return spawn('unshare', ['--mount', 'sh', '-c', AS_USER, 'sh', top, String(ID), command], options)
  }
  const run = async (command: string, directory: string): Promise<Ended> => {
    const child = start(command, directory)
    const texts = { stdout: '', stderr: '' }
    for (const stream of ['stdout', 'stderr'] as const)
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        texts[stream] += text
      })
    const status = await new Promise<number | null>(resolve => child.once('close', resolve))
    return { status, ...texts }
  }
  return { home, run, own: (directory: string) => isRoot && chownAll(directory) }
}

const AS_USER = `for name in passwd group subuid subgid; do
	[ -e "/etc/$name" ] || touch "/etc/$name"
	mount --bind "$1/$name" "/etc/$name" || exit
done
exec setpriv --reuid "$2" --regid "$2" --clear-groups --inh-caps=-all sh -c "$3"`

function chownAll(place: string): void {
  fs.lchownSync(place, ID, ID)
  if (!fs.lstatSync(place).isDirectory()) return
  for (const name of fs.readdirSync(place)) chownAll(path.join(place, name))
}

/** Packs this repository into a directory, as `npm pack` does. */
export function packInto(directory: string, top: string): void {
  execFileSync('npm', ['pack', top, '--ignore-scripts=false', '--silent'], { cwd: directory })
}
