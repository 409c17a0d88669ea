/** Findings in the cells themselves: squiggles with hover text, and the lines that an edge is there for. */

import { Diagnostic, setDiagnostics } from '@codemirror/lint';
import { EditorState, Extension, StateEffect, StateField, Text } from '@codemirror/state';
import { Decoration, DecorationSet, EditorView } from '@codemirror/view';
import { TranslationBundle } from '@jupyterlab/translation';

import { IFinding } from './protocol';
import { sentence } from './words';

/** A finding as CodeMirror has it; `act` are its quick fixes by their words. */
export function diagnosticOf(
  finding: IFinding,
  text: Text,
  trans: TranslationBundle,
  act: { name: string; apply: () => void }[] = []
): Diagnostic {
  const from = position(text, finding.line ?? 1, finding.column ?? 0);
  // without an end it is the rest of the line
  const wanted =
    finding.end_column > 0
      ? position(text, finding.end_line, finding.end_column)
      : lineOf(text, finding.end_line).to;
  const to = Math.max(from, wanted);
  const { message, why, hint, said } = finding;
  const parts = [
    sentence(message, said.message, trans),
    sentence(why, said.why, trans),
    sentence(hint, said.hint, trans)
  ];
  return {
    from,
    to,
    severity: finding.severity,
    source: finding.code,
    message: parts.filter(Boolean).join('\n'),
    actions: act
  };
}

function lineOf(text: Text, line: number) {
  return text.line(Math.min(Math.max(line, 1), text.lines));
}

/** Columns count characters; CodeMirror counts UTF-16 units. */
function position(text: Text, line: number, column: number): number {
  const found = lineOf(text, line);
  const before = [...found.text].slice(0, column).join('');
  return found.from + Math.min(before.length, found.length);
}

const shown = new WeakMap<EditorView, string>();

/** Show findings in a cell; nothing is done where they are shown already. */
export function showFindings(view: EditorView, diagnostics: readonly Diagnostic[]): void {
  const key = JSON.stringify(
    diagnostics.map(d => [d.from, d.to, d.severity, d.source, d.message])
  );
  if ((shown.get(view) ?? '[]') === key) {
    return;
  }
  shown.set(view, key);
  view.dispatch(setDiagnostics(view.state, diagnostics));
}

export type Mark = 'write' | 'read';

const setMarks = StateEffect.define<{ line: number; mark: Mark }[]>();

const marks = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(found, transaction) {
    let now = found.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (effect.is(setMarks)) {
        now = decorated(transaction.state, effect.value);
      }
    }
    return now;
  },
  provide: field => EditorView.decorations.from(field)
});

function decorated(
  state: EditorState,
  places: readonly { line: number; mark: Mark }[]
): DecorationSet {
  const ranges = places
    .filter(({ line }) => line >= 1 && line <= state.doc.lines)
    .map(({ line, mark }) =>
      Decoration.line({ class: `jp-nb2pipe-line jp-mod-${mark}` }).range(
        state.doc.line(line).from
      )
    );
  return Decoration.set(ranges, true);
}

/** Light up lines of a cell, and no others. */
export function showMarks(
  view: EditorView,
  places: readonly { line: number; mark: Mark }[]
): void {
  const there = view.state.field(marks, false) !== undefined;
  if (!there && places.length === 0) {
    return;
  }
  const effects: StateEffect<unknown>[] = [setMarks.of([...places])];
  if (!there) {
    const added: Extension = marks;
    view.dispatch({ effects: StateEffect.appendConfig.of(added) });
  }
  view.dispatch({ effects });
}
