/**
 * The catalogues of translations, in ../nb2pipe/locale: `node catalogue.mjs` says what is wrong with them, and
 * `node catalogue.mjs --write` adds what the source says and they do not yet, with an empty translation, and drops the rest.
 * The source is that of the page and that of the server, whose sentences `sentences.py` collects; `PYTHON` names a Python.
 */

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const HERE = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const LOCALES = path.join(HERE, '../nb2pipe/locale');
const SHOWN = ['aria-label', 'title', 'placeholder', 'alt'];

/** The strings of the source, each with its plural or null; and what is wrong with how they are written. */
function collected() {
  const found = new Map();
  const faults = [];
  for (const file of sources(path.join(HERE, 'src'))) {
    const text = fs.readFileSync(file, 'utf8');
    const kind = file.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true, kind);
    const fault = (node, words) => {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      faults.push(`${path.relative(HERE, file)}:${line + 1}: ${words}`);
    };
    const visit = node => {
      const method = ts.isCallExpression(node) && isTranslation(node.expression);
      if (method) {
        const texts = node.arguments.slice(0, method === '_n' ? 2 : 1);
        if (texts.every(ts.isStringLiteralLike)) {
          found.set(texts[0].text, texts[1]?.text ?? null);
        } else {
          fault(node, 'what is translated has to be a literal, or no catalogue has it');
        }
      }
      if (ts.isJsxText(node) && /\p{L}/u.test(node.text)) {
        fault(node, `not translated: ${node.text.trim()}`);
      }
      if (
        ts.isJsxAttribute(node) &&
        SHOWN.includes(node.name.getText()) &&
        node.initializer &&
        ts.isStringLiteral(node.initializer)
      ) {
        fault(node, `not translated: ${node.initializer.text}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return { found, faults };
}

/** The templates of what the server says, none of which has a plural; and what is wrong with how they are written. */
function ofServer() {
  const script = path.join(HERE, 'sentences.py');
  const said = execFileSync(process.env.PYTHON ?? 'python3', [script], {
    encoding: 'utf8'
  });
  return JSON.parse(said);
}

function* sources(folder) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== '__tests__') {
      yield* sources(file);
    } else if (/\.tsx?$/.test(entry.name) && !entry.name.endsWith('.d.ts')) {
      yield file;
    }
  }
}

/** `trans.__` or `trans._n` of our own bundle; `load('jupyterlab')` has a catalogue of its own. */
function isTranslation(node) {
  if (!ts.isPropertyAccessExpression(node) || !['__', '_n'].includes(node.name.text)) {
    return null;
  }
  const owner = node.expression;
  const name = ts.isPropertyAccessExpression(owner) ? owner.name : owner;
  return ts.isIdentifier(name) && name.text === 'trans' ? node.name.text : null;
}

/** What is wrong with a catalogue, for the strings of the source. */
function wrong(catalogue, found) {
  const faults = [];
  const plurals = Number(/nplurals=(\d)/.exec(catalogue[''].plural_forms)?.[1]);
  for (const [text, plural] of found) {
    const said = catalogue[text];
    const wanted = plural === null ? 1 : plurals;
    if (!said || said.length !== wanted || said.some(words => !words)) {
      faults.push(`${wanted} translation(s) wanted: ${JSON.stringify(text)}`);
      continue;
    }
    for (const [i, words] of said.entries()) {
      if (String(holes(words)) !== String(holes(i > 0 ? plural : text))) {
        faults.push(
          `other placeholders: ${JSON.stringify(text)}: ${JSON.stringify(words)}`
        );
      }
      if (/^\s|\s$/.test(words) !== /^\s|\s$/.test(text) || /<|&\w+;/.test(words)) {
        faults.push(`blanks at an end, or markup: ${JSON.stringify(words)}`);
      }
    }
  }
  for (const text of Object.keys(catalogue)) {
    if (text && !found.has(text)) {
      faults.push(`no longer in the source: ${JSON.stringify(text)}`);
    }
  }
  return faults;
}

function holes(text) {
  return [...new Set(text.match(/%\d/g))].sort();
}

/** The catalogue with all strings of the source and no others, sorted. */
function completed(catalogue, found) {
  const plurals = Number(/nplurals=(\d)/.exec(catalogue[''].plural_forms)?.[1]);
  const texts = [...found.keys()].sort();
  const empty = plural => Array(plural === null ? 1 : plurals).fill('');
  return Object.fromEntries([
    ['', catalogue['']],
    ...texts.map(text => [text, catalogue[text] ?? empty(found.get(text))])
  ]);
}

const { found, faults } = collected();
const server = ofServer();
faults.push(...server.faults);
for (const template of server.templates) {
  if (found.get(template)) {
    faults.push(`one string with a plural and without: ${JSON.stringify(template)}`);
  } else {
    found.set(template, null);
  }
}
for (const locale of fs.readdirSync(LOCALES)) {
  const file = path.join(LOCALES, locale, 'LC_MESSAGES/nb2pipe.json');
  let catalogue = JSON.parse(fs.readFileSync(file, 'utf8'));
  if (process.argv.includes('--write')) {
    catalogue = completed(catalogue, found);
    fs.writeFileSync(file, JSON.stringify(catalogue, null, 2) + '\n');
  }
  faults.push(...wrong(catalogue, found).map(fault => `${locale}: ${fault}`));
}
if (faults.length > 0) {
  console.error(faults.join('\n'));
  process.exit(1);
}
