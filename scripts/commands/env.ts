import process from 'node:process'
import { quoteWord } from '../node/quote.ts'
import type { Settings } from '../settings/settings.ts'

/** `env`: the effective settings on stdout, as assignments that a shell can read, each with where it came from. */
export function showSettings({ origins }: Settings, json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(origins, undefined, 2)}\n`)
    return
  }
  for (const { name, value, origin } of origins) process.stdout.write(`${name}=${quoteWord(value)} # ${origin}\n`)
}
