import test from 'ava'
import { requireCommands, TO_BUILD, TO_TEST } from '../scripts/host/requirements.ts'
import { requireUserNamespaces } from '../scripts/host/user-namespaces.ts'

/** What installs everything that tests call. */
const SETUP = './netns.ts setup --tests'

/**
 * A program that a test calls and that a machine may lack. Only what `setup --tests` installs can be asked for.
 * @returns the command, to be run
 * @throws Failure HOST_LACKS that names the command that installs it
 */
export function tool(command: string): string {
  const requirement = [...TO_TEST, ...TO_BUILD].find(each => each.command === command)
  if (!requirement) throw new Error(`${command} is missing in TO_TEST, which ${SETUP} installs`)
  requireCommands([requirement], process.env, SETUP)
  return command
}

/** For a file of tests that run in namespaces: one failure with the reason, where none can be made. */
export function needsUserNamespaces(): void {
  test.before('user namespaces can be made', () => requireUserNamespaces(process.env))
}
