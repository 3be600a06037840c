import fs from 'node:fs'
import type { Terminal, TerminalRequest, TerminalWritable } from './streams.ts'

/** Without a live view, the streams are unchanged, and no drawing code is loaded. */
export async function openTerminal(request: TerminalRequest): Promise<Terminal> {
  const { stdout, stderr, progress } = request
  if (!progress) return { stdout, stderr, listeners: [], close: () => {} }
  const { openLive } = await import('./live/live.ts')
  return openLive(request, isSameTerminal(stdout, stderr))
}

/** Compares the devices of two descriptors. */
function isSameTerminal(one: TerminalWritable, other: TerminalWritable): boolean {
  if (!one.isTTY || !other.isTTY || one.fd === undefined || other.fd === undefined) return false
  return fs.fstatSync(one.fd).rdev === fs.fstatSync(other.fd).rdev
}
