import tabtab from '@pnpm/tabtab'
import type { Command } from 'commander'
import { complete } from '../../command-line/completion/complete.ts'
import { callersEnvironment } from '../../host/environment.ts'

/** Prints the completions at the cursor of a shell. Errors are silent: a message would garble the command line. */
export async function answer(program: Command): Promise<void> {
  const { SHELL, COMP_LINE = '', COMP_POINT = '' } = callersEnvironment
  try {
    const { words, partial } = wordsBefore(COMP_LINE.slice(0, Number(COMP_POINT)), program.name())
    const found = await complete(program, words, partial, callersEnvironment)
    if (found === 'files') return tabtab.logFiles()
    // Bash splits words at `=` and `:`.
    const before = SHELL === 'bash' ? (/^--[^=]+=/.exec(partial)?.[0].length ?? 0) : 0
    const items = found.map(({ value, description = '' }) => ({ name: value.slice(before), description }))
    if (SHELL === 'bash') for (const { name } of items) process.stdout.write(`${name}\n`)
    else tabtab.log(items, SHELL as 'bash' | 'zsh' | 'fish')
  } catch {
    return // no words
  }
}

/**
 * @param line the input up to the cursor; may begin with other commands
 * @returns the words after the program's name, and the one at the cursor
 */
function wordsBefore(line: string, name: string): { words: readonly string[]; partial: string } {
  const all = line.split(/\s+/).filter((word, index, { length }) => word || index === length - 1)
  const partial = all.pop() ?? ''
  const isProgram = (word: string) => word === name || word.endsWith(`/${name}`)
  return { words: all.slice(Math.max(all.findLastIndex(isProgram), 0) + 1), partial }
}
