import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import process from 'node:process'
import { requireCluster } from '../scripts/cluster/own/find-clusters.ts'
import { logIn } from '../scripts/cluster/own/login.ts'
import { capture } from '../scripts/ssh/node.ts'
import { type Row, time } from './measure.ts'

const NETNS = path.resolve(import.meta.dirname, '../netns.ts')
const NAME = 'steps'
const STEPS = 20
const ROUNDS = 5
const COMMAND = 'true'

/** Measures an empty step on four VMs in parallel: over open connections, and with a new `ssh` process for each VM. */
export async function steps(stateHome: string, environment: Readonly<Record<string, string>>): Promise<readonly Row[]> {
  time([NETNS, 'test', 'start', '--nvm=4', '--no-stop', '--name', NAME], environment)
  const { directory, record } = requireCluster(path.join(stateHome, 'xcluster-netns'), NAME)
  const nodes = await Promise.all(record.nodes.map(node => logIn(directory, node, record.hostKey)))
  try {
    const step = async () => {
      await Promise.all(nodes.map(node => capture(node, [COMMAND])))
    }
    const ssh = async () => {
      await Promise.all(record.nodes.map(({ port }) => sshProcess(path.join(directory, 'id_ed25519'), port ?? 0)))
    }
    await step()
    const [wall, cpu, sshTimes]: [number[], number[], number[]] = [[], [], []]
    for (let round = 0; round < ROUNDS; round++) {
      process.stderr.write('.')
      const started = process.cpuUsage()
      wall.push(await timed(step))
      const { user, system } = process.cpuUsage(started)
      cpu.push((user + system) / 1000 / STEPS / nodes.length)
      sshTimes.push(await timed(ssh))
    }
    return [
      {
        label: 'an empty step on four VMs in parallel',
        times: wall,
        baseline: 'a new `ssh` process for each VM',
        baselineTimes: sshTimes,
      },
      {
        label: '…of which CPU time of the program, per VM',
        times: cpu,
        baseline: 'the same step by `ssh`, per VM',
        baselineTimes: sshTimes.map(milliseconds => milliseconds / nodes.length),
      },
    ]
  } finally {
    for (const { connection } of nodes) connection.close()
    time([NETNS, 'stop', '--name', NAME], environment)
  }
}

/** @returns milliseconds per call, averaged */
async function timed(task: () => Promise<void>): Promise<number> {
  const started = performance.now()
  for (let step = 0; step < STEPS; step++) await task()
  return (performance.now() - started) / STEPS
}

/** @throws Error when it fails */
async function sshProcess(key: string, port: number): Promise<void> {
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR'].flatMap(o => ['-o', o])
  const child = spawn('ssh', ['-i', key, '-p', String(port), ...options, 'root@127.0.0.1', COMMAND], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`ssh exited with status ${code}`)
}
