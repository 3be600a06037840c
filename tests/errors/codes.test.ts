import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { ERROR_CODES } from '../../scripts/errors/codes.ts'
import { errorPage } from '../../scripts/errors/page.ts'

const TOP = path.resolve(import.meta.dirname, '../..')

test('docs/errors.md is up to date with the list of codes', t => {
  t.is(fs.readFileSync(path.join(TOP, 'docs/errors.md'), 'utf8'), errorPage(), 'npm run docs writes it')
})

test('every code is used, and the list is sorted', t => {
  const sources = (fs.readdirSync(path.join(TOP, 'scripts'), { recursive: true }) as string[])
    .filter(file => file.endsWith('.ts') && !file.startsWith('errors/'))
    .map(file => fs.readFileSync(path.join(TOP, 'scripts', file), 'utf8'))
    .join('\n')
  const codes = Object.keys(ERROR_CODES)
  t.deepEqual(
    codes.filter(code => !sources.includes(`'${code}'`)),
    [],
  )
  t.deepEqual(codes, codes.toSorted())
})
