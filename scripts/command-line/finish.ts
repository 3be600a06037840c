import { type Command, Help, type Option } from 'commander'
import type { Environment } from '../host/environment.ts'
import { plainLines } from '../host/text.ts'
import { programVersion } from '../host/version.ts'
import { applyVariables, isRepeatable } from './variables.ts'

/** A command and all of its subcommands. */
export const commandsOf = (command: Command): readonly Command[] => [command, ...command.commands.flatMap(commandsOf)]

/** The root of a command. */
export const programOf = (command: Command): Command => (command.parent ? programOf(command.parent) : command)

/** Adds examples with their purpose at the end of the help. */
export function withExamples(
  command: Command,
  examples: readonly (readonly [typed: string, purpose: string])[],
): Command {
  const width = Math.max(...examples.map(([typed]) => typed.length)) + 2
  const lines = examples.map(([typed, purpose]) => `  ${typed.padEnd(width)}${purpose}`)
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`)
}

/**
 * Completes all commands: messages prefixed by the program's name, a variable for each option, and `--help` after the
 * groups of options.
 */
export function finishProgram(program: Command, environment: Environment): Command {
  program.version(programVersion(), '-V, --version', 'print the version')
  program.addHelpText(
    'after',
    '\nEach option has a variable: XCLUSTER_NETNS_NVM=2 is --nvm=2. The command line takes precedence.',
  )
  program.helpCommand('help [command]', 'print the help of a command')
  for (const command of commandsOf(program)) {
    // Quoted input may contain control characters.
    command.configureOutput({ outputError: (text, write) => write(plainLines(text.replace(/^error:/, 'netns.ts:'))) })
    command.configureHelp({ optionDescription })
    command.helpOption('-h, --help', 'print this help')
    if (command.options.some(option => option.helpGroupHeading)) command.optionsGroup('Other options:')
  }
  return applyVariables(program, environment)
}

/** Without the `(default: [])` that commander shows for repeatable options. */
function optionDescription(this: Help, option: Option): string {
  return isRepeatable(option) ? option.description : Help.prototype.optionDescription.call(this, option)
}
