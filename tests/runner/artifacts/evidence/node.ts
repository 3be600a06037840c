import { archiveBlocks } from '../../../../scripts/ovl/archive-stream.ts'
import type { CommandStreams } from '../../../../scripts/ssh/command.ts'
import type { Connection } from '../../../../scripts/ssh/connection.ts'
import type { Node } from '../../../../scripts/ssh/node.ts'

/** A node whose command is a function on its streams. */
export const nodeOf = (
  name: string,
  run: (streams: CommandStreams, command: string, signal?: AbortSignal) => Promise<number>,
): Node => ({
  name,
  number: Number(name.slice(-3)),
  role: 'worker',
  connection: {
    run: (command: string, streams: CommandStreams, signal?: AbortSignal) => run(streams, command, signal),
  } as unknown as Connection,
})

/** A tar archive of small files. */
export const archiveOf = (files: Readonly<Record<string, string>>): Buffer =>
  Buffer.concat([
    ...archiveBlocks(
      Object.entries(files).map(([path, text]) => ({
        path,
        type: 'file' as const,
        executable: false,
        content: [Buffer.from(text)],
      })),
      new Date(0),
    ),
  ])
