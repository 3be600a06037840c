import type { Command } from 'commander'
import { environmentFailure } from '../../errors/failure.ts'

/**
 * Adds `man`: the manual page on stdout, or, on a terminal, in man(1).
 */
export function defineMan(program: Command): void {
  program
    .command('man')
    .description('show the manual page; roff, where stdout is no terminal')
    .action(async () => {
      const { manPage } = await import('../../command-line/man.ts')
      const page = manPage(program)
      if (process.stdout.isTTY) await show(page)
      else process.stdout.write(page)
    })
}

/** @throws Failure NO_MAN (exit 3) */
async function show(page: string): Promise<void> {
  const { spawn } = await import('node:child_process')
  const man = spawn('man', ['-l', '-'], { stdio: ['pipe', 'inherit', 'inherit'] })
  // Whoever has read enough leaves before the end.
  man.stdin.on('error', () => {})
  man.stdin.end(page)
  try {
    await new Promise((resolve, reject) => man.once('error', reject).once('close', resolve))
  } catch (cause) {
    throw environmentFailure('NO_MAN', 'man is not installed', { hint: './netns.ts help tells the same', cause })
  }
}
