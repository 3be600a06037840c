import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { arrange } from '../../scripts/ovl/member.ts'
import { readOwnTree } from '../../scripts/ovl/own-tree.ts'
import { tool } from '../needs.ts'

/** The unpacked ovl, which includes the steps of all tests. */
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

/** As on a node. A user's PATH may lack sbin, and npm prepends directories with other programs, such as an `nft`. */
const SEARCH_PATH = `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${process.env.PATH}`

/** The shells that a node may have. */
export const SHELLS = [['dash'], ['busybox', 'sh']] as const
export type Shell = (typeof SHELLS)[number]

/** Hides Perl, as in xcluster's image. */
export const WITHOUT_PERL =
  'for place in /bin /usr/bin /usr/local/bin; do [ ! -e $place/perl ] || mount --bind /dev/null $place/perl; done'

export interface Answer {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `netns_test` on this host, for commands that need no namespaces. */
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
 * Runs a script as on node 3 of a cluster: as root in its own namespaces, with its own /run. Nothing is left
 * afterwards, and this host is not affected.
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
