import { Command } from 'commander'

/**
 * The real program's commands and options, without running it. Call it once, before any test: it replaces commander's
 * parser meanwhile.
 */
export async function theProgram(): Promise<Command> {
  const { parseAsync } = Command.prototype
  let program: Command | undefined
  Command.prototype.parseAsync = async function (this: Command) {
    program = this
    return this
  }
  try {
    await import('../../netns.ts')
  } finally {
    Command.prototype.parseAsync = parseAsync
  }
  if (!program) throw new Error('netns.ts does not parse')
  return program
}
