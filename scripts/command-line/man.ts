import type { EventEmitter } from 'node:events'
import type { Command, Help, Option } from 'commander'
import { EXIT_CODES } from '../errors/exit-codes.ts'
import { programVersion } from '../host/version.ts'
import { Page } from './roff.ts'
import { variableOf } from './variables.ts'

/**
 * The manual page, generated from the definitions of the help: every command with its options, their variables, and its
 * examples.
 * @returns roff, for the macros of man(7)
 */
export function manPage(program: Command): string {
  const name = program.name()
  const page = new Page(name, `xcluster-netns ${programVersion()}`, 'User Commands')
  const [first = '', ...more] = program.description().split(/(?<=\.)\s+/)
  page.section('Name')
  page.paragraph(`${name} - ${first.replace(/\.$/, '')}`)
  page.section('Synopsis')
  const help = program.createHelp()
  const commands = help.visibleCommands(program)
  page.verbatim(commands.map(command => usage(program, command)))
  page.section('Description')
  page.paragraph([first, ...more].join(' '))
  for (const [group, members] of help.groupItems([...program.commands], commands, groupOf)) {
    page.section(group.replace(/:$/, ''))
    for (const command of members) describeCommand(page, program, command)
  }
  page.section('Options')
  options(page, program, help)
  const [examples, notes] = addedTo(program)
  page.section('Examples')
  page.verbatim(examples)
  page.section('Environment')
  page.paragraph(notes.join(' '))
  page.paragraph(`${name} env prints the settings in force, and the origin of each.`)
  page.section('Exit status')
  for (const [code, meaning] of EXIT_CODES) page.item(code, meaning)
  return page.toString()
}

/** Commander's own command `help` has no parent. */
const usage = (program: Command, command: Command): string =>
  command.parent ? command.createHelp().commandUsage(command) : `${program.name()} ${command.name()} [command]`

const groupOf = (command: Command): string => command.helpGroup() || 'Commands:'

function describeCommand(page: Page, program: Command, command: Command): void {
  const help = command.createHelp()
  page.subsection(usage(program, command))
  page.paragraph(help.commandDescription(command))
  for (const argument of help.visibleArguments(command)) {
    page.item(help.argumentTerm(argument), help.argumentDescription(argument))
  }
  options(page, command, help)
  const [examples, notes] = addedTo(command)
  if (examples.length > 0) page.verbatim(examples)
  if (notes.length > 0) page.paragraph(notes.join(' '))
}

function options(page: Page, command: Command, help: Help): void {
  // `--help` is listed once, for the program.
  const isListed = (option: Option) => command.parent === null || command.options.includes(option)
  for (const option of help.visibleOptions(command).filter(isListed)) {
    const variable = command.options.includes(option) ? variableOf(option) : undefined
    const texts = [help.optionDescription(option), variable && `(${variable})`]
    page.item(help.optionTerm(option), texts.filter(Boolean).join(' '))
  }
}

/**
 * The texts of `addHelpText('after')`.
 * @returns the lines of examples, and the others
 */
function addedTo(command: Command): readonly [examples: readonly string[], notes: readonly string[]] {
  let text = ''
  const write = (more: string) => {
    text += more
  }
  // As commander's own `outputHelp` does. A command is an EventEmitter, which its types omit.
  ;(command as unknown as EventEmitter).emit('afterHelp', { error: false, command, write })
  const lines = text.split('\n').filter(line => line && line !== 'Examples:')
  const isExample = (line: string) => line.startsWith('  ')
  return [lines.filter(isExample).map(line => line.trim()), lines.filter(line => !isExample(line))]
}
