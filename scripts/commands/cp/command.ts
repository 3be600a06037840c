import { Argument } from 'commander'
import { addClusterOptions } from '../../command-line/cluster-options.ts'
import type { CommandDefinition } from '../../command-line/command.ts'
import { completedBy } from '../../command-line/completion/source.ts'
import { filesOrTargets } from '../../command-line/completion/sources.ts'
import { withExamples } from '../../command-line/finish.ts'

/** `cp`: copies files between this host, nodes and PODs. */
export const cp: CommandDefinition = {
  name: 'cp',
  define: (command, { signal }) => {
    command
      .description('copy files between this host, nodes and PODs')
      .addArgument(completedBy(sourceArgument(), filesOrTargets))
      .addArgument(completedBy(destinationArgument(), filesOrTargets))
      .option('-r, --recursive', 'copy a directory; merge it into an existing one')
    addClusterOptions(command).action(
      async (source: string, destination: string, { recursive }: { recursive?: true }) => {
        const [{ copyBetween }, { readClusterChoice }] = await Promise.all([
          import('../../copy/copy.ts'),
          import('../../command-line/request.ts'),
        ])
        const onNotice = (line: string) => process.stderr.write(`${line}\n`)
        const options = { ...readClusterChoice(command), recursive: recursive === true }
        await copyBetween(source, destination, options, onNotice, signal)
      },
    )
    withExamples(command, [
      ['./netns.ts cp vm-001:/tmp/vm-001-ns01.json .', 'a file from a node'],
      ['./netns.ts cp -r ./tools vm-002:/opt', 'a directory to a node'],
      ['./netns.ts cp ./vm-001:odd-name vm-001:/tmp', 'a "/" before the ":" makes it a file on this host'],
    ])
  },
}

const sourceArgument = () => new Argument('<source>', 'a file on this host, or <node or POD>:<file>')

const destinationArgument = () =>
  new Argument('<destination>', 'the same; a copy goes into an existing directory under its own name')
