import type { Command } from 'commander'
import type { InspectOptions } from './inspect.ts'

/**
 * Defines `inspect`: what is in the VMs and PODs.
 * @param signal ends it
 */
export const defineInspecting = (command: Command, signal: AbortSignal): Command =>
  command
    .description('show the interfaces and addresses in the VMs and PODs of a running cluster, as its VMs tell them')
    .argument('[targets...]', 'VMs (vm-002, with its PODs) and PODs (vm-002-ns03); all when missing')
    .option('--json', 'all that the VMs tell, with routes: for programs')
    .option('--nvm <n>', "VMs that hold PODs, where it is xcluster's (default: 4)")
    .action(async (targets: string[], options: InspectOptions) => {
      const { inspect } = await import('./inspect.ts')
      await inspect(targets, options, signal)
    })
