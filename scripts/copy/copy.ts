import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { type ClusterChoice, onTarget } from '../cluster/choice.ts'
import { usageFailure } from '../errors/failure.ts'
import { follow } from '../host/deadline.ts'
import { plainText } from '../host/text.ts'
import type { Node } from '../ssh/node.ts'
import { type Destination, openNodeDestination } from './destination.ts'
import { hostEnd, nodeEnd } from './end.ts'
import { openHostDestination } from './host-destination.ts'
import { nameOfCopy, readLocation } from './location.ts'
import type { Place } from './place.ts'
import { type SourceInfo, send, statSource } from './source.ts'

export interface CopyOptions extends ClusterChoice {
  readonly recursive: boolean
}

export interface CopyRequest {
  readonly recursive: boolean
  /** Name in a destination directory; by default that of the source. */
  readonly name?: string
  /** Gets a line for each skipped member. */
  readonly onNotice: (line: string) => void
  readonly signal: AbortSignal
}

/** Number of skipped members that are listed. */
const MAX_NOTICES = 20

/**
 * `cp`: copies a file or directory from or to a node or POD, or between nodes.
 * @param source `<node or pod>:<file>`, or a file on this host
 * @param destination the same
 * @param onNotice gets a line for each skipped member
 * @throws Failure BAD_LOCATION or COPY_REFUSED (exit 2), COPY_FAILED (exit 3), COPY_UNTRUSTED (exit 4), those of {@link
 *   onTarget}; the signal's reason
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
    throw usageFailure('BAD_LOCATION', `neither '${source}' nor '${destination}' is on a node or in a POD`, {
      hint: 'name a file there as <node or pod>:<file>, for example vm-001:/tmp/x',
    })
  }
  const request = { recursive: options.recursive, onNotice, signal }
  await withPlace(from, options, signal, async (fromPlace, fromNode) => {
    await withPlace(to, options, signal, async (toPlace, toNode) => {
      if (fromNode !== undefined && fromNode.name === toNode?.name) {
        throw usageFailure('BAD_LOCATION', `'${source}' and '${destination}' are on the same node`, {
          hint: `use cp on the node: netns.ts exec ${fromNode.name} -- cp -a …`,
        })
      }
      await (fromNode && toNode ? copyViaHost : copy)(fromPlace, toPlace, request)
    })
  })
}

async function withPlace(
  location: ReturnType<typeof readLocation>,
  options: CopyOptions,
  signal: AbortSignal,
  use: (place: Place, node: Node | undefined) => Promise<void>,
): Promise<void> {
  if (location.target === undefined) await use({ ...location, end: hostEnd }, undefined)
  else await onTarget(location.target, options, signal, node => use({ ...location, end: nodeEnd(node) }, node))
}

/**
 * Copies between nodes in two steps, so that an archive from one untrusted node is validated before it reaches the
 * other.
 */
async function copyViaHost(from: Place, to: Place, request: CopyRequest): Promise<void> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-cp-'))
  const name = nameOfCopy(from)
  const temporary = { target: undefined, path: path.join(directory, 'copy'), userInput: from.userInput, end: hostEnd }
  try {
    await copy(from, temporary, request)
    await copy(temporary, to, { ...request, name })
  } finally {
    fs.rmSync(directory, { recursive: true, force: true })
  }
}

/**
 * Copies to a staging directory, and renames the complete copy.
 * @throws Failure COPY_REFUSED (exit 2), COPY_FAILED (exit 3) or COPY_UNTRUSTED (exit 4), naming the place; the
 *   signal's reason
 */
export async function copy(from: Place, to: Place, request: CopyRequest): Promise<void> {
  const { recursive, signal, name = nameOfCopy(from) } = request
  const info = await statSource(from, recursive, signal)
  const skipped = skippedMembers(from, request)
  const destination =
    to.end === hostEnd ? openHostDestination(to, name, info, skipped.add) : await openNodeDestination(to, name, info)
  try {
    await transfer(from, info, destination, signal)
    await destination.commit()
  } finally {
    await destination.abandon()
  }
  skipped.close()
}

function skippedMembers({ userInput }: Place, { onNotice }: CopyRequest) {
  let count = 0
  const add = (member: string, what: string) => {
    count += 1
    if (count <= MAX_NOTICES) onNotice(`${userInput}: not copied: '${plainText(member)}' is ${what}`)
  }
  const close = () => {
    if (count > MAX_NOTICES) onNotice(`${userInput}: not copied: ${count - MAX_NOTICES} more members`)
  }
  return { add, close }
}

/** Pipes the source to the destination. When one end fails, the other is aborted. */
async function transfer(from: Place, info: SourceInfo, destination: Destination, signal: AbortSignal): Promise<void> {
  const pipe = new PassThrough()
  pipe.on('error', () => {}) // aborted: the reason is thrown below
  const failed = new AbortController()
  const stopFollowing = follow(signal, failed)
  const abortOnFailure = (task: Promise<void>) =>
    task.catch((error: unknown) => {
      failed.abort(error)
      throw error
    })
  try {
    signal.throwIfAborted()
    const sent = send(from, info, pipe, failed.signal).then(() => void pipe.end())
    const received = destination.receive(pipe, failed.signal)
    const results = await Promise.allSettled([abortOnFailure(sent), abortOnFailure(received)])
    signal.throwIfAborted()
    if (failed.signal.aborted) throw failed.signal.reason
    for (const result of results) if (result.status === 'rejected') throw result.reason
  } finally {
    stopFollowing()
  }
}
