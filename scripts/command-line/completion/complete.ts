import type { Command, Option } from 'commander'
import type { Environment } from '../../host/environment.ts'
import { isRepeatable } from '../variables.ts'
import { type Candidate, type Completions, sourceOf, type UserInput } from './source.ts'

/**
 * Completes commands, options, and the values of options and arguments.
 * @param words between the program's name and the word at the cursor
 * @param partial the word at the cursor, up to it
 */
export async function complete(
  program: Command,
  words: readonly string[],
  partial: string,
  environment: Environment,
): Promise<Completions> {
  const typed = { ...read(program, words), environment }
  const { command, operands, pending, isLiteral } = typed
  if (pending) return beginning(partial, await sourceOf(pending)(partial, typed))
  const [, long = '', value] = /^(--[^=]+)=(.*)$/s.exec(partial) ?? []
  const option = isLiteral ? undefined : findOption(command, long)
  if (option) {
    const values = await sourceOf(option)(value ?? '', typed)
    if (values === 'files') return values
    return beginning(
      partial,
      values.map(candidate => ({ ...candidate, value: `${long}=${candidate.value}` })),
    )
  }
  const { registeredArguments } = command
  const argument = registeredArguments[operands.length] ?? registeredArguments.findLast(({ variadic }) => variadic)
  // The rest is a command on the node, with its own options.
  const isOthers = argument?.name() === 'command'
  if (partial.startsWith('-') && !isLiteral && !isOthers) return beginning(partial, optionsOf(typed))
  const subcommands = command.createHelp().visibleCommands(command)
  if (subcommands.length > 0 && operands.length === 0) {
    return beginning(
      partial,
      subcommands.map(each => ({ value: each.name(), description: firstLine(each.description()) })),
    )
  }
  if (!argument) return []
  return beginning(partial, await sourceOf(argument)(partial, typed))
}

const beginning = (partial: string, found: Completions): Completions =>
  found === 'files' ? found : found.filter(({ value }) => value.startsWith(partial))

/** Parses like commander, which would refuse an incomplete command line. */
function read(program: Command, words: readonly string[]): Omit<UserInput, 'environment'> {
  let [command, pending]: [Command, Option | undefined] = [program, undefined]
  let isLiteral = false
  const operands: string[] = []
  const options = new Map<string, string>()
  for (const word of words) {
    if (pending?.long) {
      options.set(pending.long, word)
      pending = undefined
    } else if (word === '--' && !isLiteral) isLiteral = true
    else if (word.startsWith('-') && !isLiteral) {
      const [name = word, value] = word.split(/=(.*)/s)
      const option = findOption(command, name)
      options.set(option?.long ?? name, value ?? '')
      if (option?.required && value === undefined) pending = option
    } else {
      const below = operands.length === 0 ? findCommand(command, word) : undefined
      // The arguments of `help` are commands.
      if (below) command = below
      else if (!(command === program && word === 'help')) operands.push(word)
    }
  }
  return { command, operands, options, pending, isLiteral }
}

const findCommand = (command: Command, word: string) =>
  command.commands.find(each => each.name() === word || each.aliases().includes(word))

const findOption = (command: Command, name: string): Option | undefined =>
  command.options.find(({ long, short }) => name !== '' && (long === name || short === name))

/** Options that can still be added. */
function optionsOf({ command, options }: Pick<UserInput, 'command' | 'options'>): readonly Candidate[] {
  const isOpen = (option: Option) => option.long && (isRepeatable(option) || !options.has(option.long))
  return command
    .createHelp()
    .visibleOptions(command)
    .filter(isOpen)
    .map(({ long, description }) => ({ value: long ?? '', description: firstLine(description) }))
}

const firstLine = (text: string) => text.split('\n')[0]
