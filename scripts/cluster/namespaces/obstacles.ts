import { environmentFailure, type Failure, infrastructureFailure } from '../../errors/failure.ts'
import { callersEnvironment } from '../../host/environment.ts'
import { requireUserNamespaces } from '../../host/user-namespaces.ts'
import { ONE_USER, ONE_USER_HINT } from './user-maps.ts'

/** Messages of the world on hosts that deny something, with their meaning and a hint. */
const OBSTACLES: readonly (readonly [RegExp, string, string])[] = [
  [
    /no (?:network )?namespaces?.*: No space left on device/,
    'this user has as many namespaces as the host allows',
    'an administrator can raise the sysctls user.max_*_namespaces: sysctl -a --pattern max_.*_namespaces',
  ],
  [
    /cannot mount proc on /,
    'parts of /proc are hidden here, so the kernel refuses to mount another one',
    'in a container, unmask it (Docker: --security-opt systempaths=unconfined)',
  ],
  [
    /cannot mount root on .*: (?:Operation not permitted|Invalid argument|No such device)/,
    'this kernel does not allow overlayfs in user namespaces',
    'Linux 5.11 or later allows it; or use VMs: --cluster embedded',
  ],
  [
    /no users in the namespace: new[ug]idmap/,
    'newuidmap does not map the IDs of /etc/subuid and /etc/subgid',
    'it must be setuid root or have the capability CAP_SETUID: ls -l /usr/bin/newuidmap',
  ],
  [/no groups in the namespace: /, ONE_USER, ONE_USER_HINT],
  [
    /ip cannot make the networks/,
    'this kernel has no bridges or veth pairs',
    'load its modules, or use --cluster embedded',
  ],
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
