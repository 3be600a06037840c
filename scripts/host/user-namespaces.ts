import { spawnSync } from 'node:child_process'
import { environmentFailure } from '../errors/failure.ts'
import type { Environment } from './environment.ts'
import { tryRead } from './files.ts'
import { searchPath } from './requirements.ts'

const NAMESPACES = ['--user', '--map-root-user', '--net', '--mount', '--uts', '--pid', '--fork', '--mount-proc']

/**
 * Checks that the user can create namespaces, by creating some.
 * @throws Failure NO_NAMESPACES (exit 3) with the likely reason and a hint
 */
export function requireUserNamespaces(environment: Environment): void {
  const env = { ...environment, PATH: searchPath(environment).join(':'), LC_ALL: 'C' }
  const { status, stderr, error } = spawnSync('unshare', [...NAMESPACES, 'true'], { encoding: 'utf8', env })
  if (status === 0) return
  const message = (error?.message ?? stderr).trim()
  const [why, hint] = reason()
  throw environmentFailure('NO_NAMESPACES', `cannot create user namespaces: ${why} (${message})`, { hint })
}

function reason(): readonly [why: string, hint: string] {
  if (isChroot()) {
    return [
      'this root is a chroot, in which the kernel does not allow them',
      'enter the root with its own mount namespace and pivot_root, as containers and systemd-nspawn do',
    ]
  }
  if (sysctl('user/max_user_namespaces') === '0')
    return ['user.max_user_namespaces is 0', 'an administrator can run: sysctl user.max_user_namespaces=15000']
  if (sysctl('kernel/unprivileged_userns_clone') === '0') {
    const name = 'kernel.unprivileged_userns_clone'
    return [`${name} is 0`, `an administrator can run: sysctl ${name}=1`]
  }
  if (sysctl('kernel/apparmor_restrict_unprivileged_userns') === '1') {
    const name = 'kernel.apparmor_restrict_unprivileged_userns'
    return [`${name} is 1`, `an administrator can run: sysctl ${name}=0`]
  }
  return [
    'the kernel or a sandbox denies them',
    'in a container, use a seccomp profile that allows unshare(2), and an unmasked /proc ' +
      '(Docker: --security-opt seccomp=unconfined --security-opt systempaths=unconfined)',
  ]
}

/** The root of a chroot is not a mount point, or process 1 sees the same mount somewhere below its root. */
function isChroot(): boolean {
  const own = mountsOf('self')
  if (own.length === 0) return false
  const root = own.find(({ point }) => point === '/')
  return !root || mountsOf('1').some(({ id, point }) => id === root.id && point !== '/')
}

/** Mounts of a process; none when they cannot be read. Ids are unique within a mount namespace. */
const mountsOf = (process: string): readonly { id: string; point: string }[] =>
  (tryRead(`/proc/${process}/mountinfo`) ?? '')
    .split('\n')
    .filter(Boolean)
    .map(line => line.split(' '))
    .map(([id = '', , , , point = '']) => ({ id, point }))

const sysctl = (name: string) => tryRead(`/proc/sys/${name}`)?.trim()
