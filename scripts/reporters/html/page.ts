import path from 'node:path'
import { buildSync } from 'esbuild'

/** The page's script and style sheet. */
export interface PageParts {
  readonly script: string
  readonly style: string
}

const PAGE = path.join(import.meta.dirname, 'page')

/** Bundles page/ for current browsers, in about 0.1 s. */
export function buildPage(): PageParts {
  const { outputFiles } = buildSync({
    entryPoints: [path.join(PAGE, 'main.ts'), path.join(PAGE, 'page.css')],
    outdir: PAGE,
    write: false,
    bundle: true,
    minify: true,
    format: 'iife',
    target: ['chrome100', 'firefox113', 'safari16.4'],
    // Ignores a tsconfig.json in parent directories.
    tsconfigRaw: '{}',
    logLevel: 'silent',
  })
  const textOf = (extension: string) => outputFiles.find(file => file.path.endsWith(extension))?.text ?? ''
  return { script: textOf('.js'), style: textOf('.css') }
}
