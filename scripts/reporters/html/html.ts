import type { Listener } from '../../events/events.ts'
import type { Output } from '../output.ts'
import { ReportCollector } from './collector.ts'
import { htmlDocument } from './document.ts'
import { buildPage } from './page.ts'

/**
 * The report for a person who opens a failed run the next day: one HTML page that needs no network and no server.
 * @param output gets the page when the run is over
 * @param directory where the page will be: its links to what was brought home lead from there
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
