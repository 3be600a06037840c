import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { type ClusterChoice, onTarget } from '../cluster/choice.ts'
import { usageFailure } from '../errors/failure.ts'
import { follow } from '../host/deadline.ts'
import { plainText } from '../host/text.ts'
import type { Node } from '../ssh/node.ts'
import { type Destination, openGuestDestination } from './destination.ts'
import { hostEnd, vmEnd } from './end.ts'
import { openHostDestination } from './host-destination.ts'
import { nameOfCopy, readLocation } from './location.ts'
import type { Place } from './place.ts'
import { type Found, look, send } from './source.ts'

/** What the options of `cp` say. */
export interface CopyOptions extends ClusterChoice {
  readonly recursive: boolean
}

/** How one place is copied to another. */
export interface CopyRequest {
  readonly recursive: boolean
  /** The name of the copy in a directory; that of the source when missing. */
  readonly name?: string
  /** Gets a line for each member that was left out. */
  readonly onNotice: (line: string) => void
  readonly signal: AbortSignal
}

/** Of what is left out, how much is named. */
const MOST_NOTICES = 20

/**
 * `cp`: copies a file or directory from or to a VM or POD, or from one VM to another.
 * @param source `<vm or pod>:<file>`, or a file of this host
 * @param destination the same
 * @param onNotice gets a line for each member that was left out
 * @throws Failure BAD_LOCATION or COPY_REFUSED (exit 2), COPY_FAILED (exit 3), COPY_UNTRUSTED (exit 4), and of {@link onTarget}; the
 *   signal's reason
 */
export async function copyBetween(
  source: string,
  destination: string,
  options: CopyOptions,
  onNotice: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const [from, to] = [readLocation(source), readLocation(destination)]
  if (from.target === undefined && to.target === undefined) {
    throw usageFailure('BAD_LOCATION', `neither '${source}' nor '${destination}' is in a VM or POD`, {
      hint: 'a file there is named <vm or pod>:<file>, as in vm-001:/tmp/x',
    })
  }
  const request = { recursive: options.recursive, onNotice, signal }
  await at(from, options, signal, async (fromPlace, fromNode) => {
    await at(to, options, signal, async (toPlace, toNode) => {
      if (fromNode !== undefined && fromNode.name === toNode?.name) {
        throw usageFailure('BAD_LOCATION', `'${source}' and '${destination}' are on the same VM`, {
          hint: `there, cp does it: netns.ts exec ${fromNode.name} -- cp -a …`,
        })
      }
      await (fromNode && toNode ? copyByHost : copy)(fromPlace, toPlace, request)
    })
  })
}

async function at(
  location: ReturnType<typeof readLocation>,
  options: CopyOptions,
  signal: AbortSignal,
  use: (place: Place, node: Node | undefined) => Promise<void>,
): Promise<void> {
  if (location.target === undefined) await use({ ...location, end: hostEnd }, undefined)
  else await onTarget(location.target, options, signal, node => use({ ...location, end: vmEnd(node) }, node))
}

/** From one VM to another: what the one sends is read and written here first, so that no tar of the other one gets it as it came. */
async function copyByHost(from: Place, to: Place, request: CopyRequest): Promise<void> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-cp-'))
  const name = nameOfCopy(from)
  const between = { target: undefined, path: path.join(directory, 'copy'), typed: from.typed, end: hostEnd }
  try {
    await copy(from, between, request)
    await copy(between, to, { ...request, name })
  } finally {
    fs.rmSync(directory, { recursive: true, force: true })
  }
}

/**
 * Copies. The copy gets its name when all of it is there.
 * @throws Failure COPY_REFUSED (exit 2), COPY_FAILED (exit 3) or COPY_UNTRUSTED (exit 4) naming the place and why; the signal's reason
 */
export async function copy(from: Place, to: Place, request: CopyRequest): Promise<void> {
  const { recursive, signal, name = nameOfCopy(from) } = request
  const found = await look(from, recursive, signal)
  const skipped = noticesOf(from, request)
  const destination =
    to.end === hostEnd ? openHostDestination(to, name, found, skipped.add) : await openGuestDestination(to, name, found)
  try {
    await transfer(from, found, destination, signal)
    await destination.commit()
  } finally {
    await destination.abandon()
  }
  skipped.close()
}

function noticesOf({ typed }: Place, { onNotice }: CopyRequest) {
  let count = 0
  const add = (member: string, what: string) => {
    count += 1
    if (count <= MOST_NOTICES) onNotice(`${typed}: not copied: '${plainText(member)}' is ${what}`)
  }
  const close = () => {
    if (count > MOST_NOTICES) onNotice(`${typed}: not copied: ${count - MOST_NOTICES} more of the kind`)
  }
  return { add, close }
}

/** When one end fails the other one is ended. */
async function transfer(from: Place, found: Found, destination: Destination, signal: AbortSignal): Promise<void> {
  const pipe = new PassThrough()
  pipe.on('error', () => {}) // it was aborted: the reason is thrown below
  const broken = new AbortController()
  const stopFollowing = follow(signal, broken)
  const orBreak = (task: Promise<void>) =>
    task.catch((error: unknown) => {
      broken.abort(error)
      throw error
    })
  try {
    signal.throwIfAborted()
    const sent = send(from, found, pipe, broken.signal).then(() => void pipe.end())
    const received = destination.receive(pipe, broken.signal)
    const results = await Promise.allSettled([orBreak(sent), orBreak(received)])
    signal.throwIfAborted()
    if (broken.signal.aborted) throw broken.signal.reason
    for (const result of results) if (result.status === 'rejected') throw result.reason
  } finally {
    stopFollowing()
  }
}
