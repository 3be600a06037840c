import test from 'ava'
import { requireCommands, TO_BUILD, TO_TEST } from '../scripts/host/requirements.ts'
import { requireUserNamespaces } from '../scripts/host/user-namespaces.ts'

/** Installs every command that the tests call. */
const SETUP = './netns.ts setup --tests'

/**
 * Checks that a command which a test calls is installed. It must be one that `setup --tests` installs.
 * @returns the command
 * @throws Failure HOST_LACKS whose hint is the set-up command
 */
export function tool(command: string): string {
  const requirement = [...TO_TEST, ...TO_BUILD].find(each => each.command === command)
  if (!requirement) throw new Error(`${command} is missing in TO_TEST, which ${SETUP} installs`)
  requireCommands([requirement], process.env, SETUP)
  return command
}

/** For a test file that uses user namespaces: fails once, with the reason, when the host does not allow them. */
export function needsUserNamespaces(): void {
  test.before('user namespaces can be created', () => requireUserNamespaces(process.env))
}
