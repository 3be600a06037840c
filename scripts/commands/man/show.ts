import { spawn } from 'node:child_process'
import { environmentFailure } from '../../errors/failure.ts'

/**
 * Shows a manual page in man(1).
 * @param page roff
 * @throws Failure NO_MAN (exit 3)
 */
export async function show(page: string): Promise<void> {
  const man = spawn('man', ['-l', '-'], { stdio: ['pipe', 'inherit', 'inherit'] })
  // The pager may be left before it has read all.
  man.stdin.on('error', () => {})
  man.stdin.end(page)
  try {
    await new Promise((resolve, reject) => man.once('error', reject).once('close', resolve))
  } catch (cause) {
    throw environmentFailure('NO_MAN', 'man is not installed', { hint: 'use ./netns.ts help', cause })
  }
}
