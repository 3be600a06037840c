import path from 'node:path'
import process from 'node:process'
import { PassThrough } from 'node:stream'
import { requireCluster } from '../scripts/cluster/own/find-clusters.ts'
import { logIn } from '../scripts/cluster/own/login.ts'
import { type Row, time } from './measure.ts'

const XCTEST = path.resolve(import.meta.dirname, '../scripts/xctest')
const XCLUSTER = path.join(XCTEST, 'xcluster-embedded')
const COMMANDS = 10
const ROUNDS = 9

/**
 * Measures `rsh` through the hook for tests of ovls, and an `ssh` process that logs in each time. Both run in a shell,
 * alternating.
 */
export async function rsh(stateHome: string, environment: Readonly<Record<string, string>>): Promise<readonly Row[]> {
  const all = { ...environment, XCLUSTER, XCTEST_HOOK: path.join(XCTEST, 'hook.sh'), __nvm: '1', __nrouters: '0' }
  time([XCLUSTER, 'mkcdrom'], all)
  time([XCLUSTER, 'starts'], all)
  try {
    const { directory, record } = requireCluster(path.join(stateHome, 'xcluster-netns'), 'default')
    const [first] = record.nodes
    if (!first) throw new Error('the cluster has no node')
    const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR', 'ConnectTimeout=5']
    const login = `ssh -i '${path.join(directory, 'id_ed25519')}' -p ${first.port} -o ${options.join(' -o ')}`
    const inShell = (command: string) => () => {
      const loop = `. "$XCTEST_HOOK"; n=0; while [ $n -lt ${COMMANDS} ]; do ${command} || exit; n=$((n + 1)); done`
      return time(['sh', '-c', loop], all).milliseconds / COMMANDS
    }
    const hook = inShell('rsh 1 true')
    const sshProcess = inShell(`${login} root@127.0.0.1 true`)
    const node = await logIn(directory, first, record.hostKey)
    const open = async () => {
      const started = performance.now()
      for (let n = 0; n < COMMANDS; n++)
        await node.connection.run('true', { stdout: new PassThrough().resume(), stderr: new PassThrough().resume() })
      return (performance.now() - started) / COMMANDS
    }
    hook()
    await open()
    const [hookTimes, sshTimes, openTimes]: [number[], number[], number[]] = [[], [], []]
    for (let round = 0; round < ROUNDS; round++) {
      process.stderr.write('.')
      hookTimes.push(hook())
      sshTimes.push(sshProcess())
      openTimes.push(await open())
    }
    node.connection.close()
    const reference = { baseline: 'a new `ssh` process with login', baselineTimes: sshTimes }
    return [
      { label: '`rsh` through the hook for tests of ovls', times: hookTimes, ...reference },
      {
        label: '…of which the VM: the command on an open connection, without a process on the host',
        times: openTimes,
        ...reference,
      },
    ]
  } finally {
    time([XCLUSTER, 'stop'], all)
  }
}
