import type { Writable } from 'node:stream'
import { plainText } from '../host/text.ts'
import { askAt, type Place, runAt, untrusted } from './place.ts'
import { LOOK, SEND } from './scripts.ts'

/** What there is to copy. */
export interface Found {
  readonly kind: 'file' | 'directory'
  /** Permissions, without set-user-ID and the like. */
  readonly mode: number
  /** Bytes that it takes, as far as that is known beforehand. */
  readonly size: number
}

const ANSWER = /^(file|directory) ([0-7]{1,5}) (\d{1,15})\n$/
const PERMISSIONS = 0o777
const SHOWN = 60

/**
 * Looks at what there is to copy.
 * @throws Failure COPY_REFUSED (exit 2), COPY_FAILED (exit 3), COPY_UNTRUSTED (exit 4) for an answer that is none
 */
export async function look(from: Place, recursive: boolean, signal: AbortSignal): Promise<Found> {
  const answer = await askAt(from, LOOK, [from.path, recursive ? 'yes' : 'no'], signal)
  const [, kind, mode = '', size] = ANSWER.exec(answer) ?? []
  if (kind !== 'file' && kind !== 'directory')
    throw untrusted(from, `the answer '${plainText(answer.replaceAll('\n', ' ')).slice(0, SHOWN)}' describes no file`)
  if (kind === 'directory' && !recursive) throw untrusted(from, 'the answer describes a directory')
  return { kind, mode: Number.parseInt(mode, 8) & PERMISSIONS, size: Number(size) }
}

/**
 * Writes a file as it is, or a directory as a tar archive.
 * @throws Failure COPY_FAILED (exit 3); the signal's reason
 */
export const send = async (from: Place, { kind }: Found, output: Writable, signal: AbortSignal): Promise<void> =>
  await runAt(from, SEND, [from.path, kind], { stdout: output, signal })
