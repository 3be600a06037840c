import { PassThrough } from 'node:stream'
import { type ClusterChoice, onTarget } from '../commands/target.ts'
import { environmentFailure, type Failure, usageFailure } from '../errors/failure.ts'
import { follow } from '../host/deadline.ts'
import { lineSplitter } from '../node/lines.ts'
import { collector, type Node } from '../node/node.ts'
import { plainText } from '../report/text.ts'
import { type End, hostEnd, type ScriptStreams, vmEnd } from './end.ts'
import { type Location, nameOfCopy, readLocation } from './location.ts'
import { KEEP, LOOK, RECEIVE, SEND } from './scripts.ts'

/** What the options of `cp` say. */
export interface CopyOptions extends ClusterChoice {
  readonly recursive: boolean
}

/** A location, and where that is. */
export interface Place extends Location {
  readonly end: End
}

/** What is copied: the first line of {@link LOOK}. */
type Kind = 'file' | 'directory'

/**
 * `cp`: copies a file or directory from or to a VM or POD, or from one VM to another.
 * @param source `<vm or pod>:<file>`, or a file of this host
 * @param destination the same
 * @throws Failure BAD_LOCATION or COPY_REFUSED (exit 2), COPY_FAILED (exit 3), and of {@link onTarget}; the signal's reason
 */
export async function copyBetween(
  source: string,
  destination: string,
  options: CopyOptions,
  signal: AbortSignal,
): Promise<void> {
  const [from, to] = [readLocation(source), readLocation(destination)]
  if (from.target === undefined && to.target === undefined) {
    throw usageFailure('BAD_LOCATION', `neither '${source}' nor '${destination}' is in a VM or POD`, {
      hint: 'a file there is named <vm or pod>:<file>, as in vm-001:/tmp/x',
    })
  }
  await at(from, options, signal, async (fromPlace, fromNode) => {
    await at(to, options, signal, async (toPlace, toNode) => {
      if (fromNode !== undefined && fromNode.name === toNode?.name) {
        throw usageFailure('BAD_LOCATION', `'${source}' and '${destination}' are on the same VM`, {
          hint: `there, cp does it: netns.ts exec ${fromNode.name} -- cp -a …`,
        })
      }
      await copy(fromPlace, toPlace, options.recursive, signal)
    })
  })
}

async function at(
  location: Location,
  options: CopyOptions,
  signal: AbortSignal,
  use: (place: Place, node: Node | undefined) => Promise<void>,
): Promise<void> {
  if (location.target === undefined) await use({ ...location, end: hostEnd }, undefined)
  else await onTarget(location.target, options, signal, node => use({ ...location, end: vmEnd(node) }, node))
}

/**
 * Copies. The copy gets its name when all of it is there.
 * @throws Failure COPY_REFUSED (exit 2) or COPY_FAILED (exit 3) naming the place and why; the signal's reason
 */
export async function copy(from: Place, to: Place, recursive: boolean, signal: AbortSignal): Promise<void> {
  const [kind, mode] = (await ask(from, LOOK, [from.path, recursive ? 'yes' : 'no'], signal)).trim().split(' ')
  const keeper = openKeeper(to, nameOfCopy(from), kind as Kind)
  try {
    const directory = await keeper.directory
    await transfer(from, to, { kind: kind as Kind, mode: mode ?? '', directory }, signal)
    await keeper.commit()
  } finally {
    await keeper.abandon()
  }
}

async function ask(place: Place, script: string, words: readonly string[], signal: AbortSignal): Promise<string> {
  const stdout = collector()
  await runAt(place, script, words, { stdout: stdout.stream }, signal)
  return stdout.bytes().toString()
}

/** @throws Failure COPY_REFUSED (exit 2) or COPY_FAILED (exit 3) with what the script said */
async function runAt(
  { end, typed }: Place,
  script: string,
  words: readonly string[],
  streams: Omit<ScriptStreams, 'stderr'>,
  signal?: AbortSignal,
): Promise<void> {
  const stderr = collector()
  const exitCode = await end.run(script, words, { ...streams, stderr: stderr.stream }, signal)
  if (exitCode !== 0) throw failed(typed, exitCode, stderr.bytes().toString())
}

function failed(typed: string, exitCode: number, said: string): Failure {
  const lines = said.split('\n').map(plainText).filter(Boolean)
  const why = `${typed}: ${lines.slice(-3).join('; ') || `the copying ended with exit code ${exitCode}`}`
  return exitCode === 2 ? usageFailure('COPY_REFUSED', why) : environmentFailure('COPY_FAILED', why)
}

interface Keeper {
  /** Where the copy is made. */
  readonly directory: Promise<string>
  /** Puts it where it belongs. */
  commit(): Promise<void>
  /** Takes away what is not put there. */
  abandon(): Promise<void>
}

/** Not by the signal: it is what cleans up. */
function openKeeper(to: Place, name: string, kind: Kind): Keeper {
  const stdin = new PassThrough()
  let tell: (directory: string) => void = () => {}
  const told = new Promise<string>(resolve => {
    tell = resolve
  })
  const ended = runAt(to, KEEP, [to.path, name, kind], { stdin, stdout: lineSplitter(tell) })
  // Whoever waits for it gets the error; nobody may.
  ended.catch(() => {})
  return {
    directory: Promise.race([told, ended.then(() => told)]),
    commit: async () => {
      stdin.end('commit\n')
      await ended
    },
    abandon: async () => {
      stdin.end()
      await ended.catch(() => {}) // told already, or nobody's matter any more
    },
  }
}

interface Transfer {
  readonly kind: Kind
  /** In octal digits. */
  readonly mode: string
  readonly directory: string
}

/** When one end fails the other one is ended. */
async function transfer(from: Place, to: Place, { kind, mode, directory }: Transfer, signal: AbortSignal) {
  const pipe = new PassThrough()
  const broken = new AbortController()
  const stopFollowing = follow(signal, broken)
  const orBreak = (task: Promise<void>) =>
    task.catch((error: unknown) => {
      broken.abort(error)
      throw error
    })
  const sent = runAt(from, SEND, [from.path, kind], { stdout: pipe }, broken.signal).then(() => void pipe.end())
  const sink = collector()
  const received = runAt(to, RECEIVE, [directory, kind, mode], { stdin: pipe, stdout: sink.stream }, broken.signal)
  const [first, second] = await Promise.allSettled([orBreak(sent), orBreak(received)])
  stopFollowing()
  signal.throwIfAborted()
  if (broken.signal.aborted) throw broken.signal.reason
  for (const result of [first, second]) if (result.status === 'rejected') throw result.reason
}
