/** Edits of a notebook as its user would make them: each is one change that Undo takes back. */

import type { ISharedCell, ISharedNotebook } from '@jupyter/ydoc';

import { Fix } from './protocol';

/** The tags of a cell. */
export function tagsOf(cell: ISharedCell): string[] {
  const tags = cell.getMetadata('tags') as unknown;
  return Array.isArray(tags)
    ? tags.filter((tag): tag is string => typeof tag === 'string')
    : [];
}

/** Write the tags of a cell; the notebook's Undo takes it back. */
export function writeTags(
  notebook: ISharedNotebook,
  cell: ISharedCell,
  tags: readonly string[]
): void {
  // Metadata by itself is no part of the history of a notebook; within a transaction of the notebook it is.
  notebook.transact(() => {
    if (tags.length > 0) {
      cell.setMetadata('tags', [...tags]);
    } else {
      cell.deleteMetadata('tags');
    }
  });
}

/** The cell of that id, and where it stands now. */
export function cellById(
  notebook: ISharedNotebook,
  id: string | undefined
): { cell: ISharedCell; index: number } | null {
  const index = notebook.cells.findIndex(cell => cell.getId() === id);
  return index < 0 ? null : { cell: notebook.getCell(index), index };
}

/**
 * Make a fix; `ids` are the ids that the cells had when it was proposed.
 *
 * False where the notebook has changed so that it no longer applies; then nothing was changed.
 */
export function makeFix(
  notebook: ISharedNotebook,
  ids: readonly string[],
  fix: Fix
): boolean {
  const found = cellById(notebook, ids[fix.cell]);
  if (found === null) {
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
      notebook.moveCell(index, above.index);
      return true;
    }
    case 'insert-line': {
      const lines = cell.getSource().split('\n');
      const start = lines
        .slice(0, fix.line - 1)
        .reduce((total, line) => total + line.length + 1, 0);
      notebook.transact(() => {
        cell.updateSource(start, start, `${fix.text}\n`);
      });
      return true;
    }
    case 'make-parameter':
      return makeParameter(notebook, ids, fix);
  }
}

function makeParameter(
  notebook: ISharedNotebook,
  ids: readonly string[],
  fix: Fix & { kind: 'make-parameter' }
): boolean {
  const { edits, added } = fix;
  const cells = edits.map(edit => cellById(notebook, ids[edit.cell])?.cell);
  const above = added && cellById(notebook, ids[added.above]);
  if (
    edits.some((edit, i) => cells[i]?.getSource() !== edit.old) ||
    (added && above === null)
  ) {
    return false;
  }
  notebook.transact(() => {
    edits.forEach((edit, i) => replaceSource(cells[i], edit.old, edit.new));
    if (added && above) {
      notebook.insertCell(above.index, {
        cell_type: 'code',
        source: added.source,
        metadata: { tags: ['parameters'] }
      });
    }
  });
  return true;
}

/** Write what is different, so that cursors and others' edits elsewhere in the cell stay. */
function replaceSource(cell: ISharedCell | undefined, old: string, now: string): void {
  let start = 0;
  while (start < old.length && old[start] === now[start]) {
    start++;
  }
  let end = 0;
  while (
    end < Math.min(old.length, now.length) - start &&
    old[old.length - 1 - end] === now[now.length - 1 - end]
  ) {
    end++;
  }
  cell?.updateSource(start, old.length - end, now.slice(start, now.length - end));
}

const METADATA = ['kernelspec', 'language_info', 'jupytext', 'kubeflow_notebook'];

/** What the server is to analyse: the cells with their tags, without outputs. */
export function documentOf(notebook: ISharedNotebook): object {
  const cells = notebook.cells.map(cell => {
    const tags = tagsOf(cell);
    return {
      id: cell.getId(),
      cell_type: cell.cell_type,
      source: cell.getSource(),
      metadata: tags.length > 0 ? { tags } : {},
      ...('execution_count' in cell ? { execution_count: cell.execution_count } : {})
    };
  });
  const known = notebook.metadata as Record<string, unknown>;
  const metadata = Object.fromEntries(
    METADATA.filter(key => known[key] !== undefined).map(key => [key, known[key]])
  );
  return { cells, metadata, nbformat: 4, nbformat_minor: 5 };
}
