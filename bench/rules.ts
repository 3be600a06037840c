import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { callersEnvironment } from '../scripts/host/environment.ts'

const NETNS = path.resolve(import.meta.dirname, '../netns.ts')
const TEST = path.resolve(import.meta.dirname, 'rules.test.yaml')
const SAMPLE_MS = 1000

/**
 * Measures TCP and UDP between all PODs on namespaces, in both families.
 * @returns rows of a table
 * @throws Error when the test does not pass
 */
export async function benchRules(environment: Readonly<Record<string, string>>, nodes: number): Promise<string> {
  const words = ['test', TEST, '--cluster', 'namespaces', `--nvm=${nodes}`, '--stop']
  const child = spawn(NETNS, words, {
    env: { ...callersEnvironment, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  let status: number | null | undefined
  child.once('close', code => {
    status = code
  })
  const begun = performance.now()
  const [before, peak] = [availableMiB(), { host: 0, program: 0 }]
  while (status === undefined) {
    await delay(SAMPLE_MS)
    peak.host = Math.max(peak.host, before - availableMiB())
    peak.program = Math.max(peak.program, residentMiB(child.pid))
  }
  if (status !== 0) throw new Error(`${words.join(' ')} exited with status ${status}: ${stderr}`)
  const lines = [...stderr.matchAll(/ rules: (\S+: \d+ of .*)/g)].map(([, line]) => line)
  const seconds = ((performance.now() - begun) / 1000).toFixed(1)
  return [
    '| measured | value |\n|---|---|',
    `| ${lines.join(', ')}: start to end of the run | ${seconds} s |`,
    `| memory of the host at most, with the nodes | ${Math.round(peak.host)} MiB |`,
    `| of which the program (RSS) | ${Math.round(peak.program)} MiB |`,
  ].join('\n')
}

const number = (file: string, pattern: RegExp): number => {
  try {
    return Number(pattern.exec(fs.readFileSync(file, 'utf8'))?.[1] ?? 0) / 1024
  } catch {
    return 0 // it has just ended
  }
}

const availableMiB = () => number('/proc/meminfo', /^MemAvailable:\s+(\d+) kB/m)

const residentMiB = (pid = process.pid) => number(`/proc/${pid}/status`, /^VmRSS:\s+(\d+) kB/m)
