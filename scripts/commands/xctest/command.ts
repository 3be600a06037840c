import fs from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import type { Command } from 'commander'
import { environmentFailure, usageFailure } from '../../errors/failure.ts'
import { callersEnvironment } from '../../host/environment.ts'

const DIRECTORY = path.resolve(import.meta.dirname, '../../xctest')

/** Defines `xctest-hook`: where the files are by which tests of xcluster's ovls run on the embedded cluster. */
export const defineXctestHook = (command: Command): Command =>
  command
    .description("print the path of the hook by which an ovl's own test runs on VMs of ours (docs/xcluster.md)")
    .option('--xcluster', 'print the path of a command for $XCLUSTER, for hosts without xcluster')
    .addHelpText(
      'after',
      `
Examples:
  XCTEST_HOOK=$(./netns.ts xctest-hook) ./ovs.sh test L2 > log
  export XCLUSTER=$(./netns.ts xctest-hook --xcluster)`,
    )
    .action(({ xcluster }: { xcluster?: true }) => {
      const file = path.join(DIRECTORY, xcluster ? 'xcluster-embedded' : 'hook.sh')
      if (!fs.existsSync(file)) throw environmentFailure('NO_HOOK', `${file} is missing`)
      process.stdout.write(`${file}\n`)
    })

/** Defines `xctest`: what scripts/xctest/xcluster-embedded calls. It prints the cluster's directory. */
export const defineXctest = (command: Command, signal: AbortSignal): Command =>
  command
    .description('what stands in for the command of xcluster does its work by this')
    .argument('<start|scaleout|scalein>')
    .argument('[words...]', 'ovls, or numbers of nodes')
    .action(async (action: string, words: string[]) => {
      const { addNodes, removeNodes, startCluster } = await import('../../xctest/cluster.ts')
      const does = { start: startCluster, scaleout: addNodes, scalein: removeNodes }[action]
      if (!does) throw usageFailure('BAD_VALUE', `xctest ${action}: must be start, scaleout or scalein`)
      process.stdout.write(`${await does(words, callersEnvironment, signal)}\n`)
    })
