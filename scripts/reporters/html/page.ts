import path from 'node:path'
import { buildSync } from 'esbuild'

/** The page's own code and looks, each as one text. */
export interface PageParts {
  readonly script: string
  readonly style: string
}

const PAGE = path.join(import.meta.dirname, 'page')

/** Makes one script and one style sheet of the sources in page/, as a browser of today reads them: takes a tenth of a second. */
export function buildPage(): PageParts {
  const { outputFiles } = buildSync({
    entryPoints: [path.join(PAGE, 'main.ts'), path.join(PAGE, 'page.css')],
    outdir: PAGE,
    write: false,
    bundle: true,
    minify: true,
    format: 'iife',
    target: ['chrome100', 'firefox113', 'safari16.4'],
    // Nothing else is read: no settings of whoever calls, no tsconfig.json above.
    tsconfigRaw: '{}',
    logLevel: 'silent',
  })
  const textOf = (extension: string) => outputFiles.find(file => file.path.endsWith(extension))?.text ?? ''
  return { script: textOf('.js'), style: textOf('.css') }
}
