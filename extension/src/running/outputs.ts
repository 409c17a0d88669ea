/** The outputs of an executed copy, put into the cells of the notebook that have the same text. */

import type { ISharedCodeCell, ISharedNotebook } from '@jupyter/ydoc';
import type * as nbformat from '@jupyterlab/nbformat';

import { valueText } from './amounts';

/**
 * Put the outputs into all code cells whose text is that of a cell of the copy; Undo takes it back as one edit.
 *
 * A cell is looked for by its id, and by its text where the copy has no such id. `others` are the code cells with text
 * that the copy has not.
 */
export function putOutputs(
  notebook: ISharedNotebook,
  executed: nbformat.INotebookContent
): { put: number; others: number } {
  const ran = executed.cells.filter(
    (cell): cell is nbformat.ICodeCell => cell.cell_type === 'code'
  );
  const byId = new Map(ran.map(cell => [String(cell.id ?? ''), cell]));
  const used = new Set<nbformat.ICodeCell>();
  const pairs: [ISharedCodeCell, nbformat.ICodeCell][] = [];
  let others = 0;
  for (const cell of notebook.cells) {
    const source = cell.getSource();
    if (cell.cell_type !== 'code' || !source.trim()) {
      continue;
    }
    const same = byId.get(cell.getId());
    const found =
      same && textOf(same.source) === source
        ? same
        : ran.find(other => !used.has(other) && textOf(other.source) === source);
    if (found) {
      used.add(found);
      pairs.push([cell as ISharedCodeCell, found]);
    } else {
      others += 1;
    }
  }
  // Outputs by themselves are no part of the history of a notebook; within a transaction of the notebook they are.
  notebook.transact(() => {
    for (const [cell, other] of pairs) {
      cell.setOutputs(other.outputs.map(joined));
      cell.execution_count = other.execution_count;
    }
  });
  return { put: pairs.length, others };
}

/** The parameters that the executed copy was run with, in words; "" where it was run with the notebook's own. */
export function givenIn(executed: nbformat.INotebookContent): string {
  const told = executed.metadata.papermill as
    { parameters?: Record<string, unknown> } | undefined;
  return Object.entries(told?.parameters ?? {})
    .map(([name, value]) => `${name} = ${valueText(value)}`)
    .join(', ');
}

/** An output whose text is one text: the shared model joins lines with commas. */
function joined(output: nbformat.IOutput): nbformat.IOutput {
  return output.output_type === 'stream'
    ? { ...output, text: textOf(output.text as nbformat.MultilineString) }
    : output;
}

function textOf(text: nbformat.MultilineString): string {
  return Array.isArray(text) ? text.join('') : text;
}
