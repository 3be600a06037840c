import { Argument, type Command } from 'commander'
import { callersEnvironment } from '../../host/environment.ts'
import { quoteWord } from '../../ssh/quote.ts'

const SHELLS = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof SHELLS)[number]

/** What the scripts of tabtab call. */
const SERVER = 'completion-server'

/**
 * Adds `completion`, which prints what makes a shell complete words of this program, and what that calls at each key.
 */
export function defineCompletion(program: Command): void {
  program
    .command('completion')
    .description('print what makes a shell complete commands, options, tests, reporters, nodes and PODs')
    .addArgument(new Argument('<shell>', 'bash, zsh or fish').choices(SHELLS))
    .action(async (shell: Shell) => {
      const { default: tabtab } = await import('@pnpm/tabtab')
      const path = quoteWord(process.argv[1] ?? '')
      // Fish reads it twice.
      const completer = shell === 'fish' ? quoteWord(path) : path
      process.stdout.write(await tabtab.getCompletionScript({ name: program.name(), completer, shell }))
    })
  program
    .command(SERVER, { hidden: true })
    .argument('[words...]')
    .action(async () => await answer(program))
}

/** Prints the words that can stand at the cursor of a shell. A shell at which somebody types is no place for messages: there are none then. */
async function answer(program: Command): Promise<void> {
  const { SHELL, COMP_LINE = '', COMP_POINT = '' } = callersEnvironment
  try {
    const { complete } = await import('../../command-line/completion/complete.ts')
    const { valuesIn } = await import('../../command-line/completion/values.ts')
    const { words, partial } = wordsBefore(COMP_LINE.slice(0, Number(COMP_POINT)), program.name())
    const found = await complete(program, words, partial, valuesIn(callersEnvironment))
    const { default: tabtab } = await import('@pnpm/tabtab')
    if (found === 'files') return tabtab.logFiles()
    // Bash takes `=` and `:` for ends of words.
    const before = SHELL === 'bash' ? (/^--[^=]+=/.exec(partial)?.[0].length ?? 0) : 0
    const items = found.map(({ value, description = '' }) => ({ name: value.slice(before), description }))
    if (SHELL === 'bash') for (const { name } of items) process.stdout.write(`${name}\n`)
    else tabtab.log(items, SHELL as Shell)
  } catch {
    return // no words
  }
}

/**
 * @param line what is typed up to the cursor: it may begin with other commands
 * @returns the words behind the program's name, and the one at the cursor
 */
function wordsBefore(line: string, name: string): { words: readonly string[]; partial: string } {
  const all = line.split(/\s+/).filter((word, index, { length }) => word || index === length - 1)
  const partial = all.pop() ?? ''
  const isProgram = (word: string) => word === name || word.endsWith(`/${name}`)
  return { words: all.slice(Math.max(all.findLastIndex(isProgram), 0) + 1), partial }
}
