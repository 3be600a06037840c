import type { ExecutionContext } from 'ava'
import { resolveCluster } from '../../scripts/cluster/choose.ts'
import type { Node } from '../../scripts/ssh/node.ts'
import { capture } from '../../scripts/ssh/node.ts'
import { program } from '../namespaces/program.ts'

/** For a test on a machine that is busy with others. */
const MILLISECONDS = 10 * 60_000

/** A cluster of namespaces that runs until the end of the test, logged in to. */
export async function startNodes(t: ExecutionContext, count = 1): Promise<readonly Node[]> {
  t.timeout(MILLISECONDS)
  const { run, state } = program(t)
  const started = await run('test', 'start', `--nvm=${count}`)
  t.is(started.status, 0, started.stderr)
  const environment = { ...process.env, XDG_STATE_HOME: state, XCLUSTER_NETNS_CLUSTER: 'namespaces' }
  const signal = new AbortController().signal
  const cluster = await resolveCluster({ options: {}, environment, test: {}, onLine: line => t.log(line), signal })
  const nodes = await cluster.logInOnAll(signal)
  t.teardown(() => {
    for (const { connection } of nodes) connection.close()
  })
  return nodes
}

/**
 * Runs a shell script on a node.
 * @throws Error with its stderr when it fails
 */
export async function shell(node: Node, script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await capture(node, ['sh', '-ec', script])
  if (exitCode !== 0) throw new Error(`${script}: exit status ${exitCode}: ${stderr}`)
  return stdout.toString()
}
