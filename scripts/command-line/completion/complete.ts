import type { Argument, Command, Option } from 'commander'
import { isRepeatable } from '../variables.ts'

/** A word that can stand where the cursor is. */
export interface Candidate {
  readonly value: string
  readonly description?: string | undefined
}

/** `files`: the shell knows them better. */
export type Completions = readonly Candidate[] | 'files'

/** What was typed before the word that is to be completed. */
export interface Typed {
  readonly command: Command
  readonly operands: readonly string[]
  /** Values of the options, by their long names. */
  readonly options: ReadonlyMap<string, string>
  /** The option whose value comes next. */
  readonly pending: Option | undefined
  /** `--` was there: no more options. */
  readonly isLiteral: boolean
}

/**
 * Tells the values of an option or argument.
 * @param meaning what the help calls it: `target`, `directory`, `kvm|tcg|auto`
 */
export type ValuesOf = (meaning: string, partial: string, typed: Typed) => Promise<Completions>

/**
 * What can be typed at the cursor: commands, options, and the values of options and arguments, by what the program defines.
 * @param words behind the program's name, before the one at the cursor
 * @param partial the word at the cursor, up to it
 */
export async function complete(
  program: Command,
  words: readonly string[],
  partial: string,
  valuesOf: ValuesOf,
): Promise<Completions> {
  const typed = read(program, words)
  const { command, operands, pending, isLiteral } = typed
  if (pending) return beginning(partial, await valuesOfOption(pending, partial, typed, valuesOf))
  const [, long = '', value] = /^(--[^=]+)=(.*)$/s.exec(partial) ?? []
  const option = isLiteral ? undefined : findOption(command, long)
  if (option) {
    const values = await valuesOfOption(option, value ?? '', typed, valuesOf)
    if (values === 'files') return values
    return beginning(
      partial,
      values.map(candidate => ({ ...candidate, value: `${long}=${candidate.value}` })),
    )
  }
  const { registeredArguments } = command
  const argument = registeredArguments[operands.length] ?? registeredArguments.findLast(({ variadic }) => variadic)
  // What follows is a command of the VM, with options of its own.
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
  return beginning(partial, await valuesOfArgument(argument, partial, typed, valuesOf))
}

const beginning = (partial: string, found: Completions): Completions =>
  found === 'files' ? found : found.filter(({ value }) => value.startsWith(partial))

/** As commander reads them, who would refuse what is not complete yet. */
function read(program: Command, words: readonly string[]): Typed {
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
      // Of `help <command>` the words are commands as without it.
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

/** Those that can still be typed. */
function optionsOf({ command, options }: Typed): readonly Candidate[] {
  const isOpen = (option: Option) => option.long && (isRepeatable(option) || !options.has(option.long))
  return command
    .createHelp()
    .visibleOptions(command)
    .filter(isOpen)
    .map(({ long, description }) => ({ value: long ?? '', description: firstLine(description) }))
}

async function valuesOfOption(option: Option, partial: string, typed: Typed, valuesOf: ValuesOf): Promise<Completions> {
  if (option.argChoices) return option.argChoices.map(value => ({ value }))
  const [, meaning] = /<(.+)>/.exec(option.flags) ?? []
  return meaning ? await valuesOf(meaning, partial, typed) : []
}

async function valuesOfArgument(argument: Argument, partial: string, typed: Typed, valuesOf: ValuesOf) {
  const { argChoices } = argument
  return argChoices ? argChoices.map(value => ({ value })) : await valuesOf(argument.name(), partial, typed)
}

const firstLine = (text: string) => text.split('\n')[0]
