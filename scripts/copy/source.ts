import type { Writable } from 'node:stream'
import { plainText } from '../host/text.ts'
import { type Place, queryScript, runScript, untrusted } from './place.ts'
import { SEND, STAT } from './scripts.ts'

/** The file or directory to copy. */
export interface SourceInfo {
  readonly kind: 'file' | 'directory'
  /** Permissions, without set-user-ID and the like. */
  readonly mode: number
  /** Estimated size in bytes. */
  readonly size: number
}

const ANSWER = /^(file|directory) ([0-7]{1,5}) (\d{1,15})\n$/
const PERMISSIONS = 0o777
const MAX_SHOWN = 60

/**
 * Gets kind, mode and size of the source.
 * @throws Failure COPY_REFUSED (exit 2), COPY_FAILED (exit 3), COPY_UNTRUSTED (exit 4) for an invalid answer
 */
export async function statSource(from: Place, recursive: boolean, signal: AbortSignal): Promise<SourceInfo> {
  const answer = await queryScript(from, STAT, [from.path, recursive ? 'yes' : 'no'], signal)
  const [, kind, mode = '', size] = ANSWER.exec(answer) ?? []
  if (kind !== 'file' && kind !== 'directory')
    throw untrusted(from, `unexpected answer '${plainText(answer.replaceAll('\n', ' ')).slice(0, MAX_SHOWN)}'`)
  if (kind === 'directory' && !recursive) throw untrusted(from, 'it answered with a directory')
  return { kind, mode: Number.parseInt(mode, 8) & PERMISSIONS, size: Number(size) }
}

/**
 * Writes a file's content, or a directory as a tar archive, to the output.
 * @throws Failure COPY_FAILED (exit 3); the signal's reason
 */
export const send = async (from: Place, { kind }: SourceInfo, output: Writable, signal: AbortSignal): Promise<void> =>
  await runScript(from, SEND, [from.path, kind], { stdout: output, signal })
