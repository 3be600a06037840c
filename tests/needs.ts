import { requireCommands, TO_BUILD, TO_TEST } from '../scripts/host/requirements.ts'

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
