import test from 'ava'
import { requireUserNamespaces } from '../scripts/host/user-namespaces.ts'

/** For a test file that uses user namespaces: fails once, with the reason, when the host does not allow them. */
export function needsUserNamespaces(): void {
  test.before('user namespaces can be created', () => requireUserNamespaces(process.env))
}
