import { Argument } from 'commander'
import { addClusterOptions } from '../../command-line/cluster-options.ts'
import type { CommandDefinition } from '../../command-line/command.ts'
import { completedBy } from '../../command-line/completion/source.ts'
import { filesOrTargets } from '../../command-line/completion/sources.ts'
import { withExamples } from '../../command-line/finish.ts'

/** `cp`: copies files between this host, VMs and PODs. */
export const cp: CommandDefinition = {
  name: 'cp',
  define: (command, { signal }) => {
    command
      .description('copy a file or, with -r, a directory from or to a VM or POD of a running cluster')
      .addArgument(completedBy(sourceArgument(), filesOrTargets))
      .addArgument(completedBy(destinationArgument(), filesOrTargets))
      .option('-r, --recursive', 'copy a directory, with what is in it; what is there already is kept or replaced')
    addClusterOptions(command).action(
      async (source: string, destination: string, { recursive }: { recursive?: true }) => {
        const [{ copyBetween }, { typedChoice }] = await Promise.all([
          import('../../copy/copy.ts'),
          import('../../command-line/request.ts'),
        ])
        const onNotice = (line: string) => process.stderr.write(`${line}\n`)
        const options = { ...typedChoice(command), recursive: recursive === true }
        await copyBetween(source, destination, options, onNotice, signal)
      },
    )
    withExamples(command, [
      ['./netns.ts cp vm-001:/tmp/vm-001-ns01.json .', 'a file of a VM'],
      ['./netns.ts cp -r ./tools vm-002:/opt', 'a directory of this host'],
      ['./netns.ts cp ./vm-001:odd-name vm-001:/tmp', 'a "/" in front of the ":" makes it a file of this host'],
    ])
  },
}

const sourceArgument = () => new Argument('<source>', 'a file of this host, or <vm or pod>:<file>')

const destinationArgument = () =>
  new Argument('<destination>', 'the same; an existing directory gets the copy under its own name')
