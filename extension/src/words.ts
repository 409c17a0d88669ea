/** What is said of a quick fix, before it is made and behind it, and for the words and the sentences that the server has. */

import { TranslationBundle } from '@jupyterlab/translation';

import { Fix, INote, Said } from './protocol';

/** A text of the server's in the language of the page, where it is a sentence that can be translated; else as it is. */
export function sentence(
  text: string,
  said: Said | null | undefined,
  trans: TranslationBundle
): string {
  if (!said) {
    return text;
  }
  const [template, ...given] = said;
  const parts = given.map(part =>
    typeof part === 'string' ? part : sentence('', part, trans)
  );
  // `catalogue.mjs` finds the templates where the server has them
  return trans.gettext(template, ...parts);
}

/** What flows on an edge, in words where it is no value of the notebook. */
export function named(
  name: string,
  words: Record<string, INote>,
  trans: TranslationBundle
): string {
  const note = words[name];
  return note ? sentence(note.text, note.said, trans) : name;
}

/** Texts with what each of them was made of. */
export function notesOf(texts: readonly string[], said: readonly (Said | null)[]): INote[] {
  return texts.map((text, i) => ({ text, said: said[i] ?? null }));
}

export function wordsOf(
  fix: Fix,
  trans: TranslationBundle
): { offer: string; done: string } {
  switch (fix.kind) {
    case 'rename-tag':
      return {
        offer: trans.__('Rename the tag to %1', fix.new),
        done: trans.__('The tag is now %1.', fix.new)
      };
    case 'make-parameter':
      return {
        offer: trans.__('Make %1 a parameter', fix.name),
        done: trans.__('%1 is a parameter now.', fix.name)
      };
    case 'add-tag':
      if (fix.tag === 'parameters') {
        return {
          offer: trans.__('Make parameters of this cell'),
          done: trans.__('The cell has the tag %1.', fix.tag)
        };
      }
      return fix.tag.startsWith('nb2pipe:ignore=')
        ? {
            offer: trans.__('Silence it in this cell'),
            done: trans.__('The finding is silenced by the tag %1.', fix.tag)
          }
        : {
            offer: trans.__('Add the tag %1', fix.tag),
            done: trans.__('The cell has the tag %1.', fix.tag)
          };
    case 'move-cell':
      return {
        offer: trans.__('Move cell %1 above cell %2', fix.cell + 1, fix.above + 1),
        done: trans.__('Cell %1 was moved up.', fix.cell + 1)
      };
    case 'insert-line':
      return {
        offer: trans.__('Insert %1', fix.text),
        done: trans.__('A line was inserted.')
      };
  }
}

/** How a step stands, for who cannot see its colour. */
export function wordsOfStatus(status: string, trans: TranslationBundle): string {
  const words: Record<string, string> = {
    ok: trans.__('done'),
    cached: trans.__('cached'),
    failed: trans.__('failed'),
    died: trans.__('died'),
    'not-run': trans.__('not run'),
    running: trans.__('running'),
    waiting: trans.__('waiting')
  };
  return words[status] ?? status;
}

/** Why a step did not end well, or why it ran. */
export function wordsOfEnd(
  known: {
    detail: string;
    reason: string;
    said: Record<'detail' | 'reason', Said | null>;
  },
  trans: TranslationBundle
): string {
  return known.detail
    ? sentence(known.detail, known.said.detail, trans)
    : sentence(known.reason, known.said.reason, trans);
}

/** What kind of thing two runs differ in. */
export function wordsOfDifference(what: string, trans: TranslationBundle): string {
  const words: Record<string, string> = {
    on: trans.__('on'),
    git: trans.__('git'),
    package: trans.__('package'),
    parameter: trans.__('parameter'),
    metric: trans.__('metric'),
    code: trans.__('code'),
    step: trans.__('step'),
    value: trans.__('value'),
    figure: trans.__('figure')
  };
  return words[what] ?? what;
}

/** What a comparison of a notebook with its package came to. */
export function wordsOfVerdict(verdict: string, trans: TranslationBundle): string {
  const words: Record<string, string> = {
    EQUAL: trans.__('EQUAL'),
    DIFFERS: trans.__('DIFFERS'),
    UNKNOWN: trans.__('UNKNOWN')
  };
  return words[verdict] ?? verdict;
}

/** What kind of version one is. */
export function wordsOfKind(kind: string, trans: TranslationBundle): string {
  const words: Record<string, string> = {
    first: trans.__('the first version'),
    major: trans.__('major'),
    minor: trans.__('minor'),
    patch: trans.__('patch')
  };
  return words[kind] ?? kind;
}
