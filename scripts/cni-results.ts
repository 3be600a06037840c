// Writes docs/cni-results.md: npm run cni-results [-- <network>…]. Tests Debian's CNI plugins, each with a network of
// scripts/connections/cni/networks: all of them, or those that are named, and keeps the results of the others. Clusters
// are of namespaces, and of VMs for networks whose kinds of interface this host's kernel lacks.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { readDocument } from './cni/report/document.ts'
import { RESULTS_FILE, type StoredResult, writeResultsPage } from './cni/report/results-page.ts'
import type { Conformance } from './events/conformance.ts'

const TOP = path.resolve(import.meta.dirname, '..')
const NETWORKS = path.join(TOP, 'scripts/connections/cni/networks')
/** Without the kind of interface, the run ends with this exit status. */
const ENVIRONMENT_LACKS = 3

const names = fs.readdirSync(NETWORKS).flatMap(file => (file.endsWith('.conflist') ? [path.parse(file).name] : []))
const only = process.argv.slice(2)
const unknown = only.find(name => !names.includes(name))
if (unknown) throw new Error(`no network '${unknown}': ${NETWORKS} has ${names.join(', ')}`)
const stored = new Map(only.length > 0 ? readStored().map(result => [result.network, result]) : [])
for (const name of only.length > 0 ? only : names) {
  try {
    stored.set(name, testNetwork(name))
  } catch (error) {
    // An hour's results of the others are worth keeping; a test finds that this one is missing.
    process.stderr.write(`${(error as Error).message}\n`)
    process.exitCode = 1
  }
}
const results = [...stored.values()].filter(({ network }) => names.includes(network))
writeResultsPage(
  TOP,
  results.sort((a, b) => (a.network < b.network ? -1 : 1)),
)

function readStored(): readonly StoredResult[] {
  return JSON.parse(fs.readFileSync(path.join(TOP, RESULTS_FILE), 'utf8'))
}

/** @throws Error when the network cannot be tested */
function testNetwork(name: string): StoredResult {
  const begun = performance.now()
  const first = runTest(name, 'namespaces')
  const { kind, status, stderr, conformance } = first.status === ENVIRONMENT_LACKS ? runTest(name, 'vm') : first
  if (conformance?.network !== name)
    throw new Error(`${name}: exit status ${status}: ${stderr.trim().split('\n').slice(-4).join(' ')}`)
  const seconds = (performance.now() - begun) / 1000
  process.stdout.write(`${name}: ${kind}, ${conformance.checks.length} checks in ${seconds.toFixed(0)} s\n`)
  const { cniVersion, plugins } = conformance
  const checks = conformance.checks.map(
    ({ evidence: _, expects: __, node: ___, milliseconds: ____, ...check }) => check,
  )
  return { network: name, kind, cniVersion, plugins, checks }
}

function runTest(name: string, kind: string) {
  const json = path.join(os.tmpdir(), `cni-results-${process.pid}.json`)
  const script = path.join(NETWORKS, `${name}.sh`)
  const words = [
    ...['test', 'cni', '--conf', path.join(NETWORKS, `${name}.conflist`), '--only', '*'],
    ...(fs.existsSync(script) ? ['--prepare', script] : []),
    ...['--cluster', kind, '--nvm=2', '--name=cni-results', '--stop', '--timeout=1800'],
    ...['--reporter', `cni=${json}`],
  ]
  const { status, stderr } = spawnSync(path.join(TOP, 'netns.ts'), words, {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  const networks = fs.existsSync(json) ? readDocument(fs.readFileSync(json, 'utf8'), json) : []
  fs.rmSync(json, { force: true })
  const conformance: Conformance | undefined = networks[0]
  return { kind, status, stderr, conformance }
}
