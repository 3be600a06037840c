// Writes docs/cni-results.md: npm run cni-results -- [<cluster kind> [<network>…]]; $ONLY selects checks. Tests Debian's
// CNI plugins, each with a network of scripts/connections/cni/networks. Results of other networks and kinds are kept.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { readDocument } from './cni/report/document.ts'
import { RESULTS_FILE, type StoredResult, writeResultsPage } from './cni/report/results-page.ts'
import { callersEnvironment } from './host/environment.ts'

const TOP = path.resolve(import.meta.dirname, '..')
const NETWORKS = path.join(TOP, 'scripts/connections/cni/networks')

const [kind = 'namespaces', ...only] = process.argv.slice(2)
const names = fs.readdirSync(NETWORKS).flatMap(file => (file.endsWith('.conflist') ? [path.parse(file).name] : []))
const stored = new Map<string, StoredResult>(
  readJson(path.join(TOP, RESULTS_FILE)).map(result => [result.network, result] as const),
)
for (const name of only.length > 0 ? only : names) {
  const json = path.join(os.tmpdir(), `cni-results-${process.pid}.json`)
  const script = path.join(NETWORKS, `${name}.sh`)
  const words = [
    'test',
    'cni',
    '--conf',
    path.join(NETWORKS, `${name}.conflist`),
    '--only',
    callersEnvironment.ONLY ?? '*',
    '--stop',
  ]
  const prepare = fs.existsSync(script) ? ['--prepare', script] : []
  const more = [
    `--nvm=${callersEnvironment.NODES ?? 2}`,
    `--cluster=${kind}`,
    '--name=cni-results',
    '--timeout=1800',
    '--reporter',
    `cni=${json}`,
  ]
  process.stdout.write(`${name}\n`)
  fs.rmSync(json, { force: true })
  const { status, stderr } = spawnSync(path.join(TOP, 'netns.ts'), [...words, ...prepare, ...more], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  if (status !== 0 && status !== 1) {
    process.stderr.write(`${name}: exit status ${status}: ${String(stderr).trim().split('\n').slice(-4).join(' ')}\n`)
    process.exitCode = 1
    continue
  }
  const [conformance] = readDocument(fs.readFileSync(json, 'utf8'), json)
  fs.rmSync(json)
  if (conformance?.network !== name) throw new Error(`${name}: these are the results of ${conformance?.network}`)
  const checks = conformance.checks.map(
    ({ evidence: _, expects: __, node: ___, milliseconds: ____, ...check }) => check,
  )
  stored.set(name, { network: name, kind, cniVersion: conformance.cniVersion, plugins: conformance.plugins, checks })
  writeResultsPage(
    TOP,
    [...stored.values()].sort((a, b) => (a.network < b.network ? -1 : 1)),
  )
}

function readJson(file: string): readonly StoredResult[] {
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : []
}
