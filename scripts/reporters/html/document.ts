import { createHash } from 'node:crypto'
import { escapeXml, plainLines } from '../../host/text.ts'
import type { ReportData, TestData } from './data.ts'
import { type Packs, packId } from './packed.ts'
import { titleOf } from './page/words.ts'
import type { PageParts } from './page.ts'

/**
 * The report as one HTML document. Its Content-Security-Policy allows only the scripts and styles here and no requests:
 * untrusted output would be harmless even as markup.
 * @returns the parts, in order
 */
export function* htmlDocument(data: ReportData, packs: Packs, { script, style }: PageParts): Generator<string> {
  const policy = [
    "default-src 'none'",
    `script-src '${digest(script)}'`,
    `style-src '${digest(style)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeXml(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escapeXml(headOf(data))}</title>
<style>${style}</style>
</head>
<body>
<noscript>
${withoutScript(data)}
</noscript>
<div id="report"></div>
<script type="application/json" id="data">${jsonInScript(data)}</script>
`
  for (const [position, element] of packs.elements.entries())
    yield `<script type="text/plain" id="${packId(position)}">${element}</script>\n`
  yield `<script>${script}</script>
</body>
</html>
`
}

const digest = (text: string) => `sha256-${createHash('sha256').update(text).digest('base64')}`

/** Escapes `<`: `</script` would end the element, and `<!--` would change its parsing. */
const jsonInScript = (data: ReportData): string =>
  JSON.stringify(data, (_, value) => (typeof value === 'string' ? plainLines(value) : value)).replaceAll('<', '\\u003c')

/** Output and names from nodes are untrusted. */

/** The verdict first: a browser's tab shows the beginning. */
function headOf({ verdict, tests }: ReportData): string {
  const names = [...new Set(tests.map(({ name }) => name))]
  const shown = names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ')
  return `${verdict}: ${shown} – network namespaces`
}

/** Verdict and failures, for pages without scripts (Jenkins) and for text browsers. */
function withoutScript({ verdict, message, tests, left }: ReportData): string {
  const lines = tests.flatMap(test => [
    `${titleOf(test)}: ${test.verdict}${test.why ? `: ${test.why}` : ''}`,
    ...failuresOf(test),
  ])
  const content = [...(message ? [message] : []), ...lines, ...(left ? [left] : [])]
  return `<h1>${escapeXml(verdict)}</h1>
<p>Time line, matrix, network, logs and evidence need JavaScript, which is switched off here. Open the saved file in a
browser.</p>
<pre>${escapeXml(plainLines(content.join('\n')))}</pre>`
}

const failuresOf = ({ nodes, steps }: TestData): readonly string[] =>
  steps.flatMap(({ name, nodes: on }) =>
    on.flatMap(({ node, failure }) =>
      failure ? [`  ${name} on ${nodes[node]}: ${failure.why}`, ...failure.lastLines.map(line => `    ${line}`)] : [],
    ),
  )
