import fs from 'node:fs'
import path from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { TestCase } from '../../scripts/cases/test-case.ts'
import { openControl } from '../../scripts/cluster/vm/control.ts'
import { describeError } from '../../scripts/command-line/edge.ts'
import { linesTo } from '../../scripts/commands/capture/tcpdump.ts'
import { readConsoles } from '../../scripts/consoles/follow.ts'
import { copy } from '../../scripts/copy/copy.ts'
import { hostEnd, nodeEnd } from '../../scripts/copy/end.ts'
import { readLocation } from '../../scripts/copy/location.ts'
import { readFilters } from '../../scripts/diagnosis/filters.ts'
import { Failure } from '../../scripts/errors/failure.ts'
import type { Emit, RunEvent } from '../../scripts/events/events.ts'
import { withDeadline } from '../../scripts/host/deadline.ts'
import { readNetwork } from '../../scripts/proof/network.ts'
import { log } from '../../scripts/reporters/log.ts'
import { askNodes } from '../../scripts/runner/artifacts/evidence/ask.ts'
import { collectCniResults } from '../../scripts/runner/artifacts/results/cni.ts'
import { runProof } from '../../scripts/runner/proof.ts'
import { findTestCase } from '../../scripts/runner/registry.ts'
import { runStep } from '../../scripts/runner/steps.ts'
import { readSettings } from '../../scripts/settings/settings.ts'
import { UNPRINTABLE } from './archives.ts'
import { answerAtRandom, type HostileNode, payload, startHostileNode } from './hostile-node.ts'
import { type Random, randomOf } from './random.ts'

const TIMEOUT_MS = 60_000

/** The context of a round. */
interface Round {
  readonly host: HostileNode
  readonly directory: string
  readonly random: Random
  readonly signal: AbortSignal
  /** Called with all text for the user. */
  readonly show: (text: string) => void
}

const textOf = (show: (text: string) => void) =>
  new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      show(chunk.toString())
      done()
    },
  })

/** The context that the runner passes to a step; events go through the log reporter. */
function contextOf({ signal, show }: Round) {
  const { on } = log({ write: show } as Parameters<typeof log>[0])
  const emit: Emit = event => on({ at: 0, ...event } as RunEvent)
  const diagnose = async () => ({ gone: false, how: 'its VM runs', console: [] })
  return { test: 'fuzz', index: 1, of: 2, timeoutSeconds: 5, emit, signal, diagnose }
}

/** The host's side of each protocol. */
const PROTOCOLS: Readonly<Record<string, (round: Round) => Promise<unknown>>> = {
  control: async ({ random, signal, show }) => {
    const port = new PassThrough()
    const control = openControl(port)
    port.write(payload(random))
    port.end(payload(random))
    const reached = control.reached('up').catch((error: Error) => show(error.message))
    await Promise.race([reached, finished(port, { signal }).catch(() => {})])
    control.close()
  },
  status: async ({ host, signal }) => await readNetwork([host.node], signal),
  filters: async ({ host, signal }) => await readFilters(host.node, ['vm-001-ns01'], signal),
  matrix: async round => {
    const settings = readSettings({ __nvm: '1' }, { HOME: '/nonexistent' })
    const request = {
      test: findTestCase('matrix') as TestCase,
      settings,
      reach: 'all' as const,
      nodes: [round.host.node],
    }
    await runProof(request, contextOf(round))
  },
  step: async round => {
    const step = { name: 'ping', where: 'workers', arguments: [] } as unknown as Parameters<typeof runStep>[0]
    await runStep(step, [round.host.node], contextOf(round))
  },
  evidence: async ({ host, random, signal, show }) => {
    const pings = random.below(2) ? [{ pod: 'vm-001-ns01', address: '172.16.1.2' }] : []
    const shown = await askNodes([{ node: host.node, pods: new Set(['vm-001-ns01']), pings }], signal)
    for (const { failure } of shown) if (failure) show(failure)
  },
  copy: async ({ host, directory, random, signal, show }) => {
    const [from, to] = [readLocation('vm-001:x'), readLocation(path.join(directory, 'copied'))]
    const request = { recursive: random.below(2) > 0, onNotice: show, signal }
    let asked = 0
    const atRandom = answerAtRandom(random)
    host.answer = (channel, command) => {
      asked += 1
      if (asked > 1 || random.below(3) === 0) return atRandom(channel, command)
      // Continue until data is sent.
      channel.write(random.pick(['file 644 3\n', 'directory 755 4096\n']))
      channel.exit(0)
      channel.end()
    }
    await copy({ ...from, end: nodeEnd(host.node) }, { ...to, end: hostEnd }, request)
  },
  results: async ({ host, directory, signal, show }) =>
    await collectCniResults(host.node, path.join(directory, 'results'), show, signal),
  console: async ({ directory, random, show }) => {
    fs.writeFileSync(path.join(directory, 'vm-001.console'), payload(random))
    const consoles = { directory, nodeOf: (file: string) => (file === 'vm-001.console' ? 'vm-001' : undefined) }
    await readConsoles(
      consoles,
      () => true,
      (_, line) => show(line),
    )
  },
  pcap: async ({ host, signal, show }) => {
    const lines = linesTo(textOf(show))
    await host.node.connection.run('tcpdump', { stdout: lines, stderr: linesTo(textOf(show)) }, signal)
    await finished(lines.end())
  },
}

/**
 * Reads each protocol from a node with random responses. Each round must end in time with a result or a printable
 * Failure, write only to its directory, and show no terminal codes.
 * @param own a directory for the campaign
 * @throws Error naming round and protocol
 */
export async function fuzzGuests(
  own: string,
  seed: number,
  rounds: readonly number[],
): Promise<Record<string, number>> {
  const failures: Record<string, number> = {}
  const host = await startHostileNode()
  try {
    for (const number of rounds) {
      const names = Object.keys(PROTOCOLS)
      const name = names[number % names.length] as string
      const random = randomOf('guests', seed, number)
      const directory = path.join(own, 'round')
      fs.mkdirSync(directory)
      host.answer = answerAtRandom(random)
      const show = (text: string) => {
        if (UNPRINTABLE.test(text)) throw new Error(`shows ${JSON.stringify(text.slice(0, 200))}`)
      }
      try {
        await withDeadline(TIMEOUT_MS, async ({ signal }) => {
          try {
            await PROTOCOLS[name]?.({ host, directory, random, signal, show })
          } catch (error) {
            if (!(error instanceof Failure)) throw error
            failures[name] = (failures[name] ?? 0) + 1
            show(describeError(error))
          }
          signal.throwIfAborted()
        })
        requireInside(own)
      } catch (cause) {
        throw new Error(`${name}, round ${number} of seed ${seed}: ${(cause as Error).message}`, { cause })
      }
      fs.rmSync(directory, { recursive: true })
    }
  } finally {
    host.close()
  }
  return failures
}

function requireInside(own: string): void {
  const names = fs.readdirSync(own)
  if (names.join() !== 'round') throw new Error(`left ${names.join()}`)
  const hidden = fs.readdirSync(path.join(own, 'round')).filter(name => name.startsWith('.'))
  if (hidden.length > 0) throw new Error(`left ${hidden.join()}`)
  for (const name of ['/tmp/evil.json', '/tmp/netns-fuzz-evil'])
    if (fs.existsSync(name)) throw new Error(`wrote ${name}`)
}
