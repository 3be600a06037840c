import type { Listener } from '../../events/events.ts'
import type { Output } from '../output.ts'
import { ReportCollector } from './collector.ts'
import { htmlDocument } from './document.ts'
import { buildPage } from './page.ts'

/**
 * A self-contained HTML report, for analyzing a failed run later.
 * @param output gets the page at the end of the run
 * @param directory of the page: links to artifacts are relative to it
 */
export function html(output: Output, directory: string): Listener {
  const page = buildPage()
  const gathering = new ReportCollector(directory)
  const close = async () => {
    const { data, packs } = await gathering.finish()
    for (const part of htmlDocument(data, packs, page)) output.write(part)
  }
  return { name: 'html', on: event => gathering.on(event), close }
}
