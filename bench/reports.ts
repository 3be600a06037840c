import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import type { Matrix } from '../scripts/proof/matrix.ts'
import type { NodeFacts } from '../scripts/proof/network.ts'
import type { NewEvent } from '../scripts/report/events.ts'
import { openReporters } from '../scripts/report/reporters.ts'
import { eventStream } from '../scripts/report/stream.ts'
import { readReporting } from '../scripts/settings/reporting.ts'

const NODES = 100
const PODS = 4
const STEPS = 6
/** More than a node writes in a step of any test. */
const LINES = 400
/** One node, in one step, writes as much as this in bytes. */
const FLOOD = 10 * 2 ** 20

const nodes = Array.from({ length: NODES }, (_, index) => `vm-${String(index + 1).padStart(3, '0')}`)
const podsOf = (node: string) => Array.from({ length: PODS }, (_, index) => `${node}-ns0${index + 1}`)

/** What the runner tells of one test on a hundred nodes; its matrix as it is when everybody reaches everybody. */
function* run(matrix: Matrix, network: readonly NodeFacts[]): Generator<NewEvent> {
  const test = 'L3'
  yield { type: 'run-start', tests: [test] }
  yield { type: 'test-start', test, summary: 'PODs of all VMs by routes', settings: [] }
  yield { type: 'cluster-start', test, nodes: NODES, kind: `embedded: ${NODES} VMs` }
  for (const [index, node] of nodes.entries()) yield { type: 'node-up', node, up: index + 1, of: NODES }
  for (let index = 1; index <= STEPS; index++) {
    const id = { test, step: `step_${index}`, index }
    yield { type: 'step-start', ...id, nodes }
    for (let line = 0; line < LINES; line++) {
      for (const [position, node] of nodes.entries()) {
        const pod = podsOf(node)[line % PODS]
        yield {
          type: 'output',
          ...id,
          node,
          stream: 'stdout',
          line: `${pod} 172.16.${position + 1}.${line % 250} answers`,
        }
      }
    }
    if (index === STEPS) {
      const line = `\u001b[31m${'flood '.repeat(20)}\u001b[0m`
      for (let bytes = 0; bytes < FLOOD; bytes += line.length)
        yield { type: 'output', ...id, node: 'vm-001', stream: 'stdout', line: `${bytes} ${line}` }
    }
    for (const node of nodes) yield { type: 'step-end', ...id, node, failure: undefined, milliseconds: 1000 }
  }
  yield { type: 'network', test, network }
  yield { type: 'matrix', test, matrix, text: 'all pairs answer' }
  yield { type: 'test-end', test, verdict: 'passed', why: undefined }
  yield { type: 'run-end', verdict: 'passed', failures: [], seconds: 60, left: undefined }
}

function measured(): { matrix: Matrix; network: readonly NodeFacts[] } {
  const sources = nodes.flatMap(node => podsOf(node).map(pod => ({ pod, node })))
  const destinations = sources.flatMap(({ pod, node }, index) => [
    {
      pod,
      node,
      interface: 'eth0',
      address: `172.16.${Math.floor(index / PODS) + 1}.${(index % PODS) + 1}`,
      family: 4 as const,
    },
    { pod, node, interface: 'eth0', address: `1000::1:ac10:${index.toString(16)}`, family: 6 as const },
  ])
  const rows = sources.map(source =>
    destinations.map(({ pod }) =>
      pod === source.pod ? undefined : { sent: 1, received: 1, roundTrip: { min: 0.5, mean: 0.7, max: 0.9 } },
    ),
  )
  const network = nodes.map(node => ({
    node,
    interfaces: [],
    routes: [],
    pods: podsOf(node).map(name => ({ name, interfaces: [], routes: [] })),
  }))
  return { matrix: { reach: 'all', sources, destinations, rows }, network }
}

/** All reporters at once, on what a test of a hundred nodes tells: time on the processor, and memory of the whole process. */
async function measureReports() {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-bench-'))
  try {
    const words = ['junit', 'tap', 'json', 'github', 'html', 'log', 'summary'].map(
      name => `${name}=${directory}/${name}`,
    )
    const reporting = readReporting(words, {}, directory, {})
    const { matrix, network } = measured()
    const { emit, close } = eventStream(await openReporters(reporting, process), line =>
      process.stderr.write(`${line}\n`),
    )
    const before = process.cpuUsage()
    let events = 0
    for (const event of run(matrix, network)) {
      emit(event)
      events++
      // As the runner does, whose events come with what is read from the network.
      if (events % 1000 === 0) await new Promise(setImmediate)
    }
    await close()
    const { user, system } = process.cpuUsage(before)
    const bytes = fs.readdirSync(directory).map(name => [name, fs.statSync(path.join(directory, name)).size])
    return {
      nodes: NODES,
      pods: NODES * PODS,
      events,
      cpuSeconds: (user + system) / 1e6,
      memoryMB: Math.round(process.resourceUsage().maxRSS / 1024),
      bytes: Object.fromEntries(bytes),
    }
  } finally {
    fs.rmSync(directory, { recursive: true })
  }
}

process.stdout.write(`${JSON.stringify(await measureReports(), undefined, 2)}\n`)
