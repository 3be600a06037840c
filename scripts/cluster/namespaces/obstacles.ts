import { environmentFailure, type Failure, infrastructureFailure } from '../../errors/failure.ts'
import { callersEnvironment } from '../../host/environment.ts'
import { requireUserNamespaces } from '../../host/user-namespaces.ts'
import { ONE_USER, ONE_USER_HINT } from './users.ts'

/** Messages of the world on hosts that deny something, with their meaning and a hint. */
const OBSTACLES: readonly (readonly [RegExp, string, string])[] = [
  [
    /no (?:network )?namespaces?.*: No space left on device/,
    'this user has as many namespaces as the host allows',
    'an administrator can raise user.max_user_namespaces, user.max_net_namespaces and their like: sysctl -a --pattern max_.*_namespaces',
  ],
  [
    /cannot mount proc on /,
    'parts of /proc are hidden here, and the kernel then shows no other one',
    'in a container, unmask it (Docker: --security-opt systempaths=unconfined)',
  ],
  [
    /cannot mount root on .*: (?:Operation not permitted|Invalid argument|No such device)/,
    'this kernel does not allow overlayfs in user namespaces',
    'Linux 5.11 or later does; use VMs: --cluster vm',
  ],
  [
    /no users in the namespace: new[ug]idmap/,
    'newuidmap does not map the ids of /etc/subuid and /etc/subgid',
    'is it setuid root, or does it have the capability? ls -l /usr/bin/newuidmap',
  ],
  [/no groups in the namespace: /, ONE_USER, ONE_USER_HINT],
  [/ip cannot make the networks/, 'this kernel has no bridges or veth pairs', 'load its modules, or use --cluster vm'],
]

/**
 * Translates the failure of a world.
 * @param subject `the cluster`, or the node that failed
 * @param why the world's message
 * @returns Failure NO_NAMESPACES (exit 3) when this host denies something, otherwise NODE_NOT_UP (exit 4)
 */
export function obstacle(subject: string, why: string): Failure {
  const message = `${subject} did not come up: ${why}`
  for (const [pattern, meaning, hint] of OBSTACLES) {
    if (pattern.test(why)) return environmentFailure('NO_NAMESPACES', `${meaning} (${message})`, { hint })
  }
  if (/(^|: )no namespaces: /.test(why)) {
    try {
      requireUserNamespaces(callersEnvironment)
    } catch (error) {
      return error as Failure
    }
  }
  return infrastructureFailure('NODE_NOT_UP', message)
}
