import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { eventStream } from '../scripts/events/stream.ts'
import type { NodeFacts } from '../scripts/proof/facts.ts'
import type { Matrix } from '../scripts/proof/matrix.ts'
import { openReporters } from '../scripts/reporters/reporters.ts'
import { readReporting } from '../scripts/reporters/reporting.ts'
import { manyNodes, NODES, nodes, PODS, podsOf } from './many-nodes.ts'

function proofResult(): { matrix: Matrix; network: readonly NodeFacts[] } {
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

/**
 * Measures CPU time and memory of the process for all reporters at once, on the events of a test with a hundred nodes.
 */
async function measureReports() {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-bench-'))
  try {
    const words = ['junit', 'tap', 'json', 'github', 'html', 'log', 'summary'].map(
      name => `${name}=${directory}/${name}`,
    )
    const reporting = readReporting(words, {}, directory, {})
    const { matrix, network } = proofResult()
    const { emit, close } = eventStream(await openReporters(reporting, process), line =>
      process.stderr.write(`${line}\n`),
    )
    const before = process.cpuUsage()
    let events = 0
    for (const event of manyNodes(matrix, network)) {
      emit(event)
      events++
      // Yields as the runner does, whose events arrive from the network.
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
