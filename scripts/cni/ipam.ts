import { type Bench, ipamOf } from './bench.ts'
import type { Operation } from './runtime/derive.ts'
import { CNI_PATH } from './runtime/programs.ts'
import type { NodeShell } from './runtime/shell.ts'

/** Not in the ledger. */
const DIRECTORY = '/tmp/bench'

/** Records the operation, and fails on request; otherwise executes the real plugin. */
const script = (program: string) => `#!/bin/sh
echo "$CNI_COMMAND" >>${DIRECTORY}/calls
if [ -e "${DIRECTORY}/fail-$CNI_COMMAND" ]; then
	cat >/dev/null
	cat "${DIRECTORY}/fail-$CNI_COMMAND"
	exit 1
fi
exec '${program}'
`

/** A wrapper of an IPAM plugin that records its calls, and fails on request. */
export interface WatchedIpam {
  /** CNI_PATH with its directory first. */
  readonly cniPath: readonly string[]
  /** Makes an operation fail. */
  fail(operation: Operation, code?: number): Promise<void>
  /** The operations that it was called for, since the last call of this function. */
  calls(): Promise<readonly string[]>
}

/** Wraps the IPAM plugin of the network. */
export async function watchIpam(bench: Bench): Promise<WatchedIpam> {
  const { type } = ipamOf(bench.network)?.ipam ?? {}
  if (type === undefined) throw new Error('the network has an IPAM plugin')
  const program = bench.programs.get(type) ?? type
  const install = `mkdir -p ${DIRECTORY}/bin && cat >${DIRECTORY}/bin/"$1" && chmod 755 ${DIRECTORY}/bin/"$1"`
  await write(bench.shell, install, [type], script(program))
  return {
    cniPath: [`${DIRECTORY}/bin`, ...CNI_PATH],
    fail: async (operation, code = 120) => {
      const error = { cniVersion: bench.network.cniVersion, code, msg: `the bench lets ${operation} of IPAM fail` }
      await write(bench.shell, `cat >${DIRECTORY}/fail-"$1"`, [operation], JSON.stringify(error))
    },
    calls: async () => {
      const printed = await bench.mustRun(`cd ${DIRECTORY}; cat calls 2>/dev/null; rm -f calls`)
      const calls = printed.split('\n').filter(Boolean)
      bench.note('calls of the IPAM plugin', calls.join(' ') || 'none')
      return calls
    },
  }
}

const write = async (shell: NodeShell, script: string, args: readonly string[], text: string) =>
  void (await shell.run(['sh', '-c', script, 'sh', ...args], text))
