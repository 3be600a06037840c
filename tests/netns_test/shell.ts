import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { arrange } from '../../scripts/ovl/member.ts'
import { readOwnTree } from '../../scripts/ovl/own-tree.ts'
import { tool } from '../needs.ts'

/** What VMs have, unpacked: the steps of tests are collected when the ovl is packed. */
export const TREE = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-tree-'))
process.on('exit', () => fs.rmSync(TREE, { recursive: true, force: true }))
for (const member of arrange(readOwnTree())) {
  const file = path.join(TREE, member.path)
  if (member.type === 'directory') fs.mkdirSync(file)
  else if (member.type === 'file')
    fs.writeFileSync(file, Buffer.concat(member.content), { mode: member.executable ? 0o755 : 0o644 })
  else fs.symlinkSync(member.target, file)
}

const PROGRAM = path.join(TREE, 'bin/netns_test')

/** As in a VM. An ordinary user's lacks root's programs, and npm puts other programs of their names in front, such as an `nft`. */
const SEARCH_PATH = `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${process.env.PATH}`

/** The shells that a VM may have. */
export const SHELLS = [['dash'], ['busybox', 'sh']] as const
export type Shell = (typeof SHELLS)[number]

export interface Answer {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `netns_test` on this host, for what needs no namespaces. */
export function netnsTest(
  shell: Shell,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Answer {
  const [program, ...options] = shell
  if (program === 'busybox') tool(program)
  const { status, stdout, stderr } = spawnSync(program, [...options, PROGRAM, ...words], {
    encoding: 'utf8',
    env: { PATH: SEARCH_PATH, ...environment },
  })
  return { status, stdout, stderr }
}

/**
 * Runs a script as in VM 3 of a cluster: in namespaces of its own, in which it is root, with a /run of its own. What it makes is gone
 * with it, and this host sees none of it.
 */
export function inVm(shell: Shell, script: string, environment: Readonly<Record<string, string>> = {}): Answer {
  const prologue = `
set -e
mount -t tmpfs run /run
cp -r '${TREE}' /run/ovl
[ -L /var/run ] || mount --bind /run /var/run
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs tmp /tmp
hostname vm-003
ip link set lo up
set +e
netns_test() { ${shell.join(' ')} /run/ovl/bin/netns_test "$@"; }
`
  const unshare = ['--user', '--map-root-user', '--net', '--mount', '--uts', '--pid', '--fork']
  const { status, stdout, stderr } = spawnSync('unshare', [...unshare, 'dash', '-c', prologue + script], {
    encoding: 'utf8',
    env: { PATH: SEARCH_PATH, ...environment },
    timeout: 60_000,
  })
  return { status, stdout, stderr }
}
