import type { Command } from 'commander'
import type { ClusterChoice } from '../../cluster/choice.ts'

/**
 * Defines `cp`: copies files between this host, VMs and PODs.
 * @param signal ends it
 */
export const defineCopying = (command: Command, signal: AbortSignal): Command =>
  command
    .description('copy a file or, with -r, a directory from or to a VM or POD of a running cluster')
    .argument('<source>', 'a file of this host, or <vm or pod>:<file>')
    .argument('<destination>', 'the same; an existing directory gets the copy under its own name')
    .option('-r, --recursive', 'copy a directory, with what is in it; what is there already is kept or replaced')
    .addHelpText(
      'after',
      `
Examples:
  ./netns.ts cp vm-001:/tmp/vm-001-ns01.json .
  ./netns.ts cp -r ./tools vm-002:/opt
  ./netns.ts cp ./vm-001:odd-name vm-001:/tmp     a "/" in front of the ":" makes it a file of this host`,
    )
    .action(async (source: string, destination: string, options: ClusterChoice & { recursive?: true }) => {
      const { copyBetween } = await import('../../copy/copy.ts')
      const onNotice = (line: string) => process.stderr.write(`${line}\n`)
      await copyBetween(source, destination, { ...options, recursive: options.recursive === true }, onNotice, signal)
    })
