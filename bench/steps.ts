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

/** What an empty step costs, on four VMs at once: over open connections, and with a new `ssh` process for each. */
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
    const [wall, cpu, theirs]: [number[], number[], number[]] = [[], [], []]
    for (let round = 0; round < ROUNDS; round++) {
      process.stderr.write('.')
      const begun = process.cpuUsage()
      wall.push(await timed(step))
      const { user, system } = process.cpuUsage(begun)
      cpu.push((user + system) / 1000 / STEPS / nodes.length)
      theirs.push(await timed(ssh))
    }
    const insteadOf = 'a new `ssh` process for each'
    return [
      { what: 'an empty step on four VMs at once', ours: wall, insteadOf, theirs },
      {
        what: '…of it our own CPU time, for each VM',
        ours: cpu,
        insteadOf: 'the same step by `ssh`, for each VM',
        theirs: theirs.map(milliseconds => milliseconds / nodes.length),
      },
    ]
  } finally {
    for (const { connection } of nodes) connection.close()
    time([NETNS, 'stop', '--name', NAME], environment)
  }
}

/** @returns milliseconds for one of many */
async function timed(task: () => Promise<void>): Promise<number> {
  const begun = performance.now()
  for (let step = 0; step < STEPS; step++) await task()
  return (performance.now() - begun) / STEPS
}

/** @throws Error when it fails: the time of a failure says nothing */
async function sshProcess(key: string, port: number): Promise<void> {
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR'].flatMap(o => ['-o', o])
  const child = spawn('ssh', ['-i', key, '-p', String(port), ...options, 'root@127.0.0.1', COMMAND], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`ssh exits with ${code}`)
}
