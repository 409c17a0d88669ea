/** Edits of a notebook as its user would make them: each is one change that Undo takes back. */

import { ICellModel } from '@jupyterlab/cells';
import { INotebookModel } from '@jupyterlab/notebook';

import { Fix } from './protocol';

/** The tags of a cell. */
export function tagsOf(cell: ICellModel): string[] {
  const tags = cell.getMetadata('tags') as unknown;
  return Array.isArray(tags)
    ? tags.filter((tag): tag is string => typeof tag === 'string')
    : [];
}

/** Write the tags of a cell; the notebook's Undo takes it back. */
export function writeTags(
  notebook: INotebookModel,
  cell: ICellModel,
  tags: readonly string[]
): void {
  // Metadata by itself is no part of the history of a notebook; within a transaction of the notebook it is.
  notebook.sharedModel.transact(() => {
    if (tags.length > 0) {
      cell.sharedModel.setMetadata('tags', [...tags]);
    } else {
      cell.sharedModel.deleteMetadata('tags');
    }
  });
}

/** The cell of that id, and where it stands now. */
export function cellById(
  notebook: INotebookModel,
  id: string | undefined
): { cell: ICellModel; index: number } | null {
  for (let index = 0; index < notebook.cells.length; index++) {
    const cell = notebook.cells.get(index);
    if (cell.id === id) {
      return { cell, index };
    }
  }
  return null;
}

/**
 * Make a fix; `ids` are the ids that the cells had when it was proposed.
 *
 * False where the notebook has changed so that it no longer applies; then nothing was changed.
 */
export function makeFix(
  notebook: INotebookModel,
  ids: readonly string[],
  fix: Fix
): boolean {
  const found = cellById(notebook, ids[fix.cell]);
  if (found === null || notebook.readOnly) {
    return false;
  }
  const { cell, index } = found;
  switch (fix.kind) {
    case 'rename-tag': {
      const tags = tagsOf(cell);
      const place = tags.indexOf(fix.old);
      if (place < 0) {
        return false;
      }
      tags.splice(place, 1, ...(tags.includes(fix.new) ? [] : [fix.new]));
      writeTags(notebook, cell, tags);
      return true;
    }
    case 'add-tag': {
      const tags = tagsOf(cell);
      if (tags.includes(fix.tag)) {
        return false;
      }
      writeTags(notebook, cell, [...tags, fix.tag]);
      return true;
    }
    case 'move-cell': {
      const above = cellById(notebook, ids[fix.above]);
      if (above === null || above.index >= index) {
        return false;
      }
      notebook.sharedModel.moveCell(index, above.index);
      return true;
    }
    case 'insert-line': {
      const lines = cell.sharedModel.getSource().split('\n');
      const start = lines
        .slice(0, fix.line - 1)
        .reduce((total, line) => total + line.length + 1, 0);
      notebook.sharedModel.transact(() => {
        cell.sharedModel.updateSource(start, start, `${fix.text}\n`);
      });
      return true;
    }
  }
}

/** What the server is to analyse: the cells with their tags, without outputs. */
export function documentOf(notebook: INotebookModel): object {
  const cells = [];
  for (const cell of notebook.cells) {
    const tags = tagsOf(cell);
    cells.push({
      id: cell.id,
      cell_type: cell.type,
      source: cell.sharedModel.getSource(),
      metadata: tags.length > 0 ? { tags } : {},
      ...(cell.type === 'code'
        ? {
            execution_count:
              (cell as unknown as { executionCount: number | null }).executionCount ??
              null
          }
        : {})
    });
  }
  const known = notebook.metadata as Record<string, unknown>;
  const kept = ['kernelspec', 'language_info', 'jupytext', 'kubeflow_notebook'];
  const metadata = Object.fromEntries(
    kept.filter(key => known[key] !== undefined).map(key => [key, known[key]])
  );
  return { cells, metadata, nbformat: 4, nbformat_minor: 5 };
}
