import fs from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import type { FileToPut } from '../../cases/command.ts'
import { testFailure } from '../../errors/failure.ts'
import { reasonOf } from '../../host/files.ts'
import { shortText } from '../../host/text.ts'
import { boundedCollector } from '../../ssh/collector.ts'
import type { Node } from '../../ssh/node.ts'
import { quoteExec } from '../../ssh/quote.ts'

/** Writes its input to a file with a mode, in one step: a program that starts meanwhile never sees half of it. */
const WRITE = 'mkdir -p "$(dirname "$1")" && cat >"$1.part" && chmod "$2" "$1.part" && mv -f "$1.part" "$1"'

/** A file to copy to a node. */
interface Content {
  readonly to: string
  readonly content: Buffer
  readonly mode: string
}

/**
 * Copies files to nodes.
 * @param testFile to which paths are relative
 * @throws Failure FILE_NOT_PUT (exit 1)
 */
export async function putFiles(
  files: readonly FileToPut[],
  nodes: readonly Node[],
  testFile: string,
  signal: AbortSignal,
): Promise<void> {
  const contents = files.map(file => readContent(file, testFile))
  await Promise.all(
    nodes.map(async node => {
      for (const content of contents) await putFile(content, node, signal)
    }),
  )
}

function readContent({ to, from, text = '', mode }: FileToPut, testFile: string): Content {
  if (from === undefined) return { to, content: Buffer.from(text), mode: mode ?? '644' }
  const file = path.resolve(path.dirname(testFile), from)
  try {
    const { mode: own } = fs.statSync(file)
    return { to, content: fs.readFileSync(file), mode: mode ?? (own & 0o777).toString(8) }
  } catch (cause) {
    throw testFailure('FILE_NOT_PUT', `${from}: cannot read it: ${reasonOf(cause)}`, { cause })
  }
}

async function putFile({ to, content, mode }: Content, node: Node, signal: AbortSignal): Promise<void> {
  const stderr = boundedCollector(4096)
  const streams = { stdout: boundedCollector(0).stream, stderr: stderr.stream, stdin: Readable.from([content]) }
  const status = await node.connection.run(quoteExec(['sh', '-c', WRITE, 'sh', to, mode]), streams, signal)
  if (status === 0) return
  const why = shortText(stderr.bytes().toString())
  throw testFailure('FILE_NOT_PUT', `${node.name}: cannot write ${to}: ${why}`, { node: node.name })
}
