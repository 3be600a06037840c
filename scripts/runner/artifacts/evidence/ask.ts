import { PassThrough, Writable } from 'node:stream'
import { follow, withDeadline } from '../../../host/deadline.ts'
import { plainText } from '../../../host/text.ts'
import { type ArchiveFile, tarReader } from '../../../ovl/archive.ts'
import { lineSplitter } from '../../../ssh/lines.ts'
import type { Node } from '../../../ssh/node.ts'
import { quote } from '../../../ssh/quote.ts'

/** The evidence to collect on a node. */
export interface Task {
  readonly node: Node
  /** PODs to inspect, besides the node itself. */
  readonly pods: ReadonlySet<string>
  /** Pings to repeat from its PODs. */
  readonly pings: readonly { readonly pod: string; readonly address: string }[]
}

/** The evidence of a node, or why there is none. */
export interface Shown {
  readonly node: Node
  /** `<node or POD>/<what>.txt` or `.pcap` */
  readonly files: readonly ArchiveFile[]
  readonly failure?: string
}

/** Limits for all nodes together, and for the others' wait for one that does not respond. */
const PATIENCE_MS = 30_000
const NODE_PATIENCE_MS = 14_000
/** Limit for a node to start: it may hang. */
const BEGIN_MS = 5000

const LIMITS = { memberBytes: 8 * 2 ** 20, extractedBytes: 16 * 2 ** 20, members: 1000, archiveBytes: 64 * 2 ** 20 }
/** Limits for a node's stderr. */
const MOST_COMPLAINTS = 20
const MOST_CHARACTERS = 300
const FILE = /^[\w-][\w.-]*\/\w+\.(?:txt|pcap)$/

/**
 * Collects evidence from nodes in parallel, with one command on each. Barriers synchronize pings and captures: no node
 * pings before all capture, and none stops its capture before all have pinged.
 * @throws the signal's reason when that is aborted
 */
export async function askNodes(tasks: readonly Task[], signal: AbortSignal): Promise<readonly Shown[]> {
  const isCaptured = tasks.some(({ pings }) => pings.length > 0)
  const shown = await withDeadline(
    PATIENCE_MS,
    async deadline => {
      const sessions = tasks.map(task => openSession(task, isCaptured, deadline.signal))
      if (isCaptured) {
        await waitForAll(sessions, 'ready')
        for (const { send } of sessions) send('go')
        await waitForAll(
          sessions.filter(({ passed }) => passed.has('ready')),
          'pinged',
        )
        for (const { send } of sessions) send('stop')
      }
      return await Promise.all(sessions.map(session => session.shown))
    },
    { parent: signal },
  )
  signal.throwIfAborted()
  return shown
}

type Barrier = 'ready' | 'pinged'

/** A running command on a node. It reports that it reached a barrier, then waits for a word. */
interface Session {
  readonly shown: Promise<Shown>
  readonly passed: ReadonlySet<Barrier>
  /** Resolved at the barrier, or when the command has ended. */
  readonly at: Readonly<Record<Barrier, Promise<void>>>
  send(word: 'go' | 'stop'): void
}

async function waitForAll(sessions: readonly Session[], barrier: Barrier): Promise<void> {
  await withDeadline(NODE_PATIENCE_MS, async ({ signal }) => {
    const timeout = new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
    await Promise.race([Promise.all(sessions.map(({ at }) => at[barrier])), timeout])
  })
}

function openSession({ node, pods, pings }: Task, isCaptured: boolean, signal: AbortSignal): Session {
  const passed = new Set<Barrier>()
  const arrivals = new Map<Barrier, () => void>()
  const arrival = (barrier: Barrier) => new Promise<void>(resolve => arrivals.set(barrier, resolve))
  const at = { ready: arrival('ready'), pinged: arrival('pinged') }
  const complaints: string[] = []
  const stderr = lineSplitter(line => {
    if (line !== 'ready' && line !== 'pinged') {
      if (complaints.length < MOST_COMPLAINTS) complaints.push(plainText(line).slice(0, MOST_CHARACTERS))
      return
    }
    passed.add(line)
    arrivals.get(line)?.()
  })
  const stdin = new PassThrough()
  for (const pod of pods) stdin.write(`pod ${pod}\n`)
  for (const { pod, address } of pings) stdin.write(`ping ${pod} ${address}\n`)
  stdin.write('end\n')
  const run = async (): Promise<Shown> => {
    const { reader, stream: stdout } = archiveOf(node, error => giveUp.abort(error))
    const giveUp = new AbortController()
    const stopFollowing = follow(signal, giveUp)
    const begin = setTimeout(() => giveUp.abort(new Error(`no answer within ${BEGIN_MS / 1000} s`)), BEGIN_MS)
    const onRunning = () => clearTimeout(begin)
    const command = quote(['netns_test', 'evidence', ...(isCaptured ? ['--capture'] : [])])
    try {
      const exitCode = await node.connection.run(command, { stdout, stderr, stdin, onRunning }, giveUp.signal)
      giveUp.signal.throwIfAborted()
      if (exitCode === 0) return { node, files: reader.end() }
      return {
        node,
        files: [],
        failure: complaints.join('; ') || `netns_test evidence exited with status ${exitCode}`,
      }
    } catch (error) {
      const failure = signal.aborted ? `no answer within ${PATIENCE_MS / 1000} s` : (error as Error).message
      return { node, files: [], failure }
    } finally {
      clearTimeout(begin)
      stopFollowing()
      for (const arrive of arrivals.values()) arrive()
    }
  }
  return { shown: run(), passed, at, send: word => stdin.write(`${word}\n`) }
}

/** Reads the archive while it arrives. Its names are untrusted: unexpected files are skipped. */
function archiveOf({ name }: Node, onError: (error: unknown) => void) {
  const reader = tarReader(`evidence of ${name}`, path => FILE.test(path), LIMITS)
  let failed = false
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      try {
        if (!failed) reader.write(chunk)
      } catch (error) {
        failed = true
        onError(error)
      }
      done()
    },
  })
  return { reader, stream }
}
